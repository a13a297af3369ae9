"""From scores to one probability: small logistic models, one for each situation, read from `fusion.json`.

- `same`: the document is in the query's language; words and vector both speak.
- `cross`: it is in the other language; words count only as far as both share them (numbers, Latin names).
- `words`: the document has no vector yet.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("fusion.json")
FEATURES = (
    "lexical_ratio",  # BM25 score against the best candidate's
    "lexical_share",  # BM25 score against the best that any text could have
    "lexical_ratio_long",  # the ratio again, for a whole need
    "lexical_lead",  # by how much the best candidate is ahead of the next, against its own score
    "cosine",  # centred
    "cosine_gap",  # centred, distance to the nearest of the same language
    "cosine_lead",  # centred, by how much the nearest is ahead of the next
    "raw_cosine",  # as the encoder gives it; comparable within one language only
    "raw_gap",  # distance to the nearest, for documents in the query's language
    "long",  # 1 for a whole need, 0 for a few words
)
LONG_QUERY_WORDS = 30

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic regression: probability = 1 / (1 + exp(-(bias + Σ weight · feature)))."""

    bias: float
    weights: Floats

    def logit(self, features: Floats) -> Floats:
        """Give the log-odds of each row of features, ordered as FEATURES."""
        return self.bias + features @ self.weights


def features(
    *, lexical: Floats, cosine: Floats, raw: Floats, cross: NDArray[np.bool_], best_possible: float, long: bool
) -> Floats:
    """Make the features of a query's candidates, one row each, ordered as FEATURES.

    `cross` marks candidates in the other language. A missing cosine is NaN and becomes 0, for the `words` model.
    """
    rows = len(lexical)
    top = float(lexical.max(initial=0.0))
    ratio = lexical / top if top > 0 else np.zeros(rows)
    share = lexical / best_possible if best_possible > 0 else np.zeros(rows)
    known = ~np.isnan(cosine)
    gap, raw_gap = np.zeros(rows), np.zeros(rows)
    for group in (cross & known, ~cross & known):
        if group.any():
            gap[group] = cosine[group].max() - cosine[group]
    same = ~cross & known
    if same.any():
        raw_gap[same] = raw[same].max() - raw[same]
    return np.column_stack(
        [
            ratio,
            share,
            ratio * long,
            _lead(ratio),
            np.where(known, cosine, 0.0),
            gap,
            _lead(np.where(known, cosine, 0.0)),
            np.where(known, raw, 0.0),
            raw_gap,
            np.full(rows, float(long)),
        ]
    )


def _lead(scores: Floats) -> Floats:
    """Give by how much each score is above the second best: nothing for all but the best."""
    if len(scores) < 2:
        return np.zeros(len(scores))
    return np.maximum(scores - np.partition(scores, -2)[-2], 0.0)


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text()))


@lru_cache(maxsize=4)
def model(situation: str) -> Model:
    """Give the model of a situation: `same`, `cross` or `words`."""
    stored = _file()["models"][situation]
    return Model(stored["bias"], np.array([stored["weights"].get(name, 0.0) for name in FEATURES]))


def floor() -> float:
    """Give the probability below which a candidate is not worth showing."""
    return float(_file()["floor"])


def good() -> float:
    """Give the probability from which a candidate is called a good match."""
    return float(_file()["good"])


def probabilities(table: Floats, *, cross: NDArray[np.bool_], known: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Give each candidate's log-odds and probability, by the model of its situation."""
    logits = np.where(
        known, np.where(cross, model("cross").logit(table), model("same").logit(table)), model("words").logit(table)
    )
    return logits, 1.0 / (1.0 + np.exp(-logits))
