"""From several methods to one statement: pooled percentiles, the ladder, the grade, and when not to name a price.

Sources: domain file section 8 (how a price is shown); Stone 1961 (linear opinion pool).
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from valuation.methods.simulation import LEVELS, QUANTILE_RULE, percentiles
from valuation.methods.types import Floats, Percentiles, inner, require

POOLING = "linear opinion pool: a mixture of the methods' distributions by their stated weights"

POOLED_RULE = "inverse of the pooled distribution, midpoint positions"


@dataclass(frozen=True, slots=True)
class MethodBar:
    """One rung of the method ladder (football field); values in the suggestion's currency."""

    method: str
    p10: float
    p50: float
    p90: float
    weight: float
    observations: int


@dataclass(frozen=True, slots=True)
class GradeRule:
    """The published rule of the confidence grade; every number comes from a dated record.

    Component weights are relative. ``origin_credit`` maps an input's origin to 0-1. ``comparables_full`` is the
    effective number of perfectly similar comparables that earns 1; ``spread_zero`` the ratio of method medians
    that earns 0; ``dispersion_zero`` the sd of ln V that earns 0. Cut-offs are the least scores for A, B and C.
    """

    weight_data: float
    weight_comparables: float
    weight_agreement: float
    weight_readiness: float
    weight_dispersion: float
    weight_indicators: float
    origin_credit: Mapping[str, float]
    comparables_full: float
    spread_zero: float
    dispersion_zero: float
    cut_a: float
    cut_b: float
    cut_c: float


@dataclass(frozen=True, slots=True)
class GradeComponent:
    """A part of the grade: its score 0-1, its share of the total, and the measurement behind it."""

    name: str
    score: float
    share: float
    measured: float | None


@dataclass(frozen=True, slots=True)
class Grade:
    """Letter A-D, the score 0-1 it comes from, and its components."""

    letter: str
    score: float
    components: tuple[GradeComponent, ...]


class NoPrice(enum.StrEnum):
    """Why no price is named."""

    SIGN_UNCERTAIN = "sign_uncertain"
    NOT_POSITIVE = "not_positive"
    METHODS_DISAGREE = "methods_disagree"
    NO_METHOD = "no_method"


def round_significant(value: float, digits: int = 2) -> float:
    """``value`` to ``digits`` significant digits, half away from zero in decimal; 0 stays 0."""
    require(digits >= 1, "at least one digit")
    if value == 0 or not math.isfinite(value):
        return float(value)
    places = digits - 1 - math.floor(math.log10(abs(value)))
    scaled = abs(value) * 10.0**places if places >= 0 else abs(value) / 10.0**-places
    whole = math.floor(scaled + 0.5 + 1e-9)
    out = whole / 10.0**places if places >= 0 else whole * 10.0**-places
    return math.copysign(out, value)


def pool(samples: Mapping[str, Floats], weights: Mapping[str, float], *, replicates: int = 1) -> Percentiles:
    """Percentiles of the mixture of ``samples`` (each (paths,), equal length) by ``weights`` (relative).

    Methods of weight 0 are left out. Standard errors treat the paths of one method as the sample size,
    because methods share their draws.
    """
    used = {name: float(weights.get(name, 0.0)) for name in samples if weights.get(name, 0.0) > 0}
    require(len(used) > 0, "no method carries weight")
    if len(used) == 1:
        return percentiles(samples[next(iter(used))], replicates=replicates)
    total = sum(used.values())
    ordered = [np.sort(samples[name]) for name in used]
    paths = ordered[0].size
    require(all(x.size == paths for x in ordered), "methods must have the same number of paths")
    values = np.concatenate(ordered)
    mass = np.concatenate([np.full(paths, w / total / paths) for w in used.values()])
    order = np.argsort(values)
    values, mass = values[order], mass[order]
    cumulative = np.cumsum(mass) - mass / 2
    p = np.asarray(LEVELS)
    found = np.interp(p, cumulative, values)
    reach = np.sqrt(p * (1 - p) / paths)
    errors = (np.interp(p + reach, cumulative, values) - np.interp(p - reach, cumulative, values)) / 2
    mean = inner(mass, values)
    deviation = math.sqrt(max(0.0, inner(mass, (values - mean) ** 2)))
    return Percentiles(
        levels=LEVELS,
        values=tuple(float(x) for x in found),
        standard_errors=tuple(float(x) for x in errors),
        mean=mean,
        mean_standard_error=deviation / math.sqrt(paths),
        standard_deviation=deviation,
        paths=paths,
        rule=QUANTILE_RULE if len(used) == 1 else POOLED_RULE,
    )


def log_dispersion(values: Floats) -> float | None:
    """sd of ln V over the positive draws (forecast standard deviation); None when fewer than half are positive."""
    positive = values[values > 0]
    if positive.size * 2 < values.size or positive.size < 2:
        return None
    return float(np.std(np.log(positive)))


def method_spread(medians: Sequence[float]) -> float | None:
    """Largest over smallest median of the methods; None with fewer than two, infinity when one is not positive."""
    if len(medians) < 2:
        return None
    low, high = min(medians), max(medians)
    if low == high:
        return 1.0
    return math.inf if low <= 0 else high / low


def reasons_for_no_price(p10: float, p90: float, spread: float | None, *, most_spread: float) -> tuple[NoPrice, ...]:
    """Why no price may be named: P10 <= 0 < P90, P90 <= 0, or methods further apart than ``most_spread`` fold."""
    reasons = []
    if p90 <= 0:
        reasons.append(NoPrice.NOT_POSITIVE)
    elif p10 <= 0:
        reasons.append(NoPrice.SIGN_UNCERTAIN)
    if spread is not None and spread > most_spread:
        reasons.append(NoPrice.METHODS_DISAGREE)
    return tuple(reasons)


def grade(
    rule: GradeRule,
    *,
    origins: Sequence[str],
    effective_comparables: float,
    mean_similarity: float,
    spread: float | None,
    readiness_level: int | None,
    dispersion: float | None,
    indicator_confidence: float | None = None,
) -> Grade:
    """Confidence grade by ``rule``: weighted mean of components scored 0-1.

    data: mean credit of the inputs' origins; comparables: effective number times mean similarity over the full
    number; agreement: 1 - ln(spread)/ln(spread_zero), 0 with a single method; readiness: (TRL-1)/8;
    dispersion: 1 - sd(ln V)/dispersion_zero; indicators: as given, left out when absent.
    """
    components: list[tuple[str, float, float, float | None]] = []
    credit = [rule.origin_credit.get(origin, 0.0) for origin in origins]
    data = sum(credit) / len(credit) if credit else 0.0
    components.append(("data", data, rule.weight_data, data))
    similar = effective_comparables * mean_similarity
    components.append(("comparables", min(1.0, similar / rule.comparables_full), rule.weight_comparables, similar))
    agreement = 0.0
    if spread is not None and math.isfinite(spread):
        agreement = max(0.0, 1.0 - math.log(spread) / math.log(rule.spread_zero))
    components.append(("agreement", agreement, rule.weight_agreement, spread))
    ready = 0.0 if readiness_level is None else (min(9, max(1, readiness_level)) - 1) / 8
    components.append(("readiness", ready, rule.weight_readiness, readiness_level))
    narrow = 0.0 if dispersion is None else max(0.0, 1.0 - dispersion / rule.dispersion_zero)
    components.append(("dispersion", narrow, rule.weight_dispersion, dispersion))
    if indicator_confidence is not None:
        components.append(("indicators", indicator_confidence, rule.weight_indicators, indicator_confidence))
    total = sum(weight for _, _, weight, _ in components)
    require(total > 0, "the grade needs a positive weight")
    score = sum(value * weight for _, value, weight, _ in components) / total
    letter = "A" if score >= rule.cut_a else "B" if score >= rule.cut_b else "C" if score >= rule.cut_c else "D"
    return Grade(
        letter,
        score,
        tuple(
            GradeComponent(
                name, value, weight / total, None if measured is None or math.isinf(measured) else float(measured)
            )
            for name, value, weight, measured in components
        ),
    )


@dataclass(frozen=True, slots=True)
class Zone:
    """Between the seller's walk-away and the buyer's maximum; ``open`` when an agreement can lie between them."""

    seller_walk_away: float
    buyer_maximum: float

    @property
    def open(self) -> bool:
        return self.seller_walk_away <= self.buyer_maximum
