"""Obligations: generated, reminded of, overdue, waived, stopped."""

import datetime
import threading
from decimal import Decimal

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts.models import Notification
from audit.models import Event
from deals.calendar import add_months
from deals.models import Obligation, Reminder
from deals.services import tracking_sweep
from deals.services.tracking import (
    attend_to_obligation,
    file_annual_report,
    generate_obligations,
    stop_obligations,
)
from deals.services.tracking_invoices import cancel_invoice, issue_invoice
from deals.services.tracking_sweep import sweep
from deals.services.tracking_waivers import waive_obligation
from deals.tasks import remind_and_mark_overdue
from deals.tracking_selectors import due_for, sums_to_invoice
from ledger.selectors import imbalance
from marketplace.kit.errors import Conflict, NotAllowed
from tests.factories.tracking import months_ago, tracked

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
ASSIGNMENT = {
    "right": "assignment", "exclusivity": "", "term_years": None, "royalty_pct": Decimal(0), "royalty_base": "",
    "statement_frequency": "",
}  # fmt: skip


def test_obligations_follow_from_the_terms():
    start = datetime.date(2026, 1, 15)
    milestones = [
        {"kind": "milestone", "name": "First ton", "amount": Decimal(7_000_000), "due_on": None, "due_months": 8}
    ]
    room = tracked(
        effective_on=start, lump_sum=Decimal(500_000_000), minimum_annual=Decimal(40_000_000), milestones=milestones,
        term_years=1,
    )  # fmt: skip

    rows = [(o.key, o.due_on, o.amount, o.closes_year) for o in room.contract.obligations.order_by("due_on", "pk")]

    assert rows == [
        ("lump_sum", datetime.date(2026, 2, 14), 500_000_000, False),
        ("statement:2026-01-15", datetime.date(2026, 5, 14), None, False),
        ("statement:2026-04-15", datetime.date(2026, 8, 13), None, False),
        ("milestone:1", datetime.date(2026, 9, 15), 7_000_000, False),
        ("statement:2026-07-15", datetime.date(2026, 11, 13), None, False),
        ("statement:2026-10-15", datetime.date(2027, 2, 13), None, True),
        ("minimum:1", datetime.date(2027, 3, 15), 40_000_000, False),
        ("report:1", datetime.date(2027, 3, 15), None, False),
    ]
    plan = room.contract.share_plan
    assert [(share.user, share.share_pct) for share in plan.shares.all()] == [(room.author, 100)]


def test_instalments_stand_for_the_lump_sum():
    rows = [
        {"kind": "instalment", "name": "a", "amount": Decimal(300), "due_on": None, "due_months": 1},
        {"kind": "instalment", "name": "b", "amount": Decimal(200), "due_on": None, "due_months": 2},
    ]
    room = tracked(lump_sum=Decimal(500), milestones=rows)

    assert [o.amount for o in room.obligations("instalment")] == [300, 200]
    assert room.obligations("lump_sum") == []


def test_an_assignment_for_a_lump_sum_owes_no_statement_and_no_report():
    room = tracked(**ASSIGNMENT, lump_sum=Decimal(1_000))

    assert [o.key for o in room.contract.obligations.all()] == ["lump_sum"]


def test_generating_again_adds_nothing():
    room = tracked()
    before = list(Obligation.objects.order_by("pk").values())

    assert generate_obligations(contract=room.contract, actor=None) == []
    assert list(Obligation.objects.order_by("pk").values()) == before
    assert Event.objects.filter(tag="contract.generate_obligations").count() == 1


def test_periodic_duties_are_generated_as_far_as_the_horizon_and_the_sweep_goes_on():
    room = tracked(effective_on=timezone.localdate(), term_years=10)
    assert len(room.obligations("statement")) == 9  # 24 months ahead
    Obligation.objects.filter(contract=room.contract, key=room.period(9).key).delete()

    assert sweep()["generated"] == 1
    assert len(room.obligations("statement")) == 9


def test_generating_before_effect_is_refused():
    room = tracked(generate=False)
    room.contract.effective_on = None
    room.contract.save()

    with pytest.raises(Conflict):
        generate_obligations(contract=room.contract, actor=None)

    assert Obligation.objects.count() == 0


def due_in(days: int):
    """Give a room whose only obligation falls due so many days from today."""
    room = tracked(**ASSIGNMENT, effective_on=timezone.localdate() + (days - 30) * DAY, lump_sum=Decimal(1_000))
    for name in ("buyer", "tto", "operator"):
        room.person(name)
    return room, room.obligations("lump_sum")[0]


@pytest.mark.parametrize(
    ("days", "done", "state", "told"),
    [
        (15, "", "upcoming", []),
        (14, "first", "due", ["buyer", "tto"]),
        (4, "first", "due", ["buyer", "tto"]),
        (3, "second", "due", ["buyer", "tto"]),
        (0, "second", "due", ["buyer", "tto"]),
        (-1, "unbilled", "overdue", ["buyer", "tto", "operator"]),
    ],
)
def test_an_obligation_is_attended_to_by_its_day(days, done, state, told):
    room, row = due_in(30)
    day = row.last_day - days * DAY

    assert attend_to_obligation(pk=row.pk, on=day) == done
    assert attend_to_obligation(pk=row.pk, on=day) == ""

    row.refresh_from_db()
    assert row.state == state
    assert list(row.reminders.values_list("kind", flat=True)) == ([done] if done else [])
    assert set(Notification.objects.values_list("user", flat=True)) == {room.person(name).pk for name in told}
    assert Notification.objects.count() == len(told)


def test_the_supplier_is_reminded_of_the_invoice_that_a_sum_waits_for_and_then_the_buyer_alone():
    room, row = due_in(10)
    assert attend_to_obligation(pk=row.pk) == "first"
    texts = set(Notification.objects.values_list("text", flat=True))
    assert len(texts) == 1
    assert texts.pop().endswith("bên giao chưa xuất hóa đơn.")
    issue_invoice(obligation=row, actor=room.tto)
    assert not Notification.objects.filter(kind="obligation.first", read_at=None).exists()

    assert attend_to_obligation(pk=row.pk, on=row.last_day - 2 * DAY) == "second"
    told = Notification.objects.get(kind="obligation.second")
    assert told.user == room.buyer
    assert "hóa đơn" not in told.text


def test_a_first_reminder_is_not_sent_after_the_second():
    _room, row = due_in(2)
    assert attend_to_obligation(pk=row.pk, on=row.last_day - 2 * DAY) == "second"

    assert attend_to_obligation(pk=row.pk, on=row.last_day - 7 * DAY) == ""
    assert Reminder.objects.count() == 1


@pytest.mark.usefixtures("eager_tasks")
def test_the_task_does_each_thing_once(django_capture_on_commit_callbacks):
    _room, _row = due_in(-15)

    with django_capture_on_commit_callbacks(execute=True):
        assert remind_and_mark_overdue().get("unbilled") == 1
    sent = len(mail.outbox)
    with django_capture_on_commit_callbacks(execute=True):
        assert remind_and_mark_overdue().get("unbilled", 0) == 0

    assert sent == 3
    assert len(mail.outbox) == sent


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_remind_and_mark_once():
    rooms = [due_in(days) for days in (-1, -5, 2, 10)]
    Notification.objects.all().delete()
    barrier = threading.Barrier(2)
    outcomes: list[dict[str, int]] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            barrier.wait(timeout=10)
            outcomes.append(sweep())
        except BaseException as error:  # noqa: BLE001 -- told to the test below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    sweep()  # what one left because the other held it

    assert failures == []
    assert len(outcomes) == 2
    keys = [row.pk for _room, row in rooms]
    assert sorted(Reminder.objects.filter(obligation__in=keys).values_list("kind", flat=True)) == [
        "first", "second", "unbilled", "unbilled",
    ]  # fmt: skip
    assert Event.objects.filter(tag="obligation.become_overdue", subject_id__in=keys).count() == 2
    assert Notification.objects.filter(kind="obligation.overdue").count() == 6


@pytest.mark.django_db(transaction=True)
def test_two_real_workers_remind_once(real_worker, tmp_path_factory):
    from tests.conftest import RealWorker

    _room, row = due_in(-1)
    second = RealWorker(tmp_path_factory.mktemp("second"))
    second.start()
    try:
        for _number in range(6):
            remind_and_mark_overdue.delay()
        done = "deals.tasks.remind_and_mark_overdue"
        real_worker.wait_for(
            lambda: sum(f"Task {done}" in line and "succeeded" in line
                        for line in (real_worker.output() + second.output()).splitlines()) == 6
        )  # fmt: skip
    finally:
        second.kill()

    row.refresh_from_db()
    assert row.state == "overdue"
    assert list(row.reminders.values_list("kind", flat=True)) == ["unbilled"]
    assert Notification.objects.filter(kind="obligation.overdue").count() == 3
    assert Event.objects.filter(tag="obligation.become_overdue", subject_id=row.pk).count() == 1


def test_waiving_needs_a_reason_and_the_side_to_which_it_is_owed():
    room = tracked(lump_sum=Decimal(1_000))
    row = room.obligations("lump_sum")[0]

    with pytest.raises(ValidationError):
        waive_obligation(obligation=row, reason=" ", actor=room.tto)
    with pytest.raises(NotAllowed):
        waive_obligation(obligation=row, reason="Settled otherwise", actor=room.buyer)
    assert not Notification.objects.exists()
    waive_obligation(obligation=row, reason="Settled otherwise", actor=room.tto)

    row.refresh_from_db()
    assert (row.state, row.waived_reason) == ("waived", "Settled otherwise")
    told = Notification.objects.get(kind="obligation.waived")
    assert told.user == room.buyer
    assert told.text.endswith("đã được miễn: Settled otherwise")


def test_an_annual_report_is_filed_after_its_year():
    room = tracked(effective_on=months_ago(13))
    first, second = room.obligations("report")[:2]

    report = file_annual_report(obligation=first, body="Sold 120 filters.", actor=room.buyer)

    first.refresh_from_db()
    assert first.state == "met"
    assert report.body == "Sold 120 filters."
    assert list(Notification.objects.values_list("user", flat=True)) == []  # the TTO officer is made below
    with pytest.raises(Conflict):
        file_annual_report(obligation=first, body="Again", actor=room.buyer)
    with pytest.raises(Conflict):
        file_annual_report(obligation=second, body="Early", actor=room.buyer)


def test_stopping_waives_what_would_begin_later_and_leaves_what_is_owed():
    room = tracked(effective_on=months_ago(7), lump_sum=Decimal(1_000))
    today = timezone.localdate()

    stopped = stop_obligations(contract=room.contract, on=today, actor=None)
    assert room.period(4).waived_words == f"Hợp đồng kết thúc ngày {today:%d/%m/%Y}."

    rows = list(room.contract.obligations.all())
    assert stopped == sum(row.state == "waived" for row in rows)
    assert all((row.period_start or row.due_on) > today for row in rows if row.state == "waived")
    assert [row.state for row in room.obligations("lump_sum")] == ["upcoming"]
    assert room.period(1).state == "upcoming"
    assert room.period(3).period_start == add_months(room.contract.effective_on, 6)
    assert room.period(4).state == "waived"


def test_a_row_that_fails_leaves_the_others_their_day(monkeypatch, caplog):
    rooms = [tracked(lump_sum=Decimal(1_000), effective_on=months_ago(3)) for _number in range(2)]
    bad = rooms[0].obligations("lump_sum")[0]
    real = tracking_sweep.attend_to_obligation

    def attend(*, pk, on):
        if pk == bad.pk:
            raise RuntimeError("broken row")
        return real(pk=pk, on=on)

    monkeypatch.setattr(tracking_sweep, "attend_to_obligation", attend)
    sweep()

    assert rooms[1].obligations("lump_sum")[0].state == "overdue"
    assert rooms[0].obligations("lump_sum")[0].state == "upcoming"
    assert f"Obligation {bad.pk} failed in the sweep" in caplog.text


def test_a_sum_waits_for_the_supplier_until_its_invoice_stands():
    room = tracked(lump_sum=Decimal(1_000), effective_on=months_ago(3))
    owed, today = room.obligations("lump_sum")[0], timezone.localdate()
    assert owed not in due_for(room.buyer, by=today)
    assert owed in sums_to_invoice(room.tto, by=today)

    attend_to_obligation(pk=owed.pk)
    told = Notification.objects.filter(kind="obligation.overdue", user=room.buyer).get()
    assert "bên giao chưa xuất hóa đơn" in told.text

    issue_invoice(obligation=owed, actor=room.tto)
    assert owed in due_for(room.buyer, by=today)
    assert owed not in sums_to_invoice(room.tto, by=today)


def test_what_was_invoiced_ahead_stays_owed_when_a_contract_ends():
    room = tracked(effective_on=timezone.localdate() - 10 * DAY, lump_sum=Decimal(1_000), lump_sum_due_days=30)
    owed = room.obligations("lump_sum")[0]
    invoice = issue_invoice(obligation=owed, actor=room.tto)

    stop_obligations(contract=room.contract, on=timezone.localdate(), actor=None)

    owed.refresh_from_db()
    assert owed.state == "upcoming"
    cancel_invoice(invoice=invoice, reason="Ended by agreement", actor=room.tto)
    assert imbalance() == 0
    room.pay(issue_invoice(obligation=owed, actor=room.tto))
    owed.refresh_from_db()
    assert (owed.state, imbalance()) == ("met", 0)
