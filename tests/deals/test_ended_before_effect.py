"""The end of a contract before, and on, the day on which it was to take effect."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from deals import selectors, services
from deals.lifecycle import DealState
from deals.models import Contract, Deal, Obligation, SharePlan
from deals.services.tracking_payouts import Part, set_share_plan
from deals.tasks import start_due_contracts
from marketplace.kit.errors import Conflict
from marketplace.samples.clock import clock_at
from tests.factories.deals import Room, deal_room, terms
from tests.factories.tracking import tracked

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def signed(days: int) -> Room:
    """A contract signed today that takes effect so many days from today."""
    return deal_room(DealState.SIGNED, offered=terms(effective_from=timezone.localdate() + days * DAY))


def end(room: Room) -> Contract:
    services.terminate_deal(deal=room.running, actor=room.signatory, reason="Đổi kế hoạch.")
    contract = selectors.current_contract(room.running)
    assert contract is not None
    return contract


def test_a_contract_that_ended_before_its_day_never_was_in_effect(client: Any):
    room = signed(30)
    assert room.running.state == DealState.SIGNED

    contract = end(room)

    assert (room.running.state, contract.effective_on) == (DealState.TERMINATED, None)
    client.force_login(room.tto)
    pk = room.running.pk
    page = client.get(f"/en/deals/{pk}/").content.decode()
    assert "Obligations, statements and payments" not in page
    assert "never: the contract ended before" in client.get(f"/en/deals/{pk}/registration/").content.decode()
    for path in (f"/deals/{pk}/tracking/", f"/deals/{pk}/tracking/shares/", f"/api/v1/deals/{pk}/tracking/"):
        assert client.get(path).status_code == 404
    sent = {"version": 1, "shares": [{"name": "An", "share_pct": "100"}]}
    assert client.put(f"/api/v1/deals/{pk}/shares/", sent, content_type="application/json").status_code == 404
    with clock_at(timezone.now() + 40 * DAY):
        assert start_due_contracts() == 0
        assert not selectors.contracts_in_effect().exists()


def test_on_its_day_it_is_in_effect_before_it_ends_though_nobody_noted_it_yet():
    room = signed(1)
    with clock_at(timezone.now() + DAY):
        today = timezone.localdate()
        contract = end(room)

        assert contract.effective_on == today
        assert Deal.objects.get(pk=room.running.pk).state == DealState.TERMINATED
        assert SharePlan.objects.filter(contract=contract).count() == 1
        owed = Obligation.objects.filter(contract=contract)
        assert owed.exclude(state="waived").filter(period_start=today).exists()
        assert not owed.exclude(state="waived").filter(period_start__gt=today).exists()


def test_a_contract_without_a_plan_of_shares_answers_that_nothing_is_shared_out(client: Any):
    room = tracked(generate=False)
    client.force_login(room.tto)
    pk = room.deal.pk

    assert client.get(f"/deals/{pk}/tracking/").status_code == 200
    assert client.get(f"/deals/{pk}/tracking/shares/").status_code == 409
    sent = {"version": 1, "shares": [{"name": "An", "share_pct": "100"}]}
    assert client.put(f"/api/v1/deals/{pk}/shares/", sent, content_type="application/json").status_code == 409
    with pytest.raises(Conflict):
        set_share_plan(contract=room.contract, version=1, parts=[Part("An", 100)], actor=room.tto)
