"""What is past its day: a sum without an invoice, and each invoice without its payment, are told of once each."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import Notification
from deals.lifecycle import DealState
from deals.models import Deal, Obligation
from deals.services import terminate_deal
from deals.services.tracking import attend_to_obligation, generate_obligations
from deals.services.tracking_invoices import cancel_invoice, issue_invoice
from deals.services.tracking_reversals import reverse_payment
from deals.services.tracking_sweep import sweep
from deals.tracking_due import obligations_to_attend
from deals.tracking_selectors import due_for, open_obligations, tracking_summary
from marketplace.samples.clock import clock_at
from tests.factories.tracking import Tracked, months_ago, tracked

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def late_sum() -> tuple[Tracked, Obligation]:
    room = tracked(
        lump_sum=Decimal(1_000), effective_on=months_ago(3), royalty_pct=Decimal(0), royalty_base="",
        statement_frequency="", right="assignment", exclusivity="", term_years=None,
    )  # fmt: skip
    for name in ("buyer", "tto"):
        room.person(name)
    return room, room.obligations("lump_sum")[0]


def texts_of(room: Tracked) -> list[str]:
    told = Notification.objects.filter(user=room.buyer, kind="obligation.overdue")
    return list(told.order_by("pk").values_list("text", flat=True))


def test_an_invoice_that_came_late_is_reminded_of_when_it_is_not_paid():
    room, owed = late_sum()
    assert sweep() == {"unbilled": 1}
    assert sweep() == {}

    first = issue_invoice(obligation=owed, actor=room.tto)
    assert sweep() == {}  # it may be paid until today
    with clock_at(timezone.now() + 15 * DAY):
        assert (sweep(), sweep()) == ({"overdue": 1}, {})
        cancel_invoice(invoice=first, reason="Wrong address", actor=room.tto)
        assert sweep() == {}  # the supplier cancelled it, and was told before
        second = issue_invoice(obligation=owed, actor=room.tto)
        assert sweep() == {}
    with clock_at(timezone.now() + 30 * DAY):
        assert (sweep(), sweep()) == ({"overdue": 1}, {})

    without, *unpaid = texts_of(room)
    assert "bên giao chưa xuất hóa đơn" in without
    for invoice, text in zip((first, second), unpaid, strict=True):
        assert "hóa đơn" not in text
        assert f"{invoice.last_day:%d/%m/%Y} và đã quá hạn" in text


def test_an_invoice_is_overdue_by_its_own_last_day_on_every_page(client):
    room, owed = late_sum()
    sweep()
    issue_invoice(obligation=owed, actor=room.tto)
    for late in (False, True):
        with clock_at(timezone.now() + 15 * late * DAY):
            client.force_login(room.buyer)  # a session ends after two weeks
            found = tracking_summary([room.deal])[room.deal.pk]
            rows = client.get(f"/api/v1/deals/{room.deal.pk}/tracking/").json()["obligations"]
            page = client.get("/en/obligations/?show=overdue").content.decode()
        assert (found.overdue, rows[0]["state"]) == ((1, "overdue") if late else (0, "due"))
        assert ("Nothing is past its day" in page) is not late


def test_an_invoice_whose_payment_was_reversed_is_reminded_of_anew():
    room, owed = late_sum()
    assert room.person("operator")
    invoice = issue_invoice(obligation=owed, actor=room.tto)
    with clock_at(timezone.now() + 15 * DAY):
        assert sweep() == {"overdue": 1}
        payment = room.pay(invoice)
        assert not Notification.objects.filter(user=room.buyer, kind="obligation.overdue", read_at=None).exists()

        reverse_payment(payment=payment, reason="Nhầm", actor=room.tto)

        assert Notification.objects.filter(user=room.buyer, kind="payment.reversed", read_at=None).exists()
        assert (sweep(), sweep()) == ({"overdue": 1}, {})
        room.pay(invoice)
        assert not Notification.objects.filter(user=room.buyer, read_at=None).exclude(kind="payment.recorded").exists()


@pytest.mark.django_db(transaction=True)
def test_reminders_sent_before_are_not_sent_again_after_the_upgrade():
    room, owed = late_sum()
    other, waiting = late_sum()
    with clock_at(timezone.now() - 15 * DAY):
        issue_invoice(obligation=owed, actor=room.tto)
    before = [("deals", "0008_co_owner_consent")]
    executor = MigrationExecutor(connection)
    latest = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "deals"]
    for pk in (owed.pk, waiting.pk):
        attend_to_obligation(pk=pk)
    try:
        executor.migrate(before)
        old: Any = executor.loader.project_state(before).apps.get_model("deals", "Reminder")
        assert list(old.objects.order_by("pk").values_list("obligation", "kind")) == [
            (owed.pk, "overdue"), (waiting.pk, "overdue"),
        ]  # fmt: skip
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(latest)

    assert sweep() == {}
    issue_invoice(obligation=waiting, actor=other.tto)
    with clock_at(timezone.now() + 15 * DAY):
        assert sweep() == {"overdue": 1}


def test_the_minimum_of_a_year_that_a_termination_cut_short_is_not_chased(client):
    room = tracked(minimum_annual=Decimal(50_000_000), effective_on=months_ago(10))
    minimum = room.obligations("minimum")[0]
    for name in ("buyer", "tto"):
        room.person(name)
    terminate_deal(deal=room.deal, actor=room.signatory, reason="By agreement")
    Obligation.objects.exclude(pk=minimum.pk).update(state="waived")
    deal = Deal.objects.get(pk=room.deal.pk)
    with clock_at(timezone.now() + 400 * DAY):
        today = timezone.localdate()
        assert minimum.due_on < today
        client.force_login(room.buyer)

        assert obligations_to_attend(by=today) == []
        assert attend_to_obligation(pk=minimum.pk) == ""
        assert list(due_for(room.buyer, by=today)) == []
        assert list(open_obligations(room.buyer, overdue_only=True)) == []
        assert tracking_summary([deal]) == {}
        assert sweep() == {}
        assert "Nothing is past its day" in client.get("/en/obligations/?show=overdue").content.decode()
    minimum.refresh_from_db()
    assert minimum.state == "upcoming"


def test_the_sweep_generates_nothing_for_a_contract_that_ended_while_it_ran():
    room = tracked(generate=False)
    stale = room.contract  # read by the sweep while the deal was in effect
    assert stale.deal.state == DealState.EFFECTIVE
    Deal.objects.filter(pk=room.deal.pk).update(state=DealState.TERMINATED, state_since=timezone.now())

    assert generate_obligations(contract=stale, actor=None) == []
    assert Obligation.objects.count() == 0
