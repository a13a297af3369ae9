"""Money under a contract in words: by which shares a payment was divided and by which source, what a transfer records."""

import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from deals.models import Payment
from deals.services.tracking_payouts import rules_of_shares
from ledger.models import Transfer
from rules.words import citation

BY_LAW = {"inventor": "inventor.licence.share", "intermediary": "intermediary.share"}


def shares_by_law(on: datetime.date) -> dict[str, dict[str, Any]]:
    """Give the shares of inventors and intermediary by law on a day, in percent, with their sources."""
    rules = rules_of_shares(on)
    return {
        name: {"pct": rules[code].value, "source": citation(rules[code].source)}
        for name, code in BY_LAW.items()
        if code in rules
    }


def divided(payment: Payment) -> dict[str, Any]:
    """Give a payment with the shares by which it was divided: of what, how much, and why (agreement or source)."""
    told = payment.computation
    sources = told.get("sources", {})
    agreed = told.get("inventor_pct_agreed")
    parts = [
        {
            "label": _("Inventors together"), "pct": Decimal(told["inventor_pct"]), "of": _("of what was received"),
            "base": payment.amount, "amount": Decimal(told["inventors"]),
            "why": told.get("agreement", "") if agreed else citation(sources.get(BY_LAW["inventor"], "")),
        }
    ]  # fmt: skip
    if told["intermediary_pct"] is not None:
        parts.append(
            {
                "label": _("Intermediary"), "pct": Decimal(told["intermediary_pct"]), "of": _("of the profit"),
                "base": Decimal(told["profit"]), "amount": Decimal(told["intermediary"]),
                "why": citation(sources.get(BY_LAW["intermediary"], "")),
            }
        )  # fmt: skip
    return {
        "payment": payment, "parts": parts, "keeps": Decimal(told["licensor"]), "bonus": Decimal(told["author_bonus"]),
        "author_state_pct": Decimal(told["author_state_pct"]), "state_part": Decimal(told["state_part"]),
        "bonus_source": citation(sources.get("author.state.share", "")),
    }  # fmt: skip


def movement_of(transfer: Transfer) -> str:
    """Say what a transfer that an invoice caused records, from its key."""
    if transfer.reversal_of_id is not None:
        return _("Invoice cancelled")
    if transfer.key.startswith("deals.payout:"):
        return _("Part paid out")
    act = transfer.key.split(":")[2]
    return {"issue": _("Invoice issued"), "received": _("Payment received"), "divided": _("Shares divided")}[act]
