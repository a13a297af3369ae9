"""A simulated market with a known truth, to test the back-test itself. Nothing in it is a real deal.

Each technology has inputs, the suggestion is computed from them as for any technology, and the price of its deal is
drawn: from the very mixture the suggestion states (well specified), or from something else. Half of the deals are paid
by a running royalty worth that price, so that the conversion of payment forms is tested as well.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from valuation.methods.backtest import DealTerms, Score, lump_sum_equivalent, score
from valuation.methods.ladder import prepare_case
from valuation.methods.simulation import draw_scores, sample, uncertain
from valuation.methods.suggest import SuggestionInputs, suggest_range

#: Where a hidden cause moves prices: standard deviation of its logarithm.
HIDDEN_SD = 1.0
BIAS = 2.0
STRETCH = 2.0
ANCHORED_SD = 0.1


class World(enum.StrEnum):
    """How prices come about."""

    WELL_SPECIFIED = "well_specified"
    OVERCONFIDENT = "overconfident"
    BIASED = "biased"
    HIDDEN_FACTOR = "hidden_factor"
    ANCHORED = "anchored"


@dataclass(frozen=True, slots=True)
class SimulatedDeal:
    """A deal of a world: its score against the suggestion, and the suggestion's grade."""

    world: World
    grade: str
    score: Score


def true_price(inputs: SuggestionInputs, *, seed: int) -> float:
    """Draw one price from the mixture that a suggestion with these inputs states; may be negative."""
    generator = np.random.default_rng(seed)
    case, _warnings = prepare_case(inputs)
    names = uncertain(case.marginals)
    pairs = {pair: rho for pair, rho in inputs.correlations.items() if pair[0] in names and pair[1] in names}
    # A block of draws and one of them, so that the sampler is the product's own.
    draws = sample(case.marginals, draw_scores(names, paths=1000, seed=seed, spearman=pairs))
    weights = np.array([max(0.0, inputs.method_weights.get(name, 0.0)) for name in case.methods])
    method = case.methods[int(generator.choice(len(weights), p=weights / weights.sum()))]
    values = np.broadcast_to(np.asarray(case.values(draws)[method], dtype=np.float64), (1000,))
    return float(values[int(generator.integers(values.size))])


def _terms(inputs: SuggestionInputs, price: float, *, as_royalty: bool) -> DealTerms:
    """Give a lump sum, or the running royalty that is worth it."""
    if as_royalty:
        unit = lump_sum_equivalent(inputs, DealTerms(lump_sum=0.0, royalty=1.0))
        return DealTerms(lump_sum=0.0, royalty=price / unit)
    return DealTerms(lump_sum=price)


def simulate(
    market: Iterable[SuggestionInputs], worlds: Iterable[World], *, seed: int, paths: int
) -> list[SimulatedDeal]:
    """Suggest a range for each technology, close a deal in each world, and score it.

    A technology without a price, and a draw at or below zero, give no deal, as in life.
    """
    deals = []
    worlds = tuple(worlds)
    for place, inputs in enumerate(market):
        result = suggest_range(inputs, seed=seed + 2 * place, paths=paths)
        if result.price is None:
            continue
        drawn = true_price(inputs, seed=seed + 2 * place + 1)
        if drawn <= 0:
            continue
        noise = float(np.random.default_rng(seed + place).standard_normal())
        middle = result.price.mid
        prices = {
            World.WELL_SPECIFIED: drawn,
            World.OVERCONFIDENT: middle * (drawn / middle) ** STRETCH,
            World.BIASED: drawn * BIAS,
            World.HIDDEN_FACTOR: drawn * np.exp(HIDDEN_SD * noise),
            World.ANCHORED: middle * np.exp(ANCHORED_SD * noise),
        }
        for world in worlds:
            terms = _terms(inputs, float(prices[world]), as_royalty=place % 2 == 1)
            paid = lump_sum_equivalent(inputs, terms)
            found = score(paid, low=result.price.low, middle=middle, high=result.price.high)
            deals.append(SimulatedDeal(world, result.grade.letter, found))
    return deals
