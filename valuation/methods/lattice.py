"""Recombining trees: American rights to delay, abandon, expand, contract, and staged investments.

Trees: CRR (u = e^{s sqrt h}, d = 1/u), forward (McDonald, Derivatives Markets 3e eq. 10.9:
u = e^{(r-q)h + s sqrt h}), Jarrow-Rudd (equal probabilities), Leisen-Reimer (odd steps). The convention is
recorded in the result: CRR and forward differ by several per cent at few steps. Sources: domain file section 2;
Cox, Ross & Rubinstein 1979; Trigeorgis, Real Options 1996 ch. 4-5; Leisen & Reimer 1996.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from valuation.methods.types import Conventions, Floats, InvalidInputError, require

Payoff = Callable[[Floats], Floats]


#: More steps than any answer needs; beyond them a tree would fill the memory.
MOST_STEPS = 100_000


class Tree(enum.StrEnum):
    """How up and down moves are set."""

    CRR = "CRR"
    FORWARD = "forward"
    JARROW_RUDD = "Jarrow-Rudd"
    LEISEN_REIMER = "Leisen-Reimer"
    GIVEN = "given moves"


def tree_named(text: str) -> Tree:
    """The tree a text names; InvalidInputError when it names none."""
    words = text.lower().replace("-", " ").replace("_", " ")
    for tree, names in (
        (Tree.LEISEN_REIMER, ("leisen", "lr")),
        (Tree.JARROW_RUDD, ("jarrow", "rendleman", "equal prob", "jr", "lognormal")),
        (Tree.FORWARD, ("forward", "mcdonald")),
        (Tree.CRR, ("crr", "cox", "rubinstein", "standard")),
    ):
        if any(re.search(rf"\b{name}", words) for name in names):
            return tree
    raise InvalidInputError(f"no tree is called {text!r}")


@dataclass(frozen=True, slots=True)
class Moves:
    """One step of a tree: multipliers, risk-neutral up probability and discount factor."""

    up: float
    down: float
    probability: float
    discount: float
    tree: Tree


@dataclass(frozen=True, slots=True)
class LatticeValue:
    """Value at the root with its European counterpart, the moves used, and the two first nodes.

    ``node_up`` and ``node_down`` are option values after one step (with early exercise where allowed);
    ``wait_up`` and ``wait_down`` what holding on is worth there.
    """

    value: float
    european: float
    moves: Moves
    steps: int
    node_up: float
    node_down: float
    wait_up: float
    wait_down: float
    conventions: Conventions

    @property
    def early_exercise_premium(self) -> float:
        return self.value - self.european


def moves(
    *,
    sigma: float,
    rate: float,
    carry: float,
    years: float,
    steps: int,
    tree: Tree = Tree.CRR,
    spot: float | None = None,
    strike: float | None = None,
) -> Moves:
    """Moves of a step of years/steps; Leisen-Reimer also needs ``spot`` and ``strike`` and an odd ``steps``.

    InvalidInputError when the probability leaves [0, 1] (too few steps for this drift and volatility).
    """
    require(1 <= steps <= MOST_STEPS, f"a tree has 1 to {MOST_STEPS:,} steps")
    require(years > 0 and sigma > 0, "years and sigma must be positive")
    h = years / steps
    growth, spread = math.exp((rate - carry) * h), sigma * math.sqrt(h)
    if tree is Tree.CRR:
        up, down = math.exp(spread), math.exp(-spread)
    elif tree is Tree.FORWARD:
        up, down = growth * math.exp(spread), growth * math.exp(-spread)
    elif tree is Tree.JARROW_RUDD:
        drift = math.exp((rate - carry - sigma**2 / 2) * h)
        up, down = drift * math.exp(spread), drift * math.exp(-spread)
    elif tree is Tree.LEISEN_REIMER:
        require(steps % 2 == 1, "a Leisen-Reimer tree has an odd number of steps")
        if spot is None or strike is None:
            raise InvalidInputError("a Leisen-Reimer tree is centred on the strike")
        d1 = (math.log(spot / strike) + (rate - carry + sigma**2 / 2) * years) / (sigma * math.sqrt(years))
        p, q = _peizer_pratt(d1 - sigma * math.sqrt(years), steps), _peizer_pratt(d1, steps)
        require(1e-9 < p < 1 - 1e-9 and 1e-9 < q < 1 - 1e-9, "a Leisen-Reimer tree cannot reach so far from the money")
        up = growth * q / p
        down = growth * (1 - q) / (1 - p)
        return Moves(up, down, p, math.exp(-rate * h), tree)
    else:
        raise InvalidInputError("given moves come from moves_given")
    probability = 0.5 if tree is Tree.JARROW_RUDD else (growth - down) / (up - down)
    require(0 <= probability <= 1, "the tree needs more steps: its probability leaves [0, 1]")
    return Moves(up, down, probability, math.exp(-rate * h), tree)


def moves_given(*, up: float, down: float, gross: float) -> Moves:
    """Moves from multipliers and the riskless gross return per step: p = (R-d)/(u-d)."""
    require(down < gross < up, "no-arbitrage needs down < R < up")
    return Moves(up, down, (gross - down) / (up - down), 1.0 / gross, Tree.GIVEN)


def _peizer_pratt(z: float, n: int) -> float:
    inside = -((z / (n + 1 / 3 + 0.1 / (n + 1))) ** 2) * (n + 1 / 6)
    return 0.5 + math.copysign(0.5, z) * math.sqrt(-math.expm1(inside))


def call_payoff(strike: float) -> Payoff:
    """max(V - strike, 0): the right to launch (delay) or to buy a follow-on project."""
    return lambda value: np.maximum(value - strike, 0.0)


def put_payoff(strike: float) -> Payoff:
    """max(strike - V, 0): the right to sell the project for its salvage value."""
    return lambda value: np.maximum(strike - value, 0.0)


def roll_back(
    spot: float,
    step: Moves,
    steps: int,
    payoff: Payoff,
    *,
    american: bool = True,
    exercise_every: int = 1,
    terminal: Payoff | None = None,
) -> LatticeValue:
    """Value of the right to ``payoff`` (a function of project values) over ``steps`` steps.

    American: node = max(exercise, discounted expectation); with ``exercise_every`` m only every m-th step counted
    from the start may be used (Bermudan). ``terminal`` replaces the payoff at the end (a later stage's value).
    """
    require(spot > 0, "spot must be positive")
    require(1 <= steps <= MOST_STEPS, f"a tree has 1 to {MOST_STEPS:,} steps")
    final = payoff if terminal is None else terminal
    asset = spot * step.down ** np.arange(steps, -1, -1, dtype=np.float64) * step.up ** np.arange(steps + 1)
    value = np.array(final(asset), dtype=np.float64)
    european = value.copy()
    a, b = step.discount * step.probability, step.discount * (1 - step.probability)
    nodes, waits = (math.nan, math.nan), (math.nan, math.nan)
    if steps == 1:
        nodes = waits = (float(value[1]), float(value[0]))
    for i in range(steps - 1, -1, -1):
        value = a * value[1:] + b * value[:-1]
        european = a * european[1:] + b * european[:-1]
        if i == 1:
            waits = (float(value[1]), float(value[0]))
        if american and i % exercise_every == 0:
            asset = asset[:-1] / step.down
            np.maximum(value, payoff(asset), out=value)
        else:
            asset = asset[:-1] / step.down
        if i == 1:
            nodes = (float(value[1]), float(value[0]))
    return LatticeValue(
        value=float(value[0]),
        european=float(european[0]),
        moves=step,
        steps=steps,
        node_up=nodes[0],
        node_down=nodes[1],
        wait_up=waits[0],
        wait_down=waits[1],
        conventions=Conventions(tree=f"{step.tree.value}, {steps} steps"),
    )


def vanilla(
    *,
    kind: str,
    spot: float,
    strike: float,
    rate: float,
    carry: float,
    years: float,
    sigma: float,
    steps: int,
    tree: Tree = Tree.CRR,
    american: bool = True,
    exercise_every: int = 1,
) -> LatticeValue:
    """Call or put ("c"/"call", "p"/"put") on a tree; no time left is worth the payoff now."""
    require(kind[:1].lower() in {"c", "p"}, "kind is a call or a put")
    payoff = call_payoff(strike) if kind[:1].lower() == "c" else put_payoff(strike)
    step = moves(sigma=sigma, rate=rate, carry=carry, years=years, steps=steps, tree=tree, spot=spot, strike=strike)
    return roll_back(spot, step, steps, payoff, american=american, exercise_every=exercise_every)


def option_to_delay(
    *, value: float, cost: float, rate: float, delay_cost: float, years: float, sigma: float, steps: int
) -> LatticeValue:
    """Right to invest ``cost`` for a project worth ``value`` any time in ``years``; ``delay_cost`` = q a year.

    ``steps`` at least; more where the drift of so few would leave the tree (CRR: |r-q| sqrt(h) <= sigma).
    """
    if sigma > 0 and years > 0:
        steps = max(steps, math.ceil(1.1 * (rate - delay_cost) ** 2 * years / sigma**2))
    return vanilla(
        kind="call", spot=value, strike=cost, rate=rate, carry=delay_cost, years=years, sigma=sigma, steps=steps
    )


@dataclass(frozen=True, slots=True)
class FlexibleProject:
    """A running project with rights to change it: value with flexibility, and without."""

    value: float
    static: float
    conventions: Conventions

    @property
    def flexibility(self) -> float:
        return self.value - self.static


def flexible_project(
    *,
    value: float,
    rate: float,
    carry: float,
    years: float,
    sigma: float,
    steps: int,
    salvage: float | None = None,
    expand_by: float | None = None,
    expand_cost: float = 0.0,
    contract_by: float | None = None,
    contract_saving: float = 0.0,
    tree: Tree = Tree.CRR,
) -> FlexibleProject:
    """Project worth ``value`` that may at any step be abandoned for ``salvage``, expanded by the fraction
    ``expand_by`` for ``expand_cost``, or contracted by ``contract_by`` saving ``contract_saving`` (each once, the
    best one first taken ends the choice). node = max(continue, salvage, (1+x)V-I, (1-c)V+saved).

    Without any right the value is ``value`` e^{-qT}-consistent: holding pays the yield q along the way, which is
    counted, so ``static`` = ``value``. Source: Trigeorgis 1996 section 5.2; domain file section 2 (CRR).
    """
    require(value > 0, "value must be positive")
    step = moves(sigma=sigma, rate=rate, carry=carry, years=years, steps=steps, tree=tree)

    def change(asset: Floats) -> Floats:
        """Gain over the bare project from the best right available now."""
        gain = np.zeros_like(asset)
        if salvage is not None:
            np.maximum(gain, salvage - asset, out=gain)
        if expand_by is not None:
            np.maximum(gain, expand_by * asset - expand_cost, out=gain)
        if contract_by is not None:
            np.maximum(gain, contract_saving - contract_by * asset, out=gain)
        return gain

    found = roll_back(value, step, steps, change)
    return FlexibleProject(value + found.value, value, found.conventions)


@dataclass(frozen=True, slots=True)
class Stage:
    """A gate of a staged investment: pay ``cost`` at ``time`` (years) to go on; success with ``probability``."""

    time: float
    cost: float
    probability: float = 1.0


def staged_compound(
    stages: Sequence[Stage], *, value: float, rate: float, carry: float, sigma: float, steps: int, tree: Tree = Tree.CRR
) -> LatticeValue:
    """Value now of paying for each stage only if it is worth going on; the last gate buys the project.

    At gate i: max(0, p_i * V_next - cost_i), V_next being the discounted option on the later gates (the project
    itself at the last). ``steps`` spread over the time to the last gate; each gate falls on the nearest step.
    Technical risk enters only through the probabilities. Source: domain file section 2 (staging); Geske 1979.
    """
    require(len(stages) >= 1, "no stages")
    ordered = sorted(stages, key=lambda stage: stage.time)
    require(all(stage.time >= 0 and stage.cost >= 0 for stage in ordered), "times and costs must not be negative")
    require(all(0 <= stage.probability <= 1 for stage in ordered), "a probability lies in [0, 1]")
    horizon = ordered[-1].time
    require(horizon > 0, "the last gate must lie in the future")
    step = moves(sigma=sigma, rate=rate, carry=carry, years=horizon, steps=steps, tree=tree)
    gates: dict[int, list[Stage]] = {}
    for stage in ordered:
        gates.setdefault(round(stage.time / horizon * steps), []).append(stage)
    asset = value * step.down ** np.arange(steps, -1, -1, dtype=np.float64) * step.up ** np.arange(steps + 1)
    current, static = asset.copy(), asset.copy()
    a, b = step.discount * step.probability, step.discount * (1 - step.probability)
    nodes = (math.nan, math.nan)
    for i in range(steps, -1, -1):
        if i < steps:
            current = a * current[1:] + b * current[:-1]
            static = a * static[1:] + b * static[:-1]
        for stage in reversed(gates.get(i, [])):
            current = np.maximum(stage.probability * current - stage.cost, 0.0)
            static = stage.probability * static - stage.cost
        if i == 1:
            nodes = (float(current[1]), float(current[0]))
    return LatticeValue(
        value=float(current[0]),
        european=float(static[0]),
        moves=step,
        steps=steps,
        node_up=nodes[0],
        node_down=nodes[1],
        wait_up=nodes[0],
        wait_down=nodes[1],
        conventions=Conventions(tree=f"{tree.value}, {steps} steps"),
    )
