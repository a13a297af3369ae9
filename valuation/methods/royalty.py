"""Relief from royalty ("tiền sử dụng"): what the owner of a technology is spared paying for it.

V0 = sum Rev_t*a_t*rho*(1-tau)*s_t*L_t/(1+k)^t - sum M_t(1-tau)/(1+k)^t, V = V0*F (tax amortisation).
Sources: domain file section 2; IVS 210 par. 80 (relief-from-royalty); Circular 37/2024/TT-BTC (name of the
method); UNIDO Manual on Technology Transfer Negotiation 1996 p. 256 (profit-share algebra).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuation.methods.discounting import Schedule, discount_factors, schedule, tab_factor
from valuation.methods.types import (
    ArrayLike,
    BaseMismatchError,
    Conventions,
    Floats,
    InvalidInputError,
    Timing,
    array,
    require,
    scalar,
)


@dataclass(frozen=True, slots=True)
class ReliefFromRoyalty:
    """Value with and without the tax amortisation benefit, and the yearly after-tax royalty saved.

    ``value``, ``before_tab`` (...,), ``saved`` (..., N) in the unit of the revenue; ``factor`` is 1 without TAB.
    """

    value: float | Floats
    before_tab: float | Floats
    factor: float | Floats
    saved: Floats
    conventions: Conventions


def survival(decay: ArrayLike, periods: int) -> Floats:
    """(..., periods) share of the technology's pull left: 1 in the first year, then (1-decay)^(t-1)."""
    d = array(decay, "decay")
    require((d >= 0) & (d <= 1), "decay must lie in [0, 1]")
    return (1.0 - d)[..., None] ** np.arange(periods, dtype=np.float64)


def relief_from_royalty(
    *,
    revenue: ArrayLike,
    royalty: ArrayLike,
    rate: ArrayLike,
    tax: ArrayLike,
    periods: Schedule,
    revenue_base: str,
    royalty_base: str,
    coverage: ArrayLike = 1.0,
    decay: ArrayLike = 0.0,
    maintenance: ArrayLike = 0.0,
    tab_life: float | None = None,
) -> ReliefFromRoyalty:
    """Relief from royalty over the periods of ``periods``.

    ``revenue`` (..., M) full-year sales of years 1..M with M >= N periods (the surplus lies beyond the life);
    ``royalty``, ``rate``, ``tax``, ``decay`` (...,) fractions; ``coverage`` (...,) or (..., N) share of the sales
    that uses the asset; ``maintenance`` (N,) or scalar yearly fees before tax. ``revenue_base`` and
    ``royalty_base`` must be the same word (BaseMismatchError otherwise: a rate on profit is not a rate on sales).
    ``tab_life`` in years of TAX depreciation turns the amortisation benefit on. A life of 0 is worth 0.
    """
    if str(revenue_base) != str(royalty_base):
        raise BaseMismatchError(f"royalty quoted on {royalty_base} cannot be applied to {revenue_base}")
    n = periods.periods
    sales = array(revenue, "revenue")
    require(sales.ndim >= 1 and sales.shape[-1] >= n, "revenue covers fewer years than the remaining life")
    sales = sales[..., :n]
    rho, k, tau = array(royalty, "royalty"), array(rate, "rate"), array(tax, "tax")
    require((rho >= 0) & (rho <= 1), "royalty must lie in [0, 1]")
    require((tau >= 0) & (tau < 1), "tax must lie in [0, 1)")
    part = array(coverage, "coverage")
    require((part >= 0) & (part <= 1), "coverage must lie in [0, 1]")
    if part.ndim == 0 or part.shape[-1] != n:
        part = part[..., None]
    lengths = np.asarray(periods.lengths)
    keep = (1.0 - tau)[..., None] * lengths
    saved = sales * part * survival(decay, n) * rho[..., None] * keep - array(maintenance, "maintenance") * keep
    before = (saved * discount_factors(k, np.asarray(periods.times))).sum(axis=-1)
    factor = 1.0 if tab_life is None else tab_factor(tau, tab_life, k, periods.timing)
    return ReliefFromRoyalty(
        value=scalar(before * factor),
        before_tab=scalar(before),
        factor=factor,
        saved=saved,
        conventions=Conventions(timing=periods.timing.value),
    )


def profile_present_value(profile: ArrayLike, decay: ArrayLike, rate: ArrayLike, periods: Schedule) -> Floats:
    """PV per unit of yearly money that follows ``profile`` (M >= N,), decays and is discounted; shape (...,).

    sum_t profile_t*L_t*(1-decay)^(t-1)*(1+rate)^-time_t by Horner's rule: two multiplications per path and year.
    This is the kernel of the simulations; :func:`relief_from_royalty` gives the same number term by term.
    """
    n = periods.periods
    d, k = np.asarray(decay, dtype=np.float64), np.asarray(rate, dtype=np.float64)
    require(k > -1, "a discount rate at or below -100 % has no meaning")
    shape = array(profile, "profile")
    require(shape.ndim == 1 and shape.size >= n, "profile covers fewer years than the remaining life")
    if n == 0:
        return np.zeros(np.broadcast_shapes(d.shape, k.shape))
    weights = shape[:n] * np.asarray(periods.lengths)
    times = np.asarray(periods.times)
    growth = 1.0 + k
    # Periods 2..even are one year apart and go through Horner; a shortened last period stands alone.
    even = n if n < 3 or abs(times[-1] - times[-2] - 1.0) < 1e-12 else n - 1
    ratio = (1.0 - d) / growth
    total = np.zeros(np.broadcast_shapes(d.shape, k.shape))
    if even > 1:
        total += weights[even - 1]
        for t in range(even - 2, 0, -1):
            total *= ratio
            total += weights[t]
        total *= (1.0 - d) * _power(growth, -times[1])
    if even < n:
        total += weights[n - 1] * (1.0 - d) ** (n - 1) * _power(growth, -times[n - 1])
    total += weights[0] * _power(growth, -times[0])
    return total


def _power(base: Floats, exponent: float) -> Floats:
    """base**exponent, by multiplication and roots where that is cheaper than a general power."""
    doubled = -2.0 * exponent
    if doubled == round(doubled) and 0 <= doubled <= 6:
        whole = base ** int(doubled // 2)
        return 1.0 / (whole * np.sqrt(base)) if int(doubled) % 2 else 1.0 / whole
    return np.power(base, exponent)


def royalty_from_profit_share(licensor_share: ArrayLike, profit: ArrayLike, price: ArrayLike) -> float | Floats:
    """Royalty on sales that gives the licensor this share of profit: ROS = LSEP*POS (UN Guidelines 1979 p. 40)."""
    cost = array(price, "price")
    require(cost > 0, "price must be positive")
    return scalar(array(licensor_share, "licensor share") * array(profit, "profit") / cost)


@dataclass(frozen=True, slots=True)
class ProfitShare:
    """Split of the operating profit: licensee keeps ``opr``, licensor gets ``royalty``; both plus tax-free."""

    opr: float
    royalty: float
    total: float
    turnover_factor: float
    licensor_share: float


def profit_share(*, sales: float, cost: float, royalty: float) -> ProfitShare:
    """TTF = OPR/R and LSEP = R/(OPR+R) = 1/(1+TTF) for one year (UNIDO 1996 p. 256).

    ``sales`` and ``cost`` in the same money, ``royalty`` a fraction of sales. InvalidInputError at no royalty.
    """
    paid = royalty * sales
    if paid <= 0:
        raise InvalidInputError("a profit share needs a positive royalty")
    kept = sales - cost - paid
    return ProfitShare(kept, paid, kept + paid, kept / paid, paid / (kept + paid))


def sanity_band(operating_margin: float, gross_margin: float, share: float) -> tuple[float, float]:
    """[share*operating margin, share*gross margin]: outside it a royalty deserves a warning, nothing more.

    Source: domain file section 2 (KPMG; Kemmerer & Lu, SSRN 1141865). Never a method: the fixed-share rule was
    held inadmissible (Uniloc v Microsoft, 632 F.3d 1292, Fed. Cir. 2011). ``share`` comes from the caller.
    """
    require(operating_margin <= gross_margin, "the operating margin cannot exceed the gross margin")
    return (share * operating_margin, share * gross_margin)


def yearly_schedule(life: int, timing: Timing | str = Timing.END_YEAR) -> Schedule:
    """Whole years 1..life with no partial year."""
    return schedule(float(life), timing=Timing(timing))


@dataclass(frozen=True, slots=True)
class ImpliedRoyalty:
    """Royalty rate and sales per licence behind a yearly licensing total, in the money of the totals."""

    rate: float
    sales_per_licence: float | None


def implied_royalty(*, royalties: float, sales: float, licences: float | None = None) -> ImpliedRoyalty:
    """royalties/sales, and sales/licences when the number of licences is known."""
    require(sales > 0, "sales must be positive")
    if licences is None:
        return ImpliedRoyalty(royalties / sales, None)
    require(licences > 0, "licences must be positive")
    return ImpliedRoyalty(royalties / sales, sales / licences)
