"""The arithmetic at the middle of every input (P50), term by term: what a spreadsheet can follow with formulae."""

from typing import Any

import numpy as np

from valuation.methods.ladder import prepare_case
from valuation.methods.royalty import survival
from valuation.methods.statement import RELIEF, SuggestionInputs
from valuation.methods.types import jsonable


def working(inputs: SuggestionInputs) -> dict[str, Any]:
    """Give plain JSON: `middle` (P50 by input), `values` and `weights` by method, `reconciled`, `years` of the royalty.

    `values` are what the simulation's methods give for the middles, in the currency; `weights` sum to 1; `reconciled`
    is their weighted sum (the middle of the tornado). A year holds `time` (years from the valuation date), `length`
    (part of a full year), `profile`, `survival`, `factor` (discount), `royalty` (after tax and chance) and `present`.
    """
    case, _warnings = prepare_case(inputs)
    x = case.middle()
    values = {name: float(value) for name, value in case.values(x).items()}
    stated = {name: float(inputs.method_weights.get(name, 0.0)) for name in case.methods}
    total = sum(stated.values())
    weights = {name: weight / total for name, weight in stated.items()} if total > 0 else {}
    return {
        "middle": {name: float(value) for name, value in x.items()},
        "values": values,
        "weights": weights,
        "reconciled": sum(weight * values[name] for name, weight in weights.items()) if weights else None,
        "years": _years(inputs, {name: float(value) for name, value in x.items()}) if RELIEF in values else [],
    }


def _years(inputs: SuggestionInputs, x: dict[str, float]) -> list[dict[str, Any]]:
    case, _warnings = prepare_case(inputs)
    periods = case.periods
    left = survival(np.float64(x["decay"]), periods.periods)
    rows = []
    for year in range(periods.periods):
        length, time, profile = periods.lengths[year], periods.times[year], inputs.revenue_profile[year]
        sales = x["revenue"] * profile * length
        royalty = sales * x["coverage"] * float(left[year]) * x["royalty"] * (1 - inputs.tax) * x["success"]
        factor = (1 + x["discount_rate"]) ** -time
        rows.append({
            "year": year + 1, "time": time, "length": length, "profile": profile, "survival": float(left[year]),
            "sales": sales, "royalty": royalty, "factor": factor, "present": royalty * factor,
        })  # fmt: skip
    return list(jsonable(rows))
