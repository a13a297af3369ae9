"""Patent indicators: cohort-normalised scores as a bounded multiplier and a part of the grade, never a price.

Citations, references, claims and countries together explain 2.7 % of the variance of value (CEPR DP6848): a score
may tilt a range within stated bounds, no more. Sources: domain file sections 2 and 3; OECD STI Working Paper
2013/03 (Squicciarini, Dernis & Criscuolo), composite index of 4 and 6 components; Trajtenberg et al. 1997
(generality); Pakes 1986, Econometrica 54 (renewals).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from valuation.methods.types import ArrayLike, Floats, InvalidInputError, array, require

INDEX_4 = ("forward_citations", "family_size", "claims", "generality")
INDEX_6 = (*INDEX_4, "backward_citations", "grant_lag")
# A longer grant lag says less for a patent: it counts the other way round.
REVERSED = frozenset({"grant_lag"})


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """Mean of the components (0-1), each component, and which index it is."""

    score: float
    components: Mapping[str, float]
    index: str


def normalise(values: ArrayLike, cohort: ArrayLike, *, trim: float = 0.01) -> Floats:
    """Place ``values`` (…,) between 0 and 1 within their ``cohort`` (n,) after trimming both tails by ``trim``.

    The cohort is the patents of the same technology field and filing year. A flat cohort gives 0.5.
    Source: OECD 2013/03 section 3 (min-max within cohort); trimming kpeg.kipro.or.kr.
    """
    x, group = array(values, "values"), array(cohort, "cohort").ravel()
    require(group.size >= 1, "an empty cohort")
    require(0 <= trim < 0.5, "trim must lie in [0, 0.5)")
    low, high = np.quantile(group, (trim, 1 - trim))
    if high <= low:
        return np.full(x.shape, 0.5)
    return np.clip((x - low) / (high - low), 0.0, 1.0)


def generality(citing_classes: Mapping[str, float]) -> float:
    """1 - sum of squared shares of citing patents over IPC classes; 0 without citations. Trajtenberg et al. 1997."""
    total = sum(citing_classes.values())
    require(all(count >= 0 for count in citing_classes.values()), "a count is negative")
    return 0.0 if total == 0 else 1.0 - sum((count / total) ** 2 for count in citing_classes.values())


def composite(components: Mapping[str, float]) -> IndicatorScore:
    """OECD composite: index 6 when all six components are known, else index 4; components already 0-1.

    InvalidInputError when a component of index 4 is missing or outside [0, 1].
    """
    missing = [name for name in INDEX_4 if name not in components]
    if missing:
        raise InvalidInputError(f"missing indicators: {', '.join(missing)}")
    names = INDEX_6 if all(name in components for name in INDEX_6) else INDEX_4
    used = {name: float(components[name]) for name in names}
    require(all(0 <= value <= 1 for value in used.values()), "a component lies outside [0, 1]")
    score = sum(1 - value if name in REVERSED else value for name, value in used.items()) / len(used)
    return IndicatorScore(score, used, f"index {len(names)}")


def bounded_multiplier(score: float, *, low: float, high: float) -> float:
    """Multiplier in [low, high] with 1 at a score of 0.5, geometric on either side; low <= 1 <= high.

    The bounds come from a dated record (domain file section 3 suggests 0.8 and 1.25).
    """
    require(0 <= score <= 1, "a score lies in [0, 1]")
    require(0 < low <= 1 <= high, "the bounds must enclose 1")
    return low ** (1 - 2 * score) if score < 0.5 else high ** (2 * score - 1)


def confidence_part(known: Sequence[str], cohort_size: int, *, full_cohort: int) -> float:
    """Part of the confidence grade, 0-1: share of the six indicators known times how full the cohort is."""
    require(cohort_size >= 0 and full_cohort > 0, "cohort sizes must be positive")
    share = len(set(known) & set(INDEX_6)) / len(INDEX_6)
    return share * min(1.0, math.sqrt(cohort_size / full_cohort))


def renewal_floor(fees: ArrayLike, times: ArrayLike, rate: float) -> float:
    """Lower bound revealed by renewals: PV of the fees the owner has chosen to pay (money of ``fees``).

    An owner pays a fee only while expected returns cover it (Pakes 1986): a bound, never an estimate.
    """
    paid, when = array(fees, "fees").ravel(), array(times, "times").ravel()
    require(paid.shape == when.shape, "one time per fee")
    require(paid >= 0, "a fee is negative")
    require(rate > -1, "a discount rate at or below -100 % has no meaning")
    return float(np.sum(paid * (1.0 + rate) ** -when))
