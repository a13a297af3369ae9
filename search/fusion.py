"""From scores to one probability: small logistic models, one for each situation, read from `fusion.json`.

- `same`: the document is in the query's language; words and vector both speak.
- `cross`: it is in the other language; the words are those of `search.lexicon`.
- `words`: the document has no vector yet, whatever its language.

Each stands for every kind of query: a few Vietnamese words (`vi`), a few English ones (`en`), a whole `need`, of whose
many words some are always shared, which proves less. Features that tell of the query alone (QUERY_FEATURES) move all its candidates alike: they make the
probability right and leave the order alone.

A stock may hold nothing in the query's own language (a young exchange, a narrow filter). Then `best_raw` is not
measured, and the file says under `absent` what stands for it where a model never saw such a stock.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("fusion.json")
CANDIDATE_FEATURES = (
    "lexical_ratio",  # BM25 score against the best candidate's of the same group (the query's language, or the other)
    "lexical_share",  # BM25 score against the best that any text could have
    "lexical_lead",  # by how much the best candidate is ahead of the next, against its own score
    "feedback_ratio",  # BM25 score for the words of the first few answers, against the best candidate's
    "cosine",  # centred
    "cosine_gap",  # centred, distance to the nearest of the group
    "raw_cosine",  # as the encoder gives it; comparable within one language only
    "raw_gap",  # the same for it
    "length",  # of the document, logarithm of its characters, 0 at 1,000
    "other",  # 1 in the other language
)
QUERY_FEATURES = (
    "best_share",  # the best lexical share of any candidate
    "best_cosine",  # the best centred cosine of any candidate
    "best_raw",  # the best raw cosine in the query's own language; 0 where nothing is in it
    "said",  # logarithm of the number of words asked
    "crowd_lexical",  # the tenth best lexical ratio in the query's own language
    "crowd_raw",  # how far the tenth nearest of the query's own language is behind the nearest
)
FEATURES = CANDIDATE_FEATURES + QUERY_FEATURES
WORD_FEATURES = (
    "lexical_ratio",
    "lexical_share",
    "lexical_lead",
    "feedback_ratio",
    "length",
    "other",
    "best_share",
    "said",
    "crowd_lexical",
)
NEED = "need"
KINDS = ("vi", "en", NEED)
SITUATIONS = ("same", "cross", "words")
LONG_QUERY_WORDS = 30
LEAD_ALONE = 0.5  # of the only candidate there is: neither far ahead nor behind

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """What is known of a query's candidates, one number each; a missing cosine is NaN. `cross`: in the other language.

    `possible` is the BM25 score that no document can pass, for the query's language and for the other.
    """

    lexical: Floats
    feedback: Floats
    cosine: Floats
    raw: Floats
    characters: Floats
    cross: Bools
    possible: tuple[float, float]
    words: int

    def without(self, left_out: Bools) -> "Scores":
        """Give the same query as if some documents were not there."""
        stay = ~left_out
        return Scores(
            self.lexical[stay],
            self.feedback[stay],
            self.cosine[stay],
            self.raw[stay],
            self.characters[stay],
            self.cross[stay],
            self.possible,
            self.words,
        )

    @property
    def known(self) -> Bools:
        """Which candidates have a vector."""
        return ~np.isnan(self.cosine)

    @property
    def is_abroad(self) -> bool:
        """Whether no candidate with a vector is in the query's own language."""
        return not (self.known & ~self.cross).any()


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic regression: probability = 1 / (1 + exp(-(bias + Σ weight · feature)))."""

    bias: float
    weights: Floats

    def logit(self, features: Floats) -> Floats:
        """Give the log-odds of each row of features, ordered as FEATURES."""
        return self.bias + features @ self.weights


def features(scores: Scores) -> Floats:
    """Make the features of a query's candidates, one row each, ordered as FEATURES."""
    rows = len(scores.lexical)
    known = scores.known
    columns = {name: np.zeros(rows) for name in FEATURES}
    for group, possible in zip((~scores.cross, scores.cross), scores.possible, strict=True):
        if not group.any():
            continue
        lexical = scores.lexical[group]
        columns["lexical_ratio"][group] = _against_best(lexical)
        columns["lexical_lead"][group] = _lead(_against_best(lexical))
        columns["lexical_share"][group] = lexical / possible if possible > 0 else 0.0
        columns["feedback_ratio"][group] = _against_best(scores.feedback[group])
        near = group & known
        if near.any():
            for name, values in (("cosine", scores.cosine), ("raw", scores.raw)):
                columns[f"{name}_gap"][near] = values[near].max() - values[near]
            if group is not scores.cross:
                columns["best_raw"][:] = scores.raw[near].max()
    if rows == 1:
        columns["lexical_lead"] = LEAD_ALONE * columns["lexical_ratio"]
    columns["cosine"][known] = scores.cosine[known]
    columns["raw_cosine"][known] = scores.raw[known]
    columns["length"] = np.log(np.maximum(scores.characters, 20.0) / 1000.0)
    columns["other"] = scores.cross.astype(float)
    columns["best_share"][:] = columns["lexical_share"].max(initial=0.0)
    own = ~scores.cross
    columns["crowd_lexical"][:] = _tenth(columns["lexical_ratio"][own])
    columns["crowd_raw"][:] = scores.raw[own & known].max(initial=0.0) - _tenth(scores.raw[own & known])
    columns["best_cosine"][:] = scores.cosine[known].max(initial=0.0)
    columns["said"][:] = np.log(max(scores.words, 1))
    return np.column_stack([columns[name] for name in FEATURES])


def _against_best(values: Floats) -> Floats:
    top = float(values.max(initial=0.0))
    return values / top if top > 0 else np.zeros(len(values))


def _tenth(values: Floats) -> float:
    """Give the tenth highest value, the lowest if there are fewer."""
    if len(values) < 10:
        return float(values.min(initial=np.inf)) if len(values) else 0.0
    return float(np.partition(values, -10)[-10])


def _lead(ratios: Floats) -> Floats:
    """Give by how much each ratio is above the second best: nothing for all but the best, nor for one by itself."""
    if len(ratios) < 2:
        return np.zeros(len(ratios))
    return np.maximum(ratios - np.partition(ratios, -2)[-2], 0.0)


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text()))


@lru_cache(maxsize=16)
def model(kind: str, situation: str) -> Model:
    """Give the model of a situation for a kind of query."""
    stored = _file()["models"][f"{kind} {situation}"]
    return Model(stored["bias"], np.array([stored["weights"].get(name, 0.0) for name in FEATURES]))


def absent_best(kind: str) -> float:
    """Give what stands for `best_raw` where nothing is in the query's own language."""
    return float(_file()["absent"].get(kind, 0.0))


def floor() -> float:
    """Give the probability below which a candidate is not worth showing."""
    return float(_file()["floor"])


def good() -> float:
    """Give the probability from which a candidate is called a good match."""
    return float(_file()["good"])


def probabilities(scores: Scores, *, kind: str) -> tuple[Floats, Floats]:
    """Give each candidate's log-odds and probability, by the model of its situation."""
    table = features(scores)
    if scores.is_abroad:
        table[:, FEATURES.index("best_raw")] = absent_best(kind)
    same, other, words = (model(kind, situation).logit(table) for situation in SITUATIONS)
    logits = np.where(scores.known, np.where(scores.cross, other, same), words)
    return logits, 1.0 / (1.0 + np.exp(-logits))
