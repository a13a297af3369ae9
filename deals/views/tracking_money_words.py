"""Money under a contract in words: by which shares a payment was divided and by which source, what a transfer records."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from deals.choices import Flow
from deals.models import Payment
from deals.services.tracking_payouts import rules_of_shares
from deals.tracking_due import Deadlines
from deals.tracking_late import days_late
from deals.tracking_lifecycle import InvoiceState, PayoutState
from ledger.models import Transfer
from ledger.money import percent_of, whole_dong
from marketplace.kit.money import exact, language_of, percent
from rules.selectors import in_force
from rules.words import citation

DAYS_A_YEAR = 365

BY_LAW = {"inventor": "inventor.licence.share", "intermediary": "intermediary.share"}


def shares_by_law(on: datetime.date) -> dict[str, dict[str, Any]]:
    """Give the shares of inventors and intermediary by law on a day, in percent, with their sources."""
    rules = rules_of_shares(on)
    return {
        name: {"pct": rules[code].value, "source": citation(rules[code].source)}
        for name, code in BY_LAW.items()
        if code in rules
    }


def withholding_words(flow: str, left: Decimal) -> list[tuple[str, str]]:
    """Give, for a supplier abroad, what tax the buyer in Viet Nam is to withhold of a sum by the rule in force today.

    For a buyer abroad: that its country's law decides, of which no row is kept. Nothing where both are in Viet Nam.
    """
    if flow == Flow.OUTBOUND:
        return [
            (
                _("Tax that the buyer withholds abroad"),
                _("By the law of the buyer's country and a tax treaty; the exchange keeps no rate of it."),
            )
        ]
    found = in_force().filter(code="tax.fct.royalty").first() if flow == Flow.INBOUND else None
    if found is None or found.value is None:
        return []
    words = _("%(pct)s of what is left to pay: %(amount)s, unless a tax treaty says less (%(source)s)") % {
        "pct": percent(found.value, language_of(get_language())),
        "amount": exact(percent_of(left, found.value), language_of(get_language())),
        "source": citation(found.source),
    }
    return [(_("Contractor tax that the buyer withholds"), words)]


def late_interest(invoices: Iterable[Any], on: datetime.date, *, days: Deadlines | None = None) -> list[dict[str, Any]]:
    """Give, for each overdue invoice (`left` annotated), the interest by law on what is left of it, for information.

    What is left x yearly rate x days late / 365, by the row in force on the day; nothing when no rate is in force. Days
    late: see `tracking_late.days_late`.
    """
    days_of = days_late([row for row in invoices if row.state == InvoiceState.ISSUED], days=days or Deadlines(on))
    late = [row for row in invoices if days_of.get(row.pk)]
    found = in_force(on).filter(code="payment.late.interest").first() if late else None
    if found is None or found.value is None:
        return []
    return [
        {
            "invoice": row, "days": late_days, "pct": found.value, "source": citation(found.source),
            "amount": whole_dong(row.left * found.value / 100 * late_days / DAYS_A_YEAR),
        }
        for row in late
        for late_days in [days_of[row.pk]]
    ]  # fmt: skip


def divided(payment: Payment) -> dict[str, Any]:
    """Give a payment with the shares by which it was divided: of what, how much, and why (agreement or source)."""
    told = payment.computation
    sources = told.get("sources", {})
    agreed = told.get("inventor_pct_agreed")
    parts = [
        {
            "label": _("Inventors together"), "pct": Decimal(told["inventor_pct"]),
            "of": _("of what was received and withheld, before tax") if payment.withheld else _("of what was received"),
            "base": payment.gross, "amount": Decimal(told["inventors"]),
            "why": told.get("agreement", "") if agreed else citation(sources.get(BY_LAW["inventor"], "")),
        }
    ]  # fmt: skip
    if told["intermediary_pct"] is not None:
        parts.append(
            {
                "label": _("Intermediary"), "pct": Decimal(told["intermediary_pct"]), "of": _("of the profit"),
                "base": Decimal(told["profit"]), "amount": Decimal(told["intermediary"]),
                # A payment recorded before both were kept does not say which of the two it was: nothing is cited.
                "why": citation(sources.get(BY_LAW["intermediary"], ""))
                if told.get("intermediary_pct_agreed") is False
                else told.get("agreement", "") if told.get("intermediary_pct_agreed") else "",
            }
        )  # fmt: skip
    return {
        "payment": payment, "parts": parts, "keeps": Decimal(told["licensor"]), "bonus": Decimal(told["author_bonus"]),
        "author_state_pct": Decimal(told["author_state_pct"]), "state_part": Decimal(told["state_part"]),
        "bonus_source": citation(sources.get("author.state.share", "")),
        "may_reverse": payment.invoice.state != InvoiceState.FORGIVEN
        and all(payout.state != PayoutState.PAID for payout in payment.payouts.all()),
    }  # fmt: skip


def movement_of(transfer: Transfer) -> str:
    """Say what a transfer that an invoice caused records, from its key."""
    key = transfer.key if transfer.reversal_of is None else transfer.reversal_of.key
    act = "payout" if key.startswith("deals.payout:") else key.split(":")[2].split("-")[0]
    done, undone = {
        "issue": (_("Invoice issued"), _("Invoice cancelled")),
        "received": (_("Payment received"), _("Payment reversed")),
        "withheld": (_("Tax certificate recorded"), _("Tax certificate reversed")),
        "divided": (_("Shares divided"), _("Shares reversed")),
        "payout": (_("Part paid out"), _("Payout taken back")),
        "forgiven": (_("Rest forgiven"), ""),
    }[act]
    return done if transfer.reversal_of is None else undone
