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
FEATURES = ("lexical_ratio", "lexical_share", "lexical_ratio_long", "cosine", "cosine_gap", "long")
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


def features(*, lexical: Floats, cosine: Floats, best_possible: float, long: bool) -> Floats:
    """Make the features of a query's candidates. A missing cosine is NaN and becomes 0, for the `words` model.

    `lexical_ratio` compares with the best candidate, `lexical_share` with the best score that any text could have,
    `cosine_gap` is the distance to the nearest candidate.
    """
    top = float(lexical.max(initial=0.0))
    ratio = lexical / top if top > 0 else np.zeros_like(lexical)
    share = lexical / best_possible if best_possible > 0 else np.zeros_like(lexical)
    known = ~np.isnan(cosine)
    nearest = float(cosine[known].max()) if known.any() else 0.0
    filled = np.where(known, cosine, 0.0)
    gap = np.where(known, nearest - filled, 0.0)
    return np.column_stack(
        [ratio, share, ratio * long, filled, gap, np.full_like(lexical, float(long))],
    )


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
