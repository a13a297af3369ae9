"""A row that fails in a sweep keeps no other back."""

import datetime

import pytest
from django.utils import timezone

from deals import services
from deals.lifecycle import DealState, OfferState
from deals.models import Offer
from deals.services import sweeps
from deals.tasks import hand_down_contracts, lapse_expired_offers, start_due_contracts
from marketplace.samples.clock import clock_at
from tests.factories.deals import deal_room, terms, yesterday
from tests.refusals import refuse
from valuation.models import DealScore

pytestmark = pytest.mark.django_db


def test_contract_that_cannot_be_put_into_effect_keeps_no_other_back():
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    rooms = [deal_room(DealState.SIGNED, offered=terms(effective_from=tomorrow)) for _number in range(2)]
    refuse("deals_deal", f"NEW.id = {rooms[0].running.pk}")
    with clock_at(timezone.now() + datetime.timedelta(days=1)):
        assert start_due_contracts() == 1
        assert [room.running.state for room in rooms] == [DealState.SIGNED, DealState.EFFECTIVE]
        assert start_due_contracts() == 0


def test_offer_that_cannot_be_closed_keeps_no_other_back():
    rooms = [deal_room(DealState.NEGOTIATING) for _number in range(2)]
    for room in rooms:
        services.make_offer(deal=room.running, actor=room.buyer, terms=terms(), valid_until=timezone.localdate())
    Offer.objects.update(valid_until=yesterday())
    refuse("deals_offer", f"NEW.deal_id = {rooms[0].running.pk}")
    assert lapse_expired_offers() == 1
    assert [room.offer().state for room in rooms] == [OfferState.OPEN, OfferState.LAPSED]


def test_contracts_that_cannot_be_handed_down_keep_none_back_however_many_they_are():
    contracts = [deal_room(DealState.EFFECTIVE).running.contracts.get() for _number in range(3)]
    refuse("valuation_dealscore", f"NEW.contract_id < {contracts[2].pk}")
    assert sweeps.hand_down_missed_contracts(at_most=1) == 1
    assert DealScore.objects.get().contract_id == contracts[2].pk
    assert hand_down_contracts() == 0
