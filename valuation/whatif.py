"""What if: the range again with some inputs moved, and a buyer's own maximum. Nothing is stored.

An outsider starts from what he may read (`valuation.disclosure`): an undisclosed answer is replaced by its default and
undisclosed sales by a dated example, so that no sequence of questions can find them out.
"""

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.core.cache import cache
from django.utils import timezone

from listings.models import Technology
from valuation import selectors
from valuation.answers import Answers
from valuation.defaults import Defaults
from valuation.disclosure import SECRET, Reader, can_reproduce, is_explained_openly, open_answers
from valuation.inputs import PATHS, VERSION, computed_from, prepare, rebuild, seed_of
from valuation.methods.statement import INCREMENTAL, Estimate, Origin, RoyaltyRange, Shape, SuggestionInputs
from valuation.methods.suggest import Glance, glance
from valuation.methods.types import MethodError, Percentiles, digest
from valuation.models import Interview, Suggestion

#: Yearly sales to start from where the owner keeps his.
EXAMPLE: Final = "example.revenue"
KEPT_SECONDS: Final = 600  # the unmoved result, while someone moves sliders
#: What can be moved: unit and the least and greatest value.
LEVERS: Final[Mapping[str, tuple[str, float, float]]] = {
    "revenue": ("VND", 0.0, 1e17),
    "coverage": ("fraction", 0.0, 1.0),
    "royalty": ("fraction", 0.0, 1.0),
    "success": ("fraction", 0.0, 1.0),
    "discount_rate": ("fraction", 0.01, 1.0),
    "launch_delay": ("years", 0.0, 15.0),
    "economic_life": ("years", 1.0, 30.0),
}


class LeftOut(enum.StrEnum):
    """What of the owner's answers a start does without: deals that are never disclosed, or all, with sales as an example."""

    NOTHING = "nothing"
    DEALS = "deals"
    ANSWERS = "answers"


@dataclass(frozen=True, slots=True)
class Start:
    """Where a what-if starts from. `left_out`: what the reader may not compute from.

    `growth` is the yearly growth of sales by which the profile was made, and is made longer.
    """

    inputs: SuggestionInputs
    seed: int
    left_out: LeftOut = LeftOut.NOTHING
    growth: float = 0.0

    @property
    def is_rough(self) -> bool:
        """Tell whether it gives another range than the suggested one, for something was left out."""
        return self.left_out is not LeftOut.NOTHING


def start_for(
    technology: Technology, suggestion: Suggestion | None, interview: Interview | None, reader: Reader
) -> Start | None:
    """Give the inputs that a reader may compute from; None when there are none (no revenue is known to him)."""
    if suggestion is not None and can_reproduce(suggestion, reader):
        parameters = suggestion.inputs["parameters"]
        return (
            None
            if parameters is None
            else Start(rebuild(parameters), suggestion.seed, growth=_growth(suggestion.inputs["rows"]))
        )
    given = Answers(interview.answers) if interview is not None else Answers()
    answers = open_answers(given, reader)
    counted = suggestion is not None and is_explained_openly(suggestion, reader)
    kept = counted or (not reader.is_inside and bool(SECRET.intersection(computed_from(given).given)))
    left_out = LeftOut.DEALS if kept else LeftOut.NOTHING
    defaults = Defaults.on(timezone.localdate())
    if not reader.is_inside and reader is not Reader.BASIS:
        left_out = LeftOut.ANSWERS
        answers = Answers({"revenue": {"value": [str(defaults.row(EXAMPLE).value)] * 3, "origin": "assumption"}})
    prepared = prepare(technology, defaults=defaults, rates=selectors.royalty_rates(), answers=answers)
    if prepared.parameters is None:
        return None
    seed = seed_of(prepared.hash(technology))
    return Start(prepared.parameters, seed, left_out, growth=_growth(prepared.rows))


def _growth(rows: list[dict[str, Any]]) -> float:
    return next((float(row["values"][0]) for row in rows if row["name"] == "growth"), 0.0)


def middles(inputs: SuggestionInputs) -> dict[str, float]:
    """Give the present middle of each lever."""
    delay = next((year for year, part in enumerate(inputs.revenue_profile) if part > 0), 0)
    royalty = inputs.royalty_estimate.mode if inputs.royalty_estimate is not None else inputs.royalty.median
    return {
        "revenue": inputs.revenue.mode,
        "coverage": inputs.coverage.mode,
        "royalty": royalty,
        "success": inputs.success.mode,
        "discount_rate": inputs.discount_rate.mode,
        "launch_delay": float(delay),
        "economic_life": inputs.economic_life or 0.0,
    }


def _moved(estimate: Estimate, value: float, most: float) -> Estimate:
    """The estimate with its middle at `value` and its spread in proportion, inside [0, most]."""
    if estimate.mode <= 0:
        return Estimate.known(value, estimate.origin, estimate.source)
    factor = value / estimate.mode
    low, high = min(value, estimate.low * factor), max(value, min(most, estimate.high * factor))
    return Estimate(low, value, high, Shape.FIXED if low == high else estimate.shape, estimate.origin, estimate.source)


def _royalty(known: RoyaltyRange, value: float) -> RoyaltyRange:
    factor = value / known.median if known.median > 0 else 1.0
    q3 = min(1.0, known.q3 * factor)
    return replace(
        known, q1=min(value, known.q1 * factor), median=value, q3=max(value, q3), maximum=max(known.maximum, q3)
    )


def _timed(inputs: SuggestionInputs, delay: int, life: float, growth: float) -> SuggestionInputs:
    """The inputs with selling `delay` years away and customers for `life` years, sales going on to grow."""
    profile = inputs.revenue_profile
    started = profile[next((year for year, part in enumerate(profile) if part > 0), 0) :]
    full = (*(0.0,) * delay, *started)
    missing = max(0, math.ceil(life) + 1 - len(full))
    more = (full[-1] * (1.0 + growth) ** year for year in range(1, missing + 1))
    return replace(inputs, revenue_profile=(*full, *more), economic_life=life, launch_time=float(delay))


def vary(inputs: SuggestionInputs, changes: Mapping[str, float], *, growth: float = 0.0) -> SuggestionInputs:
    """Give the inputs with the middles of some levers moved, `growth` a year beyond their sales profile.

    Raises KeyError for what is no lever.
    """
    for name, value in changes.items():
        _unit, least, most = LEVERS[name]
        value = min(most, max(least, value))
        if name == "royalty":
            if inputs.royalty_estimate is not None:
                inputs = replace(inputs, royalty_estimate=_moved(inputs.royalty_estimate, value, 1.0))
            else:
                inputs = replace(inputs, royalty=_royalty(inputs.royalty, value))
        elif name == "launch_delay":
            inputs = _timed(inputs, math.ceil(value), inputs.economic_life or 1.0, growth)
        elif name == "economic_life":
            inputs = _timed(inputs, int(middles(inputs)["launch_delay"]), value, growth)
        else:
            moved: dict[str, Any] = {name: _moved(getattr(inputs, name), value, most)}
            inputs = replace(inputs, **moved)
    return inputs


@dataclass(frozen=True, slots=True)
class Outcome:
    """The range before and after the change."""

    before: Glance
    after: Glance

    @property
    def change(self) -> float | None:
        """Change of the middle as a fraction of what it was; None when it was not positive."""
        base = self.before.middle
        return self.after.middle / base - 1 if base > 0 else None


def _key(start: Start) -> str:
    return f"valuation.whatif:{digest({'inputs': start.inputs, 'seed': start.seed, 'version': VERSION})}"


def costs_a_computation(start: Start, changes: Mapping[str, float]) -> bool:
    """Tell whether `explore` has to simulate: what nobody moved is kept for a while."""
    return bool(changes) or cache.get(_key(start)) is None


def explore(start: Start, changes: Mapping[str, float]) -> Outcome:
    """Compute before and after with the same draws. Raises MethodError for inputs that cannot be."""
    key = _key(start)
    before = cache.get(key)
    if before is None:
        before = glance(start.inputs, seed=start.seed, paths=PATHS)
        cache.set(key, before, KEPT_SECONDS)
    after = (
        glance(vary(start.inputs, changes, growth=start.growth), seed=start.seed, paths=PATHS) if changes else before
    )
    return Outcome(before, after)


def buyers_maximum(
    start: Start,
    *,
    extra_profit: tuple[float, float, float],
    start_cost: float | None = None,
    rate: float | None = None,
    years: float | None = None,
) -> Percentiles:
    """Give the present value, after tax, of what a buyer gains in VND: at P50 the most he can pay.

    `extra_profit` low, middle, high a full year before tax; `start_cost` what he spends before selling; `rate` his own
    yearly return; `years` how long he sells. The rest is as the reader of `start` may know it.
    """
    inputs = start.inputs
    margin = Estimate.known(inputs.plan.margin if inputs.plan is not None else 1.0, Origin.ASSUMPTION)
    inputs = replace(
        inputs,
        incremental_profit=Estimate(*extra_profit, Shape.PERT, Origin.OWNER),
        launch_cost=Estimate.known(start_cost, Origin.OWNER) if start_cost else None,
        owner_pays=False,
        gates=(),
        margin=margin,
        charge=None,
        discount_rate=Estimate.known(rate, Origin.OWNER) if rate is not None else inputs.discount_rate,
    )
    if years is not None:
        inputs = _timed(inputs, int(middles(inputs)["launch_delay"]), years, start.growth)
    return glance(inputs, seed=start.seed, paths=PATHS).methods[INCREMENTAL]


__all__ = [
    "LEVERS",
    "LeftOut",
    "MethodError",
    "Start",
    "buyers_maximum",
    "costs_a_computation",
    "explore",
    "middles",
    "start_for",
    "vary",
]
