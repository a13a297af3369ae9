"""A last day that is off moves on to the next working day, on every page, in reminders, charges and lateness."""

import datetime
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup

from accounts.models import Notification
from deals.services.tracking import attend_to_obligation
from deals.services.tracking_invoices import issue_invoice
from deals.services.tracking_minimums import charge_top_up
from deals.tracking_due import minimums_without_statement
from deals.tracking_selectors import invoices_of, open_obligations, tracking_summary
from deals.views.tracking_money_words import late_interest
from marketplace.samples.clock import clock_at
from tests.factories.tracking import tracked

pytestmark = pytest.mark.django_db
D = datetime.date
SATURDAY, MONDAY, TUESDAY = D(2026, 10, 10), D(2026, 10, 12), D(2026, 10, 13)


def noon(day: datetime.date) -> datetime.datetime:
    return datetime.datetime(day.year, day.month, day.day, 5, tzinfo=datetime.UTC)


def words_of(response) -> str:
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())


def test_a_sum_due_on_a_saturday_is_paid_in_time_on_monday(client):
    with clock_at(noon(D(2026, 9, 10))):
        room = tracked(
            lump_sum=Decimal(1_000_000), lump_sum_due_days=30, effective_on=D(2026, 9, 10), royalty_pct=Decimal(0),
            royalty_base="", statement_frequency="", right="assignment", exclusivity="", term_years=None,
        )  # fmt: skip
        assert room.buyer
        invoice = issue_invoice(obligation=room.obligations("lump_sum")[0], actor=room.tto)
    assert (invoice.due_on, invoice.last_day) == (SATURDAY, MONDAY)
    assert Notification.objects.get(user=room.buyer).text.endswith("hạn trả 12/10/2026.")
    owed = invoice.obligation
    client.force_login(room.buyer)
    for day, late in ((MONDAY, 0), (TUESDAY, 1)):
        with clock_at(noon(day)):
            found = tracking_summary([room.deal])[room.deal.pk]
            assert (found.overdue, found.overdue_since) == ((1, MONDAY) if late else (0, None))
            assert open_obligations(room.buyer, overdue_only=True).count() == late
            assert [row["days"] for row in late_interest(invoices_of(room.contract), day)] == [1] * late
            assert attend_to_obligation(pk=owed.pk) == ("overdue" if late else "second")
            told = client.get(f"/api/v1/deals/{room.deal.pk}/tracking/").json()
            [shown] = told["obligations"]
            assert (shown["due_on"], shown["last_day"]) == ("2026-10-10", "2026-10-12")
            assert (shown["state"], told["invoices"][0]["last_day"]) == ("overdue" if late else "due", "2026-10-12")
            page = words_of(client.get(f"/en/deals/{room.deal.pk}/tracking/"))
            assert "by the contract: 10 Oct 2026" in page
            assert f"Overdue obligations {late}" in page
    [text] = Notification.objects.filter(user=room.buyer, kind="obligation.overdue").values_list("text", flat=True)
    assert "12/10/2026 và đã quá hạn" in text


def test_the_minimum_of_a_year_is_charged_after_the_day_that_counts():
    with clock_at(noon(D(2026, 9, 1))):
        room = tracked(minimum_annual=Decimal(50_000_000), effective_on=D(2025, 8, 12))
    minimum = room.obligations("minimum")[0]
    minimum.__class__.objects.filter(pk=minimum.pk).update(due_on=SATURDAY)

    for day, charged in ((MONDAY, 0), (TUESDAY, 1)):
        assert minimums_without_statement(on=day) == [minimum.pk] * charged
        assert charge_top_up(pk=minimum.pk, on=day) == charged


def test_a_statement_that_comes_on_the_working_day_after_its_day_is_not_called_late(client):
    with clock_at(noon(MONDAY)):
        room = tracked(effective_on=D(2026, 1, 1))
        period = room.period(2)
        period.__class__.objects.filter(pk=period.pk).update(due_on=SATURDAY)
        room.file(1, 1_000)
        statement = room.file(2, 1_000)
    client.force_login(room.tto)

    assert "Late: it was due on" not in client.get(f"/en/statements/{statement.pk}/").content.decode()
