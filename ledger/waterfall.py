"""Who gets what of a licence payment, by law and by agreement: numbers in, numbers out, every step recorded.

PAY-3 (IP Law, article 135): the inventors together get a share of each payment before tax, as agreed or by default.
PAY-5 (Decree 267/2025/ND-CP, article 34.2): an intermediary that took part gets a share of the profit.
PAY-1 (Law 93/2025/QH15, article 28.3): of the after-tax profit from the part that state money paid for, the authors
get at least a share. It is a separate duty of the owner, worked out from the yearly accounts: shown here, not moved.

The percentages are dated rows of room `rules`; the caller looks them up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ledger.money import percent_of, split

ZERO = Decimal(0)


@dataclass(frozen=True)
class Receipt:
    """A payment and the percentages (0-100) that hold for it. Money in whole VND.

    `costs` are taken off before profit is divided. `intermediary_pct` is None when no intermediary took part.
    `inventors`: the shares of the inventors' part, in any unit.
    """

    amount: Decimal
    inventor_pct: Decimal
    inventors: Sequence[Decimal]
    costs: Decimal = ZERO
    intermediary_pct: Decimal | None = None
    state_funding_pct: Decimal = ZERO
    author_state_pct: Decimal = ZERO
    tax_pct: Decimal = ZERO


@dataclass(frozen=True)
class Division:
    """How a payment is divided, in whole VND: inventors + intermediary + licensor = amount.

    `author_bonus` (PAY-1) and the figures that lead to it are information, no part of the sum.
    """

    amount: Decimal
    inventors: Decimal
    parts: tuple[Decimal, ...]
    profit: Decimal
    intermediary: Decimal
    licensor: Decimal
    tax: Decimal
    after_tax: Decimal
    state_part: Decimal
    author_bonus: Decimal


def divide(receipt: Receipt) -> Division:
    """Divide a payment. Raises ValueError for negative or broken amounts, or percentages outside 0-100."""
    percentages = [receipt.inventor_pct, receipt.intermediary_pct or ZERO, receipt.state_funding_pct]
    percentages += [receipt.author_state_pct, receipt.tax_pct]
    if any(not 0 <= value <= 100 for value in percentages):
        raise ValueError("percentages lie between 0 and 100")
    if receipt.amount < 0 or receipt.costs < 0:
        raise ValueError("amounts are not negative")
    inventors = percent_of(receipt.amount, receipt.inventor_pct)
    parts = tuple(split(inventors, receipt.inventors)) if inventors else tuple(ZERO for _share in receipt.inventors)
    profit = max(receipt.amount - inventors - receipt.costs, ZERO)
    intermediary = percent_of(profit, receipt.intermediary_pct) if receipt.intermediary_pct is not None else ZERO
    before_tax = profit - intermediary
    tax = percent_of(before_tax, receipt.tax_pct)
    after_tax = before_tax - tax
    state_part = percent_of(after_tax, receipt.state_funding_pct)
    return Division(
        amount=receipt.amount,
        inventors=inventors,
        parts=parts,
        profit=profit,
        intermediary=intermediary,
        licensor=receipt.amount - inventors - intermediary,
        tax=tax,
        after_tax=after_tax,
        state_part=state_part,
        author_bonus=percent_of(state_part, receipt.author_state_pct),
    )
