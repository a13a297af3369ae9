"""Correlated Monte Carlo: Gaussian copula on any marginals, pseudo-random or randomised Sobol points.

z = L*eps, x = F^-1(Phi(z)). A target Spearman correlation s becomes the Pearson correlation 2 sin(pi*s/6)
of the scores; a matrix that is not a correlation matrix is projected to the nearest one and the result
says so. Sources: domain file section 2; Iman & Conover 1982; Higham 2002 (IMA J. Numer. Anal. 22, alg. 3.3);
Owen 1995 (scrambled nets: standard errors from independent replicates). Same seed, same bytes.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.stats import qmc

from valuation.methods.distributions import Fixed, Marginal
from valuation.methods.types import ArrayLike, Floats, Percentiles, array, inner, require

LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
QUANTILE_RULE = "midpoint positions, linear between order statistics (Hyndman-Fan 5)"
SOBOL_REPLICATES = 16
RANKED_PATHS = 8192

Model = Callable[[Mapping[str, Floats]], Floats]


class Sampler(enum.StrEnum):
    """Where the points come from."""

    PSEUDO = "pseudo-random SFC64"
    SOBOL = "scrambled Sobol, independent replicates"


@dataclass(frozen=True, slots=True)
class Scores:
    """Standard normal scores ``z`` (inputs, paths), one row per name, correlated as asked.

    ``replicates`` independent groups of equal size lie one after another along the paths (1 when iid).
    """

    names: tuple[str, ...]
    z: Floats
    replicates: int
    sampler: Sampler
    seed: int
    projected: bool

    @property
    def paths(self) -> int:
        return int(self.z.shape[1])


@dataclass(frozen=True, slots=True)
class TornadoBar:
    """Value of the model with one input at its 10th and 90th percentile, all others at their median."""

    name: str
    input_low: float
    input_high: float
    value_low: float
    value_high: float
    value_mid: float

    @property
    def swing(self) -> float:
        return abs(self.value_high - self.value_low)


def spearman_to_pearson(rank_correlation: ArrayLike) -> Floats:
    """Pearson correlation of normal scores that yields this Spearman correlation: 2 sin(pi*s/6)."""
    s = array(rank_correlation, "rank correlation")
    require(np.abs(s) <= 1, "a correlation lies in [-1, 1]")
    return 2.0 * np.sin(np.pi * s / 6.0)


def pearson_to_spearman(correlation: ArrayLike) -> Floats:
    """Spearman correlation of a Gaussian copula: (6/pi) asin(rho/2)."""
    rho = array(correlation, "correlation")
    require(np.abs(rho) <= 1, "a correlation lies in [-1, 1]")
    return 6.0 / np.pi * np.arcsin(rho / 2.0)


def correlation_matrix(names: Sequence[str], pairs: Mapping[tuple[str, str], float]) -> Floats:
    """(d, d) symmetric matrix with ones on the diagonal from correlations given by pair of names."""
    index = {name: i for i, name in enumerate(names)}
    out = np.eye(len(names))
    for (one, other), value in pairs.items():
        require(one in index and other in index and one != other, f"unknown pair of inputs: {one}, {other}")
        require(abs(value) <= 1, "a correlation lies in [-1, 1]")
        out[index[one], index[other]] = out[index[other], index[one]] = value
    return out


def nearest_correlation(matrix: ArrayLike, *, floor: float = 1e-8, sweeps: int = 200) -> tuple[Floats, bool]:
    """Nearest correlation matrix (Frobenius) and whether the input had to be changed.

    Alternating projections with Dykstra's correction (Higham 2002). Eigenvalues stay at or above ``floor``.
    """
    target = array(matrix, "correlation matrix")
    require(target.ndim == 2 and target.shape[0] == target.shape[1], "a correlation matrix is square")
    require(np.allclose(target, target.T), "a correlation matrix is symmetric")
    if np.allclose(np.diag(target), 1.0) and np.linalg.eigvalsh(target)[0] >= floor / 2:
        return target, False
    current, correction = target.copy(), np.zeros_like(target)
    for _ in range(sweeps):
        shifted = current - correction
        values, vectors = np.linalg.eigh(shifted)
        psd = (vectors * np.maximum(values, floor)) @ vectors.T
        correction = psd - shifted
        following = psd.copy()
        np.fill_diagonal(following, 1.0)
        if np.max(np.abs(following - current)) < 1e-12:
            current = following
            break
        current = following
    values, vectors = np.linalg.eigh(current)
    current = (vectors * np.maximum(values, floor)) @ vectors.T
    scale = np.sqrt(np.diag(current))
    return current / np.outer(scale, scale), True


def draw_scores(
    names: Sequence[str],
    *,
    paths: int,
    seed: int,
    spearman: Mapping[tuple[str, str], float] | None = None,
    sampler: Sampler = Sampler.PSEUDO,
) -> Scores:
    """Correlated standard normal scores for ``names``.

    ``spearman`` gives rank correlations by pair (absent pairs are independent). Sobol rounds ``paths`` up to
    16 replicates of a power of two; pseudo-random gives exactly ``paths``.
    """
    require(paths >= 2, "at least two paths")
    count = len(names)
    projected = False
    factor = None
    if spearman:
        pairs = {pair: float(spearman_to_pearson(value)) for pair, value in spearman.items()}
        matrix, projected = nearest_correlation(correlation_matrix(names, pairs))
        factor = np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    if count == 0:
        z, replicates = np.empty((0, paths)), 1
    elif sampler is Sampler.PSEUDO:
        z, replicates = np.random.Generator(np.random.SFC64(seed)).standard_normal((count, paths)), 1
    else:
        z, replicates = _sobol_scores(count, paths, seed), SOBOL_REPLICATES
    if factor is not None:
        _correlate(z, factor)
    return Scores(tuple(names), z, replicates, sampler, seed, projected)


def _sobol_scores(count: int, paths: int, seed: int) -> Floats:
    exponent = max(1, int(np.ceil(np.log2(paths / SOBOL_REPLICATES))))
    size = 2**exponent
    z = np.empty((count, SOBOL_REPLICATES * size))
    children = np.random.SeedSequence(seed).spawn(SOBOL_REPLICATES)
    for i, child in enumerate(children):
        engine = qmc.Sobol(count, scramble=True, rng=np.random.Generator(np.random.SFC64(child)))
        z[:, i * size : (i + 1) * size] = engine.random_base2(exponent).T
    # A scrambled point may be exactly 0: keep the score finite.
    np.clip(z, 2.0**-54, 1 - 2.0**-53, out=z)
    return np.asarray(special.ndtri(z, out=z))


def _correlate(z: Floats, factor: Floats) -> None:
    """z <- factor @ z in place, row by row from the last: a fixed order of additions, whatever the BLAS."""
    scratch = np.empty(z.shape[1])
    for i in range(z.shape[0] - 1, -1, -1):
        z[i] *= factor[i, i]
        for j in range(i):
            if factor[i, j] != 0.0:
                np.multiply(z[j], factor[i, j], out=scratch)
                z[i] += scratch


def sample(marginals: Mapping[str, Marginal], scores: Scores) -> dict[str, Floats]:
    """Draws of every marginal, (paths,) each. Fixed inputs are 0-d arrays and need no row of scores."""
    rows = {name: i for i, name in enumerate(scores.names)}
    out: dict[str, Floats] = {}
    for name, marginal in marginals.items():
        if isinstance(marginal, Fixed):
            out[name] = np.asarray(marginal.value, dtype=np.float64)
        else:
            out[name] = marginal.from_normal(scores.z[rows[name]])
    return out


def uncertain(marginals: Mapping[str, Marginal]) -> tuple[str, ...]:
    """Names of the inputs that are not fixed, in order."""
    return tuple(name for name, marginal in marginals.items() if not isinstance(marginal, Fixed))


def percentiles(values: ArrayLike, *, levels: Sequence[float] = LEVELS, replicates: int = 1) -> Percentiles:
    """Percentiles of simulated ``values`` (paths,) with standard errors.

    iid draws: half the distance between the order statistics one binomial standard deviation apart
    (distribution-free; David & Nagaraja, Order Statistics 3e, section 7.1). Sobol replicates: spread of
    the replicate percentiles / sqrt(replicates), the value being their mean.
    """
    draws = np.asarray(values, dtype=np.float64)
    require(draws.ndim == 1 and draws.size >= 2, "percentiles need a line of at least two values")
    require(draws.size % replicates == 0, "replicates must have equal size")
    require(list(levels) == sorted(levels) and all(0 < p < 1 for p in levels), "levels ascend inside (0, 1)")
    n = draws.size
    ordered = np.sort(draws)
    p = np.asarray(levels, dtype=np.float64)
    found = _interpolate(ordered, p)
    mean = float(np.mean(draws))
    deviation = float(np.std(draws))
    if replicates == 1:
        reach = np.sqrt(n * p * (1 - p))
        centre = p * n - 0.5
        above = ordered[np.minimum(np.ceil(centre + reach), n - 1).astype(np.int64)]
        below = ordered[np.maximum(np.floor(centre - reach), 0).astype(np.int64)]
        errors = (above - below) / 2
        mean_error = deviation / np.sqrt(n)
    else:
        groups = np.sort(draws.reshape(replicates, -1), axis=1)
        each = np.stack([_interpolate(group, p) for group in groups])
        found = each.mean(axis=0)
        errors = each.std(axis=0, ddof=1) / np.sqrt(replicates)
        mean_error = groups.mean(axis=1).std(ddof=1) / np.sqrt(replicates)
    return Percentiles(
        levels=tuple(float(x) for x in p),
        values=tuple(float(x) for x in found),
        standard_errors=tuple(float(x) for x in errors),
        mean=mean,
        mean_standard_error=float(mean_error),
        standard_deviation=deviation,
        paths=n,
        rule=QUANTILE_RULE if replicates == 1 else f"{QUANTILE_RULE}; mean of {replicates} replicates",
    )


def _interpolate(ordered: Floats, p: Floats) -> Floats:
    position = np.clip(p * ordered.size - 0.5, 0.0, ordered.size - 1.0)
    low = np.floor(position).astype(np.int64)
    high = np.minimum(low + 1, ordered.size - 1)
    found = ordered[low] + (position - low) * (ordered[high] - ordered[low])
    # Rounding must not put a percentile outside its neighbours: P10 <= P50 <= P90 always.
    return np.clip(found, ordered[low], ordered[high])


def probability_below(values: ArrayLike, floor: float) -> float:
    """Share of the simulated values strictly below ``floor``."""
    return float(np.mean(np.asarray(values, dtype=np.float64) < floor))


def tornado(
    marginals: Mapping[str, Marginal], model: Model, *, low: float = 0.10, high: float = 0.90
) -> tuple[TornadoBar, ...]:
    """One bar per uncertain input, widest first: input P10 -> P90 with the others at P50.

    The model is called once with arrays of 2d+1 scenarios. Ties keep the order of the inputs.
    """
    names = uncertain(marginals)
    size = 2 * len(names) + 1
    middle = {name: float(marginal.ppf(np.float64(0.5))) for name, marginal in marginals.items()}
    inputs = {name: np.full(size, value) for name, value in middle.items()}
    ends = {}
    for i, name in enumerate(names):
        ends[name] = (float(marginals[name].ppf(np.float64(low))), float(marginals[name].ppf(np.float64(high))))
        inputs[name][1 + 2 * i], inputs[name][2 + 2 * i] = ends[name]
    values = np.broadcast_to(np.asarray(model(inputs), dtype=np.float64), (size,))
    bars = [
        TornadoBar(name, *ends[name], float(values[1 + 2 * i]), float(values[2 + 2 * i]), float(values[0]))
        for i, name in enumerate(names)
    ]
    return tuple(sorted(bars, key=lambda bar: -bar.swing))


def _ranks(values: Floats) -> Floats:
    ranks = np.empty(values.size)
    ranks[np.argsort(values)] = np.arange(values.size, dtype=np.float64)
    return ranks


def rank_correlations(scores: Scores, values: ArrayLike) -> dict[str, float]:
    """Spearman correlation of each uncertain input with the simulated value; 0 when the value is constant.

    Inputs are monotone in their scores, so the scores are ranked; the first 8,192 paths say enough (error 0.011).
    """
    draws = np.asarray(values, dtype=np.float64)[:RANKED_PATHS]
    if draws.size == 0 or np.ptp(draws) == 0:
        return dict.fromkeys(scores.names, 0.0)
    n = draws.size
    centred = _ranks(draws) - (n - 1) / 2
    norm = n * (n * n - 1) / 12
    return {
        name: float(inner(_ranks(scores.z[i, :n]) - (n - 1) / 2, centred) / norm) for i, name in enumerate(scores.names)
    }


def simulate(marginals: Mapping[str, Marginal], model: Model, scores: Scores) -> Floats:
    """The model's value on every path, (paths,)."""
    return np.broadcast_to(np.asarray(model(sample(marginals, scores)), dtype=np.float64), (scores.paths,))
