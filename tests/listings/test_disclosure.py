"""Nobody sees what was not disclosed to them, by any public door."""

import pytest
from django.core.cache import cache

from accounts.models import Exchange
from listings.lifecycle import ListingState
from search import index
from tests.factories.accounts import OrganisationFactory, person, province
from tests.factories.listings import DemandFactory, DocumentFactory, TechnologyFactory

pytestmark = pytest.mark.django_db

SECRET = "bimatkhongcongbo"
HIDDEN_STATES = [state for state in ListingState.values if state != "published"]


@pytest.fixture(autouse=True)
def index_dir(settings, tmp_path):
    settings.INDEX_DIR = tmp_path / "index"


def doors(kind, *, query=""):
    """Every public address that shows listings of a kind."""
    plural = {"technology": "technologies", "demand": "demands"}[kind]
    return [
        f"/{plural}/?{query}", f"/en/{plural}/?{query}", f"/{plural}.csv?{query}", f"/{plural}.atom?{query}",
        f"/api/v1/{plural}/?{query}", "/", "/en/", f"/sitemap-{plural}.xml", "/organisations/",
    ]  # fmt: skip


def body(client, path):
    index.catch_up()
    cache.clear()
    response = client.get(path)
    content = b"".join(response) if response.streaming else response.content
    return response.status_code, content.decode()


@pytest.mark.parametrize("state", HIDDEN_STATES)
@pytest.mark.parametrize("kind", ["technology", "demand"])
def test_listing_that_is_not_published_shows_by_no_door(client, kind, state):
    factory = {"technology": TechnologyFactory, "demand": DemandFactory}[kind]
    hidden = factory(state=state, title=f"Tin {SECRET}", summary=SECRET, problem=SECRET, indexed=True)
    factory(published=True, indexed=True, organisation=hidden.organisation)
    plural = {"technology": "technologies", "demand": "demands"}[kind]
    for path in [*doors(kind), *doors(kind, query=f"q={SECRET}"), f"/organisations/{hidden.organisation_id}/"]:
        status, content = body(client, path)
        assert status == 200, path
        assert f"Tin {SECRET}" not in content, path
        assert f"/{plural}/{hidden.pk}/" not in content, path
    for path in (f"/{plural}/{hidden.pk}/", f"/en/{plural}/{hidden.pk}/", f"/api/v1/{plural}/{hidden.pk}/"):
        assert body(client, path)[0] == 404


def test_withdrawn_listing_leaves_every_door(client):
    from listings.services import withdraw_listing

    listing = TechnologyFactory(published=True, title=f"Tin {SECRET}", indexed=True)
    assert SECRET in body(client, f"/technologies/?q={SECRET}")[1].split("<main")[1]
    withdraw_listing(listing=listing, actor=listing.author)
    for path in [*doors("technology"), *doors("technology", query=f"q={SECRET}")]:
        assert f"Tin {SECRET}" not in body(client, path)[1], path


def test_facets_count_published_listings_only(client):
    from listings.finding import find

    TechnologyFactory(trl=5, organisation=OrganisationFactory(university=True, province=province("79")))
    TechnologyFactory(published=True)
    counts = find("technology", {}).counts
    assert counts.total == 1
    assert counts.by_facet["province"] == {"01": 1}


# --- masked demands


@pytest.fixture
def masked():
    exchange = Exchange.objects.create(
        code="MASK", name_vi="Sàn che tên", name_en="Masked exchange", province=province("79")
    )
    organisation = OrganisationFactory(
        name_vi="Công ty Giấu Tên Thật", name_en="Hidden Name Company", province=province("79"), exchange=exchange,
        tax_code="9912345678",
    )  # fmt: skip
    author = person(role="representative", organisation=organisation, full_name="Trần Thị Giấu Mặt")
    return DemandFactory(
        published=True, masked=True, indexed=True, organisation=organisation, author=author, title="Cần lọc asen kín"
    )


GIVEAWAYS = ("Giấu Tên Thật", "Hidden Name", "Giấu Mặt", "9912345678", "Hồ Chí Minh", "Ho Chi Minh")


@pytest.mark.parametrize("reader", ["stranger", "other"])
def test_masked_demand_names_nobody_by_any_door(client, masked, reader):
    if reader == "other":
        client.force_login(person(role="representative"))
    paths = [
        *doors("demand"), *doors("demand", query="q=loc+asen"), f"/demands/{masked.pk}/", f"/en/demands/{masked.pk}/",
        f"/api/v1/demands/{masked.pk}/",
    ]  # fmt: skip
    seen = 0
    for path in paths:
        if path == "/organisations/":
            continue  # it names every verified organisation; the count is asked below
        status, content = body(client, path)
        assert status == 200, path
        seen += "Cần lọc asen kín" in content or f"/demands/{masked.pk}/" in content
        for giveaway in GIVEAWAYS:
            assert giveaway not in content, (path, giveaway)
        assert f"/organisations/{masked.organisation_id}/" not in content, path
    assert seen == len(paths) - 2  # every door but the two lists of organisations shows the demand itself


def test_masked_demand_is_not_on_its_organisations_page(client, masked):
    for path in (f"/organisations/{masked.organisation_id}/", f"/en/organisations/{masked.organisation_id}/"):
        content = body(client, path)[1]
        assert "Cần lọc asen kín" not in content
        assert f"/demands/{masked.pk}/" not in content
    listed = body(client, "/en/organisations/")[1]
    assert "1 demand" not in listed


@pytest.mark.parametrize(
    "query", ["organisation={organisation}", "province=79", "country=VN", "organisation_kind=company"]
)
def test_masked_demand_answers_no_filter_that_would_name_it(client, masked, query):
    query = query.format(organisation=masked.organisation_id)
    for path in doors("demand", query=query)[:5]:
        assert "Cần lọc asen kín" not in body(client, path)[1], path
    assert "Cần lọc asen kín" in body(client, "/demands/?region=southeast")[1]


def test_masked_demand_counts_in_no_facet_that_would_name_it(masked):
    from listings.finding import find

    counts = find("demand", {}).counts
    assert counts.total == 1
    assert "province" not in counts.by_facet
    assert "country" not in counts.by_facet
    assert "organisation_kind" not in counts.by_facet
    assert counts.by_facet["region"] == {"Southeast": 1}


def test_masked_name_is_not_searched(client, masked):
    from search.models import Document

    stored = Document.objects.get(kind="demand", object_id=masked.pk)
    for giveaway in GIVEAWAYS:
        assert giveaway not in f"{stored.title} {stored.body}"


def test_own_people_and_the_exchange_see_the_name(client, masked):
    for reader in (masked.author, person(role="operator", exchange=masked.exchange)):
        client.force_login(reader)
        assert "Công ty Giấu Tên Thật" in body(client, f"/demands/{masked.pk}/")[1]


# --- documents, confidential figures


@pytest.mark.parametrize("tier", ["registered", "nda"])
def test_document_content_is_named_only_by_its_title(client, tier):
    document = DocumentFactory(tier=tier, filename=f"{SECRET}.pdf")
    for path in (f"/technologies/{document.technology_id}/", f"/api/v1/technologies/{document.technology_id}/"):
        content = body(client, path)[1]
        assert SECRET not in content
        assert f"/documents/{document.pk}/" not in content
    assert client.get(f"/documents/{document.pk}/").status_code == 404


def test_expected_revenue_is_on_no_public_page(client):
    listing = TechnologyFactory(published=True, revenue_mode=9_876_543_210, revenue_high=22_000_000_000)
    for path in [*doors("technology"), f"/technologies/{listing.pk}/", f"/api/v1/technologies/{listing.pk}/"]:
        content = body(client, path)[1]
        assert "9876543210" not in content
        assert "9.876.543.210" not in content
