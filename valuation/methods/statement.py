"""What a suggestion depends on: the answers, each with its origin, and the terms of what may be proposed.

Every number arrives here; the methods have no defaults of their own. Money is in one currency throughout (VND), rates
are fractions, times are years. Sources: domain file sections 2, 4 and 8.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from valuation.methods.comparables import Comparable
from valuation.methods.discounting import DayCount
from valuation.methods.distributions import Fixed, Lognormal, Marginal, Pert, QuartileLognormal, Triangular
from valuation.methods.payment_forms import Instalment
from valuation.methods.reconcile import GradeRule
from valuation.methods.rnpv import Gate
from valuation.methods.types import Timing, require

RELIEF = "relief_from_royalty"
COMPARABLE_ROYALTIES = "comparable_royalties"
COMPARABLE_PRICES = "comparable_prices"
INCREMENTAL = "incremental_profit"
COST = "cost"
STAGED = "staged_development"
EXCESS = "excess_earnings"
OPTION = "right_to_wait"
METHODS = (RELIEF, COMPARABLE_ROYALTIES, COMPARABLE_PRICES, STAGED, EXCESS, INCREMENTAL, COST, OPTION)


class Origin(enum.StrEnum):
    """Where an answer comes from; shown beside it and counted by the grade."""

    MEASURED = "measured"
    OWNER = "owner"
    DEFAULT = "default"
    ASSUMPTION = "assumption"


class Shape(enum.StrEnum):
    """How low, mode and high become a distribution. Lognormal reads low and high as P10 and P90."""

    FIXED = "fixed"
    TRIANGULAR = "triangular"
    PERT = "pert"
    LOGNORMAL = "lognormal"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One uncertain answer: low <= mode <= high in its own unit, its shape, its origin and source."""

    low: float
    mode: float
    high: float
    shape: Shape
    origin: Origin
    source: str = ""

    @classmethod
    def known(cls, value: float, origin: Origin, source: str = "") -> Estimate:
        """An answer without uncertainty."""
        return cls(value, value, value, Shape.FIXED, origin, source)

    def marginal(self) -> Marginal:
        """The distribution; InvalidInputError when low <= mode <= high does not hold."""
        require(self.low <= self.mode <= self.high, "an estimate needs low <= mode <= high")
        if self.shape is Shape.FIXED or self.low == self.high:
            return Fixed(self.mode)
        if self.shape is Shape.TRIANGULAR:
            return Triangular(self.low, self.mode, self.high)
        if self.shape is Shape.PERT:
            return Pert(self.low, self.mode, self.high)
        return Lognormal.from_p10_p90(self.low, self.high)


@dataclass(frozen=True, slots=True)
class RoyaltyRange:
    """Quartiles of a royalty survey as fractions of ``base``, with optional bounds and sample size."""

    q1: float
    median: float
    q3: float
    base: str
    origin: Origin
    source: str
    minimum: float = 0.0
    maximum: float = 1.0
    observations: int = 0

    def marginal(self) -> Marginal:
        if self.q1 == self.q3:
            return Fixed(self.median)
        return QuartileLognormal(self.q1, self.median, self.q3, self.minimum, min(1.0, self.maximum))


@dataclass(frozen=True, slots=True)
class OptionTerms:
    """A right to wait: ``years`` it stays open (never beyond the life), yearly volatility of ln PV, riskless rate.

    The cost of delay is 1/life a year; ``steps`` of a Cox-Ross-Rubinstein tree.
    """

    years: float
    sigma: float
    rate: float
    steps: int


@dataclass(frozen=True, slots=True)
class PaymentPlan:
    """How the law's payment forms are compared and what is proposed when no price can be named.

    ``instalments`` in fractions of the undiscounted total; ``selling_price_ratio`` net selling price over net revenue;
    ``margin`` pre-tax profit over net revenue; ``other_capital`` what the other partners of a joint company bring;
    ``signing`` and ``milestone``: parts of the value due on signing and after the first year of sales; the rest is royalty.
    """

    instalments: tuple[Instalment, ...]
    selling_price_ratio: float
    margin: float
    signing: float
    milestone: float
    other_capital: float | None = None


@dataclass(frozen=True, slots=True)
class SuggestionInputs:
    """Everything a suggestion depends on.

    - ``revenue``: full-year sales of the products that use the technology, at profile 1 (currency/year), counted
      on ``revenue_base``; the royalty must be quoted on the same base.
    - ``revenue_profile``: (years,) multiple of ``revenue`` in year 1, 2, … (ramp-up, growth; zeros before launch);
      at least as long as the life.
    - ``coverage``: share of those sales that uses the technology, 0-1.
    - ``royalty``: survey quartiles. ``discount_rate``: yearly, systematic risk only. ``decay``: yearly loss of pull.
    - ``success``: probability of reaching the market (by TRL). ``development_cost``: still to be spent now.
    - ``legal_life`` and ``economic_life``: years left; the shorter counts. ``first_fraction``: part of the first
      year left at the valuation date.
    - ``tax``: income-tax rate. ``tab_life``: years of tax amortisation, None to leave the benefit out.
    - ``maintenance``: yearly fees before tax. ``incremental_profit``: the buyer's extra yearly profit before tax at
      profile 1. ``cost``: cost-approach value after obsolescence. ``sunk_cost_floor``: least the owner may accept.
    - ``method_weights``: stated weights by method name; a method without weight is shown, not pooled.
    - ``comparables``: deals quoted on ``royalty.base`` or on "price". ``minimum_comparables``: below it none is used.
    - ``royalty_estimate``: the owner's own royalty, in place of the survey's. ``margin``: licensee's pre-tax profit as
      a share of sales; ``charge``: yearly pre-tax charge for the other assets used, same base.
    - ``gates``: development stages (years from now, cost before tax, chance of passing); ``launch_cost``: still to be
      spent before tax at ``launch_time``. ``owner_pays``: the owner bears both, else the licensee does.
    - ``option`` and ``plan``: terms of the right to wait, of the payment forms and of a proposal; None to leave out.
    - ``indicator_multiplier``: bounded multiplier from patent indicators on the income methods (1 = none).
    - ``correlations``: Spearman by pair of input names; pairs with a fixed or absent input are ignored.
    """

    revenue: Estimate
    revenue_base: str
    revenue_profile: tuple[float, ...]
    coverage: Estimate
    royalty: RoyaltyRange
    discount_rate: Estimate
    decay: Estimate
    success: Estimate
    tax: float
    timing: Timing
    method_weights: Mapping[str, float]
    grade_rule: GradeRule
    most_spread: float
    comparable_half_life: float
    minimum_comparables: int
    legal_life: float | None = None
    economic_life: float | None = None
    first_fraction: float = 1.0
    day_count: DayCount = DayCount.ACT_365
    tab_life: float | None = None
    maintenance: float = 0.0
    readiness_level: int | None = None
    development_cost: Estimate | None = None
    incremental_profit: Estimate | None = None
    cost: Estimate | None = None
    sunk_cost_floor: float | None = None
    comparables: tuple[Comparable, ...] = ()
    indicator_multiplier: float = 1.0
    indicator_confidence: float | None = None
    royalty_estimate: Estimate | None = None
    margin: Estimate | None = None
    charge: Estimate | None = None
    gates: tuple[Gate, ...] = ()
    launch_cost: Estimate | None = None
    launch_time: float = 0.0
    owner_pays: bool = False
    option: OptionTerms | None = None
    plan: PaymentPlan | None = None
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
