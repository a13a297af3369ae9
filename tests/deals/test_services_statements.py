"""Royalty statements: filed, corrected, questioned, accepted."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Notification
from deals.models import Deduction, Invoice, Obligation, RoyaltyStatement
from deals.royalty import recompute
from deals.services.tracking_invoices import cancel_invoice, issue_invoice
from deals.services.tracking_statements import (
    accept_statement,
    correct_statement,
    file_statement,
    preview_statement,
    question_statement,
)
from deals.services.tracking_waivers import waive_obligation
from deals.tracking_selectors import invoices_of
from deals.views.tracking_money_words import late_interest
from ledger.selectors import imbalance
from marketplace.kit.errors import Conflict, NotAllowed
from marketplace.samples.clock import clock_at
from rules.working_days import last_day_of_term
from tests.factories.tracking import figures, months_ago, tracked

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def test_a_statement_is_computed_stored_and_announced():
    room = tracked(royalty_pct=Decimal("3.5"), royalty_base="net_revenue")
    assert room.tto

    statement = room.file(1, 1_000_000_000, trade_discounts=50_000_000, returns=10_000_001)

    assert (statement.base_amount, statement.royalty, statement.top_up) == (939_999_999, 32_900_000, 0)
    assert {row.kind: row.amount for row in statement.deductions.all()} == {
        "trade_discounts": 50_000_000, "returns": 10_000_001,
    }  # fmt: skip
    assert recompute(statement.computation).amount == statement.amount
    assert room.period(1).state == "met"
    assert list(Notification.objects.values_list("user", "kind")) == [(room.tto.pk, "statement.filed")]


def test_a_preview_computes_the_same_and_stores_nothing():
    room = tracked()
    period = room.period(1)

    result = preview_statement(
        contract=room.contract, period_start=period.period_start, period_end=period.period_end,
        figures=figures(1_000_000_000), actor=room.buyer,
    )  # fmt: skip

    assert result.amount == 35_000_000
    assert RoyaltyStatement.objects.count() == 0


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [(0, -1, "period_end"), (1, 0, "period_start"), (0, 5, "period_start"), (-400, -310, "period_start")],
)
def test_wrong_dates_are_refused(start, end, field):
    room = tracked()
    period = room.period(1)
    last = period.period_end + end * DAY if end > -1 else period.period_start - DAY
    first = period.period_start + start * DAY
    if start == -400:
        last = period.period_end + end * DAY

    with pytest.raises(ValidationError) as refused:
        file_statement(contract=room.contract, period_start=first, period_end=last, figures=figures(), actor=room.buyer)

    assert list(refused.value.message_dict) == [field]
    assert RoyaltyStatement.objects.count() == 0


def test_a_period_that_overlaps_a_statement_is_refused_by_name():
    room = tracked()
    first = room.file(1)

    with pytest.raises(ValidationError) as refused:
        file_statement(
            contract=room.contract, period_start=first.period_start + DAY, period_end=first.period_end + DAY,
            figures=figures(), actor=room.buyer,
        )  # fmt: skip

    assert "period_start" in refused.value.message_dict
    assert RoyaltyStatement.objects.count() == 1


def test_a_period_that_runs_is_refused():
    room = tracked(effective_on=months_ago(1))
    period = room.period(1)

    with pytest.raises(ValidationError) as refused:
        file_statement(
            contract=room.contract, period_start=period.period_start, period_end=period.period_end, figures=figures(),
            actor=room.buyer,
        )  # fmt: skip

    assert list(refused.value.message_dict) == ["period_end"]


@pytest.mark.parametrize(
    ("declared", "field"),
    [
        (figures(10, returns=11), "gross_sales"),
        (figures(-1), "gross_sales"),
        (figures(10, returns=-1), "returns"),
        (figures(10, vat=1), "vat"),
        (figures(10, units=-1), "units"),
    ],
)
def test_wrong_figures_are_refused(declared, field):
    room = tracked()
    period = room.period(1)

    with pytest.raises(ValidationError) as refused:
        file_statement(
            contract=room.contract, period_start=period.period_start, period_end=period.period_end, figures=declared,
            actor=room.buyer,
        )  # fmt: skip

    assert list(refused.value.message_dict) == [field]
    assert RoyaltyStatement.objects.count() == 0
    assert room.period(1).state == "upcoming"


def test_a_period_is_declared_once_and_in_order_within_its_year():
    room = tracked()
    with pytest.raises(Conflict):
        room.file(2)
    room.file(1)
    with pytest.raises(Conflict):
        room.file(1)
    assert room.file(2).version == 1


def test_a_waived_period_is_no_gap():
    room = tracked()
    waive_obligation(obligation=room.period(1), reason="Nothing was made", actor=room.tto)

    assert room.file(2).earlier_in_year == 0
    with pytest.raises(Conflict):
        room.file(1)


def test_a_waived_minimum_tops_nothing_up():
    room = tracked(minimum_annual=Decimal(100_000_000))
    waive_obligation(obligation=room.obligations("minimum")[0], reason="A flood", actor=room.tto)

    closing = [room.file(number, 100_000_000) for number in (1, 2, 3, 4)][-1]

    assert (closing.royalty, closing.top_up, closing.amount) == (3_500_000, 0, 3_500_000)
    accept_statement(statement=closing, actor=room.tto)
    assert Invoice.objects.get().amount == 3_500_000
    second_year = [room.file(number, 100_000_000) for number in (5, 6)]
    assert {row.minimum_annual for row in second_year} == {100_000_000}


def test_waiving_the_minimum_asks_for_a_statement_with_a_top_up_anew():
    room = tracked(minimum_annual=Decimal(100_000_000))
    closing = [room.file(number, 100_000_000) for number in (1, 2, 3, 4)][-1]
    assert closing.top_up == 86_000_000

    waive_obligation(obligation=room.obligations("minimum")[0], reason="A flood", actor=room.tto)

    closing.refresh_from_db()
    assert closing.state == "questioned"
    assert (
        Notification.objects.filter(kind="statement.questioned").values_list("user", flat=True).get() == room.buyer.pk
    )
    with pytest.raises(Conflict):
        accept_statement(statement=closing, actor=room.tto)
    again = correct_statement(statement=closing, figures=figures(100_000_000), actor=room.buyer)
    assert (again.top_up, again.amount) == (0, 3_500_000)


def test_a_minimum_that_was_topped_up_and_accepted_is_not_waived():
    room = tracked(minimum_annual=Decimal(100_000_000))
    closing = [room.file(number, 100_000_000) for number in (1, 2, 3, 4)][-1]
    accept_statement(statement=closing, actor=room.tto)
    minimum = room.obligations("minimum")[0]

    with pytest.raises(Conflict):
        waive_obligation(obligation=minimum, reason="A flood", actor=room.tto)

    minimum.refresh_from_db()
    assert minimum.state != "waived"
    assert not Notification.objects.filter(kind="obligation.waived").exists()


def test_the_years_last_statement_tops_up_to_the_minimum():
    room = tracked(minimum_annual=Decimal(50_000_000), royalty_pct=Decimal(5))
    for number in (1, 2, 3):
        assert room.file(number, 100_000_000).amount == 5_000_000

    last = room.file(4, 200_000_000)

    assert (last.royalty, last.earlier_in_year, last.top_up, last.amount) == (
        10_000_000, 15_000_000, 25_000_000, 35_000_000,
    )  # fmt: skip
    assert room.file(5, 100_000_000).amount == 5_000_000


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sales=st.lists(st.integers(min_value=0, max_value=10**12), min_size=4, max_size=4))
def test_a_year_never_comes_to_less_than_its_minimum(sales):
    with transaction.atomic():
        room = tracked(minimum_annual=Decimal(50_000_000), royalty_pct=Decimal("3.3333"))
        filed = [room.file(number, amount) for number, amount in enumerate(sales, 1)]
        total = sum(statement.amount for statement in filed)
        assert total == max(sum(statement.royalty for statement in filed), 50_000_000)
        transaction.set_rollback(True)


def test_a_question_and_a_correction_leave_the_old_version_on_record():
    room = tracked()
    old = room.file(1, 1_000_000_000)
    asked = question_statement(statement=old, question="Where are the sales of May?", actor=room.tto)
    assert (asked.state, asked.answer) == ("questioned", "Where are the sales of May?")
    before = RoyaltyStatement.objects.filter(pk=old.pk).values("gross_sales", "amount", "computation").get()

    new = correct_statement(statement=old, figures=figures(1_200_000_000), actor=room.buyer)

    old.refresh_from_db()
    assert (old.state, new.state, new.version, new.replaces) == ("superseded", "filed", 2, old)
    assert RoyaltyStatement.objects.filter(pk=old.pk).values("gross_sales", "amount", "computation").get() == before
    with pytest.raises(Conflict):
        correct_statement(statement=old, figures=figures(1), actor=room.buyer)


def test_accepting_issues_an_invoice_due_after_the_statement():
    room = tracked(payment_days=30)

    invoice = room.invoice(1, 1_000_000_000)

    today = timezone.localdate()
    assert (invoice.amount, invoice.state, invoice.due_on) == (35_000_000, "issued", today + 30 * DAY)
    assert invoice.vat_rule == "tax.vat.technology_transfer"
    assert invoice.obligation.kind == "royalty"
    assert imbalance() == 0
    with pytest.raises(Conflict):
        accept_statement(statement=invoice.statement, actor=room.tto)


def test_accepting_a_statement_of_nothing_issues_no_invoice():
    room = tracked()

    accepted = accept_statement(statement=room.file(1, 0), actor=room.tto)

    assert accepted.state == "accepted"
    assert Invoice.objects.count() == 0


def test_correcting_an_accepted_statement_cancels_its_unpaid_invoice():
    room = tracked()
    invoice = room.invoice(1)

    new = correct_statement(statement=invoice.statement, figures=figures(2_000_000_000), actor=room.buyer)

    invoice.refresh_from_db()
    assert invoice.state == "cancelled"
    assert invoice.obligation.state == "waived"
    accept_statement(statement=new, actor=room.tto)
    assert [row.amount for row in Invoice.objects.exclude(state="cancelled")] == [70_000_000]
    assert imbalance() == 0


def test_correcting_a_paid_statement_is_refused_and_changes_nothing():
    room = tracked()
    invoice = room.invoice(1)
    room.pay(invoice, 1_000)

    with pytest.raises(Conflict):
        correct_statement(statement=invoice.statement, figures=figures(2), actor=room.buyer)

    assert RoyaltyStatement.objects.get().state == "accepted"


def test_correcting_an_earlier_statement_questions_the_one_that_closed_the_year():
    room = tracked(minimum_annual=Decimal(50_000_000), royalty_pct=Decimal(5))
    first, _second, _third = (room.file(number, 100_000_000) for number in (1, 2, 3))
    closing = room.file(4, 100_000_000)
    assert closing.top_up == 30_000_000

    correct_statement(statement=first, figures=figures(300_000_000), actor=room.buyer)

    closing.refresh_from_db()
    assert closing.state == "questioned"
    with pytest.raises(Conflict):
        accept_statement(statement=closing, actor=room.tto)
    again = correct_statement(statement=closing, figures=figures(100_000_000), actor=room.buyer)
    assert (again.top_up, again.amount) == (20_000_000, 25_000_000)
    accept_statement(statement=again, actor=room.tto)
    with pytest.raises(Conflict):
        correct_statement(statement=RoyaltyStatement.objects.get(obligation=first.obligation, version=2),
                          figures=figures(0), actor=room.buyer)  # fmt: skip


@pytest.mark.parametrize("who", ["tto", "operator", "buyer_researcher", "rival", "stranger"])
def test_only_the_buyers_officers_file(who):
    room = tracked()
    period = room.period(1)

    with pytest.raises(NotAllowed):
        file_statement(
            contract=room.contract, period_start=period.period_start, period_end=period.period_end, figures=figures(),
            actor=room.person(who),
        )  # fmt: skip

    assert RoyaltyStatement.objects.count() == 0


@pytest.mark.parametrize("who", ["buyer", "operator", "colleague", "rival_tto", "stranger"])
def test_only_the_suppliers_officers_answer(who):
    room = tracked()
    statement = room.file(1)

    with pytest.raises(NotAllowed):
        accept_statement(statement=statement, actor=room.person(who))
    with pytest.raises(NotAllowed):
        question_statement(statement=statement, question="?", actor=room.person(who))

    statement.refresh_from_db()
    assert statement.state == "filed"


@pytest.mark.parametrize("values", [{"gross_sales": 1}, {"amount": 0, "royalty": 0}, {"computation": {}}])
def test_the_database_refuses_to_change_what_was_declared(values):
    statement = tracked().file(1)

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        RoyaltyStatement.objects.filter(pk=statement.pk).update(**values)


def test_the_database_refuses_to_change_a_deduction():
    statement = tracked().file(1, returns=5)

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Deduction.objects.filter(statement=statement).update(amount=1)
    assert Obligation.objects.filter(pk=statement.obligation_id, state="met").exists()


def test_the_same_figures_again_are_no_correction_and_leave_the_invoice(client):
    room = tracked()
    statement = room.file(1, 1_000_000_000, returns=5)
    invoice = accept_statement(statement=statement, actor=room.tto).invoices.get()
    same = figures(1_000_000_000, note="The same", returns=5)

    with pytest.raises(Conflict):
        correct_statement(statement=statement, figures=same, actor=room.buyer)
    client.force_login(room.buyer)
    typed = {"gross_sales": "1000000000", "returns": "5", "units": "100", "note": "Kept"}
    page = client.post(f"/en/statements/{statement.pk}/correct/", typed)

    assert (page.status_code, "Kept" in page.content.decode()) == (409, True)
    assert "A correction changes at least one of them." in page.content.decode()
    invoice.refresh_from_db()
    assert (invoice.state, invoice.obligation.state) == ("issued", "upcoming")
    assert RoyaltyStatement.objects.count() == 1


def test_a_correction_puts_the_day_of_payment_off_by_nothing():
    with clock_at(timezone.now() - 60 * DAY):
        room = tracked(payment_days=30)
        first = room.invoice(1)
    assert first.due_on == timezone.localdate() - 30 * DAY

    new = correct_statement(statement=first.statement, figures=figures(1_000_000_001), actor=room.buyer)
    second = accept_statement(statement=new, actor=room.tto).invoices.get()
    again = correct_statement(statement=new, figures=figures(1_000_000_000), actor=room.buyer)
    third = accept_statement(statement=again, actor=room.tto).invoices.get()

    for invoice in (second, third):
        assert invoice.obligation.due_on == first.obligation.due_on
        assert invoice.due_on == invoice.issued_on == timezone.localdate()
    assert imbalance() == 0
    [interest] = late_interest(invoices_of(room.contract), timezone.localdate())
    late = timezone.localdate() - last_day_of_term(first.due_on)
    assert (interest["invoice"], interest["days"]) == (third, late.days)


@pytest.mark.parametrize(
    ("filed", "accepted", "days"),
    [(80, 0, 0), (80, 20, 20), (40, 20, 40), (10, 5, 55), (60, 60, 60)],
)
def test_interest_leaves_out_the_days_on_which_a_correction_waited_for_the_supplier(filed, accepted, days):
    """So many days before a Friday; the first invoice was to be paid until the Monday 60 days before it (corrected before
    that or after it)."""
    friday = datetime.datetime(2026, 10, 2, 12, tzinfo=datetime.UTC)
    with clock_at(friday - 91 * DAY):
        room = tracked(payment_days=30)
        first = room.invoice(1)
    assert last_day_of_term(first.due_on) == friday.date() - 60 * DAY
    with clock_at(friday - filed * DAY):
        new = correct_statement(statement=first.statement, figures=figures(1_000_000_001), actor=room.buyer)
    with clock_at(friday - accepted * DAY):
        accept_statement(statement=new, actor=room.tto)

    with clock_at(friday):
        found = [row["days"] for row in late_interest(invoices_of(room.contract), friday.date())]

    assert found == ([days] if days else [])


def test_a_correction_that_answers_a_question_late_and_an_invoice_issued_anew_count_as_they_should():
    friday = datetime.datetime(2026, 10, 2, 12, tzinfo=datetime.UTC)
    with clock_at(friday - 91 * DAY):
        room = tracked(payment_days=30)
        first = room.invoice(1)
    with clock_at(friday - 50 * DAY):
        new = correct_statement(statement=first.statement, figures=figures(1_000_000_001), actor=room.buyer)
    with clock_at(friday - 45 * DAY):
        question_statement(statement=new, question="May?", actor=room.tto)
    with clock_at(friday - 25 * DAY):
        third = correct_statement(statement=new, figures=figures(1_000_000_002), actor=room.buyer)
        invoice = accept_statement(statement=third, actor=room.tto).invoices.get()
    with clock_at(friday - 4 * DAY):
        [interest] = late_interest(invoices_of(room.contract), timezone.localdate())
        assert interest["days"] == 60 - 5 - 4
        cancel_invoice(invoice=invoice, reason="Wrong address", actor=room.tto)
        issue_invoice(obligation=Obligation.objects.get(pk=invoice.obligation_id), actor=room.tto)
    with clock_at(friday):
        [interest] = late_interest(invoices_of(room.contract), timezone.localdate())
        assert interest["days"] == 4


def test_after_its_last_royalty_was_forgiven_the_minimum_can_be_forgiven_too():
    room = tracked(minimum_annual=Decimal(100_000_000))
    closing = [room.file(number, 100_000_000) for number in (1, 2, 3, 4)][-1]
    invoice = accept_statement(statement=closing, actor=room.tto).invoices.get()
    minimum = room.obligations("minimum")[0]
    cancel_invoice(invoice=invoice, reason="A flood", actor=room.tto)
    with pytest.raises(Conflict):
        waive_obligation(obligation=minimum, reason="A flood", actor=room.tto)

    waive_obligation(obligation=invoice.obligation, reason="A flood", actor=room.tto)
    waive_obligation(obligation=minimum, reason="A flood", actor=room.tto)

    closing.refresh_from_db()
    minimum.refresh_from_db()
    assert (closing.state, minimum.state) == ("accepted", "waived")
