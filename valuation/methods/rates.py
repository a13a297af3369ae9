"""Discount rates: build-up, CAPM, country risk, and tax rates by band.

No rate is known here; all come from dated records. Sources: domain file sections 2 and 4; Damodaran, Equity Risk
Premiums (country risk by relative volatility); Pratt & Grabowski, Cost of Capital 5e ch. 8-10 (build-up, CAPM).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from valuation.methods.types import ArrayLike, Floats, array, require, scalar


@dataclass(frozen=True, slots=True)
class BuiltRate:
    """A yearly rate and the named parts it is the sum of."""

    rate: float
    parts: tuple[tuple[str, float], ...]


def build_up(*, risk_free: float, equity_premium: float, beta: float = 1.0, **premia: float) -> BuiltRate:
    """risk_free + beta*equity_premium + every further premium by name (size, industry, country, specific, …).

    Leave technical failure out when a success probability is used elsewhere (double count).
    """
    parts = (("risk_free", risk_free), ("equity", beta * equity_premium), *premia.items())
    values = array([value for _, value in parts], "premium")
    return BuiltRate(float(values.sum()), tuple((name, float(value)) for name, value in parts))


def capm(
    *,
    risk_free: ArrayLike,
    beta: ArrayLike,
    market_return: ArrayLike | None = None,
    equity_premium: ArrayLike | None = None,
) -> float | Floats:
    """rf + beta*(rm - rf), or rf + beta*premium: give exactly one of market return and premium. Elementwise."""
    require((market_return is None) != (equity_premium is None), "give the market return or the premium, not both")
    rf = array(risk_free, "risk-free rate")
    premium = (
        array(market_return, "market return") - rf
        if market_return is not None
        else array(0.0 if equity_premium is None else equity_premium, "equity premium")
    )
    return scalar(rf + array(beta, "beta") * premium)


@dataclass(frozen=True, slots=True)
class CountryPremium:
    """Country risk premium and total equity risk premium, in the unit of the inputs (fractions or percent)."""

    country: float | Floats
    total: float | Floats


def country_premium(
    *, default_spread: ArrayLike, equity_deviation: ArrayLike, bond_deviation: ArrayLike, mature_premium: ArrayLike
) -> CountryPremium:
    """CRP = default spread * sd(equity)/sd(bond); total = CRP + mature-market premium.

    Adding the bare spread forgets that shares swing more than bonds. Source: Damodaran; domain file section 4.
    """
    bond = array(bond_deviation, "bond deviation")
    require(bond > 0, "the bond's deviation must be positive")
    country = array(default_spread, "default spread") * array(equity_deviation, "equity deviation") / bond
    return CountryPremium(scalar(country), scalar(country + array(mature_premium, "mature premium")))


def weighted_cost(*, equity: float, debt: float, equity_weight: float, tax: float) -> float:
    """Weighted average cost of capital: E/V*ke + D/V*kd*(1-tax)."""
    require(0 <= equity_weight <= 1 and 0 <= tax < 1, "weights in [0, 1], tax in [0, 1)")
    return equity_weight * equity + (1 - equity_weight) * debt * (1 - tax)


def banded_rate(amount: ArrayLike, ceilings: Sequence[float], rates: Sequence[float]) -> float | Floats:
    """Rate of the band ``amount`` falls in: rates[i] up to and including ceilings[i], rates[-1] above the last.

    ``rates`` has one entry more than ``ceilings`` (ascending), both from dated rules; elementwise.
    """
    edges = array(list(ceilings), "ceilings")
    require(len(rates) == edges.size + 1, "one rate more than ceilings")
    require((np.diff(edges) > 0).all() if edges.size > 1 else True, "ceilings must ascend")
    return scalar(np.asarray(rates, dtype=np.float64)[np.searchsorted(edges, array(amount, "amount"), side="left")])
