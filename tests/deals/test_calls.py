"""What the page of a technology asks of its reader, by who reads it."""

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.module_loading import import_string

from accounts.models import Organisation
from deals.lifecycle import DealState
from deals.services import accept_enquiry, decline_enquiry
from tests.factories.deals import deal_room
from tests.factories.listings import TechnologyFactory

pytestmark = pytest.mark.django_db


def page_of(client, technology, user=None):
    if user is not None:
        client.force_login(user)
    with translation.override("en"):
        return client.get(technology.get_absolute_url()).content.decode()


def test_stranger_and_rival_are_asked_for_an_enquiry(client):
    room = deal_room(DealState.ENQUIRY)
    for user in (None, room.rival):
        page = page_of(client, room.technology, user)
        assert f"/en/deals/open/?technology={room.technology.pk}" in page
        assert room.deal.code not in page


@pytest.mark.parametrize("name", ["buyer", "signatory", "buyer_researcher"])
def test_people_of_the_buyer_are_led_to_their_running_deal(client, name):
    room = deal_room(DealState.ENQUIRY)
    page = page_of(client, room.technology, getattr(room, name))
    assert f'href="/en/deals/{room.deal.pk}/"' in page
    assert f"Your organisation already has deal {room.deal.code} about it: Enquiry." in page
    assert "/deals/open/" not in page


@pytest.mark.parametrize("state", ["unverified", "pending", "refused"])
def test_supplier_whose_verification_is_gone_takes_no_new_enquiry_and_its_deals_go_on(client, state):
    room = deal_room(DealState.ENQUIRY)
    other = TechnologyFactory(published=True, organisation=room.technology.organisation)
    Organisation.objects.filter(pk=room.technology.organisation_id).update(state=state)
    page = page_of(client, other, room.rival)
    assert "/deals/open/" not in page
    assert "Until it is, it takes no new enquiries." in page
    assert f'href="/en/organisations/{room.technology.organisation_id}/"' not in page
    assert "application/ld+json" not in page
    assert "Not verified now" in client.get("/en/technologies/").content.decode()
    sent = client.post(
        f"/en/deals/open/?technology={other.pk}",
        {"organisation": room.rival.organisation_ids()[0], "message": "Xin hỏi"},
    )
    assert sent.status_code == 409
    assert "The supplier is not verified by the exchange now" in sent.content.decode()
    client.force_login(room.buyer)
    deal = client.get(f"/en/deals/{room.deal.pk}/").content.decode()
    assert "Not verified by the exchange now. The deal goes on." in deal
    assert "checking again" not in page + sent.content.decode() + deal
    accept_enquiry(deal=room.running, actor=room.tto)
    Organisation.objects.filter(pk=room.technology.organisation_id).update(state="verified")
    assert "/deals/open/" in page_of(client, other, room.rival)
    assert "Not verified now" not in client.get("/en/technologies/").content.decode()
    assert "Not verified now" not in client.get(f"/en/deals/{room.deal.pk}/").content.decode()


def test_deal_that_ended_leaves_room_for_an_enquiry(client):
    room = deal_room(DealState.ENQUIRY)
    decline_enquiry(deal=room.running, actor=room.tto, reason="Đã có bên nhận khác.")
    assert "/deals/open/" in page_of(client, room.technology, room.buyer)


@pytest.mark.parametrize("name", ["tto", "researcher", "operator"])
def test_supplier_and_exchange_are_not_asked(client, name):
    room = deal_room(DealState.ENQUIRY)
    page = page_of(client, room.technology, getattr(room, name))
    assert "/deals/open/" not in page
    assert "Manage this listing" in page


def test_unpublished_listing_calls_nobody(client):
    draft = TechnologyFactory()
    assert "/deals/open/" not in page_of(client, draft, draft.author)


def test_settings_name_functions_that_exist():
    assert all(callable(import_string(name)) for name in settings.LISTING_CALLS.values())
