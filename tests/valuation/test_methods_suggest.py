import dataclasses

import numpy as np
import pytest

from tests.factories.valuation_inputs import price_comparables, royalty_comparables, suggestion_inputs
from valuation.methods.reconcile import NoPrice, round_significant
from valuation.methods.simulation import Sampler
from valuation.methods.suggest import (
    COMPARABLE_PRICES,
    COMPARABLE_ROYALTIES,
    COST,
    INCREMENTAL,
    RELIEF,
    Estimate,
    Origin,
    RoyaltyRange,
    Shape,
    suggest_range,
)
from valuation.methods.types import BaseMismatchError, InvalidInputError, MethodError, canonical_bytes

PATHS = 4000


def suggest(**changes):
    return suggest_range(suggestion_inputs(**changes), seed=7, paths=PATHS)


def test_suggestion_orders_its_percentiles_and_rounds_to_two_digits():
    result = suggest()
    values = result.pooled.values
    assert list(values) == sorted(values)
    assert result.price is not None
    assert result.price.low == round_significant(result.pooled.at(0.1))
    assert result.price.low < result.price.mid < result.price.high
    assert result.no_price == ()
    assert result.structure is None


@pytest.mark.parametrize("sampler", list(Sampler))
def test_suggestion_same_seed_gives_the_same_bytes(sampler):
    inputs = suggestion_inputs()
    one = suggest_range(inputs, seed=3, paths=PATHS, sampler=sampler)
    two = suggest_range(inputs, seed=3, paths=PATHS, sampler=sampler)
    assert canonical_bytes(one) == canonical_bytes(two)
    assert suggest_range(inputs, seed=4, paths=PATHS, sampler=sampler).pooled != one.pooled


def test_suggestion_shows_a_bar_for_every_method_and_pools_only_weighted_ones():
    result = suggest()
    assert [bar.method for bar in result.bars] == [RELIEF, COMPARABLE_ROYALTIES, COMPARABLE_PRICES, INCREMENTAL]
    assert [bar.weight for bar in result.bars] == [0.6, 0.2, 0.2, 0.0]
    assert [bar.observations for bar in result.bars] == [100, 4, 3, 0]


def test_suggestion_single_method_equals_that_method():
    result = suggest(method_weights={RELIEF: 1.0}, comparables=(), incremental_profit=None)
    assert result.pooled == result.methods[RELIEF]
    assert "not_enough_comparables" in result.warnings


def test_suggestion_names_three_drivers_widest_first():
    result = suggest()
    swings = [abs(driver.value_high - driver.value_low) for driver in result.tornado]
    assert swings == sorted(swings, reverse=True)
    assert result.drivers == result.tornado[:3]
    assert result.drivers[0].name == "royalty"
    assert result.drivers[0].effect_low < 0 < result.drivers[0].effect_high
    assert result.rank_correlation["royalty"] > 0.3
    assert result.rank_correlation["discount_rate"] < 0


def test_suggestion_zero_revenue_is_worth_nothing_and_names_no_price():
    result = suggest(
        revenue=Estimate.known(0.0, Origin.OWNER), comparables=(), incremental_profit=None, method_weights={RELIEF: 1}
    )
    assert set(result.pooled.values) == {0.0}
    assert result.price is None
    assert result.no_price == (NoPrice.NOT_POSITIVE,)
    assert result.structure == "option_or_milestones"


def test_suggestion_without_a_certain_sign_names_no_price():
    cost = Estimate(4e8, 9e8, 2e9, Shape.PERT, Origin.OWNER)
    result = suggest(development_cost=cost, comparables=(), incremental_profit=None, method_weights={RELIEF: 1})
    assert result.pooled.at(0.1) <= 0 < result.pooled.at(0.9)
    assert result.no_price == (NoPrice.SIGN_UNCERTAIN,)
    assert result.price is None
    assert result.opening_ask_at_most is None


def test_suggestion_with_methods_more_than_fivefold_apart_names_no_price():
    cost = Estimate.known(1e8, Origin.MEASURED)
    result = suggest(cost=cost, method_weights={RELIEF: 1, COST: 1}, comparables=(), incremental_profit=None)
    assert result.spread > 5
    assert result.no_price == (NoPrice.METHODS_DISAGREE,)


def test_suggestion_refuses_a_royalty_on_another_base():
    royalty = RoyaltyRange(0.03, 0.05, 0.08, "pre-tax profit", Origin.DEFAULT, "survey")
    with pytest.raises(BaseMismatchError):
        suggest(royalty=royalty)


def test_suggestion_leaves_out_comparables_on_another_base_and_says_so():
    odd = dataclasses.replace(royalty_comparables(0.2)[0], base="pre-tax profit")
    result = suggest(comparables=(*royalty_comparables(0.03, 0.04, 0.06), odd))
    assert "comparables_on_other_bases_left_out" in result.warnings
    assert len(result.comparables[COMPARABLE_ROYALTIES].rows) == 3


def test_suggestion_too_few_comparables_are_not_used():
    result = suggest(comparables=price_comparables(1e9, 2e9))
    assert COMPARABLE_PRICES not in result.methods
    assert "too_few_comparable_prices" in result.warnings


@pytest.mark.parametrize(
    "changes",
    [
        {"tax": 1.0},
        {"legal_life": None, "economic_life": None},
        {"revenue": Estimate(-1.0, 1.0, 2.0, Shape.PERT, Origin.OWNER)},
        {"coverage": Estimate.known(1.2, Origin.OWNER)},
        {"success": Estimate(0.5, 0.4, 0.6, Shape.PERT, Origin.DEFAULT)},
        {"method_weights": {"guesswork": 1.0}},
        {"revenue_profile": (1.0, 1.0)},
    ],
)
def test_suggestion_refuses_impossible_inputs(changes):
    with pytest.raises(InvalidInputError):
        suggest(**changes)


def test_suggestion_without_a_weighted_method_is_refused():
    with pytest.raises(MethodError):
        suggest(method_weights={COST: 1.0})


def test_suggestion_is_the_same_in_another_unit_of_money():
    inputs = suggestion_inputs(comparables=(), sunk_cost_floor=5e8)
    scaled = dataclasses.replace(
        inputs,
        revenue=Estimate(8e3, 12e3, 20e3, Shape.PERT, Origin.OWNER),
        incremental_profit=Estimate(1e3, 2e3, 3e3, Shape.TRIANGULAR, Origin.OWNER),
        sunk_cost_floor=5e2,
    )
    vnd = suggest_range(inputs, seed=1, paths=PATHS)
    million = suggest_range(scaled, seed=1, paths=PATHS)
    assert np.array(million.pooled.values) * 1e6 == pytest.approx(vnd.pooled.values, rel=1e-9)
    assert million.grade.letter == vnd.grade.letter


def test_suggestion_longer_legal_life_is_worth_more_until_the_economic_life_binds():
    medians = [suggest(legal_life=life).methods[RELIEF].at(0.5) for life in (2.0, 5.0, 10.0, 18.0)]
    assert medians[0] < medians[1] < medians[2] == medians[3]


def test_suggestion_zone_lies_between_walk_away_and_buyers_maximum():
    result = suggest()
    assert result.zone.seller_walk_away == max(5e8, result.pooled.at(0.25))
    assert result.zone.buyer_maximum == result.methods[INCREMENTAL].at(0.5)
    assert result.zone.open


def test_suggestion_measured_inputs_raise_the_grade_score():
    plain = suggest()
    measured = suggest(
        revenue=Estimate(8e9, 12e9, 20e9, Shape.PERT, Origin.MEASURED),
        decay=Estimate(0.02, 0.05, 0.12, Shape.PERT, Origin.MEASURED),
    )
    assert measured.grade.score > plain.grade.score
    assert sum(component.share for component in plain.grade.components) == pytest.approx(1.0)


def test_suggestion_carries_its_conventions_and_hash():
    result = suggest()
    assert result.conventions.timing == "mid-year"
    assert result.conventions.day_count == "ACT/365"
    assert result.conventions.quantile_rule
    assert len(result.input_hash) == 64
    assert result.as_dict()["grade"]["letter"] in "ABCD"
