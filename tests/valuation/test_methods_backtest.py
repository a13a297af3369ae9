"""Closed prices against ranges: equivalents, scores, intervals."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.valuation_inputs import suggestion_inputs
from valuation.methods.agreement import payment_forms, propose
from valuation.methods.backtest import DealTerms, Payment, Score, coverage, lump_sum_equivalent, score, wilson
from valuation.methods.ladder import prepare_case
from valuation.methods.payment_forms import Instalment, PaymentForm
from valuation.methods.statement import PaymentPlan
from valuation.methods.suggest import Estimate, Origin, suggest_range
from valuation.methods.types import InvalidInputError, Timing


def known(value: float) -> Estimate:
    return Estimate.known(value, Origin.OWNER)


def certain():
    """Inputs without uncertainty: 100 a year for three years, half covered, 10 %, success 0.5, tax 20 %."""
    return replace(
        suggestion_inputs(), revenue=known(100.0), coverage=known(0.5), revenue_profile=(0.0, 1.0, 1.0, 1.0),
        discount_rate=known(0.1), decay=known(0.1), success=known(0.5), tax=0.2, timing=Timing.END_YEAR, legal_life=3.0,
        economic_life=None, first_fraction=1.0, indicator_multiplier=1.0,
    )  # fmt: skip


def test_a_lump_sum_is_itself() -> None:
    assert lump_sum_equivalent(certain(), DealTerms(lump_sum=7.0)) == 7.0


def test_a_royalty_is_counted_as_the_suggestion_counts_it() -> None:
    worth = lump_sum_equivalent(certain(), DealTerms(lump_sum=0.0, royalty=0.04))
    by_hand = 0.04 * 50 * (0.9 / 1.1**2 + 0.81 / 1.1**3) * 0.8 * 0.5
    assert worth == pytest.approx(by_hand)


def test_a_deal_at_the_suggested_royalty_is_its_relief_from_royalty() -> None:
    inputs = replace(suggestion_inputs(), comparables=(), incremental_profit=None, cost=None, development_cost=None,
                     maintenance=0.0, tab_life=None)  # fmt: skip
    result = suggest_range(inputs, seed=1, paths=20_000)
    worth = lump_sum_equivalent(inputs, DealTerms(lump_sum=0.0, royalty=inputs.royalty.median))
    assert worth == pytest.approx(result.methods["relief_from_royalty"].at(0.5), rel=0.06)


def test_the_term_ends_the_royalty_and_the_minimum_lifts_it() -> None:
    terms = DealTerms(lump_sum=0.0, royalty=0.04, term=2)
    assert lump_sum_equivalent(certain(), terms) == pytest.approx(0.04 * 50 * 0.9 / 1.1**2 * 0.4)
    least = replace(terms, minimum_annual=5.0)
    assert lump_sum_equivalent(certain(), least) == pytest.approx(5 * (1 / 1.1 + 1 / 1.21) * 0.4)


def test_dated_sums_are_discounted_and_milestones_weighted() -> None:
    terms = DealTerms(
        lump_sum=10.0, payments=(Payment(1.0, 11.0, contingent=False), Payment(2.0, 12.1, contingent=True))
    )
    assert lump_sum_equivalent(certain(), terms) == pytest.approx(10 + 10 + 5)


PLAN = PaymentPlan(
    instalments=(Instalment(0.0, 0.5), Instalment(1.0, 0.3), Instalment(2.0, 0.2)), selling_price_ratio=0.8, margin=0.12,
    signing=0.1, milestone=0.3,
)  # fmt: skip


@given(
    price=st.floats(1e-2, 1e3), tax=st.floats(0.0, 0.5), tab_life=st.none() | st.floats(2.0, 20.0),
    decay=st.floats(0.0, 0.5), chance=st.floats(0.05, 1.0), delay=st.integers(0, 2),
    timing=st.sampled_from(Timing),
)  # fmt: skip
def test_a_deal_on_exactly_a_proposed_form_is_worth_the_price_it_was_proposed_for(
    price: float, tax: float, tab_life: float | None, decay: float, chance: float, delay: int, timing: Timing
) -> None:
    inputs = replace(
        certain(), tax=tax, tab_life=tab_life, decay=known(decay), success=known(chance), timing=timing, plan=PLAN,
        revenue_profile=(*(0.0,) * delay, 1.0, 1.2, 1.4),
    )  # fmt: skip
    case, _warnings = prepare_case(inputs)
    forms = payment_forms(case, price, PLAN)
    assert forms.instalments is not None
    (_now, first), *later = forms.instalments
    of_revenue = {
        PaymentForm.NET_REVENUE: 1.0, PaymentForm.NET_SELLING_PRICE: PLAN.selling_price_ratio,
        PaymentForm.PRE_TAX_PROFIT: PLAN.margin,
    }  # fmt: skip
    deals = [
        DealTerms(lump_sum=price),
        DealTerms(lump_sum=first, payments=tuple(Payment(time, amount, contingent=False) for time, amount in later)),
        *(DealTerms(lump_sum=0.0, royalty=forms.shares[form].fraction * share) for form, share in of_revenue.items()),
    ]
    paid = [lump_sum_equivalent(inputs, terms) for terms in deals]
    assert paid == pytest.approx([price] * 5)
    assert [score(one, low=price / 2, middle=price, high=price * 2).ratio for one in paid] == pytest.approx([1.0] * 5)


@pytest.mark.parametrize("tax", [0.0, 0.2, 0.4])
def test_terms_in_place_of_a_price_are_worth_its_value_to_two_digits(tax: float) -> None:
    inputs = replace(certain(), tax=tax, plan=PLAN)
    case, _warnings = prepare_case(inputs)
    found = propose(case, {"relief_from_royalty": 3.7}, PLAN)
    assert found.signing is not None
    assert found.milestone is not None
    assert found.royalty is not None
    terms = DealTerms(
        lump_sum=found.signing, royalty=found.royalty,
        payments=(Payment(found.milestone_years, found.milestone, contingent=True),),
    )  # fmt: skip
    assert lump_sum_equivalent(inputs, terms) == pytest.approx(found.value, rel=0.03)


@given(st.floats(0.01, 0.3), st.floats(0.01, 0.3), st.floats(1e-3, 1e6))
def test_equivalents_rise_with_the_royalty_and_scale_with_the_unit(one: float, other: float, unit: float) -> None:
    low, high = sorted((one, other))
    inputs = certain()
    worth = [lump_sum_equivalent(inputs, DealTerms(lump_sum=1.0, royalty=rate)) for rate in (low, high)]
    assert worth[0] <= worth[1]
    scaled = replace(inputs, revenue=known(100.0 * unit))
    terms = DealTerms(lump_sum=unit, royalty=low)
    assert lump_sum_equivalent(scaled, terms) == pytest.approx(worth[0] * unit)


def test_a_score_says_where_the_price_lay() -> None:
    assert score(5, low=1, middle=5, high=9) == Score(0, 1.0, 0.0)
    assert score(0.5, low=1, middle=5, high=9).position == -1
    assert score(10, low=1, middle=5, high=9) == Score(1, 2.0, math.log(2))
    assert score(9, low=1, middle=5, high=9).position == 0
    with pytest.raises(InvalidInputError):
        score(0, low=1, middle=5, high=9)


def test_wilson_gives_the_published_interval() -> None:
    """Wilson 1927; the worked case 81 of 263 of Newcombe 1998, Statistics in Medicine 17, table I: 0.2553 to 0.3662."""
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert round(wilson(0, 20).high, 4) == 0.1611


@given(st.integers(0, 200), st.integers(0, 200))
def test_wilson_holds_the_share(hits: int, misses: int) -> None:
    found = wilson(hits, hits + misses)
    assert 0 <= found.low <= found.share + 1e-12
    assert found.share - 1e-12 <= found.high <= 1


def test_coverage_counts_prices_inside() -> None:
    scores = [score(paid, low=1, middle=5, high=9) for paid in (0.5, 2, 5, 12)]
    assert (coverage(scores).hits, coverage(scores).count) == (2, 4)
