"""Discounting, royalty, earnings, rNPV, cost, rates and payment forms on figures worked by hand."""

import datetime as dt

import numpy as np
import pytest

from valuation.methods import cost, discounting, earnings, payment_forms, rates, rnpv, royalty
from valuation.methods.discounting import DayCount, schedule
from valuation.methods.payment_forms import Base, PaymentForm, Share, Stream
from valuation.methods.types import BaseMismatchError, InvalidInputError, Timing


@pytest.mark.parametrize(
    ("day_count", "years"),
    [(DayCount.ACT_365, 366 / 365), (DayCount.ACT_ACT, 184 / 366 + 182 / 365), (DayCount.THIRTY_360, 1.0)],
)
def test_year_fraction_follows_its_convention(day_count, years):
    found = discounting.year_fraction(dt.date(2024, 7, 1), dt.date(2025, 7, 2), day_count)
    assert found == pytest.approx(years, abs=1 / 350)
    assert discounting.year_fraction(dt.date(2025, 7, 2), dt.date(2024, 7, 1), day_count) == -found


def test_remaining_life_is_the_shorter_of_legal_and_economic():
    today = dt.date(2026, 11, 21)
    assert discounting.remaining_life(
        valuation_date=today, legal_end=dt.date(2031, 11, 20), economic_years=9
    ) == pytest.approx(5.0, abs=0.01)
    assert discounting.remaining_life(valuation_date=today, legal_end=dt.date(2040, 1, 1), economic_years=4) == 4
    assert discounting.remaining_life(valuation_date=today, legal_end=dt.date(2020, 1, 1), economic_years=4) == 0
    with pytest.raises(InvalidInputError):
        discounting.remaining_life(valuation_date=today, legal_end=None, economic_years=None)


def test_schedule_starts_with_a_partial_year_and_ends_with_the_life():
    found = schedule(2.7, timing=Timing.MID_YEAR, first_fraction=0.4)
    assert found.lengths == pytest.approx((0.4, 1.0, 1.0, 0.3))
    assert found.times == pytest.approx((0.2, 0.9, 1.9, 2.55))


def test_relief_counts_partial_years_decay_coverage_and_maintenance():
    found = royalty.relief_from_royalty(
        revenue=[1000.0, 1000.0, 1000.0],
        royalty=0.1,
        rate=0.0,
        tax=0.2,
        periods=schedule(1.5, first_fraction=0.5),
        revenue_base="net sales",
        royalty_base="net sales",
        coverage=0.5,
        decay=0.1,
        maintenance=10.0,
    )
    assert found.value == pytest.approx(0.8 * (50 * 0.5 + 50 * 0.9 - 10 * 1.5))
    assert found.conventions.timing == "end-year"


def test_relief_is_vectorised_over_paths():
    periods = schedule(3.0)
    base = {"periods": periods, "revenue_base": "x", "royalty_base": "x", "tax": 0.2, "tab_life": 5.0}
    rate, share = np.array([0.1, 0.2]), np.array([0.03, 0.05])
    many = royalty.relief_from_royalty(revenue=np.full((2, 3), 100.0), royalty=share, rate=rate, **base)
    each = [
        royalty.relief_from_royalty(revenue=[100.0] * 3, royalty=s, rate=k, **base).value
        for s, k in zip(share, rate, strict=True)
    ]
    assert many.value == pytest.approx(each)
    assert many.saved.shape == (2, 3)


@pytest.mark.parametrize(
    "bad",
    [{"royalty": 1.5}, {"tax": 1.0}, {"coverage": -0.1}, {"decay": 2.0}, {"rate": -1.0}, {"revenue": [1.0]}],
)
def test_relief_refuses_impossible_inputs(bad):
    terms = {"revenue": [1.0, 1.0], "royalty": 0.1, "rate": 0.1, "tax": 0.2, "periods": schedule(2.0)}
    with pytest.raises(InvalidInputError):
        royalty.relief_from_royalty(**{**terms, **bad}, revenue_base="x", royalty_base="x")


def test_sanity_band_is_a_share_of_the_margins():
    assert royalty.sanity_band(0.12, 0.4, 0.25) == pytest.approx((0.03, 0.1))
    with pytest.raises(InvalidInputError):
        royalty.sanity_band(0.5, 0.4, 0.25)


def test_incremental_profit_adds_price_volume_and_cost_effects():
    found = earnings.incremental_profit(
        rate=0.0,
        tax=0.2,
        quantity=[100.0, 100.0],
        price_gain=1.0,
        extra_quantity=[10.0, 20.0],
        price=50.0,
        margin=0.4,
        unit_cost_saving=0.5,
        extra_opex=30.0,
    )
    assert found.value == pytest.approx(0.8 * ((150 + 200 - 30) + (150 + 400 - 30)))


def test_cost_saving_is_discounted_after_tax():
    assert earnings.cost_saving(saving=[110.0], rate=0.1, tax=0.5).value == pytest.approx(50.0)


def test_contributory_charge_sums_over_assets():
    found = earnings.contributory_charge([[100.0, 100.0], [50.0, 40.0]], [0.05, 0.1], return_of=2.0)
    assert found == pytest.approx([12.0, 11.0])


def test_single_period_excess_needs_a_rate_above_growth():
    with pytest.raises(InvalidInputError):
        earnings.single_period_excess(
            earnings=10,
            working_capital=0,
            working_capital_rate=0,
            fixed_assets=0,
            fixed_assets_rate=0,
            rate=0.05,
            growth=0.05,
        )


def test_staged_value_weights_costs_by_reaching_and_revenue_by_passing():
    gates = [rnpv.Gate(0.0, 10.0, 0.5), rnpv.Gate(1.0, 20.0, 0.4)]
    found = rnpv.staged_value(gates, revenues=[500.0], revenue_times=[2.0], rate=0.0)
    assert found == pytest.approx(-10 - 0.5 * 20 + 0.2 * 500)
    assert rnpv.gated_value(gates, launch_value=500.0, launch_time=2.0, rate=0.0) == pytest.approx(found)
    assert rnpv.gated_value(gates, launch_value=10.0, launch_time=2.0, rate=0.0) == 0.0


def test_gates_of_one_time_are_passed_in_the_order_given():
    gates = [rnpv.Gate(time=0.0, cost=0.0, probability=0.5), rnpv.Gate(time=0.0, cost=1.0, probability=1.0)]
    assert rnpv.staged_value(gates, revenues=[2.0], revenue_times=[5.0], rate=0.0) == 0.5
    assert rnpv.gated_value(gates, launch_value=2.0, launch_time=5.0, rate=0.0) == 0.5
    assert rnpv.gated_value(gates[::-1], launch_value=2.0, launch_time=5.0, rate=0.0) == 0.0


def test_flow_weights_follow_the_number_of_probabilities():
    flows = [-10.0, -20.0, 100.0]
    assert rnpv.flow_weights([0.5, 0.4], flows) == pytest.approx([1.0, 0.5, 0.2])
    assert rnpv.flow_weights([1.0, 0.5, 0.4], flows) == pytest.approx([1.0, 0.5, 0.2])
    assert rnpv.flow_weights([0.5, 0.4, 0.8], flows) == pytest.approx([1.0, 0.5, 0.16])
    assert rnpv.flow_weights([0.5], flows) == pytest.approx([1.0, 0.5, 0.5])


def test_expandable_project_doubles_only_the_good_outcome():
    terms = {"cost": 104, "up": 180, "down": 60, "probability": 0.4, "rate": 0.05}
    assert rnpv.expandable_project(**terms, factor=2.0, expand_cost=80.0) == pytest.approx(36.952, abs=1e-3)
    assert rnpv.deferred_project(**terms).value == pytest.approx(26.971, abs=1e-3)
    assert rnpv.expandable_project(**terms, factor=1.0, expand_cost=0.0) == rnpv.committed_value(**terms)


def test_cost_combines_obsolescence_by_multiplication():
    found = cost.replacement_cost(
        direct=400.0, overhead=100.0, developer_profit=0.1, functional=0.1, technological=0.3, economic=0.5
    )
    assert found.cost_new == pytest.approx(550.0)
    assert found.value == pytest.approx(550.0 * 0.9 * 0.7 * 0.5)
    assert found.combination == "multiplicative"


def test_history_is_indexed_year_by_year():
    total, parts = cost.indexed_history({2020: 100.0, 2022: 50.0}, {2020: 80, 2022: 100, 2026: 120}, to_year=2026)
    assert parts == pytest.approx({2020: 150.0, 2022: 60.0})
    assert total == pytest.approx(210.0)
    with pytest.raises(InvalidInputError):
        cost.indexed_history({2019: 1.0}, {2026: 120}, to_year=2026)


def test_profit_is_distributed_whole():
    found = cost.distribute_profit(1000.0, author=0.3, broker=0.1, owner_representative=0.1, research_share_of_rest=0.5)
    parts = (found.author, found.broker, found.owner_representative, found.research, found.welfare)
    assert sum(parts) == pytest.approx(1000.0)
    with pytest.raises(InvalidInputError):
        cost.distribute_profit(1000.0, author=0.9, broker=0.2, research_share_of_rest=0.5)


def test_build_up_names_its_parts():
    found = rates.build_up(risk_free=0.03, equity_premium=0.08, beta=1.5, size=0.04, specific=0.02)
    assert found.rate == pytest.approx(0.21)
    assert dict(found.parts) == pytest.approx({"risk_free": 0.03, "equity": 0.12, "size": 0.04, "specific": 0.02})


def test_capm_takes_exactly_one_of_return_and_premium():
    assert rates.capm(risk_free=0.04, beta=2.0, equity_premium=0.05) == pytest.approx(0.14)
    with pytest.raises(InvalidInputError):
        rates.capm(risk_free=0.04, beta=2.0, market_return=0.09, equity_premium=0.05)


def test_weighted_cost_shields_interest():
    assert rates.weighted_cost(equity=0.2, debt=0.1, equity_weight=0.5, tax=0.2) == pytest.approx(0.14)


def test_banded_rate_includes_the_ceiling():
    found = rates.banded_rate([2.9, 3.0, 3.1, 50.0, 50.1], [3.0, 50.0], [0.15, 0.17, 0.2])
    assert found == pytest.approx([0.15, 0.15, 0.17, 0.17, 0.2])


SALES = Stream.yearly([100.0, 120.0], Base.NET_REVENUE)


def test_share_of_one_base_never_meets_money_of_another():
    on_profit = Share(0.1, Base.PRE_TAX_PROFIT)
    with pytest.raises(BaseMismatchError):
        payment_forms.payments(on_profit, SALES)
    with pytest.raises(BaseMismatchError):
        payment_forms.value_of_share(on_profit, SALES, 0.1)
    with pytest.raises(BaseMismatchError):
        on_profit + Share(0.1, Base.NET_REVENUE)
    with pytest.raises(BaseMismatchError):
        assert on_profit < Share(0.2, Base.NET_REVENUE)
    with pytest.raises(BaseMismatchError):
        payment_forms.equivalents(1.0, rate=0.1, streams={Base.PRE_TAX_PROFIT: SALES})


def test_shares_of_one_base_add_and_compare():
    one, other = Share(0.1, Base.NET_REVENUE), Share(0.2, Base.NET_REVENUE)
    assert one + other == Share(0.1 + 0.2, Base.NET_REVENUE)
    assert one < other
    assert one <= other


def test_equivalents_leave_out_what_the_plan_does_not_say():
    loss = Stream.yearly([-1.0, -2.0], Base.PRE_TAX_PROFIT)
    found = payment_forms.equivalents(10.0, rate=0.1, streams={Base.NET_REVENUE: SALES, Base.PRE_TAX_PROFIT: loss})
    assert set(found.shares) == {PaymentForm.NET_REVENUE}
    assert found.instalments is None
    assert found.equity is None


def test_instalments_must_add_up():
    with pytest.raises(InvalidInputError):
        payment_forms.instalments_worth(10.0, (payment_forms.Instalment(0.0, 0.4),), 0.1)


def test_payments_respect_minimum_cap_and_upfront_credit():
    share = Share(0.1, Base.NET_REVENUE)
    due = payment_forms.with_minimum(share, SALES, upfront=5.0, minimum=11.0, cap=20.0)
    assert due == pytest.approx([6.0, 9.0])


def test_internal_rate_is_where_the_flows_are_worth_nothing():
    assert discounting.internal_rate([-100.0, 60.0, 60.0]) == pytest.approx(0.1306623, abs=1e-6)
    with pytest.raises(InvalidInputError):
        discounting.internal_rate([1.0, 1.0])
