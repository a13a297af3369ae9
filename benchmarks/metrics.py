"""Measures of rankings, with intervals and paired tests. Pure functions."""

from collections.abc import Mapping, Sequence

import numpy as np


def ndcg(ranked: Sequence[str], judged: Mapping[str, int], depth: int = 10) -> float:
    """Give nDCG with linear gains, as trec_eval does."""

    def gain(values: Sequence[int]) -> float:
        return float(sum(value / np.log2(place + 2) for place, value in enumerate(values)))

    best = gain(sorted(judged.values(), reverse=True)[:depth])
    return gain([judged.get(document, 0) for document in ranked[:depth]]) / best if best else 0.0


def recall(ranked: Sequence[str], judged: Mapping[str, int], depth: int = 100) -> float:
    """Give the part of the relevant documents that is in the first `depth`."""
    relevant = {document for document, grade in judged.items() if grade > 0}
    return len(relevant.intersection(ranked[:depth])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], judged: Mapping[str, int]) -> float:
    """Give one over the place of the first relevant document; 0 if there is none."""
    for place, document in enumerate(ranked, start=1):
        if judged.get(document, 0) > 0:
            return 1 / place
    return 0.0


def interval(values: Sequence[float], *, rounds: int = 2000, seed: int = 1) -> tuple[float, float]:
    """Give the 95 % bootstrap interval of the mean over queries."""
    random = np.random.default_rng(seed)
    array = np.asarray(values)
    means = array[random.integers(len(array), size=(rounds, len(array)))].mean(axis=1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


def paired_p(ours: Sequence[float], theirs: Sequence[float], *, rounds: int = 4000, seed: int = 1) -> float:
    """Give the two-sided p of a sign-flip permutation test on the differences by query."""
    random = np.random.default_rng(seed)
    difference = np.asarray(ours) - np.asarray(theirs)
    seen = abs(difference.mean())
    flipped = (random.choice((-1.0, 1.0), size=(rounds, len(difference))) * difference).mean(axis=1)
    return float((1 + (np.abs(flipped) >= seen - 1e-12).sum()) / (rounds + 1))


def calibration_error(probabilities: Sequence[float], relevant: Sequence[bool], *, bins: int = 10) -> float:
    """Give the expected calibration error: how far what is shown is from what is true, by tenths."""
    shown, true = np.asarray(probabilities), np.asarray(relevant, dtype=float)
    if not len(shown):
        return 0.0
    place = np.minimum((shown * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(shown[place == number].mean() - true[place == number].mean()) * (place == number).mean()
            for number in range(bins)
            if (place == number).any()
        )
    )
