"""The back-test on a simulated market with a known truth: does the 80 % range hold in 80 % of the deals?

    python -m benchmarks.backtest_simulated [--technologies N] [--paths N] [--csv OUT] [--json OUT]

Every technology and deal is made up. Where prices fall as the ranges say, the share inside must be near 80 %; where
the ranges are too narrow, biased or miss a cause, it must fall; where the parties copy the middle of the range, it
rises and says nothing. Prints a line per world and, last, one line of JSON; exit 1 when a world behaves otherwise.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.factories.valuation_inputs import price_comparables, royalty_comparables, suggestion_inputs
from valuation.methods.backtest import NOMINAL, Share, coverage
from valuation.methods.market import World, simulate
from valuation.methods.suggest import Estimate, Origin, RoyaltyRange, Shape, SuggestionInputs

SEED = 20_261_122
PATHS = 20_000
TECHNOLOGIES = 1000
#: How far from 80 % the well-specified share may lie beyond its interval: the ranges are rounded to two digits.
ROUNDING = 0.01


def technologies(count: int, *, seed: int = SEED) -> Iterator[SuggestionInputs]:
    """Made-up technologies: revenues over two orders of magnitude, different royalties, lives, chances and methods."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        revenue = float(np.exp(random.normal(np.log(8e9), 1.0)))
        royalty = float(random.uniform(0.02, 0.07))
        chance = float(random.uniform(0.2, 0.9))
        spread = float(random.uniform(1.2, 2.5))
        deals = [royalty * float(np.exp(random.normal(0, 0.4))) for _ in range(int(random.integers(0, 7)))]
        base = suggestion_inputs()
        yield suggestion_inputs(
            revenue=Estimate(revenue / spread, revenue, revenue * spread, Shape.PERT, Origin.OWNER),
            royalty=RoyaltyRange(
                royalty / 1.6, royalty, royalty * 1.7, base.revenue_base, Origin.DEFAULT, "made up", maximum=0.4
            ),
            success=Estimate(chance * 0.8, chance, min(1.0, chance * 1.1), Shape.PERT, Origin.DEFAULT),
            legal_life=float(random.uniform(3, 18)),
            comparables=royalty_comparables(*deals) + price_comparables(),
            incremental_profit=None,
            sunk_cost_floor=None,
        )


def judge(shares: dict[World, Share]) -> list[str]:
    """Name what did not behave as it must."""
    well = shares[World.WELL_SPECIFIED]
    wrong = []
    if not well.low - ROUNDING <= NOMINAL <= well.high + ROUNDING:
        wrong.append(f"well specified, yet {well.share:.1%} inside")
    wrong += [
        f"{world.value} is taken for well specified"
        for world in (World.OVERCONFIDENT, World.BIASED, World.HIDDEN_FACTOR)
        if shares[world].high >= NOMINAL
    ]
    if shares[World.ANCHORED].low <= NOMINAL:
        wrong.append("anchored prices do not fall inside")
    return wrong


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--technologies", type=int, default=TECHNOLOGIES)
    parser.add_argument("--paths", type=int, default=PATHS)
    parser.add_argument("--csv", type=Path, help="write the table that the calibration page shows")
    parser.add_argument("--json", type=Path, help="also write the result here")
    options = parser.parse_args(arguments)
    deals = simulate(technologies(options.technologies), World, seed=SEED, paths=options.paths)
    shares = {world: coverage([deal.score for deal in deals if deal.world is world]) for world in World}
    rows = [
        {"world": world.value, "deals": share.count, "hits": share.hits, "paths": options.paths, "seed": SEED}
        for world, share in shares.items()
    ]
    for world, share in shares.items():
        print(
            f"{world.value:<15} {share.share:6.1%} of {share.count} inside P10-P90 ({share.low:.1%} to {share.high:.1%})"
        )
    wrong = judge(shares)
    print(*(f"WRONG: {text}" for text in wrong), sep="\n", end="\n" if wrong else "")
    if options.csv:
        with options.csv.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    result = {"simulated": True, "nominal": NOMINAL, "worlds": rows, "wrong": wrong}
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
