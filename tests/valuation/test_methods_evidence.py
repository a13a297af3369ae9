"""Comparables, indicators, simulation and reconciliation."""

import math

import numpy as np
import pytest
from scipy import stats

from tests.factories.valuation_inputs import GRADE_RULE
from valuation.methods import comparables, indicators, reconcile
from valuation.methods.comparables import Comparable
from valuation.methods.distributions import Beta, Fixed, Lognormal, Pert, QuartileLognormal, Triangular
from valuation.methods.reconcile import NoPrice
from valuation.methods.simulation import (
    Sampler,
    draw_scores,
    percentiles,
    probability_below,
    rank_correlations,
    sample,
    simulate,
    tornado,
)
from valuation.methods.types import BaseMismatchError, InvalidInputError


def deal(key, value, *, age=0.0, similarity=1.0, base="net sales", **factors):
    return Comparable(key, value, base, age, similarity, "test", factors)


def test_compare_adjusts_weights_and_reports_raw_beside():
    found = comparables.compare(
        [deal("a", 0.04, exclusivity=1.5), deal("b", 0.05, age=5.0), deal("c", 0.10, similarity=0.5)],
        base="net sales",
        half_life=5.0,
    )
    assert [row.adjusted for row in found.rows] == pytest.approx([0.06, 0.05, 0.10])
    assert [row.weight for row in found.rows] == pytest.approx([0.5, 0.25, 0.25])
    assert found.raw.median == pytest.approx(0.05)
    assert found.q1 <= found.median <= found.q3
    assert found.effective == pytest.approx(1 / 0.375)
    assert found.mean_similarity == pytest.approx(0.875)


def test_compare_refuses_another_base_and_no_weight():
    with pytest.raises(BaseMismatchError):
        comparables.compare([deal("a", 0.1, base="pre-tax profit")], base="net sales", half_life=5)
    with pytest.raises(InvalidInputError):
        comparables.compare([deal("a", 0.1, similarity=0.0)], base="net sales", half_life=5)


def test_weighted_quantile_of_equal_weights_is_hazen():
    values = [3.0, 1.0, 7.0, 4.0, 9.0]
    found = comparables.weighted_quantile(values, np.ones(5), [0.1, 0.25, 0.5, 0.75, 0.9])
    assert found == pytest.approx(np.quantile(values, [0.1, 0.25, 0.5, 0.75, 0.9], method="hazen"))


def test_similarity_counts_numbers_sets_and_words():
    subject = {"trl": 0.8, "ipc": frozenset("AB"), "sector": "food"}
    other = {"trl": 0.6, "ipc": frozenset("BC"), "sector": "food"}
    weights = {"trl": 1.0, "ipc": 1.0, "sector": 2.0}
    assert comparables.similarity(subject, other, weights) == pytest.approx((0.8 + 1 / 3 + 2) / 4)
    assert comparables.similarity(subject, {}, weights) == 0.0


def test_rating_bound_can_only_be_tightened():
    assert comparables.rating_multiplier({"x": 5}, {"x": 1}, {"x": 1}) == 1.5
    assert comparables.rating_multiplier({"x": 1}, {"x": 5}, {"x": 1}, bound=0.2) == 0.8
    with pytest.raises(InvalidInputError):
        comparables.rating_multiplier({"x": 5}, {"x": 1}, {"x": 1}, bound=0.6)


@pytest.mark.parametrize(
    ("statistic", "value"), [("median", 12.0), ("aggregate", 480 / 35), ("harmonic", 36 / 3.25), ("max", 16.0)]
)
def test_multiple_value_uses_the_named_statistic(statistic, value):
    assert comparables.multiple_value([10, 30, 80], [5, 10, 20], 4, statistic) == pytest.approx(value)


def test_indicators_normalise_within_the_cohort_and_bound_the_multiplier():
    cohort = np.arange(101.0)
    assert indicators.normalise([0.0, 50.0, 1000.0], cohort) == pytest.approx([0.0, 0.5, 1.0])
    assert indicators.normalise(3.0, [2.0, 2.0]) == pytest.approx(0.5)
    assert indicators.bounded_multiplier(0.0, low=0.8, high=1.25) == pytest.approx(0.8)
    assert indicators.bounded_multiplier(0.5, low=0.8, high=1.25) == pytest.approx(1.0)
    assert indicators.bounded_multiplier(1.0, low=0.8, high=1.25) == pytest.approx(1.25)
    with pytest.raises(InvalidInputError):
        indicators.bounded_multiplier(0.5, low=1.1, high=1.2)


def test_composite_uses_six_components_when_all_are_known():
    four = dict.fromkeys(indicators.INDEX_4, 0.4)
    assert indicators.composite(four).index == "index 4"
    six = indicators.composite({**four, "backward_citations": 0.4, "grant_lag": 0.4})
    assert six.index == "index 6"
    assert six.score == pytest.approx((5 * 0.4 + 0.6) / 6)
    with pytest.raises(InvalidInputError):
        indicators.composite({"claims": 0.5})


def test_generality_and_renewal_floor():
    assert indicators.generality({"A": 1, "B": 1}) == pytest.approx(0.5)
    assert indicators.generality({}) == 0.0
    assert indicators.renewal_floor([10.0, 11.0], [0.0, 1.0], 0.1) == pytest.approx(20.0)
    assert indicators.confidence_part(["claims", "family_size", "generality"], 25, full_cohort=100) == pytest.approx(
        0.25
    )


MARGINALS = {
    "triangular": (Triangular(1, 2, 4), stats.triang(1 / 3, 1, 3)),
    "pert": (Pert(1, 2, 4), stats.beta(7 / 3, 11 / 3, 1, 3)),
    "beta": (Beta(2, 5), stats.beta(2, 5)),
    "lognormal": (Lognormal(0.3, 0.7), stats.lognorm(0.7, scale=math.exp(0.3))),
}


@pytest.mark.parametrize("name", MARGINALS)
def test_marginal_agrees_with_scipy(name):
    ours, theirs = MARGINALS[name]
    assert (ours.mean, ours.variance) == pytest.approx((theirs.mean(), theirs.var()))
    levels = np.array([0.01, 0.25, 0.5, 0.9, 0.99])
    assert ours.ppf(levels) == pytest.approx(theirs.ppf(levels))


def test_quartile_lognormal_meets_its_quartiles_and_moments():
    found = QuartileLognormal(0.03, 0.05, 0.08)
    assert found.ppf([0.25, 0.5, 0.75]) == pytest.approx([0.03, 0.05, 0.08])
    draws = found.ppf((np.arange(200_000) + 0.5) / 200_000)
    assert (found.mean, found.variance) == pytest.approx((draws.mean(), draws.var()), rel=1e-2)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Triangular(2, 1, 3),
        lambda: Pert(1, 2, 3, 0.0),
        lambda: Beta(0, 1),
        lambda: Lognormal.from_p10_p90(0, 1),
        lambda: Lognormal.from_mean_median(1, 2),
        lambda: QuartileLognormal(0, 1, 2),
        lambda: Triangular(float("nan"), 1, 2),
    ],
)
def test_marginal_refuses_impossible_parameters(bad):
    with pytest.raises(InvalidInputError):
        bad()


@pytest.mark.parametrize("sampler", list(Sampler))
def test_copula_reaches_the_asked_rank_correlation(sampler):
    scores = draw_scores(("a", "b", "c"), paths=30_000, seed=2, spearman={("a", "b"): 0.6}, sampler=sampler)
    x = sample({"a": Triangular(0, 1, 5), "b": Lognormal(0, 1), "c": Pert(0, 1, 9)}, scores)
    assert stats.spearmanr(x["a"], x["b"]).statistic == pytest.approx(0.6, abs=0.02)
    assert stats.spearmanr(x["a"], x["c"]).statistic == pytest.approx(0.0, abs=0.02)
    assert not scores.projected


def test_impossible_correlations_are_projected_and_said():
    pairs = {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}
    assert draw_scores(("a", "b", "c"), paths=100, seed=1, spearman=pairs).projected


@pytest.mark.parametrize("sampler", list(Sampler))
def test_standard_errors_are_of_the_right_size(sampler):
    marginal = {"x": Lognormal(0, 0.5)}
    truth = float(marginal["x"].ppf(0.9))
    found = []
    for seed in range(40):
        scores = draw_scores(("x",), paths=2048, seed=seed, sampler=sampler)
        found.append(percentiles(sample(marginal, scores)["x"], replicates=scores.replicates))
    errors = np.array([one.at(0.9) - truth for one in found])
    claimed = np.mean([one.error_at(0.9) for one in found])
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(claimed, rel=0.5)


def test_sobol_is_nearer_the_truth_than_pseudo_random():
    marginals = {"x": Lognormal(0, 0.5), "y": Triangular(0, 1, 2)}
    truth = marginals["x"].mean * marginals["y"].mean
    spread = {}
    for sampler in Sampler:
        means = []
        for seed in range(10):
            scores = draw_scores(("x", "y"), paths=4096, seed=seed, sampler=sampler)
            means.append(float(np.mean(simulate(marginals, lambda x: x["x"] * x["y"], scores))))
        spread[sampler] = np.sqrt(np.mean((np.array(means) - truth) ** 2))
    assert spread[Sampler.SOBOL] < spread[Sampler.PSEUDO] / 2


def test_tornado_swings_each_input_from_p10_to_p90():
    marginals = {"a": Triangular(0, 1, 2), "b": Triangular(0, 10, 20), "c": Fixed(3.0)}
    bars = tornado(marginals, lambda x: x["a"] + x["b"] + x["c"])
    assert [bar.name for bar in bars] == ["b", "a"]
    low, high = (float(marginals["b"].ppf(p)) for p in (0.1, 0.9))
    assert (bars[0].value_low, bars[0].value_high) == pytest.approx((4 + low, 4 + high))
    assert bars[0].value_mid == pytest.approx(14.0)


def test_rank_correlations_agree_with_scipy():
    scores = draw_scores(("a", "b"), paths=3000, seed=5)
    values = scores.z[0] ** 3 - 0.5 * scores.z[1]
    found = rank_correlations(scores, values)
    assert found["a"] == pytest.approx(stats.spearmanr(scores.z[0], values).statistic)
    assert rank_correlations(scores, np.zeros(3000)) == {"a": 0.0, "b": 0.0}


def test_probability_below_counts_strictly():
    assert probability_below([1.0, 2.0, 3.0, 4.0], 3.0) == 0.5


def test_pool_of_equal_methods_is_that_method():
    draws = np.random.default_rng(1).lognormal(size=5000)
    one = percentiles(draws)
    found = reconcile.pool({"a": draws, "b": draws.copy()}, {"a": 0.3, "b": 0.7})
    assert found.values == pytest.approx(one.values, rel=2e-3)
    assert found.mean == pytest.approx(one.mean)


def test_pool_is_a_mixture_not_an_average():
    low, high = np.full(1000, 1.0), np.full(1000, 9.0)
    found = reconcile.pool({"a": low, "b": high}, {"a": 0.8, "b": 0.2})
    assert found.at(0.5) == 1.0
    assert found.at(0.9) == 9.0
    assert found.mean == pytest.approx(2.6)


@pytest.mark.parametrize(
    ("p10", "p90", "spread", "reasons"),
    [
        (1.0, 2.0, 2.0, ()),
        (-1.0, 2.0, None, (NoPrice.SIGN_UNCERTAIN,)),
        (0.0, 2.0, None, (NoPrice.SIGN_UNCERTAIN,)),
        (-2.0, -1.0, None, (NoPrice.NOT_POSITIVE,)),
        (1.0, 2.0, 5.01, (NoPrice.METHODS_DISAGREE,)),
        (1.0, 2.0, 5.0, ()),
        (-1.0, 2.0, math.inf, (NoPrice.SIGN_UNCERTAIN, NoPrice.METHODS_DISAGREE)),
    ],
)
def test_no_price_is_named_by_rule(p10, p90, spread, reasons):
    assert reconcile.reasons_for_no_price(p10, p90, spread, most_spread=5.0) == reasons


def test_grade_follows_its_rule():
    best = reconcile.grade(
        GRADE_RULE,
        origins=["measured"] * 4,
        effective_comparables=10,
        mean_similarity=1.0,
        spread=1.0,
        readiness_level=9,
        dispersion=0.0,
    )
    worst = reconcile.grade(
        GRADE_RULE,
        origins=["assumption"],
        effective_comparables=0,
        mean_similarity=0.0,
        spread=None,
        readiness_level=None,
        dispersion=None,
    )
    assert (best.letter, best.score) == ("A", 1.0)
    assert (worst.letter, worst.score) == ("D", 0.0)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(1_234_567, 1_200_000), (0.0456, 0.046), (995, 1000), (-1250, -1300), (0, 0), (1.25e9, 1.3e9), (2.0, 2.0)],
)
def test_rounding_to_two_significant_digits(value, rounded):
    assert reconcile.round_significant(value) == pytest.approx(rounded, rel=1e-12)


def test_method_spread_needs_two_methods():
    assert reconcile.method_spread([1.0]) is None
    assert reconcile.method_spread([2.0, 8.0]) == 4.0
    assert reconcile.method_spread([0.0, 8.0]) == math.inf
