"""Market approach: quantiles with a recorded rule, disclosed adjustments, similarity weights, multiples.

rho_subject = rho_i * prod m_f; weight_i = similarity_i * 0.5^(age_i/half-life); percentiles of the weighted,
adjusted sample are reported beside the raw ones. Sources: domain file section 2; Hyndman & Fan 1996
(Am. Statistician 50); Tukey, EDA ch. 2 (hinges); US Treas. Reg. 1.482-1(e)(2)(iii)(C) (interquartile range);
Razgaitis, Valuation and Dealmaking of Technology-Based IP ch. 5 (rating/ranking).
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from valuation.methods.types import (
    ArrayLike,
    BaseMismatchError,
    Conventions,
    Floats,
    InvalidInputError,
    array,
    require,
    scalar,
)


class QuantileRule(enum.StrEnum):
    """How a percentile is read off a small sample; the rule is printed with every quartile."""

    HINGES_MEDIAN_EXCLUDED = "Tukey hinges, median excluded"
    HINGES_MEDIAN_INCLUDED = "Tukey hinges, median included"
    LINEAR = "linear (Hyndman-Fan 7)"
    WEIBULL = "exclusive (Hyndman-Fan 6)"
    HAZEN = "midpoint positions (Hyndman-Fan 5)"
    MEDIAN_UNBIASED = "median unbiased (Hyndman-Fan 8)"
    NORMAL_UNBIASED = "normal unbiased (Hyndman-Fan 9)"
    NEAREST_RANK = "nearest rank (Hyndman-Fan 1)"
    AVERAGED_RANK = "averaged nearest rank (Hyndman-Fan 2; US Treas. Reg. 1.482-1)"


_NUMPY_METHOD: dict[QuantileRule, Any] = {
    QuantileRule.LINEAR: "linear",
    QuantileRule.WEIBULL: "weibull",
    QuantileRule.HAZEN: "hazen",
    QuantileRule.MEDIAN_UNBIASED: "median_unbiased",
    QuantileRule.NORMAL_UNBIASED: "normal_unbiased",
    QuantileRule.NEAREST_RANK: "inverted_cdf",
    QuantileRule.AVERAGED_RANK: "averaged_inverted_cdf",
}

WEIGHTED_RULE = "weighted midpoint positions, linear between them (Hyndman-Fan 5 when weights are equal)"


def quantile_rule(text: str) -> QuantileRule:
    """The rule a text names ("Tukey hinges, median excluded", "QUARTILE.INC", "n+1", …).

    InvalidInputError for a text that names none.
    """
    words = " ".join(text.lower().replace("_", " ").replace("-", " ").split())
    for rule in QuantileRule:
        if words == " ".join(rule.value.lower().replace("-", " ").split()):
            return rule
    parted = "median" in words and ("clud" in words or "clusive" in words)
    if parted or any(word in words for word in ("hinge", "tukey", "moore", "mccabe", "halves")):
        included = "includ" in words or "inclusive" in words
        return QuantileRule.HINGES_MEDIAN_INCLUDED if included else QuantileRule.HINGES_MEDIAN_EXCLUDED
    for found, rule in (
        (("482", "averaged", "fan 2", "type 2", "hf2", "irs"), QuantileRule.AVERAGED_RANK),
        (("exclusive", "exc ", "weibull", "n+1", "n + 1", "fan 6", "type 6", "hf6"), QuantileRule.WEIBULL),
        (("nearest", "inverted cdf", "fan 1", "type 1", "hf1"), QuantileRule.NEAREST_RANK),
        (("median unbiased", "fan 8", "type 8", "hf8"), QuantileRule.MEDIAN_UNBIASED),
        (("normal unbiased", "fan 9", "type 9", "hf9"), QuantileRule.NORMAL_UNBIASED),
        (("hazen", "fan 5", "type 5", "hf5"), QuantileRule.HAZEN),
        (("linear", "inclusive", "inc", "excel", "numpy", "n 1", "fan 7", "type 7", "hf7"), QuantileRule.LINEAR),
    ):
        if any(word in f"{words} " for word in found):
            return rule
    raise InvalidInputError(f"no quantile rule is called {text!r}")


@dataclass(frozen=True, slots=True)
class Quartiles:
    """First quartile, median and third quartile in the unit of the sample, and the rule they follow."""

    q1: float
    median: float
    q3: float
    count: int
    conventions: Conventions


def quartiles(values: ArrayLike, rule: QuantileRule = QuantileRule.HINGES_MEDIAN_EXCLUDED) -> Quartiles:
    """Quartiles of a sample (n >= 1; hinges need n >= 2). With hinges, q1 and q3 are medians of the halves."""
    sample = np.sort(array(values, "values").ravel())
    n = sample.size
    require(n >= 1, "quartiles of nothing")
    conventions = Conventions(quantile_rule=rule.value)
    if rule in _NUMPY_METHOD:
        q1, median, q3 = (float(x) for x in np.quantile(sample, (0.25, 0.5, 0.75), method=_NUMPY_METHOD[rule]))
        return Quartiles(q1, median, q3, n, conventions)
    if n == 1:
        return Quartiles(float(sample[0]), float(sample[0]), float(sample[0]), n, conventions)
    half = (n + 1) // 2 if rule is QuantileRule.HINGES_MEDIAN_INCLUDED else n // 2
    return Quartiles(
        float(np.median(sample[:half])), float(np.median(sample)), float(np.median(sample[n - half :])), n, conventions
    )


def weighted_quantile(values: ArrayLike, weights: ArrayLike, levels: ArrayLike) -> Floats:
    """Quantiles of a weighted sample at ``levels`` (fractions), by :data:`WEIGHTED_RULE`; zero weights drop out."""
    x, w, p = array(values, "values").ravel(), array(weights, "weights").ravel(), array(levels, "levels")
    require(x.shape == w.shape, "one weight per value")
    require(w >= 0, "a weight is negative")
    x, w = x[w > 0], w[w > 0]
    require(x.size >= 1, "no value carries weight")
    order = np.argsort(x, kind="stable")
    x, w = x[order], w[order]
    centre = (np.cumsum(w) - w / 2) / w.sum()
    return np.interp(p, centre, x)


@dataclass(frozen=True, slots=True)
class Comparable:
    """A transaction to compare with: ``value`` is a royalty (fraction of ``base``) or a price (base "price").

    ``age`` in years at the valuation date; ``similarity`` 0-1; ``adjustments`` are disclosed multipliers by name
    (exclusivity, territory, stage, …).
    """

    key: str
    value: float
    base: str
    age: float
    similarity: float
    source: str
    adjustments: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AdjustedComparable:
    """A comparable as used: raw and adjusted value, each factor, and its normalised weight."""

    key: str
    raw: float
    adjusted: float
    factors: Mapping[str, float]
    weight: float
    similarity: float
    source: str


@dataclass(frozen=True, slots=True)
class ComparableRange:
    """Weighted percentiles of adjusted comparables beside the unweighted raw ones.

    ``effective`` = (sum w)^2 / sum w^2 is the number of equally good comparables the set is worth.
    """

    raw: Quartiles
    p10: float
    q1: float
    median: float
    q3: float
    p90: float
    effective: float
    mean_similarity: float
    rows: tuple[AdjustedComparable, ...]
    conventions: Conventions


def compare(
    comparables: Sequence[Comparable],
    *,
    base: str,
    half_life: float,
    raw_rule: QuantileRule = QuantileRule.HINGES_MEDIAN_EXCLUDED,
) -> ComparableRange:
    """Adjust, weight and summarise comparables quoted on ``base`` (BaseMismatchError when one is not).

    ``half_life`` in years halves the weight of an older deal. InvalidInputError when nothing carries weight.
    """
    require(half_life > 0, "half-life must be positive")
    require(len(comparables) > 0, "no comparables")
    adjusted, weights = [], []
    for one in comparables:
        if one.base != base:
            raise BaseMismatchError(f"{one.key} is quoted on {one.base}, not on {base}")
        require(one.value >= 0 and one.age >= 0, f"{one.key}: negative value or age")
        require(0 <= one.similarity <= 1, f"{one.key}: similarity must lie in [0, 1]")
        require(all(m > 0 for m in one.adjustments.values()), f"{one.key}: an adjustment must be positive")
        adjusted.append(one.value * math.prod(one.adjustments.values()))
        weights.append(one.similarity * 0.5 ** (one.age / half_life))
    w = np.asarray(weights)
    require(w.sum() > 0, "no comparable carries weight")
    w = w / w.sum()
    p10, q1, median, q3, p90 = (float(x) for x in weighted_quantile(adjusted, w, (0.1, 0.25, 0.5, 0.75, 0.9)))
    rows = tuple(
        AdjustedComparable(c.key, c.value, a, dict(c.adjustments), float(x), c.similarity, c.source)
        for c, a, x in zip(comparables, adjusted, w, strict=True)
    )
    return ComparableRange(
        raw=quartiles([c.value for c in comparables], raw_rule),
        p10=p10,
        q1=q1,
        median=median,
        q3=q3,
        p90=p90,
        effective=float(1.0 / np.sum(w**2)),
        mean_similarity=float(np.dot(w, [c.similarity for c in comparables])),
        rows=rows,
        conventions=Conventions(quantile_rule=WEIGHTED_RULE),
    )


def similarity(subject: Mapping[str, object], other: Mapping[str, object], weights: Mapping[str, float]) -> float:
    """Weighted Gower similarity 0-1 over the attributes in ``weights``.

    Numbers must be pre-scaled to 0-1 and count 1-|a-b|; sets count their Jaccard overlap; anything else counts
    1 when equal. An attribute missing (None) on either side counts 0. Source: Gower 1971, Biometrics 27.
    """
    total = sum(weights.values())
    require(total > 0, "similarity weights must be positive in sum")
    found = 0.0
    for name, weight in weights.items():
        a, b = subject.get(name), other.get(name)
        if a is None or b is None:
            continue
        if isinstance(a, set | frozenset) and isinstance(b, set | frozenset):
            union = len(a | b)
            found += weight * (len(a & b) / union if union else 1.0)
        elif isinstance(a, bool | str) or isinstance(b, bool | str):
            found += weight * (a == b)
        elif isinstance(a, int | float) and isinstance(b, int | float):
            found += weight * max(0.0, 1.0 - abs(a - b))
        else:
            found += weight * (a == b)
    return found / total


_QUARTERS = {
    **dict.fromkeys(("lower quartile", "first quartile", "quartile 1", "25th percentile", "p25"), "q1"),
    **dict.fromkeys(("upper quartile", "third quartile", "quartile 3", "75th percentile", "p75"), "q3"),
}


def multiple_value(
    prices: ArrayLike, measures: ArrayLike, subject: ArrayLike, statistic: str = "median"
) -> float | Floats:
    """Subject's measure times a statistic of the price multiples of comparable deals; unit of ``prices``.

    ``statistic``: median, mean, harmonic, geometric, aggregate (sum of prices over sum of measures), min, max,
    q1 or q3 (hinges; also "lower quartile", "75th percentile", …).
    """
    p, m = array(prices, "prices").ravel(), array(measures, "measures").ravel()
    require(p.shape == m.shape and p.size > 0, "one measure per price")
    require(m > 0, "a comparable's measure must be positive")
    ratio = p / m
    name = statistic.lower().strip().replace("weighted", "aggregate").removeprefix("arithmetic ")
    name = _QUARTERS.get(name, name)
    if name in {"q1", "q3"}:
        found = getattr(quartiles(ratio), name)
    elif name.startswith("harmonic"):
        require(ratio > 0, "a harmonic mean needs positive multiples")
        found = 1.0 / np.mean(1.0 / ratio)
    elif name.startswith("geometric"):
        require(ratio > 0, "a geometric mean needs positive multiples")
        found = np.exp(np.mean(np.log(ratio)))
    elif name.startswith("aggregate"):
        found = p.sum() / m.sum()
    else:
        known: dict[str, Callable[[Floats], Any]] = {
            "median": np.median,
            "mean": np.mean,
            "average": np.mean,
            "min": np.min,
            "max": np.max,
        }
        if name not in known:
            raise InvalidInputError(f"no statistic is called {statistic!r}")
        found = known[name](ratio)
    return scalar(np.asarray(found) * array(subject, "subject"))


def rating_multiplier(
    scores: Mapping[str, float], reference: Mapping[str, float], weights: Mapping[str, float], *, bound: float = 0.5
) -> float:
    """Rating/ranking multiplier sum w_c*(s_c/s_ref), weights normalised, bounded to [1-bound, 1+bound].

    Scores run 1..5 for the subject and the reference deal. The bound is the rule of issue 4 and of domain
    section 2 (plus or minus 50 %); a caller may only tighten it.
    """
    require(0 <= bound <= 0.5, "the bound cannot exceed 50 %")
    total = sum(weights.values())
    require(total > 0 and all(w >= 0 for w in weights.values()), "weights must be non-negative and sum above 0")
    found = 0.0
    for name, weight in weights.items():
        require(1 <= scores[name] <= 5 and 1 <= reference[name] <= 5, f"{name}: a score lies between 1 and 5")
        found += weight / total * scores[name] / reference[name]
    return min(1 + bound, max(1 - bound, found))


def deviation_range(estimate: ArrayLike, deviation: ArrayLike) -> tuple[float | Floats, float | Floats]:
    """(estimate*(1-FSD), estimate*(1+FSD)): forecast-standard-deviation band of an automated model; confidence 1-FSD.

    Source: domain file section 10, case MKT-02.
    """
    value, spread = array(estimate, "estimate"), array(deviation, "deviation")
    require(spread >= 0, "a deviation is negative")
    return scalar(value * (1 - spread)), scalar(value * (1 + spread))
