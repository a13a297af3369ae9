"""Whole đồng: the one place where an amount is rounded or divided."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

HUNDRED = Decimal(100)
_DONG = Decimal(1)


def whole_dong(amount: Decimal) -> Decimal:
    """Round an amount in VND to whole đồng, halves away from zero."""
    return amount.quantize(_DONG, rounding=ROUND_HALF_UP)


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """Give `percent` (0-100) of an amount in VND, rounded once to whole đồng."""
    return whole_dong(amount * percent / HUNDRED)


def split(amount: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """Divide an amount in whole VND in proportion to `shares`; the parts sum to the amount exactly.

    Largest remainder: each gets its share rounded down, and the đồng left over go one by one to the largest
    remainders, the earlier first among equals. No part is one đồng or more away from its exact share.
    Raises ValueError for a negative or broken amount, no shares, a negative share, or shares that sum to nothing.
    """
    if amount < 0 or amount != amount.to_integral_value():
        raise ValueError(f"{amount} is not a whole amount of at least 0")
    if not shares or any(share < 0 for share in shares) or not sum(shares):
        raise ValueError("shares must not be negative and must sum to more than 0")
    weights = [Fraction(share) for share in shares]
    total = sum(weights)
    exact = [Fraction(amount) * weight / total for weight in weights]
    parts = [part.numerator // part.denominator for part in exact]
    left = int(amount) - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[:left]:
        parts[index] += 1
    return [Decimal(part) for part in parts]
