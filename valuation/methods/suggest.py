"""A price range from an owner's answers: relief from royalty, comparables, cost and buyer's profit, pooled.

The suggestion never is a single number, never comes from patent indicators alone, and carries technical
failure either as a probability or in the discount rate, not both (the caller passes a rate without it).
Sources: domain file sections 1, 2, 4 and 8. Every number arrives in the inputs; this module has no defaults
of its own. Money is in one currency throughout (VND), rates are fractions, times are years.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from valuation.methods import reconcile
from valuation.methods.agreement import Proposal, payment_forms, propose
from valuation.methods.comparables import ComparableRange
from valuation.methods.ladder import Case, Rung, life_of, prepare_case, right_to_wait, rungs
from valuation.methods.payment_forms import Equivalents
from valuation.methods.reconcile import Grade, MethodBar, NoPrice, Zone, round_significant
from valuation.methods.simulation import (
    Sampler,
    Scores,
    draw_scores,
    percentiles,
    probability_below,
    rank_correlations,
    sample,
    tornado,
    uncertain,
)
from valuation.methods.statement import (
    COMPARABLE_PRICES,
    COMPARABLE_ROYALTIES,
    COST,
    EXCESS,
    INCREMENTAL,
    METHODS,
    OPTION,
    RELIEF,
    STAGED,
    Estimate,
    OptionTerms,
    Origin,
    PaymentPlan,
    RoyaltyRange,
    Shape,
    SuggestionInputs,
)
from valuation.methods.types import Conventions, Floats, MethodError, Percentiles, Timing, digest, jsonable, require

__all__ = [
    "COMPARABLE_PRICES",
    "COMPARABLE_ROYALTIES",
    "COST",
    "EXCESS",
    "INCREMENTAL",
    "METHODS",
    "OPTION",
    "RELIEF",
    "STAGED",
    "Driver",
    "Estimate",
    "Glance",
    "OptionTerms",
    "Origin",
    "PaymentPlan",
    "PriceRange",
    "RoyaltyRange",
    "Shape",
    "SuggestionInputs",
    "SuggestionResult",
    "glance",
    "suggest_range",
]


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
    widest, ``tornado`` all. ``ladder`` says of every known method whether it was used, shown or rejected, and why;
    ``equivalents`` are the payment forms worth the middle; ``proposal`` stands when there is no price.
    ``input_hash`` is the SHA-256 of inputs, seed and paths.
    """

    price: PriceRange | None
    no_price: tuple[NoPrice, ...]
    structure: str | None
    ladder: tuple[Rung, ...]
    equivalents: Equivalents | None
    proposal: Proposal | None
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
class _Run:
    """One simulation: draws, values by method, weights that sum to 1, and the pool."""

    case: Case
    warnings: list[str]
    scores: Scores
    by_method: Mapping[str, Floats]
    summary: Mapping[str, Percentiles]
    share: Mapping[str, float]
    weighted: list[str]
    pooled: Percentiles
    spread: float | None
    no_price: tuple[NoPrice, ...]

    @property
    def price(self) -> PriceRange | None:
        if self.no_price:
            return None
        return PriceRange(*(round_significant(self.pooled.at(p)) for p in (0.1, 0.5, 0.9)))

    def proposal(self) -> Proposal | None:
        plan = self.case.inputs.plan
        if not self.no_price or plan is None:
            return None
        return propose(self.case, {name: self.summary[name].at(0.5) for name in self.weighted}, plan)


def _run(inputs: SuggestionInputs, seed: int, paths: int, sampler: Sampler) -> _Run:
    require(paths >= 1000, "at least 1,000 paths")
    case, warnings = prepare_case(inputs)
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
    no_price = reconcile.reasons_for_no_price(pooled.at(0.1), pooled.at(0.9), spread, most_spread=inputs.most_spread)
    return _Run(case, warnings, scores, by_method, summary, share, weighted, pooled, spread, no_price)


@dataclass(frozen=True, slots=True)
class Glance:
    """What a what-if shows of a suggestion: the same price, middle and proposal that the whole one would hold."""

    price: PriceRange | None
    no_price: tuple[NoPrice, ...]
    middle: float
    methods: Mapping[str, Percentiles]
    proposal: Proposal | None


def glance(inputs: SuggestionInputs, *, seed: int, paths: int) -> Glance:
    """The range alone, without drivers, grade and options: about half the work of :func:`suggest_range`.

    Same draws and errors as there.
    """
    run = _run(inputs, seed, paths, Sampler.PSEUDO)
    return Glance(run.price, run.no_price, run.pooled.at(0.5), run.summary, run.proposal())


def suggest_range(
    inputs: SuggestionInputs, *, seed: int, paths: int, sampler: Sampler = Sampler.PSEUDO
) -> SuggestionResult:
    """Simulate every method the inputs allow, pool them by the stated weights, and say what may be said.

    ``paths`` >= 1,000 (20,000 or more for a published range). InvalidInputError for impossible inputs,
    BaseMismatchError when the royalty or a comparable is quoted on another base than the revenue.
    """
    run = _run(inputs, seed, paths, sampler)
    case, scores, by_method, summary, share = run.case, run.scores, run.by_method, run.summary, run.share
    pooled, spread, no_price, weighted = run.pooled, run.spread, run.no_price, run.weighted
    dispersion = _pooled_dispersion(by_method, share)
    bars = tuple(
        MethodBar(
            name, summary[name].at(0.1), summary[name].at(0.5), summary[name].at(0.9), share[name], _count(case, name)
        )
        for name in case.methods
    )
    waiting = right_to_wait(case, summary[RELIEF])
    if waiting is not None:
        bars = (*bars, MethodBar(OPTION, *waiting, 0.0, 0))
    middle = _tornado(case, share)
    floor = inputs.sunk_cost_floor
    reserve = pooled.at(0.25) if floor is None else max(pooled.at(0.25), floor)
    zone = None
    ceiling = next((name for name in (INCREMENTAL, EXCESS) if name in summary), None)
    if ceiling is not None:
        zone = Zone(seller_walk_away=max(0.0, reserve), buyer_maximum=summary[ceiling].at(0.5))
    best = max((r.effective for r in case.ranges.values()), default=0.0)
    alike = max((r.mean_similarity for r in case.ranges.values()), default=0.0)
    priced, plan = not no_price, inputs.plan
    return SuggestionResult(
        price=run.price,
        no_price=no_price,
        structure=None if priced else "option_or_milestones",
        ladder=rungs(case, share, () if waiting is None else (OPTION,)),
        equivalents=payment_forms(case, run.price.mid, plan) if run.price is not None and plan is not None else None,
        proposal=run.proposal(),
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
        life=life_of(inputs),
        seed=seed,
        paths=scores.paths,
        conventions=Conventions(
            timing=Timing(inputs.timing).value,
            day_count=inputs.day_count.value,
            quantile_rule=pooled.rule,
            pooling=reconcile.POOLING,
            sampler=scores.sampler.value,
        ),
        warnings=tuple(run.warnings),
        input_hash=digest({"inputs": inputs, "seed": seed, "paths": paths, "sampler": sampler}),
    )


def _origins(inputs: SuggestionInputs) -> list[str]:
    royalty = inputs.royalty_estimate or inputs.royalty
    asked = (inputs.revenue, inputs.coverage, royalty, inputs.discount_rate, inputs.decay, inputs.success)
    more = (
        inputs.development_cost, inputs.incremental_profit, inputs.cost, inputs.margin, inputs.charge, inputs.launch_cost,
    )  # fmt: skip
    return [one.origin.value for one in asked] + [one.origin.value for one in more if one is not None]


def _count(case: Case, method: str) -> int:
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


def _tornado(case: Case, share: Mapping[str, float]) -> tuple[Driver, ...]:
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
