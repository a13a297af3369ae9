"""From a value to an agreement: the law's payment forms at equal present value, and what to propose without a price.

Sources: Law on Technology Transfer 2017 art. 27 (forms of payment); domain file sections 2 (options) and 8 (no price:
an option or milestones instead). A price is a lump sum of today, as the range names it. Sums of fixed amount count as
they are; a share of sales or profit counts at what is left of it after the payer's tax (`kept`), as relief from royalty
counts it, on expected sales: the chance of reaching the market is in them. `methods.backtest` reads a deal the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuation.methods.discounting import tab_factor
from valuation.methods.ladder import Case, life_of
from valuation.methods.lattice import option_to_delay
from valuation.methods.payment_forms import Base, Equivalents, Stream, equivalents
from valuation.methods.reconcile import round_significant
from valuation.methods.royalty import survival
from valuation.methods.statement import PaymentPlan, SuggestionInputs


@dataclass(frozen=True, slots=True)
class Proposal:
    """Terms to propose when no single price can be named, all worth ``value`` today; money in the currency.

    Option: ``option_fee`` now keeps the technology for ``option_years``; ``exercise_price`` then buys it. Milestones:
    ``signing`` now, ``milestone`` after the first year of sales (``milestone_years`` from now, with ``milestone_chance``), and
    ``royalty`` of net revenue. A part that cannot be computed is None. ``basis``: the method that ``value`` is the
    middle of, the lowest positive one.
    """

    basis: str | None
    value: float
    option_fee: float | None
    exercise_price: float | None
    option_years: float | None
    volatility: float | None
    signing: float | None
    milestone: float | None
    milestone_years: float
    milestone_chance: float
    royalty: float | None


def kept(inputs: SuggestionInputs, rate: float) -> float:
    """What a yearly payment out of sales or profit is worth of its amount beside a lump sum: 1 - tax, as the payer saves
    tax by it, times the factor by which the amortisation of a lump sum makes that worth more, when it is counted.
    """
    factor = 1.0 if inputs.tab_life is None else tab_factor(inputs.tax, inputs.tab_life, rate, inputs.timing)
    return float((1.0 - inputs.tax) * factor * inputs.indicator_multiplier)


def expected_sales(case: Case) -> Stream:
    """Yearly net revenue that rests on the technology, at P50 of every input and times the chance of success."""
    x, periods = case.middle(), case.periods
    n = periods.periods
    profile = np.asarray(case.inputs.revenue_profile[:n]) * np.asarray(periods.lengths)
    yearly = float(x["revenue"] * x["coverage"] * x["success"]) * profile * survival(x["decay"], n)
    return Stream(tuple(float(amount) for amount in yearly), periods.times, Base.NET_REVENUE)


def _scaled(stream: Stream, factor: float, base: Base) -> Stream:
    return Stream(tuple(amount * factor for amount in stream.amounts), stream.times, base)


def payment_forms(case: Case, lump_sum: float, plan: PaymentPlan) -> Equivalents:
    """Every form of payment worth ``lump_sum`` today on the expected sales, discounted at P50 of the rate."""
    rate = float(case.middle()["discount_rate"])
    sales = _scaled(expected_sales(case), kept(case.inputs, rate), Base.NET_REVENUE)
    return equivalents(
        lump_sum,
        rate=rate,
        streams={
            Base.NET_REVENUE: sales,
            Base.NET_SELLING_PRICE: _scaled(sales, plan.selling_price_ratio, Base.NET_SELLING_PRICE),
            Base.PRE_TAX_PROFIT: _scaled(sales, plan.margin, Base.PRE_TAX_PROFIT),
        },
        instalment_plan=plan.instalments,
        other_contributions=plan.other_capital,
    )


def propose(case: Case, medians: dict[str, float], plan: PaymentPlan) -> Proposal:
    """Option and milestones in place of a price. ``medians``: P50 of the weighted methods.

    The value is the lowest positive median, so that nobody pays in advance for what is in doubt; the running royalty
    carries the rest. The option is an American call (CRR) at the money on that value.
    """
    x = case.middle()
    rate, chance = float(x["discount_rate"]), float(x["success"])
    profile = case.inputs.revenue_profile
    launch = 1.0 + next((year for year, part in enumerate(profile) if part > 0), 0)
    positive = {name: value for name, value in medians.items() if value > 0}
    if not positive:
        royalty = round_significant(float(x["royalty"]))
        return Proposal(None, 0.0, None, None, None, None, None, None, launch, chance, royalty)
    basis = min(positive, key=lambda name: positive[name])
    value = positive[basis]
    fee = price = years = sigma = None
    terms, life = case.inputs.option, life_of(case.inputs)
    if terms is not None and life > 0:
        years, sigma = min(terms.years, life), terms.sigma
        right = option_to_delay(
            value=value, cost=value, rate=terms.rate, delay_cost=1.0 / life, years=years, sigma=sigma, steps=terms.steps
        )
        fee, price = round_significant(right.value), round_significant(value)
    reach = chance * (1.0 + rate) ** -launch
    worth = expected_sales(case).present_value(rate) * kept(case.inputs, rate)
    running = 1.0 - plan.signing - plan.milestone
    return Proposal(
        basis=basis,
        value=value,
        option_fee=fee,
        exercise_price=price,
        option_years=years,
        volatility=sigma,
        signing=round_significant(plan.signing * value),
        milestone=round_significant(plan.milestone * value / reach) if reach > 0 else None,
        milestone_years=launch,
        milestone_chance=chance,
        royalty=round_significant(running * value / worth) if worth > 0 else None,
    )
