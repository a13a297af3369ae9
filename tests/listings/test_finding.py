"""One search box, filters and facets: what is found, counted, ordered; and what is not."""

import pytest
from django.urls import reverse

from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["technology", "demand"])
@pytest.mark.parametrize("query", ["", "?q=asen", "?sort=trl&trl_min=3", "?format=csv"])
def test_list_shows_what_is_published(client, kind, query):
    factory = TechnologyFactory if kind == "technology" else DemandFactory
    listing = factory(published=True, indexed=True)
    response = client.get(reverse(f"listings:{kind}_list") + query)
    assert response.status_code == 200
    content = b"".join(response).decode() if response.streaming else response.content.decode()
    if "q=" not in query:
        assert listing.title in content


def test_organisation_pages_answer(client):
    listing = TechnologyFactory(published=True)
    assert (
        listing.title in client.get(reverse("listings:organisation", args=[listing.organisation_id])).content.decode()
    )
    assert listing.organisation.name_vi in client.get(reverse("listings:organisations")).content.decode()
    assert client.get("/technologies.atom").status_code == 200
