"""Closed prices against suggested ranges: a deal's terms as one lump sum, its score, and how often ranges held.

Money in one currency (VND), rates as fractions, times in years from signing. Source: domain file sections 2 (payment
forms at equal present value) and 8.8 (realised coverage); Wilson 1927 for the interval of a share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from valuation.methods.agreement import kept
from valuation.methods.discounting import schedule
from valuation.methods.suggest import Estimate, SuggestionInputs
from valuation.methods.types import require

#: Two-sided 95 % point of the normal distribution.
Z95 = 1.959963984540054
#: What the published range should hold: P10 to P90.
NOMINAL = 0.8


@dataclass(frozen=True, slots=True)
class Payment:
    """A dated sum: ``amount`` after ``years``; ``contingent`` on success when it is a milestone."""

    years: float
    amount: float
    contingent: bool


@dataclass(frozen=True, slots=True)
class DealTerms:
    """What the licensee pays. ``royalty`` is a fraction of the revenue that the suggestion counts.

    ``lump_sum`` falls due now and leaves out what ``payments`` list. ``term`` in years; None while the asset lives.
    """

    lump_sum: float
    royalty: float = 0.0
    minimum_annual: float = 0.0
    term: float | None = None
    payments: tuple[Payment, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """``position``: -1 below the range, 0 inside (ends included), 1 above; ``log_error`` = ln(paid / middle)."""

    position: int
    ratio: float
    log_error: float


@dataclass(frozen=True, slots=True)
class Share:
    """A share of ``count`` trials with its 95 % Wilson interval."""

    hits: int
    count: int
    share: float
    low: float
    high: float


def _middle(estimate: Estimate) -> float:
    return float(estimate.marginal().ppf(np.float64(0.5)))


def lump_sum_equivalent(inputs: SuggestionInputs, terms: DealTerms) -> float:
    """What the terms are worth as one lump sum today, at the middle of every input of the suggestion.

    The convention is that of `methods.agreement`: sums of fixed amount count as they are, dated ones discounted, a
    milestone times the chance of success. A running royalty is counted as the suggestion counts it: expected (times the
    chance), at what is left of it after the payer's tax (`kept`), with decay, in mid-year or end-year convention, over
    the shorter of life and term; in a year in which the minimum is higher, the minimum. A deal at the suggestion's own
    royalty thus equals its relief from royalty, and one on exactly a proposed form equals the price it was proposed for.
    """
    require(min(terms.lump_sum, terms.royalty, terms.minimum_annual) >= 0, "a payment is negative")
    rate, decay, chance = (_middle(getattr(inputs, name)) for name in ("discount_rate", "decay", "success"))
    lives = [life for life in (inputs.legal_life, inputs.economic_life, terms.term) if life is not None]
    require(len(lives) > 0, "no life and no term is known")
    worth = terms.lump_sum
    periods = schedule(max(0.0, min(lives)), timing=inputs.timing, first_fraction=inputs.first_fraction)
    if periods.periods:
        years = np.arange(periods.periods)
        lengths, times = np.asarray(periods.lengths), np.asarray(periods.times)
        profile = np.asarray(inputs.revenue_profile[: periods.periods])
        require(profile.size == periods.periods, "profile covers fewer years than the term")
        sales = _middle(inputs.revenue) * _middle(inputs.coverage) * profile * lengths * (1 - decay) ** years
        royalties = np.maximum(terms.royalty * sales, terms.minimum_annual * lengths)
        worth += float(np.sum(royalties * (1 + rate) ** -times)) * chance * kept(inputs, rate)
    for payment in terms.payments:
        require(payment.amount >= 0 and payment.years >= 0, "a payment is negative")
        worth += payment.amount * (chance if payment.contingent else 1.0) * (1 + rate) ** -payment.years
    return worth


def score(paid: float, *, low: float, middle: float, high: float) -> Score:
    """Score a price against a range. All positive; InvalidInputError otherwise."""
    require(0 < low <= middle <= high and paid > 0, "a score needs a positive price and range")
    position = -1 if paid < low else 1 if paid > high else 0
    return Score(position, paid / middle, math.log(paid / middle))


def wilson(hits: int, count: int, *, z: float = Z95) -> Share:
    """Give a share with its Wilson interval; of no trial the interval is 0 to 1 and the share 0."""
    require(0 <= hits <= count, "more hits than trials")
    if count == 0:
        return Share(0, 0, 0.0, 0.0, 1.0)
    p = hits / count
    spread = 1 + z * z / count
    centre = (p + z * z / (2 * count)) / spread
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count)) / spread
    return Share(hits, count, p, max(0.0, centre - half), min(1.0, centre + half))


def coverage(scores: Sequence[Score]) -> Share:
    """Give how often a price lay inside its range."""
    return wilson(sum(one.position == 0 for one in scores), len(scores))
