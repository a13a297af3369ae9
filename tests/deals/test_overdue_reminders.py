"""What is past its day: a sum without an invoice, and each invoice without its payment, are told of once each."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import Notification
from deals.models import Obligation
from deals.services.tracking import attend_to_obligation
from deals.services.tracking_invoices import cancel_invoice, issue_invoice
from deals.services.tracking_sweep import sweep
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
    assert (sweep(), sweep()) == ({"overdue": 1}, {})
    cancel_invoice(invoice=first, reason="Wrong address", actor=room.tto)
    assert sweep() == {}  # the supplier cancelled it, and was told before
    issue_invoice(obligation=owed, actor=room.tto)
    assert (sweep(), sweep()) == ({"overdue": 1}, {})

    without, *unpaid = texts_of(room)
    assert "bên giao chưa xuất hóa đơn" in without
    assert len(unpaid) == 2
    assert all("hóa đơn" not in text for text in unpaid)


@pytest.mark.django_db(transaction=True)
def test_reminders_sent_before_are_not_sent_again_after_the_upgrade():
    room, owed = late_sum()
    other, waiting = late_sum()
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
    assert sweep() == {"overdue": 1}
