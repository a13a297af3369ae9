"""A contract whose term is over is completed once nothing holds it open, by the sweep, once."""

import datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import Notification
from audit.models import Event
from deals import services
from deals.models import Deal, Obligation
from deals.services.completion import complete_contract
from deals.services.tracking import file_annual_report
from deals.services.tracking_invoices import issue_invoice
from deals.services.tracking_sweep import sweep
from deals.tracking_selectors import holds, last_day
from tests.factories.tracking import Tracked, months_ago, tracked

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def over(**terms: object) -> Tracked:
    """A licence of one year that ended half a year ago: its lump sum and its report are open."""
    values = {"term_years": 1, "lump_sum": Decimal(10_000_000), "royalty_pct": Decimal(0), "royalty_base": ""}
    return tracked(**{**values, "statement_frequency": "", **terms})


def codes(room: Tracked, on: datetime.date | None = None) -> list[str]:
    return [hold.code for hold in holds(room.contract, on=on or timezone.localdate())]


def settle(room: Tracked) -> None:
    file_annual_report(obligation=room.obligations("report")[0], body="Done", actor=room.buyer)
    room.pay(issue_invoice(obligation=room.obligations("lump_sum")[0], actor=room.tto))


def state_of(room: Tracked) -> str:
    return Deal.objects.get(pk=room.deal.pk).state


def test_a_contract_is_completed_once_its_term_is_over_and_all_is_settled():
    room = over()
    sweep()
    assert (codes(room), state_of(room)) == (["obligations"], "effective")
    settle(room)

    first, second = sweep(), sweep()

    assert (first["completed"], second.get("completed")) == (1, None)
    assert state_of(room) == "completed"
    assert Event.objects.filter(tag="deal.complete").count() == 1
    assert set(Notification.objects.filter(kind="deal.completed").values_list("user_id", flat=True)) == {
        room.tto.pk, room.buyer.pk
    }  # fmt: skip


def test_it_runs_to_the_last_day_of_its_term():
    room = over()
    settle(room)
    end = last_day(room.contract)
    assert end == months_ago(6) - DAY

    assert complete_contract(contract=room.contract, on=end) is False
    assert complete_contract(contract=room.contract, on=end + DAY) is True
    assert complete_contract(contract=room.contract, on=end + DAY) is False


def test_each_open_thing_holds_it_and_is_named(client):
    room = over(royalty_pct=Decimal(3), royalty_base="net_revenue", statement_frequency="yearly")
    room.file(1)
    invoice = issue_invoice(obligation=room.obligations("lump_sum")[0], actor=room.tto)
    room.pay(invoice, 1)
    Obligation.objects.filter(contract=room.contract).update(state="met")
    services.open_dispute(deal=room.deal, actor=room.buyer, reason="Chậm")
    room.contract.deal = Deal.objects.get(pk=room.deal.pk)

    assert codes(room) == ["statements", "invoices", "dispute"]
    assert sweep().get("completed") is None
    client.force_login(room.buyer)
    page = strip_tags(client.get(f"/en/deals/{room.deal.pk}/tracking/").content.decode())
    assert "1 royalty statement waits for an answer" in page
    assert "1 invoice is not paid" in page
    told = client.get(f"/api/v1/deals/{room.deal.pk}/tracking/").json()
    assert [hold["code"] for hold in told["kept_open_by"]] == ["statements", "invoices", "dispute"]
    assert told["ends_on"] == last_day(room.contract).isoformat()
    client.force_login(room.operator)
    assert "Term over" in client.get("/en/operator/deals/").content.decode()


def test_a_contract_without_a_term_is_not_completed_by_the_calendar():
    room = tracked(
        right="assignment", exclusivity="", term_years=None, royalty_pct=Decimal(0), royalty_base="",
        statement_frequency="",
    )  # fmt: skip

    assert (codes(room), complete_contract(contract=room.contract)) == (["no_term"], False)
    assert sweep().get("completed") is None
