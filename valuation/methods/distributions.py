"""Marginal distributions of uncertain inputs, each with moments, quantiles and a map from normal scores.

``from_normal(z)`` equals ``ppf(Phi(z))``: the copula simulation stays in normal scores and never leaves
double precision in the tails. Distributions without a cheap quantile are tabulated on a fixed grid of
normal scores and interpolated linearly (relative error below 1e-5 of the range, tested).
Source: domain file section 2 (Monte Carlo); Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from valuation.methods.types import ArrayLike, Floats, array, require

P90_SCORE = 1.2815515655446004  # Phi^-1(0.9)
QUARTILE_SCORE = 0.6744897501960817  # Phi^-1(0.75)
_GRID_LIMIT = 8.0
_GRID_STEPS = 8192


class Marginal(Protocol):
    """A distribution of one input, in the unit of that input."""

    @property
    def mean(self) -> float: ...

    @property
    def variance(self) -> float: ...

    def ppf(self, u: ArrayLike) -> Floats:
        """Quantile function on [0, 1], elementwise."""
        ...

    def from_normal(self, z: Floats) -> Floats:
        """ppf(Phi(z)), elementwise; monotone non-decreasing in z."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """A known number."""

    value: float

    @property
    def mean(self) -> float:
        return self.value

    @property
    def variance(self) -> float:
        return 0.0

    def ppf(self, u: ArrayLike) -> Floats:
        return np.full(np.shape(u), self.value)

    def from_normal(self, z: Floats) -> Floats:
        return np.full(np.shape(z), self.value)


@dataclass(frozen=True, slots=True)
class Triangular:
    """Triangular on [low, high] with the given mode; mean (a+m+b)/3."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        array((self.low, self.mode, self.high), "triangular")
        require(self.low <= self.mode <= self.high, "triangular needs low <= mode <= high")

    @property
    def mean(self) -> float:
        return (self.low + self.mode + self.high) / 3

    @property
    def variance(self) -> float:
        a, m, b = self.low, self.mode, self.high
        return (a * a + m * m + b * b - a * m - a * b - m * b) / 18

    def ppf(self, u: ArrayLike) -> Floats:
        p = np.asarray(u, dtype=np.float64)
        a, m, b = self.low, self.mode, self.high
        if b == a:
            return np.full(p.shape, a)
        cut = (m - a) / (b - a)
        # One square root per element: the branch only changes what is under it.
        left = p < cut
        inside = np.where(left, p * ((b - a) * (m - a)), (1.0 - p) * ((b - a) * (b - m)))
        np.sqrt(inside, out=inside)
        return np.where(left, a + inside, b - inside)

    def from_normal(self, z: Floats) -> Floats:
        return self.ppf(special.ndtr(z))


@dataclass(frozen=True, slots=True)
class Beta:
    """Beta(alpha, beta) stretched over [low, high]."""

    alpha: float
    beta: float
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        array((self.alpha, self.beta, self.low, self.high), "beta")
        require(self.alpha > 0 and self.beta > 0, "beta needs positive shape parameters")
        require(self.low <= self.high, "beta needs low <= high")

    @property
    def mean(self) -> float:
        return self.low + (self.high - self.low) * self.alpha / (self.alpha + self.beta)

    @property
    def variance(self) -> float:
        s = self.alpha + self.beta
        return (self.high - self.low) ** 2 * self.alpha * self.beta / (s * s * (s + 1))

    def ppf(self, u: ArrayLike) -> Floats:
        shape = special.betaincinv(self.alpha, self.beta, np.asarray(u, dtype=np.float64))
        return self.low + (self.high - self.low) * shape

    def from_normal(self, z: Floats) -> Floats:
        return self.low + (self.high - self.low) * _lookup(_beta_table(self.alpha, self.beta), z)


@dataclass(frozen=True, slots=True)
class Pert:
    """Beta-PERT on [low, high] with the given mode and weight ``lam`` (4 by custom).

    alpha = 1+lam(m-a)/(b-a), beta = 1+lam(b-m)/(b-a); mean (a+lam*m+b)/(lam+2);
    variance (mu-a)(b-mu)/(lam+3), which is NOT ((b-a)/6)^2. Source: domain file section 2.
    """

    low: float
    mode: float
    high: float
    lam: float = 4.0

    def __post_init__(self) -> None:
        array((self.low, self.mode, self.high, self.lam), "pert")
        require(self.low <= self.mode <= self.high, "PERT needs low <= mode <= high")
        require(self.lam > 0, "PERT needs a positive weight")

    @property
    def shape(self) -> Beta:
        span = self.high - self.low
        if span == 0:
            return Beta(1.0, 1.0, self.low, self.high)
        return Beta(
            1 + self.lam * (self.mode - self.low) / span,
            1 + self.lam * (self.high - self.mode) / span,
            self.low,
            self.high,
        )

    @property
    def mean(self) -> float:
        return (self.low + self.lam * self.mode + self.high) / (self.lam + 2)

    @property
    def variance(self) -> float:
        return (self.mean - self.low) * (self.high - self.mean) / (self.lam + 3)

    def ppf(self, u: ArrayLike) -> Floats:
        return self.shape.ppf(u)

    def from_normal(self, z: Floats) -> Floats:
        return self.shape.from_normal(z)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """exp(Normal(mu, sigma)), clipped to [minimum, maximum] when given (moments are of the unclipped law)."""

    mu: float
    sigma: float
    minimum: float = 0.0
    maximum: float = math.inf

    def __post_init__(self) -> None:
        require(math.isfinite(self.mu) and math.isfinite(self.sigma), "lognormal parameters must be finite")
        require(self.sigma >= 0, "lognormal needs sigma >= 0")

    @classmethod
    def from_p10_p90(cls, p10: float, p90: float) -> Lognormal:
        """The lognormal with these 10th and 90th percentiles (0 < p10 <= p90)."""
        require(0 < p10 <= p90, "lognormal needs 0 < P10 <= P90")
        return cls((math.log(p10) + math.log(p90)) / 2, (math.log(p90) - math.log(p10)) / (2 * P90_SCORE))

    @classmethod
    def from_mean_median(cls, mean: float, median: float) -> Lognormal:
        """The lognormal with this mean and median (mean >= median > 0): sigma = sqrt(2 ln(mean/median))."""
        require(0 < median <= mean, "lognormal needs 0 < median <= mean")
        return cls(math.log(median), math.sqrt(2 * math.log(mean / median)))

    @property
    def mean(self) -> float:
        return math.exp(self.mu + self.sigma**2 / 2)

    @property
    def variance(self) -> float:
        return math.expm1(self.sigma**2) * math.exp(2 * self.mu + self.sigma**2)

    def cdf(self, x: ArrayLike) -> Floats:
        """P(X <= x) of the unclipped law, elementwise."""
        value = np.asarray(x, dtype=np.float64)
        with np.errstate(divide="ignore"):
            score = np.log(np.maximum(value, 0.0)) - self.mu
        if self.sigma == 0:
            return np.where(score >= 0, 1.0, 0.0)
        return np.asarray(special.ndtr(score / self.sigma))

    def ppf(self, u: ArrayLike) -> Floats:
        return self.from_normal(np.asarray(special.ndtri(np.asarray(u, dtype=np.float64))))

    def from_normal(self, z: Floats) -> Floats:
        out = np.asarray(np.multiply(z, self.sigma))
        out += self.mu
        np.exp(out, out=out)
        if self.minimum > 0 or self.maximum < math.inf:
            np.clip(out, self.minimum, self.maximum, out=out)
        return out


@dataclass(frozen=True, slots=True)
class QuartileLognormal:
    """Two-piece lognormal through three quartiles (0 < q1 <= median <= q3), clipped to [minimum, maximum].

    Below the median ln X has slope ln(median/q1)/0.6745 in the normal score, above it ln(q3/median)/0.6745,
    so all three published quartiles are met exactly. Used for royalty surveys, which print quartiles only.
    """

    q1: float
    median: float
    q3: float
    minimum: float = 0.0
    maximum: float = math.inf

    def __post_init__(self) -> None:
        require(0 < self.q1 <= self.median <= self.q3 < math.inf, "quartiles must satisfy 0 < q1 <= median <= q3")
        require(self.minimum <= self.median <= self.maximum, "the median lies outside the stated bounds")

    @property
    def slopes(self) -> tuple[float, float]:
        return (
            math.log(self.median / self.q1) / QUARTILE_SCORE,
            math.log(self.q3 / self.median) / QUARTILE_SCORE,
        )

    @property
    def mean(self) -> float:
        low, high = self.slopes
        half = math.exp(low**2 / 2) * special.ndtr(-low) + math.exp(high**2 / 2) * special.ndtr(high)
        return float(self.median * half)

    @property
    def variance(self) -> float:
        low, high = self.slopes
        second = math.exp(2 * low**2) * special.ndtr(-2 * low) + math.exp(2 * high**2) * special.ndtr(2 * high)
        return float(self.median**2 * second - self.mean**2)

    def ppf(self, u: ArrayLike) -> Floats:
        return self.from_normal(np.asarray(special.ndtri(np.asarray(u, dtype=np.float64))))

    def from_normal(self, z: Floats) -> Floats:
        low, high = self.slopes
        out = np.asarray(np.where(np.less(z, 0.0), low, high) * z)
        np.exp(out, out=out)
        out *= self.median
        if self.minimum > 0 or self.maximum < math.inf:
            np.clip(out, self.minimum, self.maximum, out=out)
        return out


@dataclass(frozen=True, slots=True)
class Empirical:
    """Piecewise-linear quantile function through (probabilities, values), both ascending, 0 and 1 included."""

    probabilities: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        p, x = array(self.probabilities, "probabilities"), array(self.values, "values")
        require(p.shape == x.shape and p.size >= 2, "an empirical curve needs two points or more")
        require(p[0] == 0 and p[-1] == 1, "probabilities must run from 0 to 1")
        require((np.diff(p) >= 0).all() and (np.diff(x) >= 0).all(), "an empirical curve must ascend")

    @property
    def mean(self) -> float:
        p, x = np.asarray(self.probabilities), np.asarray(self.values)
        return float(np.sum(np.diff(p) * (x[1:] + x[:-1]) / 2))

    @property
    def variance(self) -> float:
        p, x = np.asarray(self.probabilities), np.asarray(self.values)
        second = np.sum(np.diff(p) * (x[1:] ** 2 + x[1:] * x[:-1] + x[:-1] ** 2) / 3)
        return float(second - self.mean**2)

    def ppf(self, u: ArrayLike) -> Floats:
        return np.interp(np.asarray(u, dtype=np.float64), self.probabilities, self.values)

    def from_normal(self, z: Floats) -> Floats:
        return self.ppf(special.ndtr(z))


@functools.lru_cache(maxsize=512)
def _beta_table(alpha: float, beta: float) -> Floats:
    """Quantiles of Beta(alpha, beta) at equally spaced normal scores in [-8, 8]; read-only."""
    scores = np.linspace(-_GRID_LIMIT, _GRID_LIMIT, _GRID_STEPS + 1)
    # The upper half goes through the complement so that the tail keeps its digits.
    half = _GRID_STEPS // 2
    low = special.betaincinv(alpha, beta, special.ndtr(scores[: half + 1]))
    high = special.betainccinv(alpha, beta, special.ndtr(-scores[half + 1 :]))
    table = np.maximum.accumulate(np.concatenate([low, high]))
    table.flags.writeable = False
    return table


def _lookup(table: Floats, z: Floats) -> Floats:
    position = np.clip(z, -_GRID_LIMIT, _GRID_LIMIT)
    position += _GRID_LIMIT
    position *= _GRID_STEPS / (2 * _GRID_LIMIT)
    index = np.minimum(position.astype(np.int32), _GRID_STEPS - 1)
    position -= index
    low = table.take(index)
    index += 1
    high = table.take(index)
    high -= low
    high *= position
    high += low
    return high
