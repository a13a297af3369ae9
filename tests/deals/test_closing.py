"""Contracts in effect are handed down to valuation: observed, scored, once."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from deals import selectors, services
from deals.lifecycle import DealState
from deals.models import Contract
from deals.services.closing import hand_down
from deals.tasks import hand_down_contract, hand_down_contracts
from tests.factories.deals import deal_room, terms
from tests.factories.listings import TechnologyFactory
from valuation.models import DealObservation, DealScore, Outcome
from valuation.services import suggest_for

pytestmark = pytest.mark.django_db


def contract() -> Contract:
    return Contract.objects.get()


def test_a_contract_in_effect_is_handed_down_on_commit(
    django_capture_on_commit_callbacks: Any, eager_tasks: None
) -> None:
    technology = TechnologyFactory(published=True, state_funding_pct=None, with_right=True)
    suggestion = suggest_for(pk=technology.pk)
    with django_capture_on_commit_callbacks(execute=True):
        room = deal_room(DealState.EFFECTIVE, technology=technology)
    assert room.running.state == DealState.EFFECTIVE
    observed, score = DealObservation.objects.get(), DealScore.objects.get()
    assert (observed.contract_id, observed.licensor, observed.licensee) == (
        contract().pk, room.running.licensor, room.running.licensee,
    )  # fmt: skip
    assert (observed.royalty_pct, observed.royalty_base, observed.lump_sum, observed.exclusivity) == (
        Decimal("3.5"), "net_revenue", Decimal(500_000_000), "exclusive",
    )  # fmt: skip
    assert score.suggestion == suggestion
    assert score.outcome in {Outcome.INSIDE, Outcome.BELOW, Outcome.ABOVE}
    # The two instalments of 300 and 200 million are the lump sum; nothing falls due at once.
    assert score.facts["terms"]["lump_sum"] == 0
    assert [row["amount"] for row in score.facts["terms"]["payments"]] == [3e8, 2e8]
    assert not any(row["contingent"] for row in score.facts["terms"]["payments"])


def test_the_sweep_finds_what_a_lost_message_left_out() -> None:
    deal_room(DealState.EFFECTIVE)
    assert list(selectors.contracts_to_hand_down()) == [contract()]
    assert hand_down_contracts() == 1
    assert hand_down_contracts() == 0
    assert DealScore.objects.get().outcome == Outcome.NO_SUGGESTION


def test_a_milestone_counts_by_the_chance_of_success() -> None:
    rows = [{"kind": "milestone", "name": "Mốc", "amount": Decimal(10**8), "due_on": None, "due_months": 12}]
    deal_room(DealState.EFFECTIVE, offered=terms(), milestones=rows)
    score = hand_down(contract=contract())
    assert score.facts["terms"]["lump_sum"] == 5e8
    assert score.facts["terms"]["payments"] == [{"years": 1.0, "amount": 1e8, "contingent": True}]


def test_what_never_took_effect_is_not_handed_down() -> None:
    later = timezone.localdate() + datetime.timedelta(days=30)
    room = deal_room(DealState.SIGNED, offered=terms(effective_from=later))
    assert room.running.state == DealState.SIGNED
    assert hand_down_contract(contract().pk) is False
    services.terminate_deal(deal=room.running, actor=room.signatory, reason="Đổi kế hoạch.")
    assert list(selectors.contracts_in_effect()) == []
    assert not DealScore.objects.exists()


def test_related_parties_are_no_observation_of_a_market() -> None:
    deal_room(DealState.EFFECTIVE, offered=terms(related_parties=True))
    hand_down_contracts()
    assert not DealObservation.objects.exists()
    assert DealScore.objects.get().outcome == Outcome.RELATED
