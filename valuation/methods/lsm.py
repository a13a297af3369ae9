"""Longstaff-Schwartz: American rights by simulation, where a path or two states decide.

Regress realised discounted cash flow on a basis of the state over the paths in the money; exercise where the
payoff exceeds the fitted continuation; keep the realised, not the fitted, cash flow. Source: Longstaff & Schwartz
2001, Rev. Financial Studies 14(1), section 1 (example) and section 3 (the put of Table 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuation.methods.options import black_scholes
from valuation.methods.types import ArrayLike, Conventions, Floats, array, inner, require

# Rows of the regression taken at a time: small enough for the cache and for one thread of the linear algebra.
_BLOCK = 8192


#: More than any answer needs; beyond them a simulation would fill the memory.
MOST_PATHS, MOST_DATES = 5_000_000, 20_000


@dataclass(frozen=True, slots=True)
class LsmValue:
    """Value at time 0, its standard error, the European value on the same paths.

    ``coefficients`` (one row per exercise date used, latest first; constant term first) belong to the regression of
    value discounted to that date on powers of the state, scaled by the state's unit unless stated otherwise.
    """

    value: float
    standard_error: float
    european: float
    coefficients: tuple[tuple[float, ...], ...]
    paths: int
    conventions: Conventions


def regress_paths(
    paths: ArrayLike, payoff: Callable[[Floats], Floats], discount: float, *, degree: int = 2
) -> LsmValue:
    """LSM on given ``paths`` (n, dates+1), column 0 being today (no exercise there).

    ``discount`` is the factor of one date; the basis is 1, X, …, X^degree. Deterministic. A date with fewer paths
    in the money than basis terms is not exercised early.
    """
    x = array(paths, "paths")
    require(x.ndim == 2 and x.shape[1] >= 2, "paths is (n, dates+1)")
    n, last = x.shape[0], x.shape[1] - 1
    cash = np.asarray(payoff(x[:, last]), dtype=np.float64) * discount
    european = float(np.mean(cash) * discount ** (last - 1))
    coefficients = []
    for date in range(last - 1, 0, -1):
        now = np.asarray(payoff(x[:, date]), dtype=np.float64)
        inside = np.flatnonzero(now > 0)
        if inside.size > degree:
            basis = x[inside, date][:, None] ** np.arange(degree + 1)
            fit, *_ = np.linalg.lstsq(basis, cash[inside], rcond=None)
            coefficients.append(tuple(float(c) for c in fit))
            take = inside[now[inside] > basis @ fit]
            cash[take] = now[take]
        cash *= discount
    return LsmValue(
        value=float(np.mean(cash)),
        standard_error=float(np.std(cash, ddof=1) / np.sqrt(n)) if n > 1 else 0.0,
        european=european,
        coefficients=tuple(coefficients),
        paths=n,
        conventions=Conventions(tree=f"LSM, monomials to degree {degree}, {last} dates"),
    )


def american_option(
    *,
    kind: str,
    spot: float,
    strike: float,
    rate: float,
    carry: float,
    years: float,
    sigma: float,
    dates: int,
    paths: int,
    seed: int,
    degree: int = 5,
) -> LsmValue:
    """American (Bermudan with ``dates`` dates) put or call on one lognormal state, antithetic paths.

    The bridge is walked backwards, so only the current date is in memory. The European right held to the
    moment of exercise is the control variate; the standard error is that of the corrected antithetic pair means. ``paths`` is rounded up
    to an even number. Like every LSM on the paths it was fitted to it is slightly low: the fitted rule is not the
    best one.
    """
    require(kind[:1].lower() in {"c", "p"}, "kind is a call or a put")
    require(spot > 0 and strike > 0 and sigma > 0 and years > 0, "spot, strike, sigma and years must be positive")
    require(dates >= 1 and paths >= 4 and degree >= 1, "dates >= 1, paths >= 4, degree >= 1")
    require(paths <= MOST_PATHS and dates <= MOST_DATES, f"at most {MOST_PATHS:,} paths and {MOST_DATES:,} dates")
    half = (paths + 1) // 2
    generator = np.random.Generator(np.random.SFC64(seed))
    h = years / dates
    sign = -1.0 if kind[:1].lower() == "p" else 1.0
    drift = (rate - carry - sigma**2 / 2) * h
    step_discount = float(np.exp(-rate * h))
    start = float(np.log(spot / strike))
    # W at the horizon; earlier dates come from the Brownian bridge to 0.
    wiener = generator.standard_normal(half)
    wiener *= np.sqrt(years)
    state = np.empty(2 * half)
    noise = np.empty(half)

    def state_at(date: int) -> None:
        centre = start + drift * date
        np.multiply(wiener, sigma, out=state[:half])
        np.add(state[:half], centre, out=state[:half])
        np.exp(state[:half], out=state[:half])
        np.divide(np.exp(2.0 * centre), state[:half], out=state[half:])

    state_at(dates)
    cash = state - 1.0
    cash *= sign
    np.maximum(cash, 0.0, out=cash)
    stopped = state.copy()
    when = np.full(2 * half, dates, dtype=np.int32)
    european = float(np.mean(cash)) * step_discount**dates
    cash *= step_discount
    coefficients = []
    for date in range(dates - 1, 0, -1):
        # W(t) | W(t+h) ~ N(W t/(t+h), h t/(t+h))
        share = date / (date + 1)
        generator.standard_normal(out=noise)
        noise *= np.sqrt(h * share)
        wiener *= share
        wiener += noise
        state_at(date)
        taken, fit = _exercise(state, cash, sign, degree)
        if taken is not None:
            coefficients.append(fit)
            stopped[taken] = state[taken]
            when[taken] = date
        cash *= step_discount
    # The European right sold on the day of exercise is a martingale of known value (Rasmussen 2005): it follows
    # each path as far as our own right does, so its error corrects ours.
    left = (dates - when) * h
    common = {"strike": 1.0, "rate": rate, "sigma": sigma, "carry": carry}
    priced = black_scholes(spot=stopped, years=left, **common)
    exact = black_scholes(spot=spot / strike, years=years, **common)
    control = np.asarray(priced.put if sign < 0 else priced.call) * np.exp(-rate * h * when)
    control -= exact.put if sign < 0 else exact.call
    pairs = cash[:half] + cash[half:]
    pairs *= 0.5
    control = control[:half] + control[half:]
    control *= 0.5
    centred = control - np.mean(control)
    variance = inner(centred, centred)
    if variance > 0:
        pairs -= inner(centred, pairs) / variance * control
    value = strike * float(np.mean(pairs))
    error = strike * float(np.std(pairs, ddof=2) / np.sqrt(half))
    now = max(sign * (spot - strike), 0.0)
    return LsmValue(
        value=max(value, now),
        standard_error=error,
        european=european * strike,
        coefficients=tuple(coefficients),
        paths=2 * half,
        conventions=Conventions(
            tree=f"LSM, monomials of moneyness to degree {degree}, {dates} dates, antithetic, European control"
        ),
    )


def _exercise(
    state: Floats, cash: Floats, sign: float, degree: int
) -> tuple[NDArray[np.intp] | None, tuple[float, ...]]:
    """One date: regress, exercise in place where better. State and cash are in units of the strike."""
    inside = np.flatnonzero(state < 1.0) if sign < 0 else np.flatnonzero(state > 1.0)
    if inside.size <= degree + 1:
        return None, ()
    x = state.take(inside)
    x -= 1.0
    y = cash.take(inside)
    # Normal equations in the moneyness scaled to its largest size: small, centred, well conditioned to degree 5.
    scale = float(np.max(np.abs(x)))
    if scale == 0.0:
        return None, ()
    x /= scale
    sums, right = np.zeros(2 * degree + 1), np.zeros(degree + 1)
    for begin in range(0, x.size, _BLOCK):
        part, value = x[begin : begin + _BLOCK], y[begin : begin + _BLOCK]
        powers = [np.ones(part.size), part]
        for _ in range(degree - 1):
            powers.append(powers[-1] * part)
        for i in range(2 * degree + 1):
            sums[i] += np.dot(powers[i // 2], powers[i - i // 2])
        for i in range(degree + 1):
            right[i] += np.dot(powers[i], value)
    gram = sums[np.add.outer(np.arange(degree + 1), np.arange(degree + 1))]
    fit = np.linalg.lstsq(gram, right, rcond=None)[0]
    fitted = np.full(x.size, fit[degree])
    for begin in range(0, x.size, _BLOCK):
        part, block = x[begin : begin + _BLOCK], fitted[begin : begin + _BLOCK]
        for c in fit[degree - 1 :: -1]:
            block *= part
            block += c
    payoff = x * (sign * scale)
    take = payoff > fitted
    taken = inside[take]
    cash[taken] = payoff[take]
    return taken, tuple(float(c) for c in fit)


def american_two_states(
    states: ArrayLike,
    payoff: Callable[[Floats], Floats],
    discount: float,
    *,
    exponents: Sequence[tuple[int, int]] = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)),
) -> LsmValue:
    """LSM over two state variables: ``states`` (2, n, dates+1), ``payoff`` maps (2, n) to (n,).

    For a project whose remaining cost and cash-flow rate both move (Schwartz 2004, J. Fin. Quant. Analysis 39).
    The basis is products of the standardised states with the given ``exponents``.
    """
    x = array(states, "states")
    require(x.ndim == 3 and x.shape[0] == 2 and x.shape[2] >= 2, "states is (2, n, dates+1)")
    n, last = x.shape[1], x.shape[2] - 1
    cash = np.asarray(payoff(x[:, :, last]), dtype=np.float64) * discount
    european = float(np.mean(cash) * discount ** (last - 1))
    coefficients = []
    for date in range(last - 1, 0, -1):
        now = np.asarray(payoff(x[:, :, date]), dtype=np.float64)
        inside = np.flatnonzero(now > 0)
        if inside.size > len(exponents):
            part = x[:, inside, date]
            spread = part.std(axis=1, keepdims=True)
            scaled = (part - part.mean(axis=1, keepdims=True)) / np.where(spread == 0, 1.0, spread)
            basis = np.stack([scaled[0] ** i * scaled[1] ** j for i, j in exponents], axis=1)
            fit, *_ = np.linalg.lstsq(basis, cash[inside], rcond=None)
            coefficients.append(tuple(float(c) for c in fit))
            take = inside[now[inside] > basis @ fit]
            cash[take] = now[take]
        cash *= discount
    return LsmValue(
        value=float(np.mean(cash)),
        standard_error=float(np.std(cash, ddof=1) / np.sqrt(n)),
        european=european,
        coefficients=tuple(coefficients),
        paths=n,
        conventions=Conventions(tree=f"LSM, two states, {len(exponents)} terms, {last} dates"),
    )
