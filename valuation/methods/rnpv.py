"""Risk-adjusted NPV with stage gates, and two-outcome decision trees.

A cost is weighted by the probability of REACHING its stage, a revenue by that of PASSING every gate before it.
The rate carries systematic risk only: technical failure is in the probabilities. Source: domain file section 2;
Stewart, Allison & Johnson 2001, Nature Biotechnology 19:813 (rNPV).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from valuation.methods.discounting import discount_factors
from valuation.methods.types import ArrayLike, Floats, array, require, scalar


@dataclass(frozen=True, slots=True)
class Gate:
    """A development stage: ``cost`` spent at ``time`` (years) on entering it, passed with ``probability``."""

    time: float
    cost: float
    probability: float


def cumulative_success(probabilities: ArrayLike) -> float | Floats:
    """Likelihood of passing all stages: product over the last axis."""
    p = array(probabilities, "probabilities")
    require((p >= 0) & (p <= 1), "a probability lies in [0, 1]")
    return scalar(np.prod(np.atleast_1d(p), axis=-1))


def staged_value(
    gates: Sequence[Gate], *, revenues: ArrayLike, revenue_times: ArrayLike, rate: ArrayLike
) -> float | Floats:
    """rNPV of costs at the gates and ``revenues`` (..., N) at ``revenue_times`` (N,) after the last gate.

    Equals a stage-gate tree in which nobody ever abandons; with max(0, .) at the gates it can only rise.
    """
    k = array(rate, "rate")
    money, when = np.atleast_1d(array(revenues, "revenues")), np.atleast_1d(array(revenue_times, "revenue times"))
    require(money.shape[-1] == when.size, "one time per revenue")
    ordered = sorted(gates, key=lambda gate: gate.time)
    reached = 1.0
    total = np.zeros(k.shape)
    for gate in ordered:
        require(0 <= gate.probability <= 1, "a probability lies in [0, 1]")
        total = total - reached * gate.cost * (1.0 + k) ** -gate.time
        reached *= gate.probability
    return scalar(total + reached * (money * discount_factors(k, when)).sum(axis=-1))


def gated_value(gates: Sequence[Gate], *, launch_value: float, launch_time: float, rate: float) -> float:
    """Stage-gate tree WITH abandonment on expected values: V_i = max(0, p_i*V_{i+1} - cost_i) rolled back to now.

    ``launch_value`` is the value at ``launch_time`` once every gate is passed.
    """
    ordered = sorted(gates, key=lambda gate: gate.time)  # those of one time in the order given, as in staged_value
    value, time = launch_value, launch_time
    for gate in reversed(ordered):
        require(gate.time <= time, "a gate lies after the launch")
        value = max(0.0, gate.probability * value * (1.0 + rate) ** -(time - gate.time) - gate.cost)
        time = gate.time
    return value * (1.0 + rate) ** -time


def flow_weights(stage_probabilities: ArrayLike, cash_flows: ArrayLike) -> Floats:
    """(N,) probability that flow i happens, given the transition probabilities of the stages.

    With one probability fewer than flows, p_i leads from flow i to flow i+1 and the first flow is certain. With as
    many, a leading 1 means "flow i happens with p_1...p_i"; otherwise stage i holds flow i: a cost is met on
    reaching the stage (p_1...p_{i-1}), a revenue on passing it (p_1...p_i). With more flows than that, the later
    ones (after the last gate) carry the full product.
    """
    p, flows = array(stage_probabilities, "stage probabilities").ravel(), array(cash_flows, "cash flows").ravel()
    require((p >= 0) & (p <= 1), "a probability lies in [0, 1]")
    require(p.size <= flows.size, "more stages than flows")
    passed: Floats = np.asarray(np.cumprod(p), dtype=np.float64)
    reached: Floats = np.asarray(np.concatenate([np.ones(1), passed]), dtype=np.float64)
    if p.size == flows.size and p.size and p[0] != 1.0:
        return np.where(flows < 0, reached[:-1], passed)
    if p.size == flows.size:
        return passed
    later: Floats = np.full(flows.size - reached.size, reached[-1])
    return np.concatenate([reached, later])


def risk_adjusted_value(
    cash_flows: ArrayLike, stage_probabilities: ArrayLike, rate: float, times: ArrayLike | None = None
) -> float:
    """sum_i CF_i * w_i / (1+rate)^t_i with :func:`flow_weights`; ``times`` default 0, 1, …, N-1.

    With every probability 1 this is the plain NPV of the flows.
    """
    flows = array(cash_flows, "cash flows").ravel()
    when = np.arange(flows.size, dtype=np.float64) if times is None else array(times, "times").ravel()
    require(when.shape == flows.shape, "one time per flow")
    weights = flow_weights(stage_probabilities, flows)
    return float(np.sum(flows * weights * discount_factors(rate, when)))


@dataclass(frozen=True, slots=True)
class TwoOutcomes:
    """NPV of the good and the bad case, their expectation, standard deviation and coefficient of variation."""

    good: float
    bad: float
    expected: float
    deviation: float
    variation: float


def two_outcomes(good: ArrayLike, bad: ArrayLike, probability: float, rate: float) -> TwoOutcomes:
    """Decision tree with flows at years 0..N in a good case of ``probability`` and a bad one."""
    require(0 <= probability <= 1, "a probability lies in [0, 1]")
    worth = []
    for flows in (array(good, "good case"), array(bad, "bad case")):
        worth.append(float(np.sum(flows * discount_factors(rate, np.arange(flows.size)))))
    expected = probability * worth[0] + (1 - probability) * worth[1]
    deviation = math.sqrt(probability * (1 - probability)) * abs(worth[0] - worth[1])
    return TwoOutcomes(worth[0], worth[1], expected, deviation, deviation / expected if expected else math.nan)


@dataclass(frozen=True, slots=True)
class DeferredProject:
    """``npv`` of committing now, ``value`` with the right to wait a year, ``option`` the gain from waiting."""

    npv: float
    value: float
    option: float


def committed_value(*, cost: float, up: float, down: float, probability: float, rate: float) -> float:
    """NPV of paying ``cost`` now for ``up`` (with ``probability``) or ``down`` in a year."""
    require(0 <= probability <= 1, "a probability lies in [0, 1]")
    return -cost + (probability * up + (1 - probability) * down) / (1.0 + rate)


def deferred_project(
    *, cost: float, up: float, down: float, probability: float, rate: float, later_cost: float | None = None
) -> DeferredProject:
    """Right to see the outcome first and pay ``later_cost`` in a year only where the outcome covers it.

    ``later_cost`` defaults to the cost grown at ``rate``. ``probability`` is the real one with ``rate`` the cost of
    capital, or the risk-neutral one with the riskless rate. Source: Trigeorgis 1996 ch. 4 (option to defer).
    """
    npv = committed_value(cost=cost, up=up, down=down, probability=probability, rate=rate)
    price = cost * (1.0 + rate) if later_cost is None else later_cost
    waited = probability * max(up - price, 0.0) + (1 - probability) * max(down - price, 0.0)
    value = waited / (1.0 + rate)
    return DeferredProject(npv, value, value - npv)


def expandable_project(
    *, cost: float, up: float, down: float, probability: float, rate: float, factor: float, expand_cost: float
) -> float:
    """NPV of committing now when the outcome, once seen, may be multiplied by ``factor`` for ``expand_cost``.

    -cost + [p max(up, f up - x) + (1-p) max(down, f down - x)]/(1+r). Source: Trigeorgis 1996 ch. 4.
    """
    best_up, best_down = max(up, factor * up - expand_cost), max(down, factor * down - expand_cost)
    return committed_value(cost=cost, up=best_up, down=best_down, probability=probability, rate=rate)
