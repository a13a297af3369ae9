"""The tables of a deal and of an offer."""

from itertools import pairwise

import pytest
from django.db import transaction

from deals.acts import ACTS
from deals.lifecycle import BEFORE_CONTRACT, DEAL, MAIN_LINE, OFFER, DealState, OfferState
from deals.lifecycle import DealState as S
from marketplace.kit.errors import Conflict
from marketplace.kit.lifecycle import move
from tests.factories.deals import deal_room

LEGAL = {
    "accept_enquiry": {S.ENQUIRY},
    "decline_enquiry": {S.ENQUIRY},
    "conclude_nda": {S.NDA},
    "agree_terms": {S.NEGOTIATING},
    "draft_contract": {S.TERMS_AGREED},
    "reopen_terms": {S.TERMS_AGREED, S.CONTRACT_DRAFTED},
    "agree_contract": {S.CONTRACT_DRAFTED},
    "sign": {S.AGREED},
    "take_effect": {S.SIGNED},
    "complete": {S.EFFECTIVE},
    "break_off": set(BEFORE_CONTRACT),
    "terminate": {S.SIGNED, S.EFFECTIVE},
}


def test_deal_table_is_complete():
    assert set(LEGAL) == set(DEAL.transitions)
    assert DEAL.final == {S.COMPLETED, S.DECLINED, S.LAPSED, S.TERMINATED}
    reached = {S.ENQUIRY, *(step.target for step in DEAL.transitions.values())}
    assert reached == set(DealState)


@pytest.mark.parametrize("state", list(DealState))
def test_deal_moves_only_as_the_table_says(state):
    assert {name for name in DEAL.transitions if DEAL.can(state, name)} == {
        name for name, sources in LEGAL.items() if state in sources
    }


def test_main_line_follows_the_table():
    steps = {(source, step.target) for step in DEAL.transitions.values() for source in step.sources}
    assert all(pair in steps for pair in pairwise(MAIN_LINE))


def test_offer_table_answers_once():
    assert OFFER.available(OfferState.OPEN) == ["accept", "counter", "withdraw", "lapse"]
    assert OFFER.available(OfferState.ACCEPTED) == ["reopen"]
    assert OFFER.final == set(OfferState) - {OfferState.OPEN, OfferState.ACCEPTED}


def test_acts_name_only_known_states():
    assert all(rule.states <= set(S.values) for rule in ACTS.values())
    assert all(rule.states for rule in ACTS.values())


@pytest.mark.django_db
def test_deal_cannot_move_from_a_state_that_it_has_left():
    room = deal_room()
    rival = room.running
    with transaction.atomic():
        move(room.running, "accept_enquiry", actor=room.tto)
    with pytest.raises(Conflict), transaction.atomic():
        move(rival, "accept_enquiry", actor=room.tto)
