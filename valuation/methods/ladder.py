"""The method ladder: which methods the answers allow, and the value of each on every path.

Relief from royalty and comparable royalties: sales x rate after tax. Staged development (rNPV): the same royalty less
the costs still to come, each weighted by the chance of reaching its stage; when the licensee pays them the owner bears
the part that his share of the profit is (royalty over margin, UNIDO Manual 1996 p. 256). Excess earnings: the profit
left after a charge for the other assets. Incremental profit: what a buyer gains, his ceiling. Cost: a floor. Right to
wait: Cox-Ross-Rubinstein call on the royalties with the costs as strike. Sources: domain file section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from valuation.methods.comparables import ComparableRange, compare
from valuation.methods.discounting import Schedule, schedule, tab_factor
from valuation.methods.distributions import Fixed, Marginal, QuartileLognormal
from valuation.methods.lattice import option_to_delay
from valuation.methods.royalty import profile_present_value
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
    SuggestionInputs,
)
from valuation.methods.types import BaseMismatchError, Floats, InvalidInputError, Percentiles, require

#: Methods that value more or less than the technology itself: shown beside the others, never pooled by default.
BOUNDS = {INCREMENTAL: "buyer_ceiling", COST: "cost_floor", OPTION: "value_of_waiting"}
#: Why a method could not be used.
MISSING = {
    COMPARABLE_ROYALTIES: "too_few_comparables",
    COMPARABLE_PRICES: "no_prices",
    STAGED: "no_costs_to_come",
    EXCESS: "not_asked",
    INCREMENTAL: "no_extra_profit",
    COST: "no_past_costs",
    OPTION: "nothing_to_wait_for",
}


@dataclass(frozen=True, slots=True)
class Rung:
    """A method and its standing: ``state`` used (pooled), shown (not pooled) or rejected, and why by a code."""

    method: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """Inputs made ready: distributions by name, the schedule, the methods that can run."""

    inputs: SuggestionInputs
    marginals: dict[str, Marginal]
    periods: Schedule
    methods: tuple[str, ...]
    ranges: dict[str, ComparableRange]
    unit_maintenance: float

    def values(self, x: Mapping[str, Floats]) -> dict[str, Floats]:
        """Value by method for draws ``x`` (each (paths,) or 0-d)."""
        given = self.inputs
        rate, decay, chance = x["discount_rate"], x["decay"], x["success"]
        worth = profile_present_value(given.revenue_profile, decay, rate, self.periods)
        keep = (1.0 - given.tax) * chance * given.indicator_multiplier
        if given.tab_life is not None:
            keep = keep * tab_factor(given.tax, given.tab_life, rate, given.timing)
        outgo: Floats | float = 0.0
        share: Floats | float = 1.0
        if self.unit_maintenance:
            flat = (1.0,) * self.periods.periods
            outgo = self.unit_maintenance * profile_present_value(flat, np.float64(0.0), rate, self.periods)
        if "development_cost" in x:
            outgo = outgo + x["development_cost"]
        to_come = self._costs_to_come(x, rate, chance)
        if not given.owner_pays and "margin" in x:
            share = np.minimum(1.0, x["royalty"] / np.maximum(x["margin"], 1e-9))
        out: dict[str, Floats] = {}
        sales = x["revenue"] * x["coverage"] * worth * keep
        for method in self.methods:
            if method == RELIEF:
                out[method] = sales * x["royalty"] - outgo
            elif method == COMPARABLE_ROYALTIES:
                out[method] = sales * x["comparable_royalty"] - outgo
            elif method == STAGED:
                out[method] = sales * x["royalty"] - share * to_come - outgo
            elif method == EXCESS:
                out[method] = sales * (x["margin"] - x["charge"]) - (0.0 if given.owner_pays else to_come) - outgo
            elif method == INCREMENTAL:
                own = 0.0 if given.owner_pays else to_come
                out[method] = x["incremental_profit"] * worth * keep - own - outgo
            elif method == COMPARABLE_PRICES:
                out[method] = x["comparable_price"]
            else:
                out[method] = x["cost"]
        return out

    def _costs_to_come(self, x: Mapping[str, Floats], rate: Floats, chance: Floats) -> Floats:
        """PV after tax of the costs still to come, each weighted by the chance of reaching it (none: 0)."""
        total: Floats = np.zeros(())
        reached = 1.0
        for gate in self.inputs.gates:
            total = total + reached * gate.cost * (1.0 + rate) ** -gate.time
            reached *= gate.probability
        if "launch_cost" in x:
            total = total + chance * x["launch_cost"] * (1.0 + rate) ** -self.inputs.launch_time
        return np.asarray(total * (1.0 - self.inputs.tax))

    def middle(self) -> dict[str, Floats]:
        """P50 of every input, each 0-d."""
        return {name: marginal.ppf(np.float64(0.5)) for name, marginal in self.marginals.items()}


def life_of(inputs: SuggestionInputs) -> float:
    lives = [life for life in (inputs.legal_life, inputs.economic_life) if life is not None]
    if not lives:
        raise InvalidInputError("a suggestion needs a legal or an economic life")
    return max(0.0, min(lives))


def prepare_case(inputs: SuggestionInputs) -> tuple[Case, list[str]]:
    """Check the inputs, build distributions and choose the methods that can run."""
    warnings: list[str] = []
    if inputs.royalty.base != inputs.revenue_base:
        raise BaseMismatchError(f"royalty on {inputs.royalty.base}, revenue counted as {inputs.revenue_base}")
    require(0 <= inputs.tax < 1, "tax must lie in [0, 1)")
    require(inputs.coverage.low >= 0 and inputs.coverage.high <= 1, "coverage must lie in [0, 1]")
    require(inputs.success.low >= 0 and inputs.success.high <= 1, "success must lie in [0, 1]")
    require(inputs.decay.low >= 0 and inputs.decay.high <= 1, "decay must lie in [0, 1]")
    require(inputs.revenue.low >= 0, "revenue is negative")
    require(inputs.discount_rate.low > -1, "a discount rate at or below -100 % has no meaning")
    require(inputs.indicator_multiplier > 0, "the indicator multiplier must be positive")
    require(inputs.royalty.q3 <= 1, "a royalty above 100 %")
    unknown = set(inputs.method_weights) - set(METHODS)
    require(not unknown, f"unknown methods: {', '.join(sorted(unknown))}")
    periods = schedule(life_of(inputs), timing=inputs.timing, first_fraction=inputs.first_fraction)
    marginals: dict[str, Marginal] = {
        "revenue": inputs.revenue.marginal(),
        "coverage": inputs.coverage.marginal(),
        "royalty": (inputs.royalty_estimate or inputs.royalty).marginal(),
        "discount_rate": inputs.discount_rate.marginal(),
        "decay": inputs.decay.marginal(),
        "success": inputs.success.marginal(),
    }
    methods = [RELIEF]
    ranges: dict[str, ComparableRange] = {}
    for method, base, name in (
        (COMPARABLE_ROYALTIES, inputs.royalty.base, "comparable_royalty"),
        (COMPARABLE_PRICES, "price", "comparable_price"),
    ):
        found = [c for c in inputs.comparables if c.base == base]
        if len(found) < max(1, inputs.minimum_comparables):
            if found:
                warnings.append(f"too_few_{method}")
            continue
        ranges[method] = compare(found, base=base, half_life=inputs.comparable_half_life)
        marginals[name] = _range_marginal(ranges[method], 1.0 if base != "price" else np.inf)
        methods.append(method)
    if any(c.base not in {inputs.royalty.base, "price"} for c in inputs.comparables):
        warnings.append("comparables_on_other_bases_left_out")
    if not ranges:
        warnings.append("not_enough_comparables")
    if inputs.launch_cost is not None or any(gate.cost > 0 for gate in inputs.gates):
        require(all(gate.cost >= 0 and gate.time >= 0 for gate in inputs.gates), "a stage has a negative cost or time")
        require(all(0 <= gate.probability <= 1 for gate in inputs.gates), "a chance lies in [0, 1]")
        require(inputs.owner_pays or inputs.margin is not None, "costs borne by the licensee need his margin")
        methods.append(STAGED)
        if inputs.launch_cost is not None:
            marginals["launch_cost"] = inputs.launch_cost.marginal()
        if inputs.margin is not None and not inputs.owner_pays:
            marginals["margin"] = inputs.margin.marginal()
    if inputs.charge is not None:
        require(inputs.margin is not None, "excess earnings need the licensee's margin")
        assert inputs.margin is not None
        marginals |= {"margin": inputs.margin.marginal(), "charge": inputs.charge.marginal()}
        methods.append(EXCESS)
    for name, method, estimate in (
        ("incremental_profit", INCREMENTAL, inputs.incremental_profit),
        ("cost", COST, inputs.cost),
        ("development_cost", "", inputs.development_cost),
    ):
        if estimate is not None:
            marginals[name] = estimate.marginal()
            if method in METHODS:
                methods.append(method)
    return Case(inputs, marginals, periods, tuple(methods), ranges, inputs.maintenance * (1 - inputs.tax)), warnings


def _range_marginal(found: ComparableRange, maximum: float) -> Marginal:
    if found.q1 == found.q3 or found.q1 <= 0:
        return Fixed(found.median)
    return QuartileLognormal(found.q1, found.median, found.q3, 0.0, maximum)


def rungs(case: Case, share: Mapping[str, float], extra: Sequence[str] = ()) -> tuple[Rung, ...]:
    """Every known method with its standing; ``extra`` names those computed outside the simulation."""
    out = []
    for method in METHODS:
        if method not in case.methods and method not in extra:
            out.append(Rung(method, "rejected", MISSING[method]))
        elif share.get(method, 0.0) > 0:
            out.append(Rung(method, "used", "weighted"))
        else:
            out.append(Rung(method, "shown", BOUNDS.get(method, "no_weight")))
    return tuple(out)


def right_to_wait(case: Case, relief: Percentiles) -> tuple[float, float, float] | None:
    """P10, P50, P90 of holding the technology with the right to decide later; None without costs to decide about.

    American call on the royalties (P10, P50, P90 of relief from royalty) with the owner's part of the costs to come
    as strike; both already carry the chance of success. CRR; yearly cost of delay 1/life. Monotone in the royalties.
    """
    terms, life = case.inputs.option, life_of(case.inputs)
    if terms is None or STAGED not in case.methods or life <= 0:
        return None
    x = case.middle()
    strike = float(case.values(x)[RELIEF] - case.values(x)[STAGED])
    if strike <= 0 or relief.at(0.1) <= 0:
        return None
    low, mid, high = (
        option_to_delay(
            value=relief.at(level), cost=strike, rate=terms.rate, delay_cost=1.0 / life,
            years=min(terms.years, life), sigma=terms.sigma, steps=terms.steps,
        ).value
        for level in (0.1, 0.5, 0.9)
    )  # fmt: skip
    return low, mid, high
