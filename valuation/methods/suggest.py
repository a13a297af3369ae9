"""A price range from an owner's answers: relief from royalty, comparables, cost and buyer's profit, pooled.

The suggestion never is a single number, never comes from patent indicators alone, and carries technical
failure either as a probability or in the discount rate, not both (the caller passes a rate without it).
Sources: domain file sections 1, 2, 4 and 8. Every number arrives in the inputs; this module has no defaults
of its own. Money is in one currency throughout (VND), rates are fractions, times are years.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from valuation.methods import reconcile
from valuation.methods.comparables import Comparable, ComparableRange, compare
from valuation.methods.discounting import DayCount, Schedule, schedule, tab_factor
from valuation.methods.distributions import Fixed, Lognormal, Marginal, Pert, QuartileLognormal, Triangular
from valuation.methods.reconcile import Grade, GradeRule, MethodBar, NoPrice, Zone, round_significant
from valuation.methods.royalty import profile_present_value
from valuation.methods.simulation import (
    Sampler,
    draw_scores,
    percentiles,
    probability_below,
    rank_correlations,
    sample,
    tornado,
    uncertain,
)
from valuation.methods.types import (
    BaseMismatchError,
    Conventions,
    Floats,
    InvalidInputError,
    MethodError,
    Percentiles,
    Timing,
    digest,
    jsonable,
    require,
)

RELIEF = "relief_from_royalty"
COMPARABLE_ROYALTIES = "comparable_royalties"
COMPARABLE_PRICES = "comparable_prices"
INCREMENTAL = "incremental_profit"
COST = "cost"
METHODS = (RELIEF, COMPARABLE_ROYALTIES, COMPARABLE_PRICES, INCREMENTAL, COST)


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
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Low, mid and high = P10, P50, P90 of the pooled distribution in two significant digits."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class Driver:
    """An input and what it does to the reconciled value: change against the middle at its P10 and its P90.

    ``effect_*`` are fractions of the middle value (None when the middle is 0); ``value_*`` in the currency.
    """

    name: str
    input_low: float
    input_mid: float
    input_high: float
    value_low: float
    value_high: float
    value_mid: float
    effect_low: float | None
    effect_high: float | None


@dataclass(frozen=True, slots=True)
class SuggestionResult:
    """A suggestion and everything needed to explain and reproduce it.

    ``price`` is None exactly when ``no_price`` names reasons; ``structure`` then says what to propose instead.
    ``bars`` is the method ladder; ``pooled`` holds P5..P95 with standard errors; ``drivers`` are the three
    widest, ``tornado`` all. ``input_hash`` is the SHA-256 of inputs, seed and paths.
    """

    price: PriceRange | None
    no_price: tuple[NoPrice, ...]
    structure: str | None
    pooled: Percentiles
    methods: Mapping[str, Percentiles]
    bars: tuple[MethodBar, ...]
    drivers: tuple[Driver, ...]
    tornado: tuple[Driver, ...]
    rank_correlation: Mapping[str, float]
    grade: Grade
    dispersion: float | None
    spread: float | None
    opening_ask_at_most: float | None
    reserve_at_least: float | None
    zone: Zone | None
    probability_below_floor: float | None
    comparables: Mapping[str, ComparableRange]
    life: float
    seed: int
    paths: int
    conventions: Conventions
    warnings: tuple[str, ...]
    input_hash: str

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types only; the same inputs and seed give the same content byte for byte."""
        return dict(jsonable(self))


@dataclass(frozen=True, slots=True)
class _Case:
    """Inputs made ready: distributions by name, the schedule, the methods that can run."""

    inputs: SuggestionInputs
    marginals: dict[str, Marginal]
    periods: Schedule
    methods: tuple[str, ...]
    ranges: dict[str, ComparableRange]
    unit_maintenance: float

    def values(self, x: Mapping[str, Floats]) -> dict[str, Floats]:
        """Value by method for draws ``x`` (each (paths,) or 0-d)."""
        given = self.inputs
        rate, decay, chance = x["discount_rate"], x["decay"], x["success"]
        worth = profile_present_value(given.revenue_profile, decay, rate, self.periods)
        keep = (1.0 - given.tax) * chance * given.indicator_multiplier
        if given.tab_life is not None:
            keep = keep * tab_factor(given.tax, given.tab_life, rate, given.timing)
        outgo: Floats | float = 0.0
        if self.unit_maintenance:
            flat = (1.0,) * self.periods.periods
            outgo = self.unit_maintenance * profile_present_value(flat, np.float64(0.0), rate, self.periods)
        if "development_cost" in x:
            outgo = outgo + x["development_cost"]
        out: dict[str, Floats] = {}
        sales = x["revenue"] * x["coverage"] * worth * keep
        for method in self.methods:
            if method == RELIEF:
                out[method] = sales * x["royalty"] - outgo
            elif method == COMPARABLE_ROYALTIES:
                out[method] = sales * x["comparable_royalty"] - outgo
            elif method == INCREMENTAL:
                out[method] = x["incremental_profit"] * worth * keep - outgo
            elif method == COMPARABLE_PRICES:
                out[method] = x["comparable_price"]
            else:
                out[method] = x["cost"]
        return out


def suggest_range(
    inputs: SuggestionInputs, *, seed: int, paths: int, sampler: Sampler = Sampler.PSEUDO
) -> SuggestionResult:
    """Simulate every method the inputs allow, pool them by the stated weights, and say what may be said.

    ``paths`` >= 1,000 (20,000 or more for a published range). InvalidInputError for impossible inputs,
    BaseMismatchError when the royalty or a comparable is quoted on another base than the revenue.
    """
    require(paths >= 1000, "at least 1,000 paths")
    case, warnings = _prepare(inputs)
    names = uncertain(case.marginals)
    pairs = {pair: s for pair, s in inputs.correlations.items() if pair[0] in names and pair[1] in names}
    scores = draw_scores(names, paths=paths, seed=seed, spearman=pairs, sampler=sampler)
    if scores.projected:
        warnings.append("correlations_projected")
    by_method = {
        name: np.broadcast_to(np.asarray(values, dtype=np.float64), (scores.paths,))
        for name, values in case.values(sample(case.marginals, scores)).items()
    }
    summary = {name: percentiles(values, replicates=scores.replicates) for name, values in by_method.items()}
    weights = {name: float(inputs.method_weights.get(name, 0.0)) for name in case.methods}
    require(all(w >= 0 for w in weights.values()), "a method weight is negative")
    if sum(weights.values()) <= 0:
        raise MethodError("no method that the inputs allow carries weight")
    share = {name: w / sum(weights.values()) for name, w in weights.items()}
    pooled = reconcile.pool(by_method, share, replicates=scores.replicates)
    weighted = [name for name in case.methods if share[name] > 0]
    spread = reconcile.method_spread([summary[name].at(0.5) for name in weighted])
    dispersion = _pooled_dispersion(by_method, share)
    no_price = reconcile.reasons_for_no_price(pooled.at(0.1), pooled.at(0.9), spread, most_spread=inputs.most_spread)
    bars = tuple(
        MethodBar(
            name, summary[name].at(0.1), summary[name].at(0.5), summary[name].at(0.9), share[name], _count(case, name)
        )
        for name in case.methods
    )
    middle = _tornado(case, share)
    floor = inputs.sunk_cost_floor
    reserve = pooled.at(0.25) if floor is None else max(pooled.at(0.25), floor)
    zone = None
    if INCREMENTAL in summary:
        zone = Zone(seller_walk_away=max(0.0, reserve), buyer_maximum=summary[INCREMENTAL].at(0.5))
    best = max((r.effective for r in case.ranges.values()), default=0.0)
    alike = max((r.mean_similarity for r in case.ranges.values()), default=0.0)
    priced = not no_price
    return SuggestionResult(
        price=PriceRange(*(round_significant(pooled.at(p)) for p in (0.1, 0.5, 0.9))) if priced else None,
        no_price=no_price,
        structure=None if priced else "option_or_milestones",
        pooled=pooled,
        methods=summary,
        bars=bars,
        drivers=middle[:3],
        tornado=middle,
        rank_correlation=rank_correlations(scores, sum(share[n] * by_method[n] for n in weighted)),
        grade=reconcile.grade(
            inputs.grade_rule,
            origins=_origins(inputs),
            effective_comparables=best,
            mean_similarity=alike,
            spread=spread,
            readiness_level=inputs.readiness_level,
            dispersion=dispersion,
            indicator_confidence=inputs.indicator_confidence,
        ),
        dispersion=dispersion,
        spread=None if spread is None or not np.isfinite(spread) else spread,
        opening_ask_at_most=round_significant(pooled.at(0.75)) if priced else None,
        reserve_at_least=round_significant(reserve) if priced else None,
        zone=zone,
        probability_below_floor=None if floor is None else _pooled_below(by_method, share, floor),
        comparables=case.ranges,
        life=_life(inputs),
        seed=seed,
        paths=scores.paths,
        conventions=Conventions(
            timing=Timing(inputs.timing).value,
            day_count=inputs.day_count.value,
            quantile_rule=pooled.rule,
            pooling=reconcile.POOLING,
            sampler=scores.sampler.value,
        ),
        warnings=tuple(warnings),
        input_hash=digest({"inputs": inputs, "seed": seed, "paths": paths, "sampler": sampler}),
    )


def _life(inputs: SuggestionInputs) -> float:
    lives = [life for life in (inputs.legal_life, inputs.economic_life) if life is not None]
    if not lives:
        raise InvalidInputError("a suggestion needs a legal or an economic life")
    return max(0.0, min(lives))


def _prepare(inputs: SuggestionInputs) -> tuple[_Case, list[str]]:
    """Check the inputs, build distributions and choose the methods that can run."""
    warnings: list[str] = []
    if inputs.royalty.base != inputs.revenue_base:
        raise BaseMismatchError(f"royalty on {inputs.royalty.base}, revenue counted as {inputs.revenue_base}")
    require(0 <= inputs.tax < 1, "tax must lie in [0, 1)")
    require(inputs.coverage.low >= 0 and inputs.coverage.high <= 1, "coverage must lie in [0, 1]")
    require(inputs.success.low >= 0 and inputs.success.high <= 1, "success must lie in [0, 1]")
    require(inputs.decay.low >= 0 and inputs.decay.high <= 1, "decay must lie in [0, 1]")
    require(inputs.revenue.low >= 0, "revenue is negative")
    require(inputs.discount_rate.low > -1, "a discount rate at or below -100 % has no meaning")
    require(inputs.indicator_multiplier > 0, "the indicator multiplier must be positive")
    require(inputs.royalty.q3 <= 1, "a royalty above 100 %")
    unknown = set(inputs.method_weights) - set(METHODS)
    require(not unknown, f"unknown methods: {', '.join(sorted(unknown))}")
    periods = schedule(_life(inputs), timing=inputs.timing, first_fraction=inputs.first_fraction)
    marginals: dict[str, Marginal] = {
        "revenue": inputs.revenue.marginal(),
        "coverage": inputs.coverage.marginal(),
        "royalty": inputs.royalty.marginal(),
        "discount_rate": inputs.discount_rate.marginal(),
        "decay": inputs.decay.marginal(),
        "success": inputs.success.marginal(),
    }
    methods = [RELIEF]
    ranges: dict[str, ComparableRange] = {}
    for method, base, name in (
        (COMPARABLE_ROYALTIES, inputs.royalty.base, "comparable_royalty"),
        (COMPARABLE_PRICES, "price", "comparable_price"),
    ):
        found = [c for c in inputs.comparables if c.base == base]
        if len(found) < max(1, inputs.minimum_comparables):
            if found:
                warnings.append(f"too_few_{method}")
            continue
        ranges[method] = compare(found, base=base, half_life=inputs.comparable_half_life)
        marginals[name] = _range_marginal(ranges[method], 1.0 if base != "price" else np.inf)
        methods.append(method)
    if any(c.base not in {inputs.royalty.base, "price"} for c in inputs.comparables):
        warnings.append("comparables_on_other_bases_left_out")
    if not ranges:
        warnings.append("not_enough_comparables")
    for name, method, estimate in (
        ("incremental_profit", INCREMENTAL, inputs.incremental_profit),
        ("cost", COST, inputs.cost),
        ("development_cost", "", inputs.development_cost),
    ):
        if estimate is not None:
            marginals[name] = estimate.marginal()
            if method in METHODS:
                methods.append(method)
    return _Case(inputs, marginals, periods, tuple(methods), ranges, inputs.maintenance * (1 - inputs.tax)), warnings


def _range_marginal(found: ComparableRange, maximum: float) -> Marginal:
    if found.q1 == found.q3 or found.q1 <= 0:
        return Fixed(found.median)
    return QuartileLognormal(found.q1, found.median, found.q3, 0.0, maximum)


def _origins(inputs: SuggestionInputs) -> list[str]:
    asked = (inputs.revenue, inputs.coverage, inputs.royalty, inputs.discount_rate, inputs.decay, inputs.success)
    more = (inputs.development_cost, inputs.incremental_profit, inputs.cost)
    return [one.origin.value for one in asked] + [one.origin.value for one in more if one is not None]


def _count(case: _Case, method: str) -> int:
    if method == RELIEF:
        return case.inputs.royalty.observations
    return len(case.ranges[method].rows) if method in case.ranges else 0


def _pooled_dispersion(by_method: Mapping[str, Floats], share: Mapping[str, float]) -> float | None:
    """sd of ln V of the pool: within methods plus between them; None when a weighted method is mostly not positive."""
    mean = second = 0.0
    for name, w in share.items():
        if w <= 0:
            continue
        values = by_method[name]
        positive = values[values > 0]
        if positive.size * 2 < values.size:
            return None
        logs = np.log(positive)
        mean += w * float(logs.mean())
        second += w * float(np.mean(logs**2))
    return float(np.sqrt(max(0.0, second - mean**2)))


def _pooled_below(by_method: Mapping[str, Floats], share: Mapping[str, float], floor: float) -> float:
    return sum(w * probability_below(by_method[name], floor) for name, w in share.items() if w > 0)


def _tornado(case: _Case, share: Mapping[str, float]) -> tuple[Driver, ...]:
    def reconciled(x: Mapping[str, Floats]) -> Floats:
        values = case.values(x)
        return np.asarray(sum(share[name] * value for name, value in values.items() if share[name] > 0))

    drivers = []
    for bar in tornado(case.marginals, reconciled):
        if bar.swing == 0:
            continue
        drivers.append(
            Driver(
                name=bar.name,
                input_low=bar.input_low,
                input_mid=float(case.marginals[bar.name].ppf(np.float64(0.5))),
                input_high=bar.input_high,
                value_low=bar.value_low,
                value_high=bar.value_high,
                value_mid=bar.value_mid,
                effect_low=bar.value_low / bar.value_mid - 1 if bar.value_mid else None,
                effect_high=bar.value_high / bar.value_mid - 1 if bar.value_mid else None,
            )
        )
    return tuple(drivers)
