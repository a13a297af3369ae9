"""Obligations: generated from the terms, reminded of, overdue, met, waived."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.selectors import operators_of
from accounts.services import notify, settle
from audit.services import record
from deals import reasons, tracking_policies, tracking_selectors
from deals.calendar import MONTHS, add_months, periods
from deals.choices import MilestoneKind, Side, TermsRight
from deals.lifecycle import DealState
from deals.models import (
    AnnualReport,
    Contract,
    Invoice,
    Milestone,
    Obligation,
    Reminder,
    RoyaltyShare,
    SharePlan,
    Terms,
)
from deals.services.common import address, check, lock, tell
from deals.tracking_choices import INVOICED, ObligationKind, ReminderKind
from deals.tracking_due import asked_by_top_up, cut_short, standing_invoices
from deals.tracking_lifecycle import OBLIGATION, OPEN, TRACKED, InvoiceState, PaymentState
from marketplace.kit.errors import Conflict, require
from marketplace.kit.lifecycle import move
from rules.selectors import numbers
from rules.working_days import last_day_of_term


def lock_contract(contract_id: int) -> Contract:
    """Lock a contract, as every write of tracking does first; give it with deal and terms. Conflict before its effect."""
    contract = (
        Contract.objects.select_for_update(of=("self",))
        .select_related(
            "deal__licensor", "deal__licensee", "deal__exchange", "deal__technology__author", "offer__terms"
        )
        .get(pk=contract_id)
    )
    if contract.effective_on is None or contract.deal.state not in TRACKED:
        raise Conflict(_("The contract is not in effect yet."))
    return contract


def lock_obligation(obligation: Obligation) -> Obligation:
    """Lock the contract of an obligation, and give the obligation as stored."""
    contract = lock_contract(obligation.contract_id)
    obligation = Obligation.objects.select_for_update(of=("self",)).get(pk=obligation.pk)
    obligation.contract = contract
    return obligation


def short_date(day: datetime.date) -> str:
    """Write a date as people do in the active language."""
    return date_format(day, "SHORT_DATE_FORMAT")


def _fixed_sums(contract: Contract, terms: Terms) -> Iterator[Obligation]:
    effective = contract.effective_on
    assert effective is not None
    milestones = list(Milestone.objects.filter(terms=terms).order_by("position"))
    if terms.lump_sum and not any(row.kind == MilestoneKind.INSTALMENT for row in milestones):
        due = effective + datetime.timedelta(days=terms.lump_sum_due_days)
        yield Obligation(key="lump_sum", kind=ObligationKind.LUMP_SUM, due_on=due, amount=terms.lump_sum)
    for row in milestones:
        due = row.due_on or add_months(effective, row.due_months or 0)
        yield Obligation(
            key=f"milestone:{row.position}", kind=row.kind, name=row.name, milestone=row, amount=row.amount,
            due_on=max(due, effective),
        )  # fmt: skip


def _periodic(contract: Contract, terms: Terms, until: datetime.date, report_days: int) -> Iterator[Obligation]:
    assert contract.effective_on is not None
    start = contract.effective_on
    if terms.has_royalty:
        months = MONTHS[terms.statement_frequency]
        for period in periods(start, months=months, term_years=terms.term_years, until=until):
            due = period.end + datetime.timedelta(days=terms.statement_due_days)
            yield Obligation(
                key=f"statement:{period.start}", kind=ObligationKind.STATEMENT, period_start=period.start,
                period_end=period.end, contract_year=period.year, closes_year=period.closes_year, due_on=due,
            )  # fmt: skip
    years = periods(start, months=12, term_years=terms.term_years, until=until)
    if terms.right == TermsRight.ASSIGNMENT and not terms.has_royalty:
        return
    for period in years:
        span = {"period_start": period.start, "period_end": period.end, "contract_year": period.year}
        if terms.minimum_annual:
            days = terms.statement_due_days + terms.payment_days
            yield Obligation(
                key=f"minimum:{period.year}", kind=ObligationKind.MINIMUM, amount=terms.minimum_annual,
                due_on=period.end + datetime.timedelta(days=days), **span,
            )  # fmt: skip
        yield Obligation(
            key=f"report:{period.year}", kind=ObligationKind.REPORT,
            due_on=period.end + datetime.timedelta(days=report_days), **span,
        )  # fmt: skip


@transaction.atomic
def generate_obligations(*, contract: Contract, actor: User | None) -> list[Obligation]:
    """Generate what the terms of a contract in effect ask for; give the new rows, none once the contract has ended.

    Sums fixed by the terms at once; periodic duties as far ahead as the rule `obligation.horizon` says, and further
    each time it is called. Idempotent. The caller has asked who may: it is part of taking effect, and of the daily
    sweep (actor None). The first call also makes the plan of shares: a researcher of the supplier who wrote the
    technology is the only inventor; who merely typed it in gets nothing, and the plan waits to be settled.
    """
    deal = lock(contract.deal)
    contract = lock_contract(contract.pk)
    if deal.state != DealState.EFFECTIVE:
        return []
    terms = contract.terms
    values = numbers("obligation.horizon", "obligation.report.days")
    until = add_months(timezone.localdate(), int(values["obligation.horizon"]))
    wanted = [*_fixed_sums(contract, terms), *_periodic(contract, terms, until, int(values["obligation.report.days"]))]
    standing = set(Obligation.objects.filter(contract=contract).values_list("key", flat=True))
    new = [row for row in wanted if row.key not in standing]
    for row in new:
        row.contract = contract
        row.side = Side.LICENSEE
    Obligation.objects.bulk_create(new)
    plan, made = SharePlan.objects.get_or_create(
        contract=contract, defaults={"state_funding_pct": contract.state_funding_pct}
    )
    technology = contract.deal.technology
    author = technology.author
    if made and not technology.is_imported and tracking_selectors.is_inventor(author, contract.deal):
        RoyaltyShare.objects.create(plan=plan, user=author, name=str(author)[:150], share_pct=100)
    if new:
        record(
            tag="contract.generate_obligations", subject=contract, actor=actor, data={"keys": [row.key for row in new]}
        )
    return new


@transaction.atomic
def stop_obligations(*, contract: Contract, on: datetime.date, actor: User | None) -> int:
    """Waive what would begin after a contract ended on `on`; give how many.

    What fell due before stays owed, and so does what was invoiced: the supplier cancels the invoice and waives, or is
    paid. Called by the service that ends the contract, which has asked who may.
    """
    contract = lock_contract(contract.pk)
    rows = Obligation.objects.select_for_update(of=("self",)).filter(contract=contract, state__in=OPEN)
    rows = rows.filter(~Exists(standing_invoices()))
    count = 0
    for row in rows.order_by("pk"):
        if (row.period_start or row.due_on) > on:
            move(row, "waive", actor=actor, closed_on=on, waived_reason=reasons.ENDED)
            settle(row)
            count += 1
    return count


def _remind(
    obligation: Obligation, kind: ReminderKind, *, ends: datetime.date, invoice: Invoice | None, unbilled: bool
) -> bool:
    """Write the reminder's unique row and tell people of the day with which it ends; False when it went out before: of
    this invoice, if it is overdue, and since the last reversal of a payment on it.
    """
    late = invoice if kind == ReminderKind.OVERDUE else None
    number = 0 if late is None else late.payments.filter(state=PaymentState.REVERSED).count()
    _row, new = Reminder.objects.get_or_create(obligation=obligation, kind=kind, invoice=late, round=number)
    if not new:
        return False
    deal = obligation.contract.deal
    if Obligation.objects.filter(asked_by_top_up(), pk=obligation.pk).exists():
        return True  # the top-up tells of the one debt

    def say(sentence: str) -> str:
        return _(sentence) % {
            "what": str(obligation), "number": obligation.contract.number, "date": short_date(ends)
        }  # fmt: skip

    if kind in {ReminderKind.FIRST, ReminderKind.SECOND}:
        told = (
            gettext_noop(
                "%(what)s under contract %(number)s is due on %(date)s; the supplier has not issued its invoice."
            )
            if unbilled
            else gettext_noop("%(what)s under contract %(number)s is due on %(date)s.")
        )
        for side in Side.values if unbilled else [obligation.side]:
            tell(
                deal, side, kind=f"obligation.{kind}", actor=None, page="tracking", awaits=obligation,
                text=lambda: say(told),
            )  # fmt: skip
        return True

    def text() -> str:
        if unbilled:
            return say(
                gettext_noop(
                    "%(what)s under contract %(number)s was due on %(date)s, and the supplier has not issued its invoice."
                )
            )
        return say(gettext_noop("%(what)s under contract %(number)s was due on %(date)s and is overdue."))

    for side in Side.values:
        tell(deal, side, kind="obligation.overdue", actor=None, page="tracking", text=text, awaits=obligation)
    notify(
        users=operators_of(deal.exchange_id), kind="obligation.overdue", text=text,
        url=lambda: address(deal, "tracking"), awaits=obligation,
    )  # fmt: skip
    return True


def _standing_invoice(obligation: Obligation) -> Invoice | None:
    return obligation.invoices.exclude(state=InvoiceState.CANCELLED).first()


@transaction.atomic
def attend_to_obligation(*, pk: int, on: datetime.date | None = None) -> str:
    """Bring one open obligation to the day: due soon, reminded, overdue. Give what was done, or nothing.

    Safe to run twice and by two workers at once: the second finds the row locked and leaves it, or finds it done.
    A first reminder that was missed is not sent after the second, and none on the day of an invoice, which tells of
    itself. Past its day a sum without an invoice and an invoice without its payment are two things to remind of; what
    its day is says `deals.tracking_due`.
    """
    day = on or timezone.localdate()
    obligation = (
        Obligation.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("contract__deal__licensor", "contract__deal__licensee")
        .filter(pk=pk, state__in=OPEN)
        .first()
    )
    if obligation is None or Obligation.objects.filter(cut_short(), pk=pk).exists():
        return ""
    invoice = _standing_invoice(obligation)
    unbilled = obligation.kind in INVOICED and invoice is None
    ends = last_day_of_term(obligation.due_on if invoice is None else invoice.due_on)
    left = (ends - day).days
    if left < 0:
        if OBLIGATION.can(obligation.state, "become_overdue"):
            move(obligation, "become_overdue", actor=None)
        past = ReminderKind.UNBILLED if unbilled else ReminderKind.OVERDUE
        return past if _remind(obligation, past, ends=ends, invoice=invoice, unbilled=unbilled) else ""
    values = numbers("obligation.reminder.first", "obligation.reminder.second", on=day)
    if left > values["obligation.reminder.first"]:
        return ""
    if OBLIGATION.can(obligation.state, "fall_due"):
        move(obligation, "fall_due", actor=None)
    if invoice is not None and invoice.issued_on == day:
        return ""
    sent = set(obligation.reminders.values_list("kind", flat=True))
    kind = ReminderKind.SECOND if left <= values["obligation.reminder.second"] else ReminderKind.FIRST
    if ReminderKind.SECOND in sent or kind in sent:
        return ""
    return kind if _remind(obligation, kind, ends=ends, invoice=invoice, unbilled=unbilled) else ""


def meet_obligation(obligation: Obligation, *, on: datetime.date, actor: User | None, data: dict[str, Any]) -> None:
    """Mark an open obligation met, inside the caller's transaction; one that is closed stays as it is."""
    if OBLIGATION.can(obligation.state, "meet"):
        move(obligation, "meet", actor=actor, data=data, closed_on=on)
        settle(obligation)


@transaction.atomic
def file_annual_report(*, obligation: Obligation, body: str, actor: User) -> AnnualReport:
    """File the report on a contract year that is over. Conflict for another kind of obligation, or a year that runs."""
    obligation = lock_obligation(obligation)
    deal = obligation.contract.deal
    require(tracking_policies.can_file(actor, deal))
    if obligation.kind != ObligationKind.REPORT or not OBLIGATION.can(obligation.state, "meet"):
        raise Conflict(_("No report is expected here now."))
    today = timezone.localdate()
    assert obligation.period_end is not None
    if obligation.period_end >= today:
        day = short_date(obligation.period_end)
        raise Conflict(_("The year runs until %(date)s. File the report after it.") % {"date": day})
    report = AnnualReport(obligation=obligation, body=body.strip(), filed_by=actor)
    check(report)
    report.save()
    meet_obligation(obligation, on=today, actor=actor, data={"report": report.pk})
    number = obligation.contract.number
    tell(
        deal, Side.LICENSOR, kind="report.filed", actor=actor, page="tracking",
        text=lambda: _("The annual report under contract %(number)s was filed.") % {"number": number},
    )  # fmt: skip
    return report
