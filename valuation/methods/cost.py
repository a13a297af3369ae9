"""Cost approach: what it would take to have the technology again, less what time has taken from it.

A floor and a cross-check, not value in use. Obsolescence is combined multiplicatively. Sources: domain file
section 2; Reilly & Schweihs, Guide to Intangible Asset Valuation ch. 11; IVS 105 par. 60-70; Circular
10/2019/TT-BTC (funding spent, for state-budget results).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from valuation.methods.types import ArrayLike, Floats, InvalidInputError, array, require, scalar

COMBINATION = "multiplicative"


@dataclass(frozen=True, slots=True)
class CostValue:
    """Cost new, the share left after each obsolescence in turn, and the value; money of the costs."""

    cost_new: float | Floats
    remaining: float | Floats
    value: float | Floats
    combination: str = COMBINATION


def obsolescence_factor(*shares: ArrayLike) -> float | Floats:
    """(1-f)(1-t)(1-e)… of obsolescence shares in [0, 1]; elementwise."""
    left = np.ones(())
    for share in shares:
        lost = array(share, "obsolescence")
        require((lost >= 0) & (lost <= 1), "obsolescence must lie in [0, 1]")
        left = left * (1.0 - lost)
    return scalar(left)


def replacement_cost(
    *,
    direct: ArrayLike,
    overhead: ArrayLike = 0.0,
    developer_profit: ArrayLike = 0.0,
    entrepreneurial_incentive: ArrayLike = 0.0,
    functional: ArrayLike = 0.0,
    technological: ArrayLike = 0.0,
    economic: ArrayLike = 0.0,
) -> CostValue:
    """Replacement (or reproduction) cost new less obsolescence.

    ``direct`` labour, materials and development at today's prices; ``developer_profit`` and
    ``entrepreneurial_incentive`` as shares of direct plus overhead; obsolescence as shares.
    """
    spent = array(direct, "direct cost") + array(overhead, "overhead")
    require(spent >= 0, "a cost is negative")
    new = spent * (1.0 + array(developer_profit, "profit") + array(entrepreneurial_incentive, "incentive"))
    left = np.asarray(obsolescence_factor(functional, technological, economic))
    return CostValue(scalar(new), scalar(left), scalar(new * left))


def indexed_history(
    costs: Mapping[int, float], index: Mapping[int, float], *, to_year: int
) -> tuple[float, Mapping[int, float]]:
    """Past yearly costs brought to the prices of ``to_year``: total and each year's part.

    ``index`` is a price level by year on any base; InvalidInputError when a year of spending has none.
    """
    parts = {}
    for year, cost in sorted(costs.items()):
        if year not in index or to_year not in index:
            raise InvalidInputError(f"the price index has no value for {year if year not in index else to_year}")
        require(cost >= 0 and index[year] > 0, "costs must not be negative, index values must be positive")
        parts[year] = cost * index[to_year] / index[year]
    return sum(parts.values()), parts


def remaining_share(age: float, life: float) -> float:
    """Straight-line share of the economic life left, 0-1: a default for technological obsolescence."""
    require(life > 0 and age >= 0, "life must be positive, age not negative")
    return max(0.0, 1.0 - age / life)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Who gets what of a profit; the parts add up to the profit."""

    author: float
    broker: float
    owner_representative: float
    research: float
    welfare: float


def distribute_profit(
    profit: float,
    *,
    author: float,
    broker: float = 0.0,
    owner_representative: float = 0.0,
    research_share_of_rest: float,
) -> Distribution:
    """Split ``profit`` by shares (fractions of it); the rest goes to research and welfare.

    The shares are dated rules of the contract's regime (Decree 08/2014 ch. 4; Law 93/2025/QH15 art. 28), passed in.
    InvalidInputError when they exceed the profit.
    """
    shares = (author, broker, owner_representative)
    require(all(0 <= share <= 1 for share in shares) and sum(shares) <= 1 + 1e-12, "the shares exceed the profit")
    require(0 <= research_share_of_rest <= 1, "a share lies in [0, 1]")
    rest = profit * max(0.0, 1.0 - sum(shares))
    return Distribution(
        author=profit * author,
        broker=profit * broker,
        owner_representative=profit * owner_representative,
        research=rest * research_share_of_rest,
        welfare=rest * (1 - research_share_of_rest),
    )
