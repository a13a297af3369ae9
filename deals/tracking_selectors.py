"""Reads of tracking, narrowed to the viewer."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from accounts.models import Membership, Role, User
from deals.calendar import DAY, add_months
from deals.choices import Side
from deals.lifecycle import DealState
from deals.models import (
    Contract,
    Deal,
    Invoice,
    Obligation,
    Payment,
    Payout,
    RoyaltyShare,
    RoyaltyStatement,
    SharePlan,
)
from deals.selectors import acted_for, visible_deals
from deals.tracking_choices import INVOICED, ObligationKind
from deals.tracking_due import Deadlines, asked_by_top_up, cut_short, standing_invoices, with_day
from deals.tracking_lifecycle import OPEN, TRACKED, InvoiceState, PayoutState, StatementState
from ledger.models import Entry
from ledger.selectors import entries_from

ZERO = Decimal(0)
MONEY = DecimalField(max_digits=18, decimal_places=0)


def visible_contracts(viewer: User) -> QuerySet[Contract]:
    """Give the contracts in effect, or once in effect, of the deals that the viewer may see."""
    return (
        Contract.objects.filter(
            deal__in=visible_deals(viewer).order_by().values("pk"),
            superseded_at=None,
            effective_on__isnull=False,
            deal__state__in=TRACKED,
        )
        .select_related(
            "deal__technology__author", "deal__licensor", "deal__licensee", "deal__exchange", "offer__terms"
        )
        .order_by("-effective_on", "-pk")
    )


def visible_obligations(viewer: User) -> QuerySet[Obligation]:
    """Give the obligations of the contracts that the viewer may see, with contract and deal, by due date."""
    return (
        Obligation.objects.filter(contract__in=visible_contracts(viewer).order_by().values("pk"))
        .select_related(
            "contract__deal__technology", "contract__deal__licensor", "contract__deal__licensee",
            "contract__deal__exchange", "contract__offer__terms", "report",
        )
        .order_by("due_on", "pk")
    )  # fmt: skip


def _waits_for_invoice() -> ExpressionWrapper:
    """A sum that the buyer cannot pay yet: the supplier has not invoiced it."""
    return ExpressionWrapper(
        Q(~Exists(standing_invoices()), kind__in=INVOICED, state__in=OPEN), output_field=BooleanField()
    )


def open_obligations(viewer: User, *, overdue_only: bool = False) -> QuerySet[Any]:
    """Give what is still owed under the viewer's contracts, the longest overdue first; see `_waits_for_invoice`."""
    rows = with_day(visible_obligations(viewer).filter(state__in=OPEN))
    rows = rows.annotate(waits_for_invoice=_waits_for_invoice())
    return rows.filter(asked_on__lt=Deadlines().first_in_time).exclude(cut_short()) if overdue_only else rows


def _negotiated_by(user: User, side: str) -> Q:
    return acted_for(user, side, "contract__deal__")


def due_for(user: User, *, by: datetime.date) -> QuerySet[Obligation]:
    """Give what the person's side owes by a day and the person may see to, the longest overdue first.

    A sum is the buyer's to see to once its invoice stands; until then it is the supplier's to invoice.
    """
    unbilled = Q(~Exists(standing_invoices()), kind__in=INVOICED)
    mine = Q(side=Side.LICENSEE) & _negotiated_by(user, Side.LICENSEE) & ~unbilled
    mine |= Q(side=Side.LICENSOR) & _negotiated_by(user, Side.LICENSOR)
    return open_obligations(user).filter(mine, asked_on__lte=by).exclude(asked_by_top_up()).exclude(cut_short())


def sums_to_invoice(user: User, *, by: datetime.date) -> QuerySet[Obligation]:
    """Give the agreed sums due by a day that the person may invoice and no invoice stands for."""
    rows = open_obligations(user).filter(_negotiated_by(user, Side.LICENSOR), kind__in=INVOICED, due_on__lte=by)
    return rows.filter(~Exists(standing_invoices()))


def statements_waiting_for(user: User) -> QuerySet[RoyaltyStatement]:
    """Give the statements that wait for the person's answer, the oldest first: filed ones for the supplier's officers,
    questioned ones for the buyer's.
    """
    waits = Q(state=StatementState.FILED) & _negotiated_by(user, Side.LICENSOR)
    waits |= Q(state=StatementState.QUESTIONED) & _negotiated_by(user, Side.LICENSEE)
    return visible_statements(user).filter(waits).order_by("filed_at", "pk")


def payouts_to_make(user: User) -> QuerySet[Payout]:
    """Give the parts of payments that the person's side is to pay on, the oldest first."""
    rows = visible_payouts(user).filter(acted_for(user, Side.LICENSOR, "payment__invoice__contract__deal__"))
    return rows.filter(state=PayoutState.DUE).order_by("payment__paid_on", "pk")


def obligations_of(contract: Contract) -> QuerySet[Obligation]:
    """Give the obligations of a contract, by due date, each with the number of invoices that stand and whether it waits
    for one."""
    standing = Count("invoices", filter=~Q(invoices__state=InvoiceState.CANCELLED))
    return (
        with_day(contract.obligations.select_related("report__filed_by"))
        .annotate(standing_invoices=standing, waits_for_invoice=_waits_for_invoice())
        .order_by("due_on", "pk")
    )


def open_periods(contract: Contract, *, on: datetime.date) -> QuerySet[Obligation]:
    """Give the periods that are over and not declared yet, by date."""
    return contract.obligations.filter(
        kind=ObligationKind.STATEMENT, state__in=OPEN, period_end__lt=on, statements__isnull=True
    ).order_by("period_start", "pk")


def next_period(contract: Contract) -> Obligation | None:
    """Give the first period that is still to be declared."""
    return (
        contract.obligations.filter(kind=ObligationKind.STATEMENT, state__in=OPEN)
        .order_by("period_start", "pk")
        .first()
    )


def visible_statements(viewer: User) -> QuerySet[RoyaltyStatement]:
    """Give the statements, every version, of the contracts that the viewer may see."""
    return (
        RoyaltyStatement.objects.filter(contract__in=visible_contracts(viewer).order_by().values("pk"))
        .select_related(
            "obligation", "contract__deal__technology", "contract__deal__licensor", "contract__deal__licensee",
            "contract__deal__exchange", "contract__offer__terms", "filed_by", "answered_by",
        )
        .prefetch_related("deductions")
        .order_by("-period_start", "-version", "-pk")
    )  # fmt: skip


def statements_of(contract: Contract) -> QuerySet[RoyaltyStatement]:
    """Give the versions of the statements that stand, newest period first."""
    return (
        contract.statements.exclude(state=StatementState.SUPERSEDED)
        .select_related("filed_by")
        .order_by("-period_start", "-pk")
    )


def versions_of(statement: RoyaltyStatement) -> QuerySet[RoyaltyStatement]:
    """Give every version for the same period, newest first."""
    return (
        RoyaltyStatement.objects.filter(obligation=statement.obligation_id)
        .select_related("filed_by")
        .order_by("-version", "-pk")
    )


def _with_received(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    def total(name: str) -> Coalesce:
        standing = Payment.objects.standing().filter(invoice=OuterRef("pk"))
        paid = standing.order_by().values("invoice").annotate(total=Sum(name))
        return Coalesce(Subquery(paid.values("total"), output_field=MONEY), ZERO, output_field=MONEY)

    return invoices.annotate(received=total("amount"), withheld=total("withheld")).annotate(
        left=F("amount") - F("received") - F("withheld")
    )


def visible_invoices(viewer: User) -> QuerySet[Invoice]:
    """Give the invoices of the contracts that the viewer may see, with what was received and what is left."""
    return (
        _with_received(Invoice.objects.filter(contract__in=visible_contracts(viewer).order_by().values("pk")))
        .select_related(
            "obligation", "contract__deal__technology", "contract__deal__licensor", "contract__deal__licensee",
            "contract__deal__exchange", "contract__offer__terms",
        )
        .order_by("-issued_on", "-pk")
    )  # fmt: skip


def invoices_of(contract: Contract) -> QuerySet[Invoice]:
    """Give the invoices of a contract, newest first, with what was received and what is left."""
    rows = Invoice.objects.filter(contract=contract).select_related("obligation", "statement")
    return _with_received(rows).order_by("-issued_on", "-pk")


def standing_invoice(statement: RoyaltyStatement) -> Invoice | None:
    """Give the invoice of a statement that was not cancelled, with what was received and what is left."""
    rows = Invoice.objects.filter(statement=statement).exclude(state=InvoiceState.CANCELLED)
    return _with_received(rows).order_by("pk").first()


def payments_of(contract: Contract) -> QuerySet[Payment]:
    """Give the payments under a contract with their payouts, newest first."""
    payouts = Payout.objects.select_related("user", "organisation").order_by("pk")
    return (
        Payment.objects.filter(invoice__contract=contract)
        .select_related("invoice")
        .prefetch_related(Prefetch("payouts", queryset=payouts))
        .order_by("-paid_on", "-pk")
    )


def visible_payments(viewer: User) -> QuerySet[Payment]:
    """Give the payments, reversed ones too, under the contracts that the viewer may see."""
    return (
        Payment.objects.filter(invoice__contract__in=visible_contracts(viewer).order_by().values("pk"))
        .select_related("invoice__contract__deal__licensor", "invoice__contract__deal__licensee")
        .order_by("-pk")
    )


def visible_payouts(viewer: User) -> QuerySet[Payout]:
    """Give the parts of payments that the viewer may see: the own ones, those of the own organisations (as supplier
    or intermediary, for those who handle money), and those of the exchanges that the viewer serves.
    """
    others = [role for role in Role if role != Role.RESEARCHER]
    organisations = viewer.organisation_ids(*others)
    mine = Q(user=viewer) | Q(organisation_id__in=organisations)
    mine |= Q(payment__invoice__contract__deal__licensor_id__in=organisations)
    mine |= Q(payment__invoice__contract__deal__exchange_id__in=viewer.exchange_ids())
    return (
        Payout.objects.filter(mine)
        .select_related(
            "user", "organisation", "payment__invoice__contract__deal__technology",
            "payment__invoice__contract__deal__licensor", "payment__invoice__contract__deal__licensee",
        )
        .order_by("-payment__paid_on", "-pk")
    )  # fmt: skip


def my_payouts(user: User) -> QuerySet[Payout]:
    """Give the person's own parts of payments, newest first."""
    return visible_payouts(user).filter(user=user)


def payout_totals(user: User) -> dict[str, Decimal]:
    """Give what the person was paid and is still to be paid, in VND."""
    totals = Payout.objects.filter(user=user).aggregate(
        paid=Coalesce(Sum("amount", filter=Q(state="paid")), ZERO, output_field=MONEY),
        due=Coalesce(Sum("amount", filter=Q(state="due")), ZERO, output_field=MONEY),
    )
    return {"paid": totals["paid"], "due": totals["due"]}


def is_inventor(person: User, deal: Deal) -> bool:
    """Tell whether a person may be taken for an inventor of what the supplier offers: is, or was, its researcher."""
    return Membership.objects.filter(user=person, organisation=deal.licensor_id, role=Role.RESEARCHER).exists()


def plans_to_settle() -> QuerySet[SharePlan]:
    """Give the plans that nobody has settled and that name no inventor of whom the exchange knows.

    An imported technology was written by somebody of the exchange, and one that an office typed in by an officer:
    neither is paid for that.
    """
    inventors = RoyaltyShare.objects.filter(
        plan=OuterRef("pk"), user__memberships__role=Role.RESEARCHER,
        user__memberships__organisation=OuterRef("contract__deal__licensor"),
    )  # fmt: skip
    imported = ~Q(contract__deal__technology__source_name="") & Q(contract__deal__technology__is_sample=False)
    return SharePlan.objects.filter(imported | ~Exists(inventors), version=1)


def deals_with_shares_to_settle(deals: Iterable[Deal]) -> set[int]:
    """Give the ids of those deals whose plan of shares waits to be settled. The caller has narrowed the deals."""
    waiting = plans_to_settle().filter(contract__deal__in=[deal.pk for deal in deals], contract__superseded_at=None)
    return set(waiting.order_by("pk").values_list("contract__deal_id", flat=True))


def share_plan(contract: Contract) -> SharePlan | None:
    """Give the plan of shares with its inventors; `to_settle` says whether no payment is divided by it yet."""
    return (
        SharePlan.objects.filter(contract=contract)
        .annotate(to_settle=Exists(plans_to_settle().filter(pk=OuterRef("pk"))))
        .select_related("intermediary")
        .prefetch_related("shares__user")
        .first()
    )


def ledger_lines(contract: Contract, viewer: User) -> QuerySet[Entry]:
    """Give the ledger's entries that invoices of a contract caused, on accounts that the viewer may read."""
    sources = [f"deals.invoice:{pk}" for pk in contract.invoices.order_by("pk").values_list("pk", flat=True)]
    return entries_from(sources, viewer=viewer)


@dataclass(frozen=True)
class TrackingSummary:
    """What an operator wants to know of a deal at a glance. Money in VND.

    `overdue` leaves out what is past its day but cannot be paid yet: sums whose invoice the supplier owes (`unbilled`).
    """

    next_due_on: datetime.date | None
    next_kind: str
    overdue: int
    overdue_since: datetime.date | None
    unbilled: int
    unbilled_since: datetime.date | None
    owed: Decimal

    @property
    def next_label(self) -> Any:
        """Name what falls due next."""
        return ObligationKind(self.next_kind).label if self.next_kind else ""


def tracking_summary(deals: Iterable[Deal], *, days: Deadlines | None = None) -> dict[int, TrackingSummary]:
    """Give, by deal, what falls due next, what is past its day and what is owed on invoices. Four queries in all; `days`
    spares one.

    Deals without a contract in effect are left out. The caller has narrowed the deals to the viewer.
    """
    ids = [deal.pk for deal in deals]
    still_open = Obligation.objects.filter(contract__deal_id__in=ids, contract__superseded_at=None, state__in=OPEN)
    rows = with_day(still_open.exclude(asked_by_top_up()).exclude(cut_short()))
    days = days or Deadlines()

    def day_of(day: datetime.date | None) -> datetime.date | None:
        return None if day is None else days.last_day(day)

    waits = Q(waits_for_invoice=True)
    past = {
        row["contract__deal_id"]: (
            row["overdue"],
            day_of(row["overdue_since"]),
            row["unbilled"],
            day_of(row["unbilled_since"]),
        )
        for row in rows.filter(asked_on__lt=days.first_in_time)
        .annotate(waits_for_invoice=_waits_for_invoice())
        .order_by()
        .values("contract__deal_id")
        .annotate(
            overdue=Count("pk", filter=~waits),
            overdue_since=Min("asked_on", filter=~waits),
            unbilled=Count("pk", filter=waits),
            unbilled_since=Min("asked_on", filter=waits),
        )
    }
    upcoming = {
        deal: (days.last_day(due), kind)
        for deal, due, kind in rows.filter(asked_on__gte=days.first_in_time)
        .order_by("contract__deal_id", "asked_on", "pk")
        .distinct("contract__deal_id")
        .values_list("contract__deal_id", "asked_on", "kind")
    }  # fmt: skip
    owed = {
        row["contract__deal_id"]: row["owed"]
        for row in _with_received(Invoice.objects.filter(contract__deal_id__in=ids, state=InvoiceState.ISSUED))
        .order_by()
        .values("contract__deal_id")
        .annotate(owed=Sum("left"))
    }
    found = {}
    for pk in {*past, *upcoming, *owed}:
        due, kind = upcoming.get(pk, (None, ""))
        found[pk] = TrackingSummary(due, kind, *past.get(pk, (0, None, 0, None)), owed.get(pk, ZERO))
    return found


@dataclass(frozen=True)
class Hold:
    """Why a contract in effect is not completed yet, or a completed one is open again: a code, with how many rows or until which day.

    Codes: no_term, term (day), obligations, statements, invoices (counts), dispute.
    """

    code: str
    count: int = 0
    day: datetime.date | None = None


def last_day(contract: Contract) -> datetime.date | None:
    """Give the last day of the term of a contract in effect; None where no term was agreed. Reads its terms."""
    years = contract.terms.term_years
    if contract.effective_on is None or not years:
        return None
    return add_months(contract.effective_on, 12 * years) - DAY


def holds(contract: Contract, *, on: datetime.date) -> list[Hold]:
    """Give what keeps a contract in effect from being completed on a day, or what is open again under a completed one (a
    payment was reversed); nothing when there is nothing, or when the contract ended otherwise.

    A contract without a term is never completed by the calendar: the exchange knows its sums, not its deliveries.
    """
    if contract.deal.state not in TRACKED[:2]:
        return []
    end, completed = last_day(contract), contract.deal.state == DealState.COMPLETED
    found = [] if completed else [Hold("no_term")] if end is None else [Hold("term", day=end)] if end >= on else []
    counts = {
        "obligations": contract.obligations.filter(state__in=OPEN).count(),
        "statements": contract.statements.filter(
            state__in=[StatementState.FILED, StatementState.QUESTIONED]
        ).count(),
        "invoices": contract.invoices.filter(state=InvoiceState.ISSUED).count(),
    }  # fmt: skip
    found += [Hold(code, count=count) for code, count in counts.items() if count]
    return [*found, Hold("dispute")] if contract.deal.in_dispute and not completed else found


def contracts_in_effect() -> list[Contract]:
    """Give the contracts of deals in effect with their terms, for the daily sweep."""
    return list(
        Contract.objects.filter(superseded_at=None, effective_on__isnull=False, deal__state__in=TRACKED[:1])
        .select_related("offer__terms", "deal")
        .order_by("pk")
    )
