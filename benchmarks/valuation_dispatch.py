"""Which product function answers a case of a given ``method``: names of inputs and figures, nothing else.

A handler gets the parsed inputs, the names of the figures asked for, and a dict where it notes every input it had
to assume because the case leaves it out. It returns figures by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.case_inputs import Assumed, Handler, Inputs, MissingInput, need, over_lists, pick, rule
from benchmarks.case_options import (
    american_call,
    binomial_american,
    binomial_european,
    closed_form,
    lsm_put,
    lsm_regression,
    parity,
)
from valuation.methods import comparables, cost, distributions, earnings, lattice, rates, rnpv, royalty
from valuation.methods import payment_forms as forms
from valuation.methods.discounting import (
    annuity,
    growing_annuity,
    lump_present_value,
    net_present_value,
    present_value,
    schedule,
    tab_factor,
)
from valuation.methods.simulation import pearson_to_spearman, spearman_to_pearson
from valuation.methods.types import Timing


@over_lists(("cost", "up", "down", "p", "r"))
def tree_defer(x: Inputs, asked: set[str], assumed: Assumed) -> dict[str, Any]:
    terms = {
        "cost": need(x, "cost"),
        "up": need(x, "up"),
        "down": need(x, "down"),
        "probability": need(x, "p"),
        "rate": need(x, "r"),
    }
    found = rnpv.deferred_project(**terms, later_cost=x.get("later_cost"))
    out = {"npv": found.npv, "delay_option_value": found.value, "value": found.value, "option_premium": found.option}
    if "expand_value" in asked:
        # The published exercise (double the project for 80 more) names a cost that its case leaves out.
        factor, extra = x.get("expand_factor"), x.get("expand_cost")
        if factor is None:
            factor = assumed["expand_factor"] = 2.0
        if extra is None:
            extra = assumed["expand_cost"] = 80.0
        out["expand_value"] = rnpv.expandable_project(**terms, factor=factor, expand_cost=extra)
    return out


@over_lists(("V0", "u", "d", "r", "I0", "I1"))
def binomial_defer(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    start, now = need(x, "V0", "S"), need(x, "I0", "K")
    step = lattice.moves_given(up=need(x, "u"), down=need(x, "d"), gross=1 + need(x, "r"))
    found = rnpv.deferred_project(
        cost=now,
        up=start * step.up,
        down=start * step.down,
        probability=step.probability,
        rate=x["r"],
        later_cost=x.get("I1"),
    )
    premium = found.value - (start - now)
    return {"expanded_npv": found.value, "option_premium": premium, "p": step.probability, "npv": start - now}


def decision_tree(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = rnpv.two_outcomes(need(x, "cf_good"), need(x, "cf_bad"), need(x, "p"), need(x, "r"))
    return {
        "npv_good": found.good,
        "npv_bad": found.bad,
        "expected": found.expected,
        "sd": found.deviation,
        "cv": found.variation,
    }


def yearly(value: Any, years: int | None = None, growth: float = 0.0) -> np.ndarray:
    """A list as it is; a single number repeated with growth."""
    if isinstance(value, list):
        return np.asarray(value, dtype=np.float64)
    return float(value) * (1 + growth) ** np.arange(years or 1)


def timing_of(x: Inputs) -> Timing:
    text = str(pick(x, "end-year", "timing", "convention")).lower()
    return Timing.MID_YEAR if "mid" in text or x.get("mid_year") is True else Timing.END_YEAR


def tab_life_of(x: Inputs, years: float) -> float | None:
    """The tax life when the case turns the benefit on: by naming it, or by "tab": true."""
    given, switch = x.get("tab_life"), x.get("tab")
    if switch is False or (given is None and not switch):
        return None
    return float(years if given is None or given is True else given)


def relief(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    given = need(x, "revenue", "sales", "rev1")
    life = pick(x, None, "life", "n", "years")
    if life is None:
        life = np.size(given)
    periods = schedule(
        float(life), timing=timing_of(x), first_fraction=pick(x, 1.0, "first_fraction", "first_year_fraction")
    )
    sales = yearly(given, int(np.ceil(life)), pick(x, 0.0, "growth", "g"))
    if sales.size < periods.periods:
        sales = np.concatenate([sales, np.full(periods.periods - sales.size, sales[-1])])
    found = royalty.relief_from_royalty(
        revenue=sales,
        royalty=need(x, "royalty", "rate"),
        rate=need(x, "r", "k"),
        tax=pick(x, 0.0, "tax", "t"),
        periods=periods,
        revenue_base="net sales",
        royalty_base="net sales",
        coverage=pick(x, 1.0, "coverage", "apportionment"),
        decay=pick(x, 0.0, "decay", "obsolescence"),
        maintenance=pick(x, 0.0, "maintenance"),
        tab_life=tab_life_of(x, life),
    )
    return {"value": found.value, "before_tab": found.before_tab, "tab_factor": found.factor, "pv": found.before_tab}


def dcf_royalty(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    rate = need(x, "r")
    paid, kept = need(x, "royalty"), need(x, "opr")
    if not isinstance(paid, list):
        paid = (np.asarray(need(x, "sales")) * paid).tolist()
    times = np.arange(1, len(paid) + 1)
    disc_paid, disc_kept = lump_present_value(paid, rate, times), lump_present_value(kept, rate, times)
    total_paid, total_kept = float(present_value(paid, rate)), float(present_value(kept, rate))
    whole = total_paid + total_kept
    split = royalty.profit_share(sales=whole, cost=0.0, royalty=total_paid / whole)
    return {
        "disc_opr": disc_kept,
        "disc_royalty": disc_paid,
        "sum_opr": total_kept,
        "sum_royalty": total_paid,
        "licensor_share": split.licensor_share,
        "ttf": split.turnover_factor,
    }


def profit_share(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = royalty.royalty_from_profit_share(need(x, "licensor_share", "lsep"), need(x, "profit"), need(x, "price"))
    return {"royalty": found, "value": found}


@over_lists(("sales", "cost", "royalty"))
def turnover_factor(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = royalty.profit_share(sales=need(x, "sales"), cost=need(x, "cost"), royalty=need(x, "royalty"))
    return {
        "opr": found.opr,
        "R": found.royalty,
        "opr_after": found.total,
        "ttf": found.turnover_factor,
        "lsep": found.licensor_share,
    }


def tab(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    tax, years, rate = need(x, "t", "tax"), need(x, "n", "tab_life"), need(x, "k", "r")
    factor = tab_factor(tax, years, rate, timing_of(x))
    value = pick(x, None, "pv", "value")
    return {
        "factor": factor,
        "annuity": annuity(rate, years),
        "value": None if value is None else np.asarray(value) * factor,
    }


def mpeem(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    flow = np.asarray(need(x, "cash_flow", "cf"), dtype=np.float64)
    found = earnings.multi_period_excess(
        cash_flow=flow,
        charges=pick(x, 0.0, "cac", "charges"),
        rate=need(x, "r", "k"),
        tax=pick(x, 0.0, "tax", "t"),
        timing=timing_of(x),
        tab_life=tab_life_of(x, flow.size),
    )
    return {"value": found.value, "before_tab": found.before_tab, "tab_factor": found.factor}


def npv(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    flows, rate, outlay = need(x, "cf", "cash_flow"), need(x, "r", "k"), x.get("cost")
    if outlay is None and flows[0] < 0:
        outlay, flows = -flows[0], flows[1:]
    worth = present_value(flows, rate)
    return {"pv": worth, "npv": net_present_value(0.0 if outlay is None else outlay, flows, rate), "value": worth}


def future(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = lump_present_value(need(x, "fv"), need(x, "r", "k"), need(x, "n", "T"))
    return {"pv": found, "value": found}


def capm(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = rates.capm(
        risk_free=need(x, "rf"),
        beta=need(x, "beta"),
        market_return=x.get("rm"),
        equity_premium=pick(x, None, "erp", "mrp"),
    )
    return {"ke": found, "value": found}


def build_up(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    named = {"rf", "erp", "beta"}
    premia = {name: float(value) for name, value in x.items() if name not in named and isinstance(value, int | float)}
    found = rates.build_up(risk_free=need(x, "rf"), equity_premium=need(x, "erp"), beta=pick(x, 1.0, "beta"), **premia)
    return {"ke": found.rate, "value": found.rate}


def country(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = rates.country_premium(
        default_spread=need(x, "default_spread"),
        equity_deviation=need(x, "sd_equity"),
        bond_deviation=need(x, "sd_bond"),
        mature_premium=pick(x, 0.0, "mature_erp"),
    )
    return {"total_erp": found.total, "crp": found.country, "value": found.total}


def success(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = rnpv.cumulative_success(need(x, "p", "stage_p"))
    return {"loa": found, "value": found}


def replacement(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    parts = ("cost", "rd", "labour", "labor", "materials", "direct")
    given = [np.asarray(x[name], dtype=np.float64) for name in parts if x.get(name) is not None]
    if not given:
        raise MissingInput("no cost is given")
    found = cost.replacement_cost(
        direct=sum(given),
        overhead=pick(x, 0.0, "overhead"),
        developer_profit=pick(x, 0.0, "developer_profit", "profit"),
        entrepreneurial_incentive=pick(x, 0.0, "incentive", "entrepreneurial_incentive"),
        functional=pick(x, 0.0, "functional"),
        technological=pick(x, 0.0, "technological", "obsolescence"),
        economic=pick(x, 0.0, "economic"),
    )
    return {"value": found.value, "cost_new": found.cost_new}


def avm(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    low, high = comparables.deviation_range(need(x, "estimate"), need(x, "fsd"))
    return {"low": low, "high": high, "confidence": 1 - np.asarray(x["fsd"])}


def moments(marginal: Any, asked: set[str]) -> dict[str, Any]:
    out = {"mean": marginal.mean, "var": marginal.variance, "sd": marginal.variance**0.5}
    for key in asked:
        level = re.fullmatch(r"p(\d{1,2})", key)
        if level:
            out[key] = float(marginal.ppf(np.float64(int(level[1]) / 100)))
    return out


def triangular(x: Inputs, asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    low, high = need(x, "a", "min", "low"), need(x, "b", "max", "high")
    return moments(distributions.Triangular(low, need(x, "m", "mode", "c"), high), asked)


def pert(x: Inputs, asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    low, high = need(x, "a", "min", "low"), need(x, "b", "max", "high")
    found = distributions.Pert(low, need(x, "m", "mode", "c"), high, float(pick(x, 4.0, "lam", "lambda")))
    return moments(found, asked) | {"alpha": found.shape.alpha, "beta": found.shape.beta}


def lognormal(x: Inputs, asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    """Money in millions; a figure named p_above_10m or p_below_300k says its own threshold."""
    if x.get("mean") is not None:
        found = distributions.Lognormal.from_mean_median(need(x, "mean"), need(x, "median"))
    else:
        found = distributions.Lognormal.from_p10_p90(need(x, "p10"), need(x, "p90"))
    out = moments(found, asked) | {"mu": found.mu, "sigma": found.sigma, "median": float(np.exp(found.mu))}
    if x.get("x") is not None:
        out |= {"p_above": 1 - found.cdf(x["x"]), "p_below": found.cdf(x["x"])}
    for key in asked:
        named = re.fullmatch(r"p_(above|below)_(\d+(?:[._]\d+)?)(k|m|bn)?", key)
        if named:
            scale = {"k": 1e-3, "m": 1.0, "bn": 1e3, None: 1.0}[named[3]]
            share = found.cdf(float(named[2].replace("_", ".")) * scale)
            out[key] = share if named[1] == "below" else 1 - share
    return out


def rank(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    if x.get("rho") is not None:
        return {"spearman": pearson_to_spearman(x["rho"])}
    found = spearman_to_pearson(need(x, "spearman", "s"))
    return {"rho": found, "pearson": found}


def payment(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    sales = np.asarray(need(x, "sales"), dtype=np.float64)
    rate = need(x, "r")
    turnover = forms.Stream.yearly(sales, forms.Base.NET_REVENUE)
    profit = forms.Stream.yearly(sales * np.asarray(need(x, "margin")), forms.Base.PRE_TAX_PROFIT)
    lump = x.get("lump")
    if lump is None:
        lump = forms.value_of_share(forms.Share(need(x, "rate_sales"), turnover.base), turnover, rate)
    found = forms.equivalents(lump, rate=rate, streams={turnover.base: turnover, profit.base: profit})
    return {
        "lump": found.lump_sum,
        "rate_sales": found.shares[forms.PaymentForm.NET_REVENUE].fraction,
        "rate_profit": found.shares[forms.PaymentForm.PRE_TAX_PROFIT].fraction,
    }


@over_lists(("profit", "author", "broker"))
def distribution(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = cost.distribute_profit(
        need(x, "profit"),
        author=need(x, "author"),
        broker=pick(x, 0.0, "broker"),
        owner_representative=pick(x, 0.0, "owner_representative", "owner_rep", "representative"),
        research_share_of_rest=pick(x, None, "rd_share")
        if x.get("rd_share") is not None
        else rule("profit.rest.research.share"),
    )
    return {
        "author": found.author,
        "broker": found.broker,
        "owner_representative": found.owner_representative,
        "rd": found.research,
        "welfare": found.welfare,
    }


def income_tax(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    bands = [rule("tax.cit.small.ceiling"), rule("tax.cit.medium.ceiling")]
    levels = [rule("tax.cit.small"), rule("tax.cit.medium"), rule("tax.cit.standard")]
    return {"rate": rates.banded_rate(np.asarray(need(x, "revenue_bn")) * 1e9, bands, levels)}


@over_lists(("royalties_m", "sales_m", "licences"))
def implied(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = royalty.implied_royalty(
        royalties=need(x, "royalties_m", "royalties"), sales=need(x, "sales_m", "sales"), licences=x.get("licences")
    )
    return {"rate": found.rate, "sales_per_licence_m": found.sales_per_licence}


def capitalised(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = earnings.single_period_excess(
        earnings=need(x, "earnings"),
        working_capital=pick(x, 0.0, "wc"),
        working_capital_rate=pick(x, 0.0, "wc_rate"),
        fixed_assets=pick(x, 0.0, "fa"),
        fixed_assets_rate=pick(x, 0.0, "fa_rate"),
        rate=need(x, "r", "k"),
        growth=pick(x, 0.0, "g"),
    )
    return {"excess": found.excess, "intangibles": found.intangibles, "firm": found.firm}


def risk_adjusted(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    chances = need(x, "stage_p", "p")
    found = rnpv.risk_adjusted_value(
        need(x, "cf", "cash_flow"),
        chances if isinstance(chances, list) else [chances],
        need(x, "r", "k"),
        pick(x, None, "t", "times"),
    )
    return {"value": found, "rnpv": found}


def multiples(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    found = comparables.multiple_value(
        need(x, "sale_price", "prices"),
        need(x, "revenue", "revenues"),
        need(x, "subject_revenue"),
        str(pick(x, "median", "stat", "statistic")),
    )
    return {"value": found}


def interquartile(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    name = str(pick(x, comparables.QuantileRule.HINGES_MEDIAN_EXCLUDED.value, "rule"))
    found = comparables.quartiles(need(x, "rates_pct", "rates", "values"), comparables.quantile_rule(name))
    return {"q1": found.q1, "median": found.median, "q3": found.q3, "iqr": found.q3 - found.q1}


def growing(x: Inputs, _asked: set[str], _assumed: Assumed) -> dict[str, Any]:
    first = np.asarray(need(x, "rev1")) * np.asarray(need(x, "royalty")) * (1 - np.asarray(need(x, "tax")))
    found = growing_annuity(first, need(x, "g"), need(x, "r", "k"), need(x, "n"))
    return {"value": found, "pv": found}


HANDLERS: dict[str, Handler] = {
    "black_scholes": closed_form("c"),
    "bs_option_to_abandon": closed_form("p"),
    "bs_option_to_expand": closed_form("c"),
    "bs_option_to_delay": closed_form("c"),
    "put_call_parity": parity,
    "binomial_american": binomial_american,
    "binomial_european": binomial_european,
    "binomial_defer": binomial_defer,
    "american_call_dividend": american_call,
    "decision_tree": decision_tree,
    "decision_tree_defer": tree_defer,
    "lsm_american_put": lsm_put,
    "lsm_regression": lsm_regression,
    "relief_from_royalty": relief,
    "dcf_royalty": dcf_royalty,
    "royalty_profit_share": profit_share,
    "technology_turnover_factor": turnover_factor,
    "tax_amortisation_benefit": tab,
    "tab_fixed_point": tab,
    "mpeem": mpeem,
    "npv": npv,
    "present_value": future,
    "capm": capm,
    "build_up": build_up,
    "country_risk_premium": country,
    "cumulative_pos": success,
    "replacement_cost": replacement,
    "reproduction_cost": replacement,
    "avm_range": avm,
    "triangular_moments": triangular,
    "pert_moments": pert,
    "lognormal_prior": lognormal,
    "rank_correlation": rank,
    "payment_equivalence": payment,
    "profit_distribution": distribution,
    "cit_rate": income_tax,
    "implied_royalty": implied,
    "excess_earnings_capitalised": capitalised,
    "rnpv_identity": risk_adjusted,
    "market_comparables": multiples,
    "interquartile_range": interquartile,
    "growing_annuity": growing,
}


def _step_up(x: Inputs, y: Mapping[str, Any]) -> bool:
    return bool(np.all(np.asarray(y["factor"]) >= 1.0)) if np.all(np.asarray(need(x, "t", "tax")) >= 0) else True


def _option(x: Inputs, y: Mapping[str, Any]) -> bool:
    """Prices are not negative, a call is not worth more than its asset, N(d) is a probability."""
    fine = all(np.all(np.asarray(y[key]) >= -1e-9) for key in ("value", "call", "put") if key in y)
    if "call" in y and x.get("S") is not None:
        fine = fine and bool(np.all(np.asarray(y["call"]) <= np.asarray(x["S"]) + 1e-9))
    return fine and all(0 <= np.min(y[key]) <= np.max(y[key]) <= 1 for key in ("Nd1", "Nd2", "p") if key in y)


def _ordered(_x: Inputs, y: Mapping[str, Any]) -> bool:
    found = [y[key] for key in ("q1", "median", "q3") if key in y]
    return found == sorted(found)


INVARIANTS: dict[str, Callable[[Inputs, Mapping[str, Any]], bool]] = {
    "tax_amortisation_benefit": _step_up,
    "black_scholes": _option,
    "bs_option_to_abandon": _option,
    "bs_option_to_expand": _option,
    "bs_option_to_delay": _option,
    "binomial_american": _option,
    "binomial_european": _option,
    "american_call_dividend": _option,
    "interquartile_range": _ordered,
    "cumulative_pos": lambda _x, y: 0 <= y["loa"] <= 1,
}
