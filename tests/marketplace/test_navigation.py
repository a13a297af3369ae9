"""Every page marks the entry of the menus that it belongs to."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from listings.lifecycle import ListingState
from tests.factories.accounts import person
from tests.factories.deals import deal_room
from tests.factories.listings import TechnologyFactory

pytestmark = pytest.mark.django_db


def marked(client: Client, address: str, menu: str = "work-nav") -> list[str]:
    page = BeautifulSoup(client.get(address).content, "html.parser")
    return [entry["href"] for entry in page.select(f".{menu} [aria-current=page]")]


def test_pages_of_a_deal_stand_under_deals(client: Client) -> None:
    room = deal_room()
    for reader, entry in ((room.buyer, "deals:deal_list"), (room.operator, "deals:board")):
        client.force_login(reader)
        assert marked(client, reverse("deals:deal", args=[room.deal.pk])) == [reverse(entry)]


def test_a_draft_stands_under_my_listings_and_a_review_under_the_queue(client: Client) -> None:
    draft = TechnologyFactory(state=ListingState.DRAFT)
    client.force_login(draft.author)
    manage = reverse("listings:technology_manage", args=[draft.pk])
    assert marked(client, manage) == [reverse("listings:my_listings")]
    assert marked(client, manage, "site-nav") == []
    waiting = TechnologyFactory(state=ListingState.SUBMITTED)
    client.force_login(person(Role.OPERATOR, exchange=waiting.exchange))
    review = reverse("listings:technology_review", args=[waiting.pk])
    assert marked(client, review) == [reverse("listings:review_queue")]
