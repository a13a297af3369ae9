"""The dated defaults of a suggestion, read once from room `rules` (codes `valuation.…` and the tax rate)."""

import datetime
from dataclasses import dataclass
from typing import Final, Self

from django.db.models import Q

from listings.choices import IPKind
from rules.models import Rule
from rules.selectors import RuleMissing, in_force
from valuation.methods.reconcile import GradeRule
from valuation.methods.statement import Origin
from valuation.methods.types import digest

PREFIX = "valuation."
TAX = "tax.cit.standard"
UNANSWERED = "unanswered."  # what counts where nobody answers a question of the interview
#: Amounts for which a dated row stands in where nobody states them, with their unit. The row may say 0: nothing.
UNSTATED: Final = {
    "revenue": "VND", "incremental_profit": "VND", "stages": "VND", "launch_cost": "VND", "past_costs": "VND",
    "tab_life": "years", "other_capital": "VND", "walk_away": "VND",
}  # fmt: skip
TERMS = {IPKind.PATENT: "ip.patent.term", IPKind.UTILITY_SOLUTION: "ip.utility_solution.term"}


@dataclass(frozen=True, slots=True)
class Defaults:
    """Rows in force on `day` by code. Percentages are given as fractions."""

    day: datetime.date
    rows: dict[str, Rule]

    @classmethod
    def on(cls, day: datetime.date) -> Self:
        """Read every default in force on `day` with one query."""
        wanted = Q(code__startswith=PREFIX) | Q(code__in=[TAX, *TERMS.values()])
        return cls(day, {row.code.removeprefix(PREFIX): row for row in in_force(day).filter(wanted)})

    @property
    def hash(self) -> str:
        """SHA-256 over what the rows say: another one is another set of rules."""
        return digest({code: [str(row.value), row.text, row.source, row.certainty] for code, row in self.rows.items()})

    def row(self, code: str) -> Rule:
        """Give a row. Raises RuleMissing."""
        if code not in self.rows:
            raise RuleMissing(f"no rule {PREFIX}{code} in force on {self.day}")
        return self.rows[code]

    def number(self, code: str) -> float:
        """Give a value, a percentage as a fraction 0-1. Raises RuleMissing, also when the row holds words."""
        row = self.row(code)
        if row.value is None:
            raise RuleMissing(f"rule {code} has no number")
        return float(row.value / 100 if row.unit == "percent" else row.value)

    def unanswered(self, code: str) -> float:
        """Give what counts where nobody states an amount; 0: nothing, and what needs it is left out."""
        return self.number(f"{UNANSWERED}{code}")

    def choices(self) -> dict[str, str]:
        """Give the answer that counts where nobody chose, by question."""
        rows = self.rows.items()
        return {
            code.removeprefix(UNANSWERED): row.text for code, row in rows if code.startswith(UNANSWERED) and row.text
        }

    def source(self, *codes: str) -> str:
        """Name the sources of some rows, each once."""
        return "; ".join(dict.fromkeys(self.row(code).source for code in codes))

    def certainty(self, *codes: str) -> str:
        """Give A when every row is certain, else B."""
        return "B" if any(self.row(code).certainty == Rule.Certainty.B for code in codes) else "A"


def grade_rule(defaults: Defaults) -> GradeRule:
    """Give the published rule of the grade as it stands on the day of `defaults`."""
    number = defaults.number
    parts = ("data", "comparables", "agreement", "readiness", "dispersion", "indicators")
    return GradeRule(
        **{f"weight_{part}": number(f"grade.weight.{part}") for part in parts},
        origin_credit={origin.value: number(f"grade.credit.{origin.value}") for origin in Origin},
        comparables_full=number("grade.comparables_full"),
        spread_zero=number("grade.spread_zero"),
        dispersion_zero=number("grade.dispersion_zero"),
        cut_a=number("grade.cut.a"),
        cut_b=number("grade.cut.b"),
        cut_c=number("grade.cut.c"),
    )
