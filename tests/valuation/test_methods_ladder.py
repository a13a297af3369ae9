"""The ladder beyond royalties: staged development, excess earnings, the right to wait; forms and proposals."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.factories.valuation_inputs import suggestion_inputs
from valuation.methods.ladder import prepare_case
from valuation.methods.payment_forms import Base, Instalment, PaymentForm, Share, Stream, value_of_share
from valuation.methods.rnpv import Gate, staged_value
from valuation.methods.royalty import profile_present_value
from valuation.methods.statement import (
    COST,
    EXCESS,
    INCREMENTAL,
    OPTION,
    RELIEF,
    STAGED,
    Estimate,
    OptionTerms,
    Origin,
    PaymentPlan,
    Shape,
    SuggestionInputs,
)
from valuation.methods.suggest import SuggestionResult, suggest_range
from valuation.methods.types import InvalidInputError

KNOWN = Origin.OWNER
PLAN = PaymentPlan((Instalment(0, 0.5), Instalment(1, 0.3), Instalment(2, 0.2)), 0.9, 0.1, 0.1, 0.3, 5e9)
WAIT = OptionTerms(2.0, 0.4, 0.04, 100)
GATES = (Gate(0.0, 1e8, 0.8), Gate(1.0, 2e8, 0.75))


def known(value: float) -> Estimate:
    return Estimate.known(value, KNOWN)


def certain(**changes: Any) -> SuggestionInputs:
    """Inputs without any spread, so that every method is one number."""
    fixed = {
        "revenue": known(1e10), "coverage": known(0.8), "royalty_estimate": known(0.05), "discount_rate": known(0.15),
        "decay": known(0.05), "success": known(0.6), "comparables": (), "incremental_profit": None, "legal_life": None,
        "economic_life": 8.0, "first_fraction": 1.0, "method_weights": {RELIEF: 1, STAGED: 1, EXCESS: 1},
        "correlations": {}, "sunk_cost_floor": None, "option": WAIT, "plan": PLAN,
    }  # fmt: skip
    return suggestion_inputs(**{**fixed, **changes})


def suggest(inputs: SuggestionInputs) -> SuggestionResult:
    return suggest_range(inputs, seed=5, paths=1000)


def middle(result: SuggestionResult, method: str) -> float:
    return result.methods[method].at(0.5)


def test_staged_development_is_the_rnpv_of_royalties_and_costs() -> None:
    inputs = certain(gates=GATES, owner_pays=True, launch_cost=known(4e8), launch_time=2.0)
    case, _warnings = prepare_case(inputs)
    periods, tax = case.periods, inputs.tax
    shape = np.asarray(inputs.revenue_profile[: periods.periods]) * 0.95 ** np.arange(periods.periods)
    royalties = 1e10 * 0.8 * 0.05 * (1 - tax) * shape
    gates = (*(replace(gate, cost=gate.cost * (1 - tax)) for gate in GATES), Gate(2.0, 4e8 * (1 - tax), 1.0))
    expected = staged_value(gates, revenues=royalties, revenue_times=periods.times, rate=0.15)
    assert middle(suggest(inputs), STAGED) == pytest.approx(expected, rel=1e-12)


def test_a_licensee_who_pays_leaves_the_owner_his_share_of_the_costs() -> None:
    owner = suggest(certain(gates=GATES, owner_pays=True))
    buyer = suggest(certain(gates=GATES, margin=known(0.2)))
    costs = middle(owner, RELIEF) - middle(owner, STAGED)
    assert costs > 0
    assert middle(buyer, RELIEF) - middle(buyer, STAGED) == pytest.approx(costs * 0.05 / 0.2)
    with pytest.raises(InvalidInputError):
        suggest(certain(gates=GATES))


def test_without_costs_there_is_no_staged_method_and_certain_stages_cost_their_present_value() -> None:
    assert STAGED not in suggest(certain()).methods
    sure = suggest(certain(gates=(Gate(1.0, 1e8, 1.0),), owner_pays=True, success=known(1.0)))
    assert middle(sure, RELIEF) - middle(sure, STAGED) == pytest.approx(1e8 * 0.8 / 1.15)


def test_excess_earnings_are_the_profit_after_the_charge_for_other_assets() -> None:
    result = suggest(certain(margin=known(0.12), charge=known(0.04)))
    assert middle(result, EXCESS) == pytest.approx(middle(result, RELIEF) * (0.12 - 0.04) / 0.05)
    with pytest.raises(InvalidInputError):
        suggest(certain(charge=known(0.04)))


def test_the_right_to_wait_is_worth_at_least_deciding_now() -> None:
    result = suggest(certain(gates=GATES, owner_pays=True, launch_cost=known(2e9), launch_time=2.0))
    bar = next(bar for bar in result.bars if bar.method == OPTION)
    assert bar.weight == 0
    assert bar.p50 >= max(0.0, middle(result, STAGED)) - 1e-6
    assert bar.p10 <= bar.p50 <= bar.p90
    assert OPTION not in [bar.method for bar in suggest(certain()).bars]


def test_every_method_has_a_standing_with_its_reason() -> None:
    result = suggest(certain(gates=GATES, owner_pays=True, cost=known(3e8), incremental_profit=known(1e9)))
    assert {rung.method: (rung.state, rung.reason) for rung in result.ladder} == {
        RELIEF: ("used", "weighted"), STAGED: ("used", "weighted"), EXCESS: ("rejected", "not_asked"),
        "comparable_royalties": ("rejected", "too_few_comparables"), "comparable_prices": ("rejected", "no_prices"),
        INCREMENTAL: ("shown", "buyer_ceiling"), COST: ("shown", "cost_floor"), OPTION: ("shown", "value_of_waiting"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "ceiling", [{"incremental_profit": known(1e9)}, {"margin": known(0.12), "charge": known(0.04)}]
)
def test_the_zone_lies_between_the_least_and_the_buyers_ceiling(ceiling: dict[str, Any]) -> None:
    result = suggest(certain(**ceiling, method_weights={RELIEF: 1}))
    assert result.zone is not None
    assert result.zone.seller_walk_away == result.pooled.at(0.25)
    assert result.zone.buyer_maximum == middle(result, INCREMENTAL if "incremental_profit" in ceiling else EXCESS)


def test_every_form_of_payment_is_worth_the_lump_sum() -> None:
    result = suggest(certain(success=Estimate(0.4, 0.6, 0.8, Shape.PERT, KNOWN)))
    found = result.equivalents
    assert found is not None
    assert result.price is not None
    assert found.lump_sum == result.price.mid
    assert found.instalments is not None
    assert sum(amount * (1 + found.rate) ** -time for time, amount in found.instalments) == pytest.approx(
        found.lump_sum
    )
    ratios = {form: share.fraction for form, share in found.shares.items()}
    assert ratios[PaymentForm.NET_SELLING_PRICE] == pytest.approx(ratios[PaymentForm.NET_REVENUE] / 0.9)
    assert ratios[PaymentForm.PRE_TAX_PROFIT] == pytest.approx(ratios[PaymentForm.NET_REVENUE] / 0.1)
    assert found.equity == Share(found.lump_sum / (found.lump_sum + 5e9), Base.COMPANY_VALUE)


def test_without_a_price_terms_are_proposed_that_are_worth_the_value() -> None:
    doubtful = certain(
        gates=GATES, owner_pays=True, launch_cost=Estimate(1e8, 2.2e9, 6e9, Shape.PERT, KNOWN), launch_time=1.0,
        method_weights={STAGED: 1},
    )  # fmt: skip
    result = suggest(doubtful)
    assert result.price is None
    assert result.equivalents is None
    found = result.proposal
    assert found is not None
    if found.basis is not None:
        assert found.option_fee is not None
        assert found.exercise_price is not None
        assert 0 < found.option_fee < found.exercise_price
    apart = suggest(certain(cost=known(5e7), method_weights={RELIEF: 1, COST: 1}))
    found = apart.proposal
    assert found is not None
    assert (apart.price, found.basis, found.value) == (None, COST, 5e7)
    assert found.signing == 5e6
    assert found.milestone is not None
    assert found.royalty is not None
    rate, case = 0.15, prepare_case(certain())[0]
    worth = float(profile_present_value(case.inputs.revenue_profile, np.float64(0.05), np.float64(rate), case.periods))
    sales = Stream((1e10 * 0.8 * 0.6 * worth,), (0.0,), Base.NET_REVENUE)
    running = value_of_share(Share(found.royalty, Base.NET_REVENUE), sales, rate) * (1 - case.inputs.tax)
    milestone = found.milestone * found.milestone_chance * (1 + rate) ** -found.milestone_years
    assert found.signing + milestone + running == pytest.approx(5e7, rel=0.05)


def test_nothing_positive_leaves_a_running_royalty_alone() -> None:
    result = suggest(certain(revenue=known(0.0), method_weights={RELIEF: 1}))
    assert result.proposal is not None
    assert (result.proposal.option_fee, result.proposal.signing, result.proposal.royalty) == (None, None, 0.05)
