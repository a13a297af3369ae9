"""Fit the fusion: first the order, then the probability. Pure functions on feature tables.

The order is learned query by query (softmax over the candidates, so that each right answer is pushed above what stands
beside it); the probability by a logistic regression on that score and on the features of the query alone, over the
candidates that would be shown. Together they are one linear model of the log-odds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import minimize

from search.fusion import CANDIDATE_FEATURES, FEATURES, QUERY_FEATURES, WORD_FEATURES

RIDGE = 2e-3
CALM = 2.0  # holds the features of the query small in the probability
TAKEN = 120  # candidates of a query that the order is learned from: the best by a plain sum
SHOWN = 20  # candidates of a query that the probability is learned from
Floats = np.ndarray


@dataclass
class Asked:
    """One query with its candidates' features. `weight`: the queries of a collection weigh 1 together."""

    collection: str
    about: str
    kind: str
    keys: list[str]
    judged: dict[str, int]
    table: Floats
    cross: np.ndarray
    weight: float
    unanswered: bool = False
    relevant: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        self.relevant = np.array([float(max(self.judged.get(key, 0), 0)) for key in self.keys])

    def trimmed(self) -> "Asked":
        """Give the same query with its TAKEN best candidates by a plain sum, and all right ones."""
        plain = self.table[:, FEATURES.index("lexical_ratio")] + 4 * self.table[:, FEATURES.index("raw_cosine")]
        kept = np.union1d(np.argsort(-plain, kind="stable")[:TAKEN], np.flatnonzero(self.relevant))
        return replace(self, keys=[self.keys[place] for place in kept], table=self.table[kept], cross=self.cross[kept])


Models = dict[str, tuple[float, Floats]]


def fit(asked: Sequence[Asked], *, words: bool = True) -> Models:
    """Fit every situation for every kind of query, each by its own queries."""
    models: Models = {}
    for kind in sorted({one.kind for one in asked}):
        mine = [one for one in asked if one.kind == kind]
        both = _fit_together(mine, CANDIDATE_FEATURES, split=True)
        models[f"{kind} same"], models[f"{kind} cross"] = both
        if words:
            models[f"{kind} words"] = _fit_together(mine, WORD_FEATURES, split=False)[0]
    return models


def _fit_together(asked: Sequence[Asked], names: Sequence[str], *, split: bool) -> list[tuple[float, Floats]]:
    """Fit the order of candidates of both languages on one scale, then the probability."""
    used = [FEATURES.index(name) for name in CANDIDATE_FEATURES if name in names]

    def seen(one: Asked) -> Floats:
        table = one.table[:, used]
        if not split:
            return table
        return np.hstack([table * ~one.cross[:, None], table * one.cross[:, None]])

    order = _fit_order([one for one in asked if one.relevant.any()], seen)
    scores = [seen(one) @ order for one in asked]
    of_query = [name for name in QUERY_FEATURES if split or name in names]
    scale, query_weights, bias = _fit_probability(asked, scores, of_query)
    found = []
    for part in np.split(order, 2) if split else [order]:
        weights = np.zeros(len(FEATURES))
        weights[used] = scale * part
        for name, value in zip(of_query, query_weights, strict=True):
            weights[FEATURES.index(name)] = value
        found.append((bias, weights))
    return found


def _fit_order(asked: Sequence[Asked], seen) -> Floats:
    table = np.vstack([seen(one) for one in asked])
    sizes = [len(one.keys) for one in asked]
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    query = np.repeat(np.arange(len(asked)), sizes)
    right = np.concatenate([one.relevant / one.relevant.sum() for one in asked])
    weight = 100 * np.array([one.weight for one in asked])
    spread = np.maximum(table.std(axis=0), 1e-6)
    table = table / spread

    def loss(beta: Floats) -> tuple[float, Floats]:
        scores = table @ beta
        scores -= np.maximum.reduceat(scores, starts)[query]
        odds = np.exp(scores)
        total = np.add.reduceat(odds, starts)
        value = -(weight[query] * right * (scores - np.log(total)[query])).sum() + 100 * RIDGE * (beta**2).sum()
        return float(value), table.T @ (weight[query] * (odds / total[query] - right)) + 200 * RIDGE * beta

    return minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x / spread


def _fit_probability(
    asked: Sequence[Asked], scores: Sequence[Floats], names: Sequence[str]
) -> tuple[float, Floats, float]:
    """Fit bias + scale · score + Σ weight · query feature on the first SHOWN candidates."""
    of_query = [FEATURES.index(name) for name in names]
    rows, labels, weights = [], [], []
    for one, score in zip(asked, scores, strict=True):
        first = np.argsort(-score, kind="stable")[:SHOWN]
        rows.append(np.column_stack([score[first], one.table[np.ix_(first, of_query)]]))
        labels.append(one.relevant[first] > 0)
        weights.append(np.full(len(first), 100 * one.weight))
    table, label, weight = np.vstack(rows), np.concatenate(labels).astype(float), np.concatenate(weights)
    middle, spread = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-6)
    table = (table - middle) / spread

    def loss(beta: Floats) -> tuple[float, Floats]:
        logits = beta[0] + table @ beta[1:]
        error = (1 / (1 + np.exp(-logits)) - label) * weight
        value = (weight * (np.logaddexp(0, logits) - label * logits)).sum() + CALM * (beta[2:] ** 2).sum()
        pull = np.r_[0.0, 2 * CALM * beta[2:]]
        return float(value), np.r_[error.sum(), table.T @ error + pull]

    beta = minimize(loss, np.zeros(table.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    bare = beta[1:] / spread
    return float(bare[0]), bare[1:], float(beta[0] - bare @ middle)


def fit_absent(asked: Sequence[Asked], models: Models) -> dict[str, float]:
    """Fit what stands for `best_raw` where nothing is in the query's own language, for kinds that never saw it.

    The models stay as they are: one number of each kind makes the probability right for the queries given, of whose
    tables that feature is 0.
    """
    place = FEATURES.index("best_raw")
    found = {}
    for kind in sorted({one.kind for one in asked}):
        pull = models[f"{kind} cross"][1][place]
        odds, labels, weights = [], [], []
        for one in (one for one in asked if one.kind == kind):
            plain = logits(one, models)
            first = np.argsort(-plain, kind="stable")[:SHOWN]
            odds.append(plain[first])
            labels.append(one.relevant[first] > 0)
            weights.append(np.full(len(first), one.weight))
        base, label, weight = (np.concatenate(column) for column in (odds, labels, weights))

        def loss(value: Floats, base=base, label=label, weight=weight, pull=pull) -> float:
            shown = base + pull * value[0]
            return float((weight * (np.logaddexp(0, shown) - label * shown)).sum())

        found[kind] = round(float(minimize(loss, [0.8], method="Nelder-Mead").x[0]), 3)
    return found


def logits(one: Asked, models: Models, *, words: bool = False) -> Floats:
    """Give the log-odds of a query's candidates."""
    if words:
        bias, weights = models[f"{one.kind} words"]
        return bias + one.table @ weights
    (bias, same), (_, cross) = (models[f"{one.kind} {name}"] for name in ("same", "cross"))
    same, cross = bias + one.table @ same, bias + one.table @ cross
    return np.where(one.cross, cross, same)
