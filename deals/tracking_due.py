"""When what is owed under a contract ends in time, and what is past that day.

A sum ends with the last day to pay its invoice, once one stands; anything else with its own day. Where that day is off,
it ends with the next working day (Civil Code 91/2015/QH13, article 148.5).
"""

import datetime
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from deals.lifecycle import DealState
from deals.models import Invoice, Obligation, Reminder, RoyaltyStatement
from deals.tracking_choices import INVOICED, ObligationKind, ReminderKind
from deals.tracking_lifecycle import OPEN, InvoiceState, ObligationState, PaymentState
from rules.working_days import WorkingDays, working_days


class Deadlines:
    """The days by which things end, seen from one day (today unless given); one query, at the first question."""

    def __init__(self, on: datetime.date | None = None) -> None:
        self.on = on or timezone.localdate()

    @cached_property
    def _calendar(self) -> WorkingDays:
        return working_days(since=datetime.date.min)

    def last_day(self, day: datetime.date) -> datetime.date:
        """Give the day with which a term ends whose last day is `day`."""
        return self._calendar.last_day_of_term(day)

    @cached_property
    def first_in_time(self) -> datetime.date:
        """Give the earliest day of a term that has not ended yet: what ends on a day before it is past."""
        return self._calendar.first_in_time(self.on)

    def mark(self, rows: Iterable[Any]) -> None:
        """Set `last_day` of obligations or invoices, which they would otherwise look up one by one."""
        for row in rows:
            row.last_day = self.last_day(row.asked_on)


def with_day(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate `asked_on`, the day that an obligation names: that of its invoice once one stands, else its own."""
    return rows.annotate(asked_on=Coalesce(Subquery(standing_invoices().values("due_on")[:1]), F("due_on")))


def standing_invoices() -> QuerySet[Invoice]:
    """Give the invoices of an obligation (an outer query's row) that were not cancelled."""
    return Invoice.objects.filter(obligation=OuterRef("pk")).exclude(state=InvoiceState.CANCELLED)


def asked_by_top_up() -> Q:
    """A minimum whose year has a top-up: one debt, which the top-up and the royalties ask for."""
    top_up = Obligation.objects.filter(
        contract=OuterRef("contract"), contract_year=OuterRef("contract_year"), kind=ObligationKind.TOP_UP
    ).exclude(state=ObligationState.WAIVED)  # fmt: skip
    return Q(Exists(top_up), kind=ObligationKind.MINIMUM)


def cut_short() -> Q:
    """The minimum of a year within which a termination ended the contract: what is owed for a part of a year is for the
    two sides to settle, and nobody is pressed for it.
    """
    ended = F("contract__deal__state_since__date")
    return Q(kind=ObligationKind.MINIMUM, contract__deal__state=DealState.TERMINATED, period_end__gte=ended)


def obligations_to_attend(*, by: datetime.date) -> list[int]:
    """Give the ids of open obligations due on or before `by` that may have something left to do, oldest first."""
    told = Reminder.objects.filter(obligation=OuterRef("pk"))
    overdue = told.filter(kind=ReminderKind.OVERDUE)
    asked = Exists(standing_invoices())
    done = Q(Exists(overdue.filter(invoice=None)), ~Q(kind__in=INVOICED))
    done |= Q(Exists(told.filter(kind=ReminderKind.UNBILLED)), ~asked, kind__in=INVOICED)
    reversals = Count("invoice__payments", filter=Q(invoice__payments__state=PaymentState.REVERSED))
    of_invoice = overdue.exclude(invoice=None).exclude(invoice__state=InvoiceState.CANCELLED)
    done |= Q(Exists(of_invoice.annotate(reversals=reversals).filter(round=F("reversals"))))
    return list(
        Obligation.objects.filter(state__in=OPEN, due_on__lte=by)
        .exclude(done, state=ObligationState.OVERDUE)
        .exclude(cut_short())
        .order_by("due_on", "pk")
        .values_list("pk", flat=True)
    )


def minimums_without_statement(*, on: datetime.date) -> list[int]:
    """Give the ids of open minimums whose day has passed while nobody declared the last period of their year.

    Left out are those that were charged already, and those of a year that a termination cut short: what is owed for a
    part of a year is for the parties to settle.
    """
    year = {"contract": OuterRef("contract"), "contract_year": OuterRef("contract_year")}
    declared = RoyaltyStatement.objects.filter(
        contract=OuterRef("contract"), obligation__contract_year=OuterRef("contract_year"), obligation__closes_year=True
    )
    charged = Obligation.objects.filter(**year, kind=ObligationKind.TOP_UP).exclude(state=ObligationState.WAIVED)
    return list(
        Obligation.objects.filter(
            kind=ObligationKind.MINIMUM,
            state__in=OPEN,
            due_on__lt=Deadlines(on).first_in_time,
            contract__superseded_at=None,
        )
        .exclude(cut_short())
        .filter(~Exists(declared), ~Exists(charged))
        .order_by("due_on", "pk")
        .values_list("pk", flat=True)
    )
