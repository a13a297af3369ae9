"""Real options in closed form: generalised Black-Scholes-Merton, as a cross-check of the lattices.

S = PV of the cash flows if launched now, K = cost of launching, T = years the choice stays open, q = yearly cost
of delay, sigma = volatility of ln PV, r = risk-free rate compounded continuously. Sources: domain file section 2;
Haug, The Complete Guide to Option Pricing Formulas 2e section 1.1; Damodaran, Damodaran on Valuation 2e ch. 12.
European values understate a right that may be used early when q > 0: the number shown is the lattice's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from valuation.methods.types import ArrayLike, Floats, array, require, scalar


@dataclass(frozen=True, slots=True)
class BlackScholes:
    """European call and put and the terms of the formula; each a float or an array of the common shape."""

    call: float | Floats
    put: float | Floats
    d1: float | Floats
    d2: float | Floats
    n_d1: float | Floats
    n_d2: float | Floats


def black_scholes(
    *, spot: ArrayLike, strike: ArrayLike, rate: ArrayLike, years: ArrayLike, sigma: ArrayLike, carry: ArrayLike = 0.0
) -> BlackScholes:
    """Generalised BSM with yield ``carry`` = q; all inputs broadcast.

    d1 = [ln(S/K)+(r-q+sigma^2/2)T]/(sigma sqrt T); C = S e^-qT N(d1) - K e^-rT N(d2); P by parity.
    S, K > 0; T, sigma >= 0 (at 0 the discounted intrinsic value of the forward).
    """
    s, k, r, t, v, q = (
        array(x, name)
        for x, name in (
            (spot, "spot"),
            (strike, "strike"),
            (rate, "rate"),
            (years, "years"),
            (sigma, "sigma"),
            (carry, "carry"),
        )
    )
    require((s > 0) & (k > 0), "spot and strike must be positive")
    require((t >= 0) & (v >= 0), "years and sigma must not be negative")
    deviation = v * np.sqrt(t)
    drift = np.log(s / k) + (r - q) * t
    with np.errstate(divide="ignore", invalid="ignore"):
        d1 = np.where(
            deviation > 0, drift / deviation + deviation / 2, np.where(drift == 0, 0.0, np.sign(drift) * np.inf)
        )
    d2 = np.where(deviation > 0, d1 - deviation, d1)
    forward, bond = s * np.exp(-q * t), k * np.exp(-r * t)
    n1, n2 = special.ndtr(d1), special.ndtr(d2)
    call = forward * n1 - bond * n2
    # The put from its own tail: parity by subtraction would lose its digits when it is small.
    put = bond * special.ndtr(-d2) - forward * special.ndtr(-d1)
    return BlackScholes(*(scalar(np.asarray(x)) for x in (call, put, d1, d2, n1, n2)))


def delayed_asset(value: ArrayLike, carry: ArrayLike, lag: ArrayLike) -> float | Floats:
    """Asset value seen from now when its flows start ``lag`` years after exercise: value/(1+q)^lag.

    Source: Damodaran on Valuation 2e, Illustration 12.6 (development lag of a reserve).
    """
    q, n = array(carry, "carry"), array(lag, "lag")
    require((q > -1) & (n >= 0), "carry above -1 and a lag of 0 or more")
    return scalar(array(value, "value") / (1.0 + q) ** n)


def option_to_expand(
    *,
    spot: ArrayLike,
    strike: ArrayLike,
    rate: ArrayLike,
    years: ArrayLike,
    sigma: ArrayLike,
    carry: ArrayLike = 0.0,
    cap: ArrayLike | None = None,
) -> float | Floats:
    """Call on a follow-on project; with ``cap`` the project can never be worth more than that value.

    The capped payoff min(S, cap) - K is a call at K less a call at cap (cap >= K).
    Source: Damodaran on Valuation 2e, Illustration 12.8 with footnote 16.
    """
    common = {"spot": spot, "rate": rate, "years": years, "sigma": sigma, "carry": carry}
    plain = np.asarray(black_scholes(strike=strike, **common).call)
    if cap is None:
        return scalar(plain)
    require(array(cap, "cap") >= array(strike, "strike"), "a cap below the cost of expansion")
    return scalar(plain - np.asarray(black_scholes(strike=cap, **common).call))


def default_carry(years: float, first_cash_flow: float | None = None, value: float | None = None) -> float:
    """Yearly cost of delay: first-year cash flow over value when both are known, else 1/years of exclusivity."""
    if first_cash_flow is not None and value is not None:
        require(value > 0, "value must be positive")
        return first_cash_flow / value
    require(years > 0, "years must be positive")
    return 1.0 / years


def parity_gap(
    *, spot: ArrayLike, strike: ArrayLike, rate: ArrayLike, years: ArrayLike, carry: ArrayLike = 0.0
) -> float | Floats:
    """Call minus put, which no model can change: S e^-qT - K e^-rT."""
    s, k, r, t, q = (array(x, "parity input") for x in (spot, strike, rate, years, carry))
    return scalar(s * np.exp(-q * t) - k * np.exp(-r * t))
