"""The linear layer on simulated logs, whose truth is known: what it finds, and what it must not find."""

from collections.abc import Mapping
from random import Random

import numpy as np
import pytest

from matching import layer
from matching.choices import Verdict
from matching.layer import FEATURES, Shown, Weights

TRUTH = {"odds": -0.5, "price not": -1.5, "rights fits": 0.8, "trl not": -1.0}
LISTED = 5  # the least looked at place weighs as much as one answer may
ALL_ALIKE = 0.0  # slope of an exchange where every place is looked at


def facts_of(chance: np.random.Generator) -> dict[str, str]:
    drawn = {fact: chance.choice([*Verdict.values, ""], p=[0.4, 0.2, 0.25, 0.15]) for fact in layer.FACTS[:-1]}
    return {fact: str(verdict) for fact, verdict in drawn.items() if verdict}


def said(odds: float, facts: Mapping[str, str], truth: Mapping[str, float]) -> float:
    return truth.get("odds", 0.0) * odds + sum(truth.get(f"{fact} {verdict}", 0.0) for fact, verdict in facts.items())


def market(demands: int, truth: Mapping[str, float], *, seed: int, slope: float = 1.0) -> list[Shown]:
    """Let each demand's company want one of the five listed technologies; it takes it up if it looks at its place."""
    chance = np.random.default_rng(seed)
    rows = []
    for demand in range(demands):
        odds = np.sort(chance.normal(-1, 2, LISTED))[::-1]
        facts = [facts_of(chance) for _ in odds]
        wanted = np.exp([o + said(o, f, truth) for o, f in zip(odds, facts, strict=True)])
        choice = int(chance.choice(LISTED, p=wanted / wanted.sum()))
        is_seen = chance.random() < (choice + 1) ** -slope
        grade = int(chance.choice([1, 2, 3], p=[0.7, 0.2, 0.1])) if is_seen else 0
        rows += [
            Shown(demand, place, float(odds[place]), 0.0, facts[place], place + 1, grade if place == choice else 0)
            for place in range(LISTED)
        ]
    return rows


def weights_of(made: Weights) -> dict[str, float]:
    return dict(zip(FEATURES, made.values, strict=True))


def test_known_weights_are_recovered_from_answers_that_places_have_bent() -> None:
    rows = market(15000, TRUTH, seed=3)
    found = weights_of(layer.fit(rows, slope=1.0))
    assert {name: found[name] for name in TRUTH} == pytest.approx(TRUTH, abs=0.15)
    others = [value for name, value in found.items() if name not in TRUTH]
    assert max(abs(value) for value in others) < 0.2


def test_without_the_places_the_text_is_believed_too_much() -> None:
    """The first places go to the best texts: whoever takes answers at their word learns his own order back."""
    rows = market(6000, TRUTH, seed=3)
    bent = weights_of(layer.fit(rows, slope=ALL_ALIKE))
    assert bent["odds"] > TRUTH["odds"] + 0.3


def test_where_every_place_is_looked_at_no_weighting_is_needed() -> None:
    rows = market(6000, TRUTH, seed=4, slope=ALL_ALIKE)
    found = weights_of(layer.fit(rows, slope=ALL_ALIKE))
    assert found["odds"] == pytest.approx(TRUTH["odds"], abs=0.1)


@pytest.mark.parametrize("seed", range(6))
def test_noise_is_not_promoted(seed: int) -> None:
    replay = layer.replay(market(250, {}, seed=seed), slope=1.0)
    assert replay.low <= 0
    assert not replay.promote


@pytest.mark.parametrize("seed", range(3))
def test_what_helps_on_demands_that_were_held_out_is_promoted(seed: int) -> None:
    replay = layer.replay(market(1200, {**TRUTH, "odds": 0.0}, seed=seed), slope=1.0)
    assert replay.low > 0
    assert replay.with_it > replay.without
    assert replay.calibration_with < replay.calibration_without
    assert replay.promote


def test_a_gain_that_bends_the_probability_is_not_promoted() -> None:
    good = layer.Replay(100, 0.5, 0.6, 0.05, 0.15, calibration_without=0.05, calibration_with=0.04)
    assert good.promote
    bent = layer.Replay(100, 0.5, 0.6, 0.05, 0.15, calibration_without=0.05, calibration_with=0.06)
    assert not bent.promote


def test_a_proposal_is_compared_with_the_one_that_serves() -> None:
    rows = market(1200, {**TRUTH, "odds": 0.0}, seed=1)
    serving = layer.fit(market(4000, {**TRUTH, "odds": 0.0}, seed=9), slope=1.0)
    assert layer.replay(rows, slope=1.0).promote
    assert not layer.replay(rows, slope=1.0, serving=serving).promote


def test_few_answers_move_little() -> None:
    """What thousands of answers move by 1 in the mean, one moves by a tenth at most, four by a quarter."""
    groups = layer.told(market(60, TRUTH, seed=2))
    table = layer.features((row.odds, row.facts) for group in groups for row in group)
    mean = {
        count: np.abs(layer.fit([row for group in groups[:count] for row in group], slope=1.0).shifts(table)).mean()
        for count in (1, 4)
    }
    many = np.abs(layer.fit(market(6000, TRUTH, seed=3), slope=1.0).shifts(table)).mean()
    assert many > 0.8
    assert 0 < mean[1] < 0.1
    assert mean[1] < mean[4] < 0.25


def test_nothing_is_learned_where_nothing_was_taken_up() -> None:
    rows = [Shown(1, place, 0.0, 0.0, {}, place, 0) for place in (1, 2, 3)]
    with pytest.raises(ValueError, match="nobody"):
        layer.fit(rows, slope=1.0)
    with pytest.raises(ValueError, match="too few"):
        layer.replay(market(4, TRUTH, seed=1), slope=1.0)


def test_the_fit_is_the_same_in_any_order_of_the_rows() -> None:
    rows = market(200, TRUTH, seed=6)
    mixed = rows[:]
    Random(1).shuffle(mixed)
    assert layer.fit(mixed, slope=1.0) == layer.fit(rows, slope=1.0)
    assert layer.replay(mixed, slope=1.0) == layer.replay(rows, slope=1.0)


def test_the_fit_ends_where_the_loss_is_flat() -> None:
    """At the minimum the pull of the answers on each weight equals that of the ridge."""
    rows = market(300, TRUTH, seed=7)
    made = layer.fit(rows, slope=1.0, ridge=3.0)
    groups = layer.told(rows)
    weight = layer.importance([row for group in groups for row in group], slope=1.0)
    mean = weight[weight > 0].mean()
    pull = np.zeros(len(FEATURES))
    for group in groups:
        table = layer.features((min(max(row.odds, made.lowest), made.highest), row.facts) for row in group)
        score = np.array([row.odds for row in group]) + table @ np.array(made.values)
        share = np.exp(score - score.max()) / np.exp(score - score.max()).sum()
        mine = layer.importance(group, slope=1.0) / mean
        pull += table.T @ (mine.sum() * share - mine)
    assert pull + 3.0 * layer.SPANS**2 * np.array(made.values) == pytest.approx(np.zeros(len(FEATURES)), abs=1e-6)


def test_a_layer_is_stored_by_names_and_read_back() -> None:
    made = layer.fit(market(200, TRUTH, seed=8), slope=1.0)
    stored = made.as_dict()
    assert Weights.read(stored) == made
    assert set(stored["weights"]) == set(FEATURES)


def test_log_odds_beyond_those_seen_move_no_further_and_no_shift_is_huge() -> None:
    values = [1.0] + [5.0 if name == "price fits" else 0.0 for name in FEATURES[1:]]
    made = Weights(tuple(values), (0.0,) * len(FEATURES), lowest=-1.0, highest=1.0)
    moved = made.shifts(layer.features([(1.0, {}), (9.0, {}), (-9.0, {}), (0.0, {"price": "fits"})]))
    assert moved.tolist() == [1.0, 1.0, -1.0, layer.MOST_SHIFT]
