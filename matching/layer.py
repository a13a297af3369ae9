"""The linear layer: what the answers of the whole exchange say about pairs, as a shift of the log-odds. Pure numpy.

A pair is known by the log-odds of its texts and by its facts (fits, near, does not fit; what one side leaves open is
the ground that the others are measured from). Of the pairs that were shown to a demand's company, those that it took
up are set against the others by a softmax within the demand, so how eager one company is does not count. Each answer
weighs by the inverse of the chance that its place was looked at (inverse propensity; Joachims, Swaminathan and
Schnabel, WSDM 2017, DOI 10.1145/3018661.3018699), by its kind, and L2 holds everything at the present scoring: few
answers move little. How often people answer at all is not learned: it cannot be told from how far they read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.choices import Verdict

VERSION = 2  # of the features: a layer, and what was shown, count only for the version that made them
FACTS = ("field", "trl", "time", "price", "rights", "place", "legal")
ASKED = tuple((fact, verdict) for fact in FACTS for verdict in Verdict.values)
FEATURES = ("odds", *(f"{fact} {verdict}" for fact, verdict in ASKED))

RIDGE = 16.0  # answers' worth of pull of each weight towards 0
ODDS_SPAN = 4.0  # log-odds between a poor text and a good one, which weigh against the ridge as one fact does
MOST_WEIGHT = 5.0  # of one answer, against one at the first place
MOST_SHIFT = 2.0  # log-odds
GAINS = {1: 1.0, 2: 1.5, 3: 2.0}  # shortlist, introduction, contract
FOLDS = 5
DEPTH = 10
ROUNDS = 2000  # of the bootstrap
BINS = 10
STEPS = 60  # Newton's, at most
CLOSE = 1e-9

Floats = NDArray[np.float64]
SPANS: Floats = np.array([ODDS_SPAN] + [1.0] * len(ASKED))


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair that a demand's company saw: log-odds of the texts, what its own answers had added, facts, place from 1.

    `grade` is what became of it: 0 declined or passed over, 1 shortlisted, 2 introduced, 3 contract.
    """

    demand: int
    technology: int
    odds: float
    shift: float
    facts: Mapping[str, str]
    place: int
    grade: int


@dataclass(frozen=True, slots=True)
class Weights:
    """A layer: the weight and the middle of each feature (in the order of FEATURES), and the log-odds it has seen."""

    values: tuple[float, ...]
    middle: tuple[float, ...]
    lowest: float
    highest: float

    def shifts(self, table: Floats) -> Floats:
        """Give what is added to the log-odds of each row of features; a pair in the middle of all shown ones keeps its own."""
        table = table.copy()
        table[:, 0] = np.clip(table[:, 0], self.lowest, self.highest)
        moved: Floats = (table - np.array(self.middle)) @ np.array(self.values)
        return np.clip(moved, -MOST_SHIFT, MOST_SHIFT)

    def as_dict(self) -> dict[str, Any]:
        """Give it as stored: by the names of the features."""
        return {
            "weights": dict(zip(FEATURES, self.values, strict=True)),
            "middle": dict(zip(FEATURES, self.middle, strict=True)),
            "odds": [self.lowest, self.highest],
        }

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Weights":
        """Read a stored one."""
        return cls(
            tuple(float(stored["weights"][name]) for name in FEATURES),
            tuple(float(stored["middle"][name]) for name in FEATURES),
            *(float(end) for end in stored["odds"]),
        )


def features(pairs: Iterable[tuple[float, Mapping[str, str]]]) -> Floats:
    """Make the features of pairs, each given by the log-odds of its texts and the verdicts of its facts."""
    rows = [[odds, *(float(facts.get(fact) == verdict) for fact, verdict in ASKED)] for odds, facts in pairs]
    return np.array(rows, dtype=float).reshape(len(rows), len(FEATURES))


def _features_of(rows: Sequence[Shown]) -> Floats:
    return features((row.odds, row.facts) for row in rows)


def told(rows: Sequence[Shown]) -> list[list[Shown]]:
    """Give the rows demand by demand, of those that tell something: something taken up and something else."""
    by_demand: dict[int, list[Shown]] = {}
    for row in sorted(rows, key=lambda row: (row.demand, row.technology)):
        by_demand.setdefault(row.demand, []).append(row)
    return [group for _, group in sorted(by_demand.items()) if 0 < sum(row.grade > 0 for row in group) < len(group)]


def importance(rows: Sequence[Shown], *, slope: float) -> Floats:
    """Give how much each answer weighs, by its kind and its place: looked at with the chance 1 / place^slope; 0 for the rest."""
    return np.array([GAINS.get(row.grade, 0.0) * min(row.place**slope, MOST_WEIGHT) for row in rows])


def fit(rows: Sequence[Shown], *, slope: float, ridge: float = RIDGE) -> Weights:
    """Fit by Newton's method. Deterministic, and the order of the rows does not matter.

    Minimises Σ weight · -log softmax(log-odds + shift + weights · features) + ridge / 2 · Σ (weight · span)²; the
    weights of the answers are 1 in the mean, so `ridge` is counted in answers. Raises ValueError when nothing can be told.
    """
    groups = told(rows)
    if not groups:
        raise ValueError("nobody took up anything among others")
    flat = [row for group in groups for row in group]
    table = _features_of(flat)
    lowest, highest = np.percentile(table[:, 0], [1, 99])
    table[:, 0] = np.clip(table[:, 0], lowest, highest)
    middle = table.mean(axis=0)
    table = table - middle
    sizes = [len(group) for group in groups]
    starts, of = np.r_[0, np.cumsum(sizes)[:-1]], np.repeat(np.arange(len(groups)), sizes)
    weight = importance(flat, slope=slope)
    weight = weight / weight[weight > 0].mean()
    total = np.add.reduceat(weight, starts)
    base = np.array([row.odds + row.shift for row in flat])
    hold = ridge * SPANS**2

    def loss(beta: Floats) -> tuple[float, Floats]:
        """Give the loss and each row's share of its demand."""
        scores = base + table @ beta
        scores = scores - np.maximum.reduceat(scores, starts)[of]
        odds = np.exp(scores)
        sums = np.add.reduceat(odds, starts)
        value = float((weight * (np.log(sums)[of] - scores)).sum() + (hold * beta**2).sum() / 2)
        return value, odds / sums[of]

    beta = np.zeros(table.shape[1])
    value, share = loss(beta)
    for _ in range(STEPS):
        pull = table.T @ (total[of] * share - weight) + hold * beta
        means = np.add.reduceat(share[:, None] * table, starts, axis=0)
        bend = table.T @ ((total[of] * share)[:, None] * table) - means.T @ (total[:, None] * means)
        step = np.linalg.solve(bend + np.diag(hold), pull)
        length = 1.0
        while True:  # the whole step, or a shorter one where it would lead uphill
            tried, tried_share = loss(beta - length * step)
            if tried <= value or length < CLOSE:
                break
            length /= 2
        beta, value, share = beta - length * step, tried, tried_share
        if np.abs(length * step).max() < CLOSE:
            break
    return Weights(tuple(beta.tolist()), tuple(middle.tolist()), float(lowest), float(highest))


# --- the replay: would it have helped on demands that it had not seen?


@dataclass(frozen=True, slots=True)
class Replay:
    """Held-out figures of the present scoring and the proposed one.

    `without` and `with_it`: weighted DCG@10 of what was taken up, as a part of the best possible; `low` and `high`: 95 %
    interval of their difference by demand; calibration errors of the probability, its level set aside.
    """

    demands: int
    without: float
    with_it: float
    low: float
    high: float
    calibration_without: float
    calibration_with: float

    @property
    def rises(self) -> bool:
        """Whether the whole interval of the gain is above zero."""
        return self.low > 0

    @property
    def stays_calibrated(self) -> bool:
        """Whether the shown probability is not farther from what came of it than before."""
        return self.calibration_with <= self.calibration_without

    @property
    def promote(self) -> bool:
        """Whether the rule promotes it."""
        return self.rises and self.stays_calibrated

    def as_dict(self) -> dict[str, Any]:
        """Give it as stored."""
        return {
            "demands": self.demands,
            "dcg@10": {"without": round(self.without, 4), "with": round(self.with_it, 4)},
            "difference_interval": [round(self.low, 4), round(self.high, 4)],
            "calibration_error": {
                "without": round(self.calibration_without, 4), "with": round(self.calibration_with, 4),
            },
            "promote": self.promote,
        }  # fmt: skip


def dcg(scores: Floats, gains: Floats) -> float:
    """Give DCG@10 of the order that scores give; equal scores stay as they come."""
    found = gains[np.argsort(-scores, kind="stable")][:DEPTH]
    return float(found @ (1 / np.log2(np.arange(2, len(found) + 2))))


def replay(
    rows: Sequence[Shown], *, slope: float, serving: Weights | None = None, ridge: float = RIDGE, seed: int = 1
) -> Replay:
    """Fit on four fifths of the demands, order the others, and compare with the present scoring (that of `serving`).

    Gains are by kind of answer and inverse propensity, as in the fit; the sum over demands is set against the best
    possible sum, since a division demand by demand would take the propensities out again. Raises ValueError with fewer
    demands than folds.
    """
    groups = told(rows)
    if len(groups) < FOLDS:
        raise ValueError("too few demands to hold some out")
    sizes = [len(group) for group in groups]
    of = np.repeat(np.arange(len(groups)), sizes)
    flat = [row for group in groups for row in group]
    table, base = _features_of(flat), np.array([row.odds + row.shift for row in flat])
    gains, wanted = importance(flat, slope=slope), _wanted(flat, slope=slope)
    fold = np.empty(len(groups), dtype=int)
    fold[np.random.default_rng(seed).permutation(len(groups))] = np.arange(len(groups)) % FOLDS
    before = base + (serving.shifts(table) if serving else 0.0)
    after = np.empty(len(flat))
    shown = np.empty((2, len(flat)))
    for number in range(FOLDS):
        out = fold[of] == number
        made = fit([row for row, is_out in zip(flat, out, strict=True) if not is_out], slope=slope, ridge=ridge)
        tried = base + made.shifts(table)
        after[out] = tried[out]
        for which, scores in enumerate((before, tried)):
            level = _level(scores[~out], float(wanted[~out].mean()))
            shown[which, out] = 1 / (1 + np.exp(-(scores[out] + level)))
    places = np.split(np.arange(len(flat)), np.cumsum(sizes)[:-1])
    without, with_it, best = (
        np.array([dcg(scores[place], gains[place]) for place in places]) for scores in (before, after, gains)
    )
    low, high = interval(with_it - without, best, seed=seed)
    errors = [calibration_error(shown[which], wanted) for which in (0, 1)]
    total = float(best.sum())
    return Replay(len(groups), float(without.sum()) / total, float(with_it.sum()) / total, low, high, *errors)


def _wanted(rows: Sequence[Shown], *, slope: float) -> Floats:
    """Give for each shown pair how often it would have been taken up had it been looked at: 0, or the inverse chance."""
    return np.array([min(row.place**slope, MOST_WEIGHT) if row.grade else 0.0 for row in rows])


def _level(scores: Floats, wanted: float) -> float:
    """Give what added to all log-odds makes their mean probability `wanted`: how many are taken up is not judged."""
    low, high = -20.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + np.exp(-(scores + middle)))).mean() < wanted else (low, middle)
    return (low + high) / 2


def interval(differences: Floats, best: Floats, *, seed: int = 1) -> tuple[float, float]:
    """Give the 95 % bootstrap interval, demand by demand, of the sum of differences as a part of the best possible."""
    random = np.random.default_rng(seed)
    drawn = random.integers(len(best), size=(ROUNDS, len(best)))
    low, high = np.percentile(differences[drawn].sum(axis=1) / best[drawn].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)


def calibration_error(shown: Floats, wanted: Floats) -> float:
    """Give how far probabilities are from what came of them, by tenths of the rows in the order of the probability."""
    order = np.argsort(shown, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return float(sum(abs(shown[part].mean() - wanted[part].mean()) * len(part) for part in parts) / len(shown))
