"""The public pages: home, listing, organisation, and what robots read."""

import json

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from marketplace.sitemaps import SITEMAPS
from tests.factories.listings import DemandFactory, DocumentFactory, TechnologyFactory

pytestmark = pytest.mark.django_db

LANGUAGES = ("", "/en")


def text(response):
    assert response.status_code == 200, response
    return response.content.decode()


@pytest.mark.parametrize("prefix", LANGUAGES)
def test_technology_page_tells_all_that_a_buyer_asks_first(client, prefix):
    listing = TechnologyFactory(published=True, with_right=True, with_advantages=True)
    page = text(client.get(f"{prefix}/technologies/{listing.pk}/"))
    right = listing.ip_rights.get()
    organisation = listing.organisation.name_en if prefix else listing.organisation.name_vi
    for said in (
        listing.title, listing.summary, listing.problem, listing.solution, listing.applications, "TRL 7",
        right.number, f'listing-owner">{organisation} ', "310", "1,150" if prefix else "1.150", organisation,
        f"?technology={listing.pk}",
    ):  # fmt: skip
        assert said in page


@pytest.mark.parametrize("prefix", LANGUAGES)
def test_demand_page_tells_the_five_elements(client, prefix):
    listing = DemandFactory(published=True)
    page = text(client.get(f"{prefix}/demands/{listing.pk}/"))
    for name in ("title", "summary", "problem", "tried", *listing.ELEMENTS):
        assert getattr(listing, name) in page


@pytest.mark.parametrize("prefix", LANGUAGES)
@pytest.mark.parametrize("path", ["/", "/how-it-works/", "/developers/", "/organisations/"])
def test_fixed_page_answers(client, prefix, path):
    text(client.get(prefix + path))


def test_home_shows_both_banks(client):
    technology, demand = TechnologyFactory(published=True), DemandFactory(published=True)
    page = text(client.get("/"))
    assert technology.title in page
    assert demand.title in page


def test_robots_names_the_sitemap(client):
    assert "Sitemap: http://testserver/sitemap.xml" in text(client.get("/robots.txt"))


def test_sitemap_names_what_is_published(client):
    shown, hidden = TechnologyFactory(published=True), TechnologyFactory()
    index = text(client.get("/sitemap.xml"))
    assert "/sitemap-technologies.xml" in index
    page = text(client.get("/sitemap-technologies.xml"))
    assert f"http://testserver/technologies/{shown.pk}/<" in page
    assert f"/technologies/{hidden.pk}/" not in page


def test_index_of_the_sitemap_reads_no_listing(client):
    newest = max(TechnologyFactory(published=True).published_at for _ in range(3))
    with CaptureQueriesContext(connection) as queries:
        index = text(client.get("/sitemap.xml"))
    assert timezone.localtime(newest).isoformat() in index
    read = [query["sql"] for query in queries if "listings_" in query["sql"]]
    assert len(read) == 4  # for each kind a count and the newest
    assert [sql for sql in read if not sql.startswith(("SELECT COUNT(", "SELECT MAX("))] == []


def test_pages_of_the_sitemap_come_in_the_order_of_an_index():
    with connection.cursor() as cursor:
        cursor.execute(  # of an empty table the planner may take any way: it is to take one without sorting if there is one
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
        )
    for section in ("technologies", "demands"):
        plan = SITEMAPS[section].items()[5000:10000].explain()
        assert "Index Only Scan Backward" in plan, plan
        assert "Sort" not in plan, plan


def test_locked_document_says_how_to_open_it(client):
    document = DocumentFactory()
    page = text(client.get(f"/technologies/{document.technology_id}/"))
    assert document.title in page
    assert reverse("listings:document", args=[document.pk]) not in page


def linked_data_of(client, listing):
    block = BeautifulSoup(text(client.get(f"/en/technologies/{listing.pk}/")), "html.parser").find(
        "script", type="application/ld+json"
    )
    return None if block is None else json.loads(block.string)


def test_linked_data_tells_public_facts_and_cannot_break_out(client):
    listing = TechnologyFactory(
        published=True, title="A </script><b> & co", price_min=100, price_max=None, state_funding_pct=30
    )
    data = linked_data_of(client, listing)
    assert (data["@type"], data["name"]) == ("Product", "A </script><b> & co")
    assert data["offers"]["priceSpecification"] == {
        "@type": "PriceSpecification", "priceCurrency": "VND", "minPrice": 100,
    }  # fmt: skip
    assert data["additionalProperty"]["value"] == listing.trl
    assert "state" not in json.dumps(data)


def test_sample_and_draft_have_no_linked_data(client):
    sample = TechnologyFactory(published=True, is_sample=True)
    assert linked_data_of(client, sample) is None
    draft = TechnologyFactory()
    client.force_login(draft.author)
    assert linked_data_of(client, draft) is None
