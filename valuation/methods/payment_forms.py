"""The law's forms of payment for a technology, converted at equal present value.

Forms of article 27 of the Law on Technology Transfer 2017: lump sum, instalments, capital contribution, a share of
the net selling price, of net revenue, or of the licensee's pre-tax profit. A rate carries its base and only meets
money of that base: "5 %" alone does not exist here. Source: domain file sections 2 and 6.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from valuation.methods.discounting import discount_factors
from valuation.methods.types import (
    ArrayLike,
    BaseMismatchError,
    Floats,
    InvalidInputError,
    array,
    require,
)


class PaymentForm(enum.StrEnum):
    """How a technology is paid for."""

    LUMP_SUM = "lump sum"
    INSTALMENTS = "instalments"
    NET_SELLING_PRICE = "share of net selling price"
    NET_REVENUE = "share of net revenue"
    PRE_TAX_PROFIT = "share of pre-tax profit"
    EQUITY = "capital contribution"


class Base(enum.StrEnum):
    """What a percentage is taken of."""

    NET_SELLING_PRICE = "net selling price"
    NET_REVENUE = "net revenue"
    PRE_TAX_PROFIT = "pre-tax profit"
    COMPANY_VALUE = "company value"


BASE_OF = {
    PaymentForm.NET_SELLING_PRICE: Base.NET_SELLING_PRICE,
    PaymentForm.NET_REVENUE: Base.NET_REVENUE,
    PaymentForm.PRE_TAX_PROFIT: Base.PRE_TAX_PROFIT,
    PaymentForm.EQUITY: Base.COMPANY_VALUE,
}


@dataclass(frozen=True, slots=True)
class Share:
    """A fraction of money of one base. Shares of different bases neither add nor compare."""

    fraction: float
    base: Base

    def __post_init__(self) -> None:
        array(self.fraction, "share")
        Base(self.base)

    def __add__(self, other: Share) -> Share:
        _same(self.base, other.base)
        return Share(self.fraction + other.fraction, self.base)

    def __lt__(self, other: Share) -> bool:
        _same(self.base, other.base)
        return self.fraction < other.fraction

    def __le__(self, other: Share) -> bool:
        _same(self.base, other.base)
        return self.fraction <= other.fraction


@dataclass(frozen=True, slots=True)
class Stream:
    """Yearly money of one base: ``amounts`` (N,) at ``times`` (N,) years."""

    amounts: tuple[float, ...]
    times: tuple[float, ...]
    base: Base

    def __post_init__(self) -> None:
        array(self.amounts, "amounts")
        array(self.times, "times")
        require(len(self.amounts) == len(self.times), "one time per amount")
        Base(self.base)

    @classmethod
    def yearly(cls, amounts: ArrayLike, base: Base) -> Stream:
        """Amounts at the ends of years 1..N."""
        money = array(amounts, "amounts").ravel()
        return cls(tuple(money.tolist()), tuple(float(t) for t in range(1, money.size + 1)), base)

    def present_value(self, rate: float) -> float:
        """PV of the whole stream in its money."""
        return float(np.sum(np.asarray(self.amounts) * discount_factors(rate, np.asarray(self.times))))


@dataclass(frozen=True, slots=True)
class Instalment:
    """A payment of ``fraction`` of the undiscounted total at ``time`` years."""

    time: float
    fraction: float


@dataclass(frozen=True, slots=True)
class Equivalents:
    """One agreement in every form that the plan allows, all worth ``lump_sum`` today.

    ``instalments`` are (time, amount); ``shares`` by form carry their base; ``equity`` is the stake of the
    contributor. A form the plan says nothing about is absent.
    """

    lump_sum: float
    instalments: tuple[tuple[float, float], ...] | None
    shares: Mapping[PaymentForm, Share]
    equity: Share | None
    rate: float


def _same(one: Base, other: Base) -> None:
    if Base(one) is not Base(other):
        raise BaseMismatchError(f"{one} is not {other}")


def payments(share: Share, stream: Stream) -> Floats:
    """(N,) yearly payments of a share of a stream; BaseMismatchError when their bases differ."""
    _same(share.base, stream.base)
    return share.fraction * np.asarray(stream.amounts)


def value_of_share(share: Share, stream: Stream, rate: float) -> float:
    """Present value of paying ``share`` of ``stream``."""
    _same(share.base, stream.base)
    return share.fraction * stream.present_value(rate)


def share_worth(lump_sum: float, stream: Stream, rate: float) -> Share:
    """The share of ``stream`` worth ``lump_sum`` today; InvalidInputError when the stream is worth nothing."""
    worth = stream.present_value(rate)
    if worth <= 0:
        raise InvalidInputError(f"the {stream.base} of the plan is worth nothing today")
    return Share(lump_sum / worth, stream.base)


def instalments_worth(lump_sum: float, plan: tuple[Instalment, ...], rate: float) -> tuple[tuple[float, float], ...]:
    """(time, amount) of instalments in the plan's proportions worth ``lump_sum`` today.

    The fractions must sum to 1. InvalidInputError otherwise.
    """
    require(len(plan) > 0, "no instalments")
    fractions = array([one.fraction for one in plan], "fractions")
    require((fractions >= 0).all() and abs(fractions.sum() - 1) < 1e-9, "instalment fractions must sum to 1")
    times = array([one.time for one in plan], "times")
    factor = float(np.sum(fractions * discount_factors(rate, times)))
    total = lump_sum / factor
    return tuple((float(t), float(total * f)) for t, f in zip(times, fractions, strict=True))


def equity_worth(lump_sum: float, other_contributions: float) -> Share:
    """Stake for contributing technology worth ``lump_sum`` beside ``other_contributions``: L/(L+O) of the company."""
    require(lump_sum >= 0 and other_contributions >= 0, "contributions must not be negative")
    require(lump_sum + other_contributions > 0, "the company is worth nothing")
    return Share(lump_sum / (lump_sum + other_contributions), Base.COMPANY_VALUE)


def equivalents(
    lump_sum: float,
    *,
    rate: float,
    streams: Mapping[Base, Stream],
    instalment_plan: tuple[Instalment, ...] | None = None,
    other_contributions: float | None = None,
    share_rate: float | None = None,
) -> Equivalents:
    """Every form worth ``lump_sum`` today under the licensee's plan.

    ``streams`` gives the planned money by base; ``rate`` discounts fixed payments, ``share_rate`` (default ``rate``)
    the riskier ones that depend on sales or profit. Streams worth nothing are left out.
    """
    require(lump_sum >= 0, "a lump sum must not be negative")
    variable = rate if share_rate is None else share_rate
    shares: dict[PaymentForm, Share] = {}
    for form, base in BASE_OF.items():
        stream = streams.get(base)
        if stream is None or form is PaymentForm.EQUITY:
            continue
        _same(base, stream.base)
        if stream.present_value(variable) > 0:
            shares[form] = share_worth(lump_sum, stream, variable)
    return Equivalents(
        lump_sum=lump_sum,
        instalments=None if instalment_plan is None else instalments_worth(lump_sum, instalment_plan, rate),
        shares=shares,
        equity=None if other_contributions is None else equity_worth(lump_sum, other_contributions),
        rate=rate,
    )


def with_minimum(share: Share, stream: Stream, *, upfront: float, minimum: float, cap: float | None = None) -> Floats:
    """(N,) yearly payments max(share, minimum), the total of the shares capped at ``cap``; upfront not included.

    ``upfront`` is credited against the first payments. Money of the stream.
    """
    require(upfront >= 0 and minimum >= 0, "upfront and minimum must not be negative")
    due = np.maximum(payments(share, stream), minimum)
    if cap is not None:
        room = np.maximum(cap - np.concatenate([[0.0], np.cumsum(due)[:-1]]), 0.0)
        due = np.minimum(due, room)
    credit = np.minimum(np.cumsum(due), upfront)
    return due - np.diff(np.concatenate([[0.0], credit]))
