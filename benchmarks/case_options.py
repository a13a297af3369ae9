"""Handlers of the option methods of published cases."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from benchmarks.case_inputs import Assumed, Handler, Inputs, need, over_lists, pick, whole
from valuation.methods import lattice, lsm, options

CRR_STEPS = 2000
SUBSTEPS = 20
SEED = 20_011_401

MARKET = ("S", "K", "sigma", "variance", "T", "r", "q", "n")


def sigma_of(x: Inputs) -> Any:
    return x["sigma"] if x.get("sigma") is not None else np.sqrt(np.asarray(need(x, "variance")))


def spot_of(x: Inputs) -> Any:
    """S itself, or a reserve: margin times quantity, seen through its development lag."""
    if x.get("S") is not None:
        return x["S"]
    gross = np.asarray(need(x, "margin")) * np.asarray(need(x, "barrels_m", "barrels", "quantity", "units"))
    return options.delayed_asset(gross, pick(x, 0.0, "q"), pick(x, 0.0, "lag_years", "lag"))


def market(x: Inputs) -> dict[str, Any]:
    return {
        "spot": spot_of(x),
        "strike": need(x, "K"),
        "rate": need(x, "r"),
        "years": need(x, "T"),
        "sigma": sigma_of(x),
        "carry": pick(x, 0.0, "q"),
    }


def closed_form(side: str) -> Handler:
    def run(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
        terms = market(x)
        found = options.black_scholes(**terms)
        kind = str(pick(x, side, "kind", "type"))[:1].lower()
        value = found.put if kind == "p" else found.call
        if kind == "c" and x.get("cap") is not None:
            value = options.option_to_expand(**terms, cap=x["cap"])
        before = pick(x, None, "npv_without", "npv_first", "npv", "static_npv")
        total = None if before is None else np.asarray(before) + np.asarray(value)
        return {
            "value": value,
            "option_value": value,
            "call": found.call,
            "put": found.put,
            "d1": found.d1,
            "d2": found.d2,
            "Nd1": found.n_d1,
            "Nd2": found.n_d2,
            "S": terms["spot"],
            "total_npv": total,
            "strategic_npv": total,
            "uncapped": found.call,
            "value_uncapped": found.call,
            "capped": value if x.get("cap") is not None else None,
            "diff": np.asarray(found.call) - np.asarray(found.put),
        }

    return run


def parity(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    gap = options.parity_gap(
        spot=need(x, "S"), strike=need(x, "K"), rate=need(x, "r"), years=need(x, "T"), carry=pick(x, 0.0, "q")
    )
    out = {"diff": gap, "value": gap}
    if x.get("sigma") is not None or x.get("variance") is not None:
        found = options.black_scholes(**market(x))
        out |= {"call": found.call, "put": found.put}
    return out


def tree_figures(found: lattice.LatticeValue) -> dict[str, Any]:
    step = found.moves
    return {
        "value": found.value,
        "european": found.european,
        "u": step.up,
        "d": step.down,
        "p": step.probability,
        "node_up": found.node_up,
        "node_down": found.node_down,
        "node_up_wait": found.wait_up,
        "node_down_wait": found.wait_down,
    }


def given_moves(x: Inputs, steps: int) -> lattice.Moves:
    """Moves stated by the case: R is gross per step; else 1+r a step, or e^{r T/n} when the case gives T."""
    gross = x.get("R")
    if gross is None:
        gross = 1 + need(x, "r") if x.get("T") is None else float(np.exp(x["r"] * x["T"] / steps))
    return lattice.moves_given(up=x["u"], down=need(x, "d"), gross=gross)


@over_lists((*MARKET, "u", "d", "R"))
def binomial_american(x: Inputs, _asked: set[str], assumed: Assumed) -> dict[str, Any]:
    kind = x.get("kind")
    if kind is None:
        kind = assumed["kind"] = "p"
    american = x.get("american") is not False
    steps = whole(need(x, "n"), "n")
    if x.get("u") is not None:
        step = given_moves(x, steps)
        make = lattice.put_payoff if str(kind)[:1].lower() == "p" else lattice.call_payoff
        found = lattice.roll_back(need(x, "S"), step, steps, make(need(x, "K")), american=american)
    else:
        found = lattice.vanilla(kind=str(kind), **single(x), steps=steps, tree=tree_of(x), american=american)
    return tree_figures(found)


def single(x: Inputs) -> dict[str, float]:
    return {name: float(value) for name, value in market(x).items()}


def tree_of(x: Inputs) -> lattice.Tree:
    return lattice.tree_named(str(pick(x, "CRR", "tree", "convention")))


@over_lists(MARKET)
def binomial_european(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    steps = whole(need(x, "n", "steps"), "n")
    if x.get("u") is not None:
        spot, strike, step = need(x, "S"), need(x, "K"), given_moves(x, steps)
        call = lattice.roll_back(spot, step, steps, lattice.call_payoff(strike), american=False)
        put = lattice.roll_back(spot, step, steps, lattice.put_payoff(strike), american=False)
    else:
        call = lattice.vanilla(kind="c", **single(x), steps=steps, tree=tree_of(x), american=False)
        put = lattice.vanilla(kind="p", **single(x), steps=steps, tree=tree_of(x), american=False)
    side = put if str(x.get("kind", "c"))[:1].lower() == "p" else call
    return tree_figures(side) | {"call": call.value, "put": put.value}


@over_lists(MARKET)
def american_call(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    kind = str(pick(x, "c", "kind"))
    found = lattice.vanilla(kind=kind, **single(x), steps=whole(pick(x, CRR_STEPS, "n", "steps"), "n"), tree=tree_of(x))
    plain = options.black_scholes(**market(x))
    european = plain.put if kind[:1] == "p" else plain.call
    return tree_figures(found) | {"european": european, "premium": found.value - float(european)}


@over_lists(MARKET)
def lsm_put(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    terms = single(x)
    dates = max(1, round(pick(x, 50, "exercise_dates_per_year", "dates_per_year") * terms["years"]))
    kind = str(pick(x, "p", "kind"))
    found = lsm.american_option(
        kind=kind, **terms, dates=dates, paths=whole(pick(x, 100_000, "paths"), "paths"), seed=SEED
    )
    tree = lattice.vanilla(kind=kind, **terms, steps=dates * SUBSTEPS, exercise_every=SUBSTEPS)
    plain = options.black_scholes(**terms)
    return {
        "american_lsm": found.value,
        "value": found.value,
        "lsm_se": found.standard_error,
        "american_fd": tree.value,
        "european": plain.put if kind[:1] == "p" else plain.call,
    }


def lsm_regression(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    powers = [int(n) for n in re.findall(r"\^\s*(\d+)", str(x.get("basis", "")))]
    strike = need(x, "K")
    payoff = lattice.call_payoff(strike) if str(x.get("kind", "p"))[:1] == "c" else lattice.put_payoff(strike)
    discount = float(np.exp(-need(x, "r") * pick(x, 1.0, "dt")))
    paths = np.asarray(need(x, "paths"), dtype=np.float64)
    found = lsm.regress_paths(paths, payoff, discount, degree=max(powers, default=2))
    last = paths.shape[1] - 1
    rows = {f"coef_t{last - 1 - i}": list(row) for i, row in enumerate(found.coefficients)}
    return {"value": found.value, "european": found.european, "lsm_se": found.standard_error, **rows}
