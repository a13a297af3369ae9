"""Options against published figures and against QuantLib, which is installed for tests only."""

import numpy as np
import pytest

from valuation.methods import lattice, lsm, options
from valuation.methods.lattice import Stage, Tree, staged_compound, tree_named
from valuation.methods.types import InvalidInputError

ql = pytest.importorskip("QuantLib")

PUT = {"spot": 36.0, "strike": 40.0, "rate": 0.06, "carry": 0.0, "years": 1.0, "sigma": 0.2}


def quantlib_option(market, kind, american=False):
    today = ql.Date(2, 1, 2023)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    last = today + round(365 * market["years"])
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(market["spot"])),
        ql.YieldTermStructureHandle(ql.FlatForward(today, market["carry"], count)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, market["rate"], count)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), market["sigma"], count)),
    )
    side = ql.Option.Call if kind == "c" else ql.Option.Put
    exercise = ql.AmericanExercise(today, last) if american else ql.EuropeanExercise(last)
    return ql.VanillaOption(ql.PlainVanillaPayoff(side, market["strike"]), exercise), process


MARKETS = [
    PUT,
    {"spot": 100.0, "strike": 100.0, "rate": 0.03, "carry": 0.07, "years": 3.0, "sigma": 0.2},
    {"spot": 254.0, "strike": 150.0, "rate": 0.07, "carry": 0.04, "years": 5.0, "sigma": 0.3},
    {"spot": 120.0, "strike": 100.0, "rate": 0.07, "carry": 0.03, "years": 3.0, "sigma": 0.45},
]


@pytest.mark.parametrize("kind", ["c", "p"])
@pytest.mark.parametrize("market", MARKETS)
def test_black_scholes_equals_quantlib(market, kind):
    option, process = quantlib_option(market, kind)
    option.setPricingEngine(ql.AnalyticEuropeanEngine(process))
    found = options.black_scholes(**market)
    assert (found.call if kind == "c" else found.put) == pytest.approx(option.NPV(), rel=1e-9)


@pytest.mark.parametrize("kind", ["c", "p"])
@pytest.mark.parametrize("market", MARKETS)
def test_american_tree_agrees_with_finite_differences(market, kind):
    option, process = quantlib_option(market, kind, american=True)
    option.setPricingEngine(ql.FdBlackScholesVanillaEngine(process, 800, 800))
    found = lattice.vanilla(kind=kind, **market, steps=1000)
    assert found.value == pytest.approx(option.NPV(), abs=1e-3 * market["strike"])
    assert found.conventions.tree == "CRR, 1000 steps"


@pytest.mark.parametrize("tree", [Tree.CRR, Tree.FORWARD, Tree.JARROW_RUDD, Tree.LEISEN_REIMER])
def test_european_trees_converge_to_the_closed_form(tree):
    plain = options.black_scholes(**PUT)
    found = lattice.vanilla(kind="p", **PUT, steps=801, tree=tree, american=False)
    assert found.value == pytest.approx(plain.put, abs=1e-2)


def test_crr_and_forward_trees_differ_at_few_steps():
    market = MARKETS[2]
    crr = lattice.vanilla(kind="c", **market, steps=3, american=False)
    forward = lattice.vanilla(kind="c", **market, steps=3, american=False, tree=Tree.FORWARD)
    assert crr.value != pytest.approx(forward.value, rel=1e-3)
    assert (crr.conventions.tree, forward.conventions.tree) == ("CRR, 3 steps", "forward, 3 steps")


@pytest.mark.parametrize(
    ("text", "tree"),
    [("CRR", Tree.CRR), ("crr", Tree.CRR), ("forward (McDonald)", Tree.FORWARD), ("jarrow_rudd", Tree.JARROW_RUDD)],
)
def test_tree_is_found_by_name(text, tree):
    assert tree_named(text) is tree


def test_tree_unknown_name_is_refused():
    with pytest.raises(InvalidInputError):
        tree_named("willow")


def test_capped_expansion_matches_the_published_figure():
    # Damodaran on Valuation 2e, Illustration 12.8: 142 once the project's value is capped at 2,000.
    found = options.option_to_expand(spot=750, strike=1000, rate=0.05, years=5, sigma=0.3425, cap=2000)
    assert found == pytest.approx(142, abs=0.5)


def test_american_put_of_two_given_steps_exercises_early():
    found = lattice.roll_back(
        50, lattice.moves_given(up=1.2, down=0.8, gross=1.05), 2, lattice.put_payoff(52), american=True
    )
    assert found.value == pytest.approx(5.1361, abs=1e-4)
    assert (found.node_down, found.wait_down) == pytest.approx((12.0, 9.5238), abs=1e-4)


def test_project_that_can_be_abandoned_gains_an_american_put():
    terms = {"rate": 0.05, "carry": 0.02, "years": 5.0, "sigma": 0.3}
    project = lattice.flexible_project(value=100, salvage=90, steps=300, **terms)
    put = lattice.vanilla(kind="p", spot=100, strike=90, steps=300, **terms)
    assert project.flexibility == pytest.approx(put.value)


def test_project_that_can_expand_gains_a_scaled_call():
    terms = {"rate": 0.05, "carry": 0.04, "years": 5.0, "sigma": 0.3}
    project = lattice.flexible_project(value=100, expand_by=0.5, expand_cost=60, steps=300, **terms)
    call = lattice.vanilla(kind="c", spot=50, strike=60, steps=300, **terms)
    assert project.flexibility == pytest.approx(call.value)


def test_option_to_delay_is_worth_more_than_investing_now():
    found = lattice.option_to_delay(value=100, cost=95, rate=0.05, delay_cost=0.06, years=10, sigma=0.35, steps=400)
    assert found.value > 5.0
    assert found.value >= found.european


def test_single_stage_compound_is_a_european_call():
    found = staged_compound([Stage(3.0, 100.0)], value=110, rate=0.05, carry=0.02, sigma=0.3, steps=801)
    plain = options.black_scholes(spot=110, strike=100, rate=0.05, years=3, sigma=0.3, carry=0.02)
    assert found.value == pytest.approx(plain.call, abs=0.03)


def test_staged_compound_counts_technical_risk_and_the_right_to_stop():
    stages = [Stage(0.0, 2.0, 0.6), Stage(1.0, 5.0, 0.5), Stage(3.0, 40.0, 0.8)]
    sure = [Stage(s.time, s.cost) for s in stages]
    terms = {"value": 150, "rate": 0.05, "carry": 0.03, "sigma": 0.4, "steps": 300}
    risky, certain = staged_compound(stages, **terms), staged_compound(sure, **terms)
    assert 0 <= risky.value < certain.value
    assert risky.value >= risky.european
    assert staged_compound([Stage(1.0, 1e6)], **terms).value == 0.0


def test_lsm_meets_the_lattice_and_the_published_value():
    found = lsm.american_option(kind="p", **PUT, dates=50, paths=40_000, seed=5)
    exact = lattice.vanilla(kind="p", **PUT, steps=1000, exercise_every=20).value
    assert found.value == pytest.approx(exact, abs=4 * found.standard_error + 0.006)
    assert found.value == pytest.approx(4.472, abs=0.03)
    assert found.standard_error < 0.002
    assert found.european == pytest.approx(3.844, abs=0.05)


def test_lsm_call_with_yield_meets_the_lattice():
    market = MARKETS[1]
    found = lsm.american_option(kind="c", **market, dates=60, paths=40_000, seed=5)
    exact = lattice.vanilla(kind="c", **market, steps=1200, exercise_every=20).value
    assert found.value == pytest.approx(exact, abs=4 * found.standard_error + 0.02)


def test_lsm_same_seed_gives_the_same_value():
    one = lsm.american_option(kind="p", **PUT, dates=10, paths=2_000, seed=9)
    assert lsm.american_option(kind="p", **PUT, dates=10, paths=2_000, seed=9) == one
    assert lsm.american_option(kind="p", **PUT, dates=10, paths=2_000, seed=10) != one


def test_lsm_over_two_states_meets_the_exchange_option():
    # max(V - K, 0) with both moving: the right is never used early without yields, so Margrabe's formula holds.
    generator = np.random.default_rng(3)
    dates, n, years = 10, 20_000, 1.0
    h = years / dates
    noise = generator.standard_normal((2, n // 2, dates))
    noise = np.concatenate([noise, -noise], axis=1)
    volatility = np.array([0.3, 0.2])[:, None, None]
    walk = np.cumsum(volatility * np.sqrt(h) * noise - volatility**2 / 2 * h, axis=2)
    start = np.array([100.0, 95.0])[:, None, None]
    states = np.concatenate([np.broadcast_to(start, (2, n, 1)), start * np.exp(walk)], axis=2)
    found = lsm.american_two_states(states, lambda x: np.maximum(x[0] - x[1], 0.0), 1.0)
    margrabe = options.black_scholes(spot=100, strike=95, rate=0.0, years=years, sigma=float(np.hypot(0.3, 0.2))).call
    assert found.value == pytest.approx(margrabe, abs=4 * found.standard_error + 0.15)


@pytest.mark.parametrize(
    "bad",
    [{"sigma": -0.1}, {"years": -1.0}, {"spot": 0.0}, {"strike": float("nan")}],
)
def test_black_scholes_refuses_impossible_inputs(bad):
    with pytest.raises(InvalidInputError):
        options.black_scholes(**{**PUT, **bad})


def test_tree_with_a_probability_outside_zero_and_one_is_refused():
    with pytest.raises(InvalidInputError):
        lattice.moves(sigma=0.01, rate=0.3, carry=0.0, years=10, steps=2)
