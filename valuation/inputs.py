"""From a technology to the inputs of a suggestion, each with its origin, source and certainty; and back from JSON.

Percentages are fractions here, money is VND, times are years. Sources of the choices: domain file sections 2, 4 and 8;
every number comes from the listing or from a dated row.
"""

import datetime
from dataclasses import dataclass
from typing import Any, Final

from listings.models import Technology
from valuation.answers import Answers
from valuation.defaults import Defaults
from valuation.gathering import Gathering
from valuation.methods.comparables import Comparable
from valuation.methods.discounting import DayCount
from valuation.methods.payment_forms import Instalment
from valuation.methods.reconcile import GradeRule
from valuation.methods.rnpv import Gate
from valuation.methods.statement import (
    Estimate,
    OptionTerms,
    Origin,
    PaymentPlan,
    RoyaltyRange,
    Shape,
    SuggestionInputs,
)
from valuation.methods.types import Timing, digest, jsonable
from valuation.models import Reason, RoyaltyRate

VERSION: Final = "3"  # of this module and the methods together; part of every hash
PATHS: Final = 20_000
ESTIMATES = (
    "revenue", "coverage", "discount_rate", "decay", "success", "development_cost", "incremental_profit", "cost",
    "royalty_estimate", "margin", "charge", "launch_cost",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a suggestion rests on: `parameters` (None when `reason` says what is missing) and what is shown of them."""

    parameters: SuggestionInputs | None
    reason: Reason | None
    rows: list[dict[str, Any]]
    comparables: list[dict[str, Any]]
    day: datetime.date
    answers: Answers

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON: what is stored and what `rebuild` reads."""
        return {
            "parameters": None if self.parameters is None else jsonable(self.parameters),
            "rows": self.rows,
            "comparables": self.comparables,
            "valued_on": self.day.isoformat(),
            "answers": self.answers.given,
        }

    def hash(self, technology: Technology) -> str:
        """SHA-256 over all that goes in; the day counts only through the whole months of life that it leaves."""
        return digest({
            "version": VERSION, "paths": PATHS, "content": technology.content_version, "parameters": self.parameters,
            "reason": self.reason, "rows": self.rows, "comparables": self.comparables,
            "answers": self.answers.given,
        })  # fmt: skip


def seed_of(input_hash: str) -> int:
    """Give the seed that belongs to a hash: its first 48 bits, exact in JSON."""
    return int(input_hash[:12], 16)


def computed_from(answers: Answers) -> Answers:
    """Give the answers that a suggestion rests on: what the owner would settle for is none of them."""
    return answers.without({"walk_away"})


def prepare(
    technology: Technology, *, defaults: Defaults, rates: list[RoyaltyRate], answers: Answers | None = None
) -> Prepared:
    """Gather the inputs of a technology (its IP rights and organisation are read) as of the day of `defaults`.

    What the owner would settle for is left out of `answers`: it never enters a suggestion.
    """
    kept = computed_from(answers or Answers())
    gathering = Gathering(technology, defaults, rates, kept)
    reason = gathering.missing()
    parameters = None if reason is not None else gathering.parameters()
    return Prepared(parameters, reason, gathering.rows, gathering.comparables, defaults.day, kept)


def lacks_sales(technology: Technology, answers: Answers, defaults: Defaults) -> bool:
    """Tell whether no range can come, since nobody states sales and nothing stands in for them."""
    return not Gathering(technology, defaults, [], answers).knows_sales()


def standing_defaults(
    technology: Technology, *, defaults: Defaults, rates: list[RoyaltyRate]
) -> dict[str, dict[str, Any]]:
    """Give the input rows that stand in for answers, by name."""
    gathering = Gathering(technology, defaults, rates, Answers())
    if gathering.trl is not None:
        gathering.success()
        gathering.launch()
    else:
        gathering.unjudged()
    if technology.revenue_mode is not None:
        gathering.revenue()
    gathering.lives()
    _range, used = gathering.royalty()
    gathering.published(used)
    gathering.assumed()
    gathering.discount()
    return {row["name"]: row for row in gathering.rows}


def _estimate(stored: dict[str, Any]) -> Estimate:
    ends = {name: float(stored[name]) for name in ("low", "mode", "high")}
    return Estimate(**ends, shape=Shape(stored["shape"]), origin=Origin(stored["origin"]), source=stored["source"])


def rebuild(stored: dict[str, Any]) -> SuggestionInputs:
    """Give the arguments of `suggest_range` from a stored row's `inputs["parameters"]`, equal to those that made it."""
    given = dict(stored)
    for name in ESTIMATES:
        given[name] = None if given.get(name) is None else _estimate(given[name])
    given["royalty"] = RoyaltyRange(**{**given["royalty"], "origin": Origin(given["royalty"]["origin"])})
    given["grade_rule"] = GradeRule(**given["grade_rule"])
    given["comparables"] = tuple(Comparable(**row) for row in given["comparables"])
    given["revenue_profile"] = tuple(float(share) for share in given["revenue_profile"])
    given["timing"], given["day_count"] = Timing(given["timing"]), DayCount(given["day_count"])
    given["gates"] = tuple(Gate(**gate) for gate in given.get("gates", ()))
    given["option"] = OptionTerms(**given["option"]) if given.get("option") else None
    plan = given.get("plan")
    if plan:
        parts = tuple(Instalment(**part) for part in plan["instalments"])
        given["plan"] = PaymentPlan(**{**plan, "instalments": parts})
    given["correlations"] = {tuple(key.split("|")): rho for key, rho in given["correlations"].items()}
    return SuggestionInputs(**given)
