"""Where a listing comes from: its province, or the country of its organisation abroad."""

import pytest
from bs4 import BeautifulSoup

from tests.factories.accounts import OrganisationFactory
from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = pytest.mark.django_db


def page(client, path):
    return BeautifulSoup(client.get(path).content, "html.parser")


@pytest.fixture
def abroad():
    organisation = OrganisationFactory(name_vi="Acme", name_en="Acme", country="US", province=None, tax_code="")
    return TechnologyFactory(organisation=organisation, province=None, published=True, indexed=True)


def test_list_says_the_country_and_filters_by_it(client, abroad):
    home = TechnologyFactory(published=True, indexed=True)
    assert "Hoa Kỳ" in page(client, "/technologies/").select_one("main").text
    assert "United States" in page(client, "/en/technologies/").select_one("main").text
    for query, kept in (
        ("country=US", {abroad.pk}),
        ("country=VN", {home.pk}),
        ("country=VN&country=US", {abroad.pk, home.pk}),
    ):
        found = client.get(f"/api/v1/technologies/?{query}").json()["results"]
        assert {row["id"] for row in found} == kept, query
    facet = page(client, "/technologies/").select("input[name=country]")
    assert sorted(option["value"] for option in facet) == ["US", "VN"]


def test_country_is_no_facet_where_all_are_of_one(client):
    TechnologyFactory(published=True, indexed=True)
    assert page(client, "/technologies/").select("input[name=country]") == []
    chosen = page(client, "/technologies/?country=VN").select("input[name=country][checked]")
    assert [option["value"] for option in chosen] == ["VN"]


def test_page_of_a_technology_says_the_country(client, abroad):
    assert "Hoa Kỳ" in page(client, abroad.get_absolute_url()).select_one("main").text


def test_masked_demand_from_abroad_says_no_country(client, abroad):
    DemandFactory(organisation=abroad.organisation, province=None, masked=True, published=True, indexed=True)
    assert "Hoa Kỳ" not in page(client, "/demands/").select_one("main").text
