"""Time and money: schedules, discount factors, annuities, the tax-amortisation benefit.

Sources: domain file section 2; IVS 105 par. 110 (tax amortisation benefit); Damodaran, Investment
Valuation 3e ch. 2 (annuities). Rates are yearly and compounded yearly unless a name says otherwise.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
from dataclasses import dataclass

import numpy as np

from valuation.methods.types import ArrayLike, Floats, InvalidInputError, Timing, array, require, scalar

#: No asset is valued over more years.
MOST_YEARS = 1000


class DayCount(enum.StrEnum):
    """How two dates become a number of years."""

    ACT_365 = "ACT/365"
    ACT_ACT = "ACT/ACT"
    THIRTY_360 = "30/360"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Yearly periods of an asset's remaining life.

    ``times`` (N,) are the years from the valuation date at which each period's cash flow falls,
    ``lengths`` (N,) the part of a full year each period covers (first and last may be partial).
    ``first_fraction`` is the length of the first period had life not ended it.
    """

    times: tuple[float, ...]
    lengths: tuple[float, ...]
    timing: Timing
    first_fraction: float

    @property
    def periods(self) -> int:
        return len(self.times)


def year_fraction(start: dt.date, end: dt.date, day_count: DayCount = DayCount.ACT_365) -> float:
    """Years from ``start`` to ``end`` (negative when end is earlier).

    ACT/365 fixed; ACT/ACT splits the days by calendar year; 30/360 bond basis (ISDA 2006 §4.16).
    """
    if end < start:
        return -year_fraction(end, start, day_count)
    if day_count is DayCount.ACT_365:
        return (end - start).days / 365
    if day_count is DayCount.THIRTY_360:
        d1 = min(start.day, 30)
        d2 = 30 if end.day == 31 and d1 == 30 else end.day
        return ((end.year - start.year) * 360 + (end.month - start.month) * 30 + d2 - d1) / 360
    total, cursor = 0.0, start
    while cursor < end:
        next_year = dt.date(cursor.year + 1, 1, 1)
        stop = min(end, next_year)
        total += (stop - cursor).days / (next_year - dt.date(cursor.year, 1, 1)).days
        cursor = stop
    return total


def remaining_life(
    *,
    valuation_date: dt.date,
    legal_end: dt.date | None,
    economic_years: float | None,
    day_count: DayCount = DayCount.ACT_365,
) -> float:
    """Remaining life in years: min(legal life left, economic life left), never below 0.

    ``legal_end`` is the last day of protection (the term itself comes from a dated rule);
    ``economic_years`` counts from the valuation date. Either may be None, not both.
    Source: domain file section 2; Circular 37/2024/TT-BTC (economic life from legal term, contracts, technology).
    """
    candidates = []
    if legal_end is not None:
        candidates.append(year_fraction(valuation_date, legal_end, day_count))
    if economic_years is not None:
        require(economic_years >= 0, "economic life is negative")
        candidates.append(float(economic_years))
    if not candidates:
        raise InvalidInputError("a remaining life needs a legal end or an economic life")
    return max(0.0, min(candidates))


def schedule(life: float, *, timing: Timing = Timing.END_YEAR, first_fraction: float = 1.0) -> Schedule:
    """Periods of ``life`` years, the first ending ``first_fraction`` of a year after the valuation date.

    A period's flow falls at its end (end-year) or in its middle (mid-year). Zero life gives no period.
    """
    require(0 <= life <= MOST_YEARS, f"a life has 0 to {MOST_YEARS:,} years")
    require(0 < first_fraction <= 1, "first_fraction must lie in (0, 1]")
    times: list[float] = []
    lengths: list[float] = []
    begin, end = 0.0, first_fraction
    while begin < life - 1e-9:
        stop = min(end, life)
        lengths.append(stop - begin)
        times.append((begin + stop) / 2 if timing is Timing.MID_YEAR else stop)
        begin, end = end, end + 1.0
    return Schedule(tuple(times), tuple(lengths), Timing(timing), float(first_fraction))


def times_for(periods: int, timing: Timing | str = Timing.END_YEAR) -> Floats:
    """(periods,) times 1..n at year end, or 0.5..n-0.5 mid-year."""
    return np.arange(1, periods + 1, dtype=np.float64) - (0.5 if Timing(timing) is Timing.MID_YEAR else 0.0)


def discount_factors(rate: ArrayLike, times: ArrayLike) -> Floats:
    """(1+rate)^-time. ``rate`` (...,) against ``times`` (N,) gives (..., N); rate above -1 required."""
    k = array(rate, "rate")
    require(k > -1, "a discount rate at or below -100 % has no meaning")
    return (1.0 + k)[..., None] ** -array(times, "times")


def present_value(cash_flows: ArrayLike, rate: ArrayLike, times: ArrayLike | None = None) -> float | Floats:
    """PV of ``cash_flows`` (..., N) at ``rate`` (...,); ``times`` (N,) default 1..N. Unit of the cash flows."""
    flows = array(cash_flows, "cash_flows")
    require(flows.ndim >= 1, "cash_flows needs at least one axis of years")
    when = times_for(flows.shape[-1]) if times is None else array(times, "times")
    require(when.shape == (flows.shape[-1],), "times and cash_flows differ in length")
    return scalar((flows * discount_factors(rate, when)).sum(axis=-1))


def net_present_value(cost: ArrayLike, cash_flows: ArrayLike, rate: ArrayLike) -> float | Floats:
    """``-cost`` now plus the PV of ``cash_flows`` at years 1..N."""
    return scalar(np.asarray(present_value(cash_flows, rate)) - array(cost, "cost"))


def lump_present_value(future: ArrayLike, rate: ArrayLike, years: ArrayLike) -> float | Floats:
    """PV now of ``future`` received after ``years`` (elementwise)."""
    k = array(rate, "rate")
    require(k > -1, "a discount rate at or below -100 % has no meaning")
    return scalar(array(future, "future") * (1.0 + k) ** -array(years, "years"))


def annuity(rate: ArrayLike, years: ArrayLike) -> float | Floats:
    """PV of 1 a year for ``years`` years, end-year: (1-(1+k)^-n)/k, and n at k = 0 (elementwise)."""
    k, n = array(rate, "rate"), array(years, "years")
    require(k > -1, "a discount rate at or below -100 % has no meaning")
    require(n >= 0, "years is negative")
    safe = np.where(np.abs(k) < 1e-12, 1.0, k)
    return scalar(np.where(np.abs(k) < 1e-12, n, -np.expm1(-n * np.log1p(k)) / safe))


def growing_annuity(first: ArrayLike, growth: ArrayLike, rate: ArrayLike, years: ArrayLike) -> float | Floats:
    """PV of ``first`` at the end of year 1 growing by ``growth`` for ``years`` payments (elementwise).

    first/(k-g)*(1-((1+g)/(1+k))^n); the limit n*first/(1+k) where k = g.
    """
    c, g, k, n = (
        array(x, name) for x, name in ((first, "first"), (growth, "growth"), (rate, "rate"), (years, "years"))
    )
    require(k > -1, "a discount rate at or below -100 % has no meaning")
    require(g > -1, "growth at or below -100 %")
    # With x = (1+g)/(1+k), the sum is c/(1+k)*(1-x^n)/(1-x); 1-x is taken first so that no digits are lost near k = g.
    lag = (k - g) / (1.0 + k)
    equal = lag == 0
    count = np.where(equal, n, -np.expm1(n * np.log1p(-lag)) / np.where(equal, 1.0, lag))
    return scalar(c / (1.0 + k) * count)


def tab_factor(
    tax: ArrayLike, tax_life: ArrayLike, rate: ArrayLike, timing: Timing | str = Timing.END_YEAR
) -> float | Floats:
    """Tax-amortisation step-up F = 1/(1-(tax/n)*A), straight line over ``tax_life`` = n years.

    A is the annuity of the tax life at ``rate``, times (1+k)^0.5 mid-year. F > 1 whenever tax > 0 and
    satisfies V = V0 + V*tax/n*A (the circularity of an asset whose price is itself amortised).
    n is the TAX life, not the economic one; not for the market approach. InvalidInputError when the saving
    would be worth the asset itself or more. Source: domain file section 2; IVS 105 par. 110.
    """
    t, n, k = array(tax, "tax"), array(tax_life, "tax_life"), array(rate, "rate")
    require((t >= 0) & (t < 1), "tax must lie in [0, 1)")
    require(n > 0, "tax life must be positive")
    shield = t / n * np.asarray(annuity(k, n))
    if Timing(timing) is Timing.MID_YEAR:
        shield = shield * np.sqrt(1.0 + k)
    require(shield < 1, "the tax saving would exceed the asset's value")
    return scalar(1.0 / (1.0 - shield))


def loaded_rate(rate: ArrayLike, probability: ArrayLike, years: ArrayLike) -> float | Floats:
    """Rate k' = (1+k)/p^(1/n)-1 that gives one flow after n years the value p*CF/(1+k)^n.

    Use it INSTEAD of a probability, never together with one (double count). Source: domain file section 2.
    """
    k, p, n = array(rate, "rate"), array(probability, "probability"), array(years, "years")
    require((p > 0) & (p <= 1), "probability must lie in (0, 1]")
    require(n > 0, "years must be positive")
    return scalar((1.0 + k) / p ** (1.0 / n) - 1.0)


def internal_rate(cash_flows: ArrayLike, *, low: float = -0.99, high: float = 10.0) -> float:
    """Rate at which flows at years 0..N are worth nothing; InvalidInputError when not exactly one lies in range."""
    flows = array(cash_flows, "cash_flows")
    times = np.arange(flows.size, dtype=np.float64)

    def worth(rate: float) -> float:
        return float(np.sum(flows * (1.0 + rate) ** -times))

    a, b = worth(low), worth(high)
    if not (math.isfinite(a) and math.isfinite(b)) or a * b > 0:
        raise InvalidInputError("no single internal rate between the bounds")
    for _ in range(200):
        middle = (low + high) / 2
        value = worth(middle)
        if a * value <= 0:
            high = middle
        else:
            low, a = middle, value
    return (low + high) / 2
