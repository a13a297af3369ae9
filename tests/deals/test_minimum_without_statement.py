"""The minimum of a year whose last statement never comes: its top-up falls due by the sweep, once, and is set off later."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from accounts.models import Notification
from audit.models import Event
from deals.lifecycle import DealState
from deals.models import Deal, Obligation
from deals.royalty import Declared, compute, recompute
from deals.services.tracking_invoices import issue_invoice
from deals.services.tracking_minimums import charge_top_up
from deals.services.tracking_statements import accept_statement, correct_statement
from deals.services.tracking_sweep import sweep
from deals.services.tracking_waivers import waive_obligation
from deals.tracking_due import minimums_without_statement
from deals.tracking_selectors import due_for, sums_to_invoice, tracking_summary
from marketplace.kit.errors import Conflict
from tests.factories.tracking import Tracked, figures, months_ago, tracked

pytestmark = pytest.mark.django_db
MINIMUM = 50_000_000
DAY = datetime.timedelta(days=1)


def late_room(**values: object) -> Tracked:
    """A year and a half in effect: the first year is over, and its minimum was due some months ago."""
    return tracked(minimum_annual=Decimal(MINIMUM), **values)


def top_ups(room: Tracked) -> list[Obligation]:
    return room.obligations("top_up")


def test_the_top_up_falls_due_without_the_last_statement_and_never_twice():
    room = late_room()
    people = {room.buyer.pk, room.tto.pk}
    room.file(1, 1_000_000_000)  # 35,000,000

    first, second = sweep(), sweep()

    assert (first["topped_up"], second.get("topped_up")) == (1, None)
    [row] = top_ups(room)
    minimum = room.obligations("minimum")[0]
    assert (row.amount, row.due_on, row.contract_year) == (15_000_000, minimum.due_on, 1)
    assert charge_top_up(pk=minimum.pk) == 0
    assert Event.objects.filter(tag="obligation.charge_top_up").count() == 1
    told = Notification.objects.filter(kind="obligation.top_up").values_list("user", flat=True)
    assert sorted(told) == sorted(people)
    with pytest.raises(IntegrityError), transaction.atomic():
        Obligation.objects.create(
            contract=room.contract, key="top_up:again", kind="top_up", contract_year=1, due_on=row.due_on, amount=1
        )


def test_paid_with_the_royalties_it_meets_the_minimum():
    room = late_room()
    room.pay(accept_statement(statement=room.file(1, 1_000_000_000), actor=room.tto).invoices.get())
    sweep()

    room.pay(issue_invoice(obligation=top_ups(room)[0], actor=room.tto), reference="FT2")

    assert room.obligations("minimum")[0].state == "met"


@pytest.mark.parametrize("days", [0, -1])
def test_nothing_is_charged_before_its_day_has_passed(days):
    room = late_room()
    due = room.obligations("minimum")[0].last_day

    assert minimums_without_statement(on=due + days * DAY) == []
    assert charge_top_up(pk=room.obligations("minimum")[0].pk, on=due + days * DAY) == 0
    assert minimums_without_statement(on=due + DAY) == [room.obligations("minimum")[0].pk]


def test_nothing_is_charged_once_the_last_statement_came_or_the_royalties_reach_the_minimum():
    declared, reached = late_room(), late_room()
    for number in (1, 2, 3, 4):
        declared.file(number, 1_000_000)
    reached.file(1, 2_000_000_000)

    sweep()

    assert top_ups(declared) == top_ups(reached) == []
    assert room_total(declared) == MINIMUM


def test_a_year_that_a_termination_cut_short_is_left_to_the_parties():
    room = tracked(minimum_annual=Decimal(MINIMUM), effective_on=months_ago(18))
    year = room.obligations("minimum")[0]
    ended = timezone.now() - datetime.timedelta(days=(timezone.localdate() - year.period_end).days + 30)
    Deal.objects.filter(pk=room.deal.pk).update(state=DealState.TERMINATED, state_since=ended)

    assert minimums_without_statement(on=timezone.localdate()) == []


def room_total(room: Tracked, year: int = 1) -> Decimal:
    """Everything asked for the year: what statements come to, and the top-up without one."""
    asked = room.contract.statements.exclude(state="superseded").filter(obligation__contract_year=year)
    charged = room.contract.obligations.filter(kind="top_up", contract_year=year).exclude(state="waived")
    return sum((row.amount for row in [*asked, *charged]), Decimal(0))


def test_what_is_declared_after_all_is_set_off_against_the_top_up():
    room = late_room()
    room.file(1, 1_000_000_000)  # 35,000,000
    sweep()

    late = room.file(2, 100_000_000)  # 3,500,000, within the minimum
    assert (late.royalty, late.top_up, late.credit, late.amount) == (3_500_000, 0, 3_500_000, 0)
    assert room_total(room) == MINIMUM
    later = room.file(3, 1_000_000_000)  # the year comes to 73,500,000
    assert (later.credit, later.amount) == (11_500_000, 23_500_000)
    closing = room.file(4, 0)
    assert (closing.top_up, closing.credit, closing.amount) == (0, 0, 0)
    assert room_total(room) == 73_500_000
    assert recompute(later.computation).amount == later.amount


def test_a_corrected_statement_leaves_the_year_at_its_minimum():
    room = late_room()
    first = room.file(1, 1_000_000_000)
    sweep()

    more = correct_statement(statement=first, figures=figures(1_200_000_000), actor=room.buyer)
    assert (more.royalty, more.credit, room_total(room)) == (42_000_000, 7_000_000, MINIMUM)
    less = correct_statement(statement=more, figures=figures(100_000_000), actor=room.buyer)
    assert (less.royalty, less.top_up, room_total(room)) == (3_500_000, 31_500_000, MINIMUM)


def test_one_that_comes_down_asks_anew_for_what_was_reckoned_against_the_charge(client):
    room = late_room()
    sweep()  # nothing was filed: all of the minimum is charged
    first = room.file(1, 2_000_000_000)  # 70,000,000: 20,000,000 more than was charged
    second = room.file(2, 1_000_000_000)  # 35,000,000
    assert (first.amount, second.amount) == (20_000_000, 35_000_000)

    lower = correct_statement(statement=first, figures=figures(400_000_000), actor=room.buyer)  # 14,000,000
    second.refresh_from_db()
    assert (lower.amount, second.state) == (0, "questioned")
    with translation.override("en"), pytest.raises(Conflict, match="Another statement of the year has changed"):
        accept_statement(statement=second, actor=room.tto)
    client.force_login(room.tto)
    assert f"/statements/{second.pk}/accept/" not in client.get(f"/statements/{second.pk}/").content.decode()
    again = correct_statement(statement=second, figures=figures(1_000_000_000), actor=room.buyer)
    lower.refresh_from_db()
    assert (again.amount, lower.state, room_total(room)) == (0, "filed", MINIMUM)

    accept_statement(statement=again, actor=room.tto)
    with pytest.raises(Conflict, match="dựa trên báo cáo này"):
        correct_statement(statement=lower, figures=figures(1), actor=room.buyer)
    assert room_total(room) == MINIMUM


def test_a_minimum_that_an_earlier_statement_asks_for_is_not_waived():
    room = late_room()
    first = room.file(1, 1_000_000_000)
    sweep()
    less = correct_statement(statement=first, figures=figures(100_000_000), actor=room.buyer)
    assert (less.top_up, less.credit) == (31_500_000, 0)

    with pytest.raises(Conflict, match="không miễn được nữa"):
        waive_obligation(obligation=room.obligations("minimum")[0], reason="Gift", actor=room.tto)

    assert room.obligations("minimum")[0].state != "waived"


def test_the_one_debt_is_counted_and_told_of_once():
    room = late_room()
    assert room.buyer != room.tto  # both are there before anything is told

    sweep()

    today = timezone.localdate()
    owed = [row.kind for row in due_for(room.buyer, by=today)]
    assert "minimum" not in owed
    sums = [row.kind for row in sums_to_invoice(room.tto, by=today)]
    assert sums.count("top_up") == 1
    late = tracking_summary([room.deal])[room.deal.pk]
    assert late.overdue + late.unbilled == room.contract.obligations.filter(due_on__lt=today).exclude(kind="minimum").exclude(
        state__in=["met", "waived"]
    ).count()  # fmt: skip
    minimum = str(room.obligations("minimum")[0])
    texts = Notification.objects.filter(kind="obligation.overdue", user=room.buyer).values_list("text", flat=True)
    assert texts
    assert not any(text.startswith(minimum) for text in texts)


def test_the_top_up_and_the_minimum_are_waived_together():
    room = late_room()
    sweep()

    waive_obligation(obligation=top_ups(room)[0], reason="A hard year", actor=room.tto)

    assert (top_ups(room)[0].state, room.obligations("minimum")[0].state) == ("waived", "waived")
    assert "topped_up" not in sweep()


def test_a_minimum_with_an_invoice_for_its_top_up_or_a_statement_set_off_against_it_stays():
    room = late_room()
    sweep()
    invoice = issue_invoice(obligation=top_ups(room)[0], actor=room.tto)
    minimum = room.obligations("minimum")[0]
    with pytest.raises(Conflict, match=r"."):
        waive_obligation(obligation=minimum, reason="Gift", actor=room.tto)
    assert invoice.obligation.kind == "top_up"

    other = late_room()
    sweep()
    other.file(1, 1_000_000)
    with pytest.raises(Conflict, match=r"."):
        waive_obligation(obligation=other.obligations("minimum")[0], reason="Gift", actor=other.tto)
    assert {row.state for row in (*top_ups(other), other.obligations("minimum")[0])} == {"overdue"}


def test_computation_with_a_charged_top_up_never_asks_for_less_than_nothing():
    result = compute(
        Declared(
            base="net_revenue", gross_sales=Decimal(0), deductions={}, rate_pct=Decimal(3), minimum_annual=Decimal(50),
            charged=Decimal(50), other_royalties=Decimal(5), other_amounts=Decimal(5),
        )
    )  # fmt: skip

    assert (result.amount, result.top_up, result.credit) == (0, 0, 0)


def test_one_that_was_asked_anew_is_accepted_when_it_comes_to_the_same_after_all():
    room = late_room()
    sweep()
    first, second = room.file(1, 2_000_000_000), room.file(2, 1_000_000_000)
    lower = correct_statement(statement=first, figures=figures(400_000_000), actor=room.buyer)

    correct_statement(statement=lower, figures=figures(2_000_000_000), actor=room.buyer)
    second.refresh_from_db()
    again = room.contract.statements.get(obligation=first.obligation, state="filed")
    assert (first.amount, second.amount, again.amount) == (20_000_000, 35_000_000, 20_000_000)
    assert second.state == "questioned"

    assert accept_statement(statement=second, actor=room.tto).state == "accepted"
