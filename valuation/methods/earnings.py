"""Profit-based income methods: incremental profit, cost saving, single- and multi-period excess earnings.

Sources: domain file section 2; IVS 210 par. 60-70 (excess earnings); Circular 37/2024/TT-BTC (names "thu nhập
tăng thêm" and "lợi nhuận vượt trội"); US Rev. Rul. 68-609 (single-period formula).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuation.methods.discounting import discount_factors, tab_factor, times_for
from valuation.methods.types import ArrayLike, Conventions, Floats, Timing, array, require, scalar


@dataclass(frozen=True, slots=True)
class EarningsValue:
    """Value with and without tax amortisation benefit and the yearly after-tax flow (..., N) behind it."""

    value: float | Floats
    before_tab: float | Floats
    factor: float | Floats
    flows: Floats
    conventions: Conventions


def _discounted(flows: Floats, tax: Floats, rate: Floats, timing: Timing, tab_life: float | None) -> EarningsValue:
    before = (flows * discount_factors(rate, times_for(flows.shape[-1], timing))).sum(axis=-1)
    factor = 1.0 if tab_life is None else tab_factor(tax, tab_life, rate, timing)
    return EarningsValue(scalar(before * factor), scalar(before), factor, flows, Conventions(timing=timing.value))


def _checked_tax(tax: ArrayLike) -> Floats:
    tau = array(tax, "tax")
    require((tau >= 0) & (tau < 1), "tax must lie in [0, 1)")
    return tau


def incremental_profit(
    *,
    rate: ArrayLike,
    tax: ArrayLike,
    quantity: ArrayLike,
    price_gain: ArrayLike = 0.0,
    extra_quantity: ArrayLike = 0.0,
    price: ArrayLike = 0.0,
    margin: ArrayLike = 0.0,
    unit_cost_saving: ArrayLike = 0.0,
    extra_opex: ArrayLike = 0.0,
    timing: Timing = Timing.END_YEAR,
    tab_life: float | None = None,
) -> EarningsValue:
    """PV of what the user earns with the technology beyond what he would earn without it.

    Per year: (dP*Q + P*dQ*m + dC*Q - dOpex)(1-tax). ``quantity``, ``price_gain``, ``extra_quantity``, ``price``,
    ``unit_cost_saving``, ``extra_opex`` (..., N) or scalars; ``margin`` the contribution on extra units; money per
    unit and units a year. ``unit_cost_saving`` is positive when a unit gets cheaper.
    """
    q = np.atleast_1d(array(quantity, "quantity"))
    require(q >= 0, "quantity is negative")
    tau, k = _checked_tax(tax), array(rate, "rate")
    gain = (
        (array(price_gain, "price gain") + array(unit_cost_saving, "cost saving")) * q
        + array(price, "price") * array(extra_quantity, "extra quantity") * array(margin, "margin")
        - array(extra_opex, "extra opex")
    )
    return _discounted(np.atleast_1d(gain) * (1.0 - tau)[..., None], tau, k, timing, tab_life)


def cost_saving(
    *,
    saving: ArrayLike,
    rate: ArrayLike,
    tax: ArrayLike,
    timing: Timing = Timing.END_YEAR,
    tab_life: float | None = None,
) -> EarningsValue:
    """PV of yearly pre-tax cost savings (..., N) the technology brings, after tax."""
    tau, k = _checked_tax(tax), array(rate, "rate")
    flows = np.atleast_1d(array(saving, "saving")) * (1.0 - tau)[..., None]
    return _discounted(flows, tau, k, timing, tab_life)


def contributory_charge(fair_values: ArrayLike, returns: ArrayLike, return_of: ArrayLike = 0.0) -> Floats:
    """(N,) yearly charge for the other assets used: sum_j FV_jt*r_j plus the return OF wasting assets.

    ``fair_values`` (J, N), ``returns`` (J,), ``return_of`` (N,) or scalar (0 when already in the margin). State
    beside the number whether ``returns`` are before or after tax. Source: domain file section 2 (MPEEM).
    """
    fv, r = array(fair_values, "fair values"), array(returns, "returns")
    require(fv.ndim == 2 and r.shape == (fv.shape[0],), "fair values are (assets, years), one return per asset")
    return np.asarray((fv * r[:, None]).sum(axis=0) + array(return_of, "return of"))


def multi_period_excess(
    *,
    cash_flow: ArrayLike,
    charges: ArrayLike,
    rate: ArrayLike,
    tax: ArrayLike,
    timing: Timing = Timing.END_YEAR,
    tab_life: float | None = None,
) -> EarningsValue:
    """MPEEM on pre-tax figures: EE_t = (cash flow - contributory charges)(1-tax), discounted, times the TAB factor.

    ``cash_flow`` and ``charges`` (..., N) BEFORE tax, same money; ``tax`` 0 takes after-tax figures as they are.
    Never for two assets of the same business at once. Source: IVS 210 par. 60; domain file section 2.
    """
    tau, k = _checked_tax(tax), array(rate, "rate")
    flow, charge = np.atleast_1d(array(cash_flow, "cash flow")), array(charges, "charges")
    require(charge.ndim == 0 or charge.shape[-1] == flow.shape[-1], "charges and cash flow differ in years")
    return _discounted((flow - charge) * (1.0 - tau)[..., None], tau, k, timing, tab_life)


@dataclass(frozen=True, slots=True)
class CapitalisedExcess:
    """Single-period excess earnings: yearly excess, intangible value, and the firm with its tangible assets."""

    excess: float | Floats
    intangibles: float | Floats
    firm: float | Floats


def single_period_excess(
    *,
    earnings: ArrayLike,
    working_capital: ArrayLike,
    working_capital_rate: ArrayLike,
    fixed_assets: ArrayLike,
    fixed_assets_rate: ArrayLike,
    rate: ArrayLike,
    growth: ArrayLike = 0.0,
) -> CapitalisedExcess:
    """EE = E - WC*r_wc - FA*r_fa; intangibles = EE*(1+g)/(k-g); firm = intangibles + WC + FA.

    ``earnings`` are those of the year just ended, after tax, in the money of the assets; k > g required.
    """
    e, wc, fa = array(earnings, "earnings"), array(working_capital, "working capital"), array(fixed_assets, "assets")
    k, g = array(rate, "rate"), array(growth, "growth")
    require(k > g, "the rate must exceed the growth")
    excess = e - wc * array(working_capital_rate, "return") - fa * array(fixed_assets_rate, "return")
    intangibles = excess * (1.0 + g) / (k - g)
    return CapitalisedExcess(scalar(excess), scalar(intangibles), scalar(intangibles + wc + fa))
