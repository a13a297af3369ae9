"""What may be published of closed deals: disjoint groups of at least k, in bands, once and for all.

The rule that protects: **every deal is counted in one published group, once**. Groups never overlap and are never
published again with a deal more or less, so whatever is added, subtracted or filtered over any number of releases, the
deals behind it are a union of whole groups. What a group says is computed from the bands in which its deals' figures
lie, never from the figures: someone who knows every other deal of the group learns a band at most.

Source: k-anonymity with several distinct values per group (Samarati and Sweeney 1998; Machanavajjhala et al. 2007), and
the dominance rule of statistical offices (Hundepool et al. 2012, section 4.2).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from valuation.methods.types import require

#: No row of rules makes a smaller group public.
LEAST_K = 3
#: Royalties in percent of their base.
ROYALTY_EDGES = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0, 50.0, 100.0)
#: Sums in VND: 1, 2, 5, 10, … from a million to ten thousand billion.
MONEY_EDGES = (0.0, *(float(digit * 10**power) for power in range(6, 13) for digit in (1, 2, 5)), 1e13)


@dataclass(frozen=True, slots=True)
class Observed:
    """A closed deal as far as publication needs it.

    ``cells``: the cell to which it belongs at each level, the finest first (as many levels for every deal).
    ``waited``: releases since it could first be published. ``values``: figure by measure, in the measure's unit.
    """

    key: int
    licensor: Hashable
    licensee: Hashable
    cells: tuple[Hashable, ...]
    waited: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PublicationRule:
    """When a group may be published.

    ``k``: least number of deals, of suppliers and of buyers, for the group and for each measure of it.
    ``most_share``: largest part of the deals (0-1) in which one organisation may stand. ``patience``: releases that the
    oldest deal waits before it may be published one level coarser. ``distinct``: least number of different bands.
    """

    k: int
    most_share: float
    patience: int
    distinct: int

    def __post_init__(self) -> None:
        require(self.k >= LEAST_K, f"a group of fewer than {LEAST_K} deals is not anonymous")
        require(0 < self.most_share <= 1, "most_share must lie in (0, 1]")
        require(self.patience >= 0 and self.distinct >= 2, "patience must not be negative, distinct at least 2")


@dataclass(frozen=True, slots=True)
class Banded:
    """Where the quarter, the middle and three quarters of a measure lie: edges of bands in the measure's unit."""

    low: float
    middle_from: float
    middle_to: float
    high: float


@dataclass(frozen=True, slots=True)
class Group:
    """A group to publish: its level (0 is the finest), its cell, its deals, and what may be said of each measure."""

    level: int
    cell: Hashable
    deals: tuple[Observed, ...]
    measures: Mapping[str, Banded]


def band_of(value: float, edges: Sequence[float]) -> int:
    """Give the place of the band [edges[i], edges[i+1]) that holds ``value``; what lies outside goes to the last ones."""
    return min(max(bisect_right(edges, value) - 1, 0), len(edges) - 2)


def count_band(count: int, k: int) -> tuple[int, int | None]:
    """Give the band of a number of deals: k to 2k-1, 2k to 4k-1, 4k to 10k-1, 10k and more (None)."""
    for low, high in ((k, 2 * k), (2 * k, 4 * k), (4 * k, 10 * k)):
        if count < high:
            return low, high - 1
    return 10 * k, None


def is_anonymous(deals: Sequence[Observed], rule: PublicationRule) -> bool:
    """Tell whether there are k deals, k suppliers and k buyers, and no organisation stands in too many of them."""
    return (
        len(deals) >= rule.k
        and len({deal.licensor for deal in deals}) >= rule.k
        and len({deal.licensee for deal in deals}) >= rule.k
        and max(_parties(deals).values()) <= _most(len(deals), rule)
    )


def _parties(deals: Iterable[Observed]) -> Counter[Hashable]:
    """Count the deals in which each organisation stands, on whichever side."""
    return Counter(party for deal in deals for party in {deal.licensor, deal.licensee})


def _most(count: int, rule: PublicationRule) -> int:
    return max(1, math.floor(rule.most_share * count + 1e-9))


def _without_dominance(deals: Sequence[Observed], rule: PublicationRule) -> list[Observed]:
    """Leave out the later deals of organisations that stand in too many; they wait for a larger group."""
    kept = list(deals)
    while True:
        most, seen, fewer = _most(len(kept), rule), Counter[Hashable](), []
        for deal in kept:
            parties = {deal.licensor, deal.licensee}
            if all(seen[party] < most for party in parties):
                seen.update(parties)
                fewer.append(deal)
        if len(fewer) == len(kept):
            return kept
        kept = fewer


def banded(values: Sequence[float], edges: Sequence[float], *, distinct: int) -> Banded | None:
    """Give the bands of the quartiles, or None when the values lie in fewer than ``distinct`` bands.

    The quartile of n values is the ceil(n*p)-th smallest band.
    """
    bands = sorted(band_of(value, edges) for value in values)
    if len(set(bands)) < distinct:
        return None
    low, middle, high = (bands[math.ceil(len(bands) * p) - 1] for p in (0.25, 0.5, 0.75))
    return Banded(edges[low], edges[middle], edges[middle + 1], edges[high + 1])


def measures_of(
    deals: Sequence[Observed], rule: PublicationRule, edges: Mapping[str, Sequence[float]]
) -> dict[str, Banded]:
    """Give what may be said of each measure; one that too few deals have, or that says too much, is left out."""
    found = {}
    for name, grid in edges.items():
        having = [deal for deal in deals if name in deal.values]
        if not having or not is_anonymous(having, rule):
            continue
        said = banded([deal.values[name] for deal in having], grid, distinct=rule.distinct)
        if said is not None:
            found[name] = said
    return found


def form_groups(
    waiting: Iterable[Observed],
    rule: PublicationRule,
    *,
    edges: Mapping[str, Sequence[float]],
    needs_measure: bool = True,
) -> list[Group]:
    """Divide deals that wait into groups to publish; whoever is in none waits on.

    From the finest level to the coarsest. A coarser level takes a cell once its oldest deal has waited
    ``level * patience`` releases. A group is published only if something may be said of it, unless ``needs_measure`` is
    false. The same deals give the same groups, whatever their order.
    """
    left = sorted(waiting, key=lambda deal: deal.key)
    groups: list[Group] = []
    for level in range(len(left[0].cells) if left else 0):
        cells: dict[Hashable, list[Observed]] = {}
        for deal in left:
            cells.setdefault(deal.cells[level], []).append(deal)
        taken: set[int] = set()
        for cell, deals in cells.items():
            if level and max(deal.waited for deal in deals) < level * rule.patience:
                continue
            kept = _without_dominance(deals, rule)
            if not is_anonymous(kept, rule):
                continue
            said = measures_of(kept, rule, edges)
            if said or not needs_measure:
                groups.append(Group(level, cell, tuple(kept), said))
                taken.update(deal.key for deal in kept)
        left = [deal for deal in left if deal.key not in taken]
    return groups
