"""From scores to a probability: features, what is shipped, and how it is learned."""

import math

import numpy as np
import pytest

from benchmarks import learning
from benchmarks.learning import Asked
from search import fusion
from search.fusion import FEATURES, KINDS, QUERY_FEATURES, SITUATIONS, Scores


def scores(**changed: object) -> Scores:
    plain: dict[str, object] = {
        "lexical": np.array([8.0, 4.0, 3.0]),
        "feedback": np.array([2.0, 1.0, 0.0]),
        "cosine": np.array([0.5, 0.2, 0.4]),
        "raw": np.array([0.9, 0.8, 0.85]),
        "characters": np.array([1000.0, 500.0, 1000.0]),
        "cross": np.array([False, False, True]),
        "possible": (16.0, 6.0),
        "words": 4,
    }
    return Scores(**{**plain, **changed})  # type: ignore[arg-type]


def column(found: Scores, name: str) -> list[float]:
    return fusion.features(found)[:, FEATURES.index(name)].tolist()


def test_each_language_is_measured_against_its_own_best() -> None:
    assert column(scores(), "lexical_ratio") == [1.0, 0.5, 1.0]
    assert column(scores(), "lexical_share") == [0.5, 0.25, 0.5]
    assert column(scores(), "feedback_ratio") == [1.0, 0.5, 0.0]
    assert column(scores(), "cosine_gap") == pytest.approx([0.0, 0.3, 0.0])
    assert column(scores(), "raw_gap") == pytest.approx([0.0, 0.1, 0.0])
    assert column(scores(), "best_raw") == [0.9, 0.9, 0.9]
    assert column(scores(), "length") == pytest.approx([0.0, -math.log(2), 0.0])


def test_features_of_the_query_are_the_same_for_all_candidates() -> None:
    table = fusion.features(scores())
    for name in QUERY_FEATURES:
        assert len(set(table[:, FEATURES.index(name)])) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_missing_vectors_leave_the_words(kind: str) -> None:
    nothing = np.full(3, np.nan)
    found = scores(cosine=nothing, raw=nothing)
    assert not found.known.any()
    assert np.isfinite(fusion.features(found)).all()
    logits, probabilities = fusion.probabilities(found, kind=kind)
    assert logits[0] > logits[1]
    assert ((probabilities > 0) & (probabilities < 1)).all()


def test_nothing_in_the_language_of_a_need_is_no_evidence_against_the_rest() -> None:
    assert not scores().is_abroad
    there = scores(cross=np.array([True, True, True]))
    unembedded = scores(cosine=np.array([np.nan, np.nan, 0.4]), raw=np.array([np.nan, np.nan, 0.85]))
    for found in (there, unembedded):
        assert found.is_abroad
        assert column(found, "best_raw") == [0.0, 0.0, 0.0]
    weight = fusion.model("need", "cross").weights[FEATURES.index("best_raw")]
    plain = fusion.model("need", "cross").logit(fusion.features(there))
    logits, _ = fusion.probabilities(there, kind="need")
    assert logits == pytest.approx(plain + weight * fusion.absent_best("need"))
    assert 0.7 < fusion.absent_best("need") < 0.9  # about the least that any query of the training had
    assert fusion.absent_best("vi") == fusion.absent_best("en") == 0  # these were learned on such stocks, too


def test_only_the_only_candidate_of_all_leads_by_half() -> None:
    def lead(*left: int) -> list[float]:
        return column(scores().without(~np.isin(np.arange(3), left)), "lexical_lead")

    assert lead(0, 1, 2) == [0.5, 0.0, 0.0]  # the one of the other language has none of its own to beat
    assert lead(1, 2) == [0.0, 0.0]
    assert lead(2) == [0.5]
    assert lead(0) == [0.5]


def test_no_candidates_give_no_rows() -> None:
    none = scores().without(np.array([True, True, True]))
    assert fusion.features(none).shape == (0, len(FEATURES))
    assert fusion.probabilities(none, kind="vi")[0].shape == (0,)


def test_every_kind_and_situation_is_shipped_and_names_known_features() -> None:
    stored = fusion._file()
    assert sorted(stored["models"]) == sorted(f"{kind} {situation}" for kind in KINDS for situation in SITUATIONS)
    for one in stored["models"].values():
        assert set(one["weights"]) <= set(FEATURES)
    assert stored["made_by"].startswith("python -m benchmarks.fusion ")
    assert fusion.floor() < fusion.good()


def answered(count: int, *, seed: int) -> list[Asked]:
    """Make queries whose right answer has the best lexical ratio, most of the time."""
    chance = np.random.default_rng(seed)
    found = []
    for number in range(count):
        table = np.zeros((6, len(FEATURES)))
        ratio = chance.uniform(0.1, 0.6, 6)
        ratio[number % 6] = chance.uniform(0.5, 1.0)
        table[:, FEATURES.index("lexical_ratio")] = ratio
        table[:, FEATURES.index("raw_cosine")] = 0.8
        table[:, FEATURES.index("best_raw")] = 0.8
        cross = np.array([False, True] * 3)
        table[:, FEATURES.index("other")] = cross
        keys = [f"{number}-{place}" for place in range(6)]
        found.append(Asked("made", str(number), "vi", keys, {keys[number % 6]: 1}, table, cross, 1 / count))
    return found


def test_what_is_learned_puts_right_answers_first_and_says_how_sure_it_is() -> None:
    models = learning.fit(answered(120, seed=1))
    asked = answered(120, seed=2)
    odds = [learning.logits(one, models) for one in asked]
    right = [int(np.argmax(found)) == number % 6 for number, found in enumerate(odds)]
    assert np.mean(right) > 0.9
    shown = 1 / (1 + np.exp(-np.concatenate(odds)))
    assert shown.mean() == pytest.approx(1 / 6, abs=0.03)


def test_learning_twice_gives_the_same() -> None:
    first, second = (learning.fit(answered(40, seed=3)) for _ in range(2))
    assert first.keys() == second.keys()
    for name, (bias, weights) in first.items():
        assert bias == second[name][0]
        assert np.array_equal(weights, second[name][1])


def test_trimming_keeps_every_right_answer() -> None:
    many = answered(1, seed=4)[0]
    rows = np.repeat(many.table, 50, axis=0)
    keys = [str(place) for place in range(len(rows))]
    one = Asked("made", "0", "vi", keys, {"299": 1}, rows, np.zeros(len(rows), dtype=bool), 1.0).trimmed()
    assert "299" in one.keys
    assert len(one.keys) <= learning.TAKEN + 1
    assert one.relevant.sum() == 1


def test_what_stands_for_the_own_language_is_learned_from_queries_without_it() -> None:
    place = FEATURES.index("best_raw")
    weights = np.zeros(len(FEATURES))
    weights[place], weights[FEATURES.index("cosine")] = 40.0, 20.0
    models = {"need same": (-40.0, weights), "need cross": (-40.0, weights)}
    chance = np.random.default_rng(4)
    asked = []
    for number in range(400):
        table = np.zeros((5, len(FEATURES)))
        table[:, FEATURES.index("cosine")] = chance.uniform(0.1, 0.6, 5)
        true = 1 / (1 + np.exp(-(-40.0 + table @ weights + 40.0 * 0.8)))
        judged = {str(key): 1 for key in np.flatnonzero(chance.uniform(size=5) < true)}
        keys = [str(key) for key in range(5)]
        asked.append(Asked("c", str(number), "need", keys, judged, table, np.ones(5, dtype=bool), 1 / 400))
    assert learning.fit_absent(asked, models) == {"need": pytest.approx(0.8, abs=0.01)}
