"""What comes next under a contract in effect: obligations sorted by time, what may be done about each, and by whom."""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import User
from deals import tracking_policies as policies
from deals.choices import Side
from deals.forms.tracking import period_label
from deals.models import Contract, Invoice, RoyaltyStatement
from deals.policies import side_of
from deals.tracking_choices import INVOICED, ObligationKind
from deals.tracking_lifecycle import OPEN, InvoiceState, ObligationState, StatementState
from deals.tracking_selectors import Hold

#: Obligations due within this time stand first.
NEAR = datetime.timedelta(days=92)


def notes_on(rows: list[Any], *, ended: datetime.date | None) -> dict[int, str]:
    """Say of each open minimum that nobody has to pay it by itself why that is so, by its key.

    `ended`: the day of a termination; the minimum of the year that it cut short is for the two sides to settle.
    """
    charged = {
        row.contract_year
        for row in rows
        if row.kind == ObligationKind.TOP_UP and row.state != ObligationState.WAIVED
    }  # fmt: skip
    notes = {}
    for row in rows:
        if row.kind != ObligationKind.MINIMUM or row.state not in OPEN:
            continue
        if row.contract_year in charged:
            notes[row.pk] = _("Asked for by the top-up and the royalties of the year; not owed beside them.")
        elif ended is not None and row.period_end >= ended:
            notes[row.pk] = _(
                "The contract ended within this year: what is owed for a part of it is for the two sides to settle."
            )
    return notes


def coming(
    viewer: User, contract: Contract, rows: list[Any], *, on: datetime.date, ended: datetime.date | None
) -> list[Any]:
    """Give the open obligation that comes next, those last that nobody has to pay by themselves; before it the reader's
    own, where that is another one that counts now. Empty when none is open.
    """
    notes = notes_on(rows, ended=ended)
    still_open = sorted(
        (row for row in rows if row.state in OPEN), key=lambda row: row.pk in notes
    )  # fmt: skip
    first, mine = still_open[:1], side_of(viewer, contract.deal)
    own = [
        row
        for row in still_open
        if row.pk not in notes and row.due_on <= on + NEAR and _due(viewer, contract, row)[1] == mine
    ]
    return [*(row for row in own[:1] if row not in first), *first]


def by_time(
    rows: list[Any],
    today: datetime.date,
    acts: Callable[[Any], list[dict[str, Any]]],
    *,
    ended: datetime.date | None = None,
) -> list[dict[str, Any]]:
    """Sort the obligations of a contract into what counts now, what comes later and what is closed; none is empty.

    Now: what is overdue or falls due within `NEAR`, or the next one when nothing does. `ended`: see `notes_on`.
    """
    notes = notes_on(rows, ended=ended)

    def told(row: Any) -> dict[str, Any]:
        note = notes.get(row.pk, "")
        return {"obligation": row, "acts": acts(row), "note": note, "report": getattr(row, "report", None)}

    still_open = [row for row in rows if row.state in OPEN]
    now = [row for row in still_open if row.due_on <= today + NEAR] or still_open[:1]
    groups = [
        ("now", _("Due now and next"), now),
        ("later", pgettext("obligations", "Later"), [row for row in still_open if row not in now]),
        ("closed", _("Met or waived"), [row for row in rows if row not in still_open]),
    ]
    return [
        {
            "name": name,
            "title": title,
            "rows": [told(row) for row in group],
        }
        for name, title, group in groups
        if group
    ]


def acts_on(viewer: User, contract: Contract, row: Any) -> list[dict[str, Any]]:
    """Name what the viewer may do about an obligation now: label, address, whether the button itself acts, and whether
    it does what is owed (`does`) or gives it up.
    """
    if row.state not in OPEN:
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
    if row.kind in INVOICED and not row.standing_invoices and policies.can_invoice(viewer, deal):
        offer(_("Issue the invoice"), "obligation_invoice", post=True)
    if not row.standing_invoices and policies.can_waive(viewer, row):
        offer(_("Waive"), "obligation_waive")
    return acts


def hold_words(hold: Hold) -> str:
    """Say what keeps the contract from being completed."""
    if hold.code == "term":
        assert hold.day is not None
        return _("its term runs until %(date)s") % {"date": date_format(hold.day, "SHORT_DATE_FORMAT")}
    if hold.code == "no_term":
        return _("it has no term: it stays in effect until the two sides record its end")
    if hold.code == "dispute":
        return _("a dispute about the deal is open")
    count = {"count": hold.count}
    if hold.code == "obligations":
        return ngettext("%(count)d obligation is open", "%(count)d obligations are open", hold.count) % count
    if hold.code == "statements":
        return (
            ngettext(
                "%(count)d royalty statement waits for an answer",
                "%(count)d royalty statements wait for an answer",
                hold.count,
            )
            % count
        )
    return ngettext("%(count)d invoice is not paid", "%(count)d invoices are not paid", hold.count) % count


def next_steps(
    viewer: User,
    contract: Contract,
    statements: Sequence[RoyaltyStatement],
    invoices: Sequence[Invoice],
    rows: Sequence[Any],
    *,
    settle_shares: bool = False,
) -> list[dict[str, Any]]:
    """Give the statements that wait for an answer and the obligations that come next: what to do, who, until when; what
    the reader's own side does stands first.

    Told from the reader's side: `yours` says whether it is the reader's own turn, `owner` names the side that acts.
    `act` is what the reader may do about it now: label, address and whether the button itself acts, or None.
    `unbilled`: a sum whose invoice the supplier owes, so that nobody is late in paying it.
    `settle_shares`: nobody has named the inventors, and the reader may know of it.
    """
    steps = [_settle(viewer, contract)] if settle_shares else []
    steps += [_answer(viewer, contract, row) for row in reversed(statements) if row.state in _WAITING]
    for following in rows:
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
        text, side = _due(viewer, contract, following)
        steps.append(
            {
                "title": f"{following} {period_label(following)}" if following.period_start else str(following),
                "text": text, "due": following.last_day, "amount": following.amount, "act": acts[0] if acts else None,
                "due_label": _("Payment due") if following.amount is not None else _("Due"),
                **_whose(viewer, contract, side), "unbilled": following.waits_for_invoice,
            }
        )  # fmt: skip
    return sorted(steps, key=lambda step: not step["yours"])


_WAITING = {StatementState.FILED.value, StatementState.QUESTIONED.value}


def _whose(viewer: User, contract: Contract, side: str) -> dict[str, Any]:
    deal = contract.deal
    return {"owner": deal.organisation_of(side), "yours": side_of(viewer, deal) == side}


def _names(viewer: User, contract: Contract) -> dict[str, str]:
    """Call the two sides as the reader does: his own by that name, the other by its own; at a sentence's start and in it."""
    deal, mine = contract.deal, side_of(viewer, contract.deal)
    names = {}
    for side, start, within in (
        (Side.LICENSEE, "Buyer", "buyer"), (Side.LICENSOR, "Supplier", "supplier")
    ):  # fmt: skip
        other = str(deal.organisation_of(side))
        names[start] = pgettext("start of a sentence", "Your side") if mine == side else other
        names[within] = pgettext("in a sentence", "your side") if mine == side else other
    return names


def _settle(viewer: User, contract: Contract) -> dict[str, Any]:
    deal = contract.deal
    href = reverse("deals:share_plan", args=[deal.pk])
    may = policies.can_share_out(viewer, deal)
    return {
        "title": _("Who gets what"), "unbilled": False, "due": None, "due_label": "", "amount": None,
        "text": _("%(Supplier)s names the inventors and their shares. No payment can be recorded before.")
        % _names(viewer, contract),
        "act": {"label": _("Settle the shares"), "href": href, "post": False} if may else None,
        **_whose(viewer, contract, Side.LICENSOR),
    }  # fmt: skip


def _answer(viewer: User, contract: Contract, row: RoyaltyStatement) -> dict[str, Any]:
    deal = contract.deal
    asked = row.state == StatementState.QUESTIONED
    label = _("Answer the question") if asked else _("Answer the statement")
    may = policies.can_file(viewer, deal) if asked else policies.can_answer(viewer, deal)
    words = (
        _("%(Buyer)s corrects the statement or explains it.")
        if asked
        else _("%(Supplier)s accepts the statement or asks about it.")
    )
    return {
        "title": _("Royalty statement %(period)s") % {"period": period_label(row)}, "unbilled": False,
        "text": words % _names(viewer, contract), "due": None, "due_label": "", "amount": row.amount,
        "act": {"label": label, "href": row.get_absolute_url(), "post": False} if may else None,
        **_whose(viewer, contract, Side.LICENSEE if asked else Side.LICENSOR),
    }  # fmt: skip


def _due(viewer: User, contract: Contract, row: Any) -> tuple[str, str]:
    """Say what is done about an obligation next, and which side does it."""
    names = _names(viewer, contract)
    if row.kind in {ObligationKind.STATEMENT, ObligationKind.REPORT}:
        assert row.period_end is not None
        if row.period_end >= timezone.localdate():
            return _("%(Buyer)s files it once the period is over.") % names, Side.LICENSEE
        return _("%(Buyer)s files it.") % names, Side.LICENSEE
    if row.kind == ObligationKind.MINIMUM:
        words = _("%(Buyer)s owes at least this for the year. It is met once the royalties paid for the year reach it.")
        return words % names, Side.LICENSEE
    if row.standing_invoices:
        return _("%(Buyer)s pays the invoice, and %(supplier)s confirms the receipt.") % names, Side.LICENSEE
    return _("%(Supplier)s issues the invoice, and %(buyer)s pays it.") % names, Side.LICENSOR
