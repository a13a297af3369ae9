"""What comes next under a contract in effect: obligations sorted by time, what may be done about each, and by whom."""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from deals import tracking_policies as policies
from deals.forms.tracking import period_label
from deals.models import Contract, Invoice, RoyaltyStatement
from deals.tracking_choices import FIXED_SUMS, ObligationKind
from deals.tracking_lifecycle import InvoiceState, StatementState

#: Obligations due within this time stand first.
NEAR = datetime.timedelta(days=92)


def by_time(rows: list[Any], today: datetime.date, acts: Callable[[Any], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Sort the obligations of a contract into what counts now, what comes later and what is closed; none is empty.

    Now: what is overdue or falls due within `NEAR`, or the next one when nothing does.
    """
    still_open = [row for row in rows if row.state not in row.lifecycle.final]
    now = [row for row in still_open if row.due_on <= today + NEAR] or still_open[:1]
    groups = [
        ("now", _("Due now and next"), now),
        ("later", pgettext("obligations", "Later"), [row for row in still_open if row not in now]),
        ("closed", _("Met or waived"), [row for row in rows if row not in still_open]),
    ]
    return [
        {"name": name, "title": title, "rows": [{"obligation": row, "acts": acts(row)} for row in group]}
        for name, title, group in groups
        if group
    ]


def acts_on(viewer: User, contract: Contract, row: Any) -> list[dict[str, Any]]:
    """Name what the viewer may do about an obligation now: label, address, whether the button itself acts, and whether
    it does what is owed (`does`) or gives it up.
    """
    if row.state in row.lifecycle.final:
        return []
    row.contract = contract
    deal = contract.deal
    acts = []

    def offer(label: str, name: str, *, query: str = "", post: bool = False, pk: int = row.pk) -> None:
        href = reverse(f"deals:{name}", args=[pk]) + query
        acts.append({"label": label, "href": href, "post": post, "does": name != "obligation_waive"})

    over = row.period_end is not None and row.period_end < timezone.localdate()
    if row.kind == ObligationKind.STATEMENT and over and policies.can_file(viewer, deal):
        offer(_("File it"), "statement_file", query=f"?period={row.pk}", pk=deal.pk)
    if row.kind == ObligationKind.REPORT and over and policies.can_file(viewer, deal):
        offer(_("Report"), "obligation_report")
    sums = (*FIXED_SUMS, ObligationKind.ROYALTY)
    if row.kind in sums and not row.standing_invoices and policies.can_invoice(viewer, deal):
        offer(_("Issue the invoice"), "obligation_invoice", post=True)
    if not row.standing_invoices and policies.can_waive(viewer, row):
        offer(_("Waive"), "obligation_waive")
    return acts


def next_steps(
    viewer: User,
    contract: Contract,
    statements: Sequence[RoyaltyStatement],
    invoices: Sequence[Invoice],
    following: Any,
) -> list[dict[str, Any]]:
    """Give the statements that wait for an answer, then the next open obligation: what to do, who, until when.

    `act` is what the viewer may do about it now: label, address and whether the button itself acts, or None.
    """
    steps = [_answer(viewer, contract, row) for row in reversed(statements) if row.state in _WAITING]
    if following is not None:
        words = {ObligationKind.STATEMENT: _("File a royalty statement"), ObligationKind.REPORT: _("File the report")}
        acts = [
            {**act, "label": words.get(following.kind, act["label"])}
            for act in acts_on(viewer, contract, following)
            if act["does"]
        ]
        if policies.can_invoice(viewer, contract.deal):
            acts += [
                {
                    "label": _("Record a payment"), "href": reverse("deals:invoice_payment", args=[invoice.pk]),
                    "post": False, "does": True,
                }
                for invoice in invoices
                if invoice.obligation_id == following.pk and invoice.state == InvoiceState.ISSUED
            ]  # fmt: skip
        text, owner = _due(contract, following)
        steps.append(
            {
                "title": f"{following} {period_label(following)}" if following.period_start else str(following),
                "text": text, "owner": owner, "due": following.due_on, "amount": following.amount,
                "act": acts[0] if acts else None,
            }
        )  # fmt: skip
    return steps


_WAITING = {StatementState.FILED.value, StatementState.QUESTIONED.value}


def _answer(viewer: User, contract: Contract, row: RoyaltyStatement) -> dict[str, Any]:
    deal = contract.deal
    asked = row.state == StatementState.QUESTIONED
    label = _("Answer the question") if asked else _("Answer the statement")
    may = policies.can_file(viewer, deal) if asked else policies.can_answer(viewer, deal)
    return {
        "title": _("Royalty statement %(period)s") % {"period": period_label(row)},
        "text": _("The buyer corrects the statement or explains it.")
        if asked
        else _("The supplier accepts the statement or asks about it."),
        "owner": deal.licensee if asked else deal.licensor, "due": None, "amount": row.amount,
        "act": {"label": label, "href": row.get_absolute_url(), "post": False} if may else None,
    }  # fmt: skip


def _due(contract: Contract, row: Any) -> tuple[str, Any]:
    """Say what is done about an obligation next, and who does it."""
    buyer, supplier = contract.deal.licensee, contract.deal.licensor
    if row.kind in {ObligationKind.STATEMENT, ObligationKind.REPORT}:
        assert row.period_end is not None
        if row.period_end >= timezone.localdate():
            return _("The buyer files it once the period is over."), buyer
        return _("The buyer files it."), buyer
    if row.kind == ObligationKind.MINIMUM:
        return _("It is met once the royalties paid for the year reach it."), buyer
    if row.standing_invoices:
        return _("The buyer pays the invoice, and the supplier confirms the receipt."), buyer
    return _("The supplier issues the invoice first."), supplier
