"""From a technology to the inputs of a suggestion, each with its origin, source and certainty; and back from JSON.

Percentages are fractions here, money is VND, times are years. Sources of the choices: domain file sections 2, 4 and 8;
every number comes from the listing or from a dated row.
"""

import datetime
import math
from dataclasses import dataclass
from typing import Any, Final

from accounts.models import Organisation
from listings.choices import IPKind, IPStatus
from listings.models import IPRight, Technology
from valuation.defaults import TAX, TERMS, Defaults
from valuation.methods.comparables import Comparable
from valuation.methods.discounting import DayCount
from valuation.methods.rates import build_up
from valuation.methods.reconcile import GradeRule
from valuation.methods.suggest import (
    COMPARABLE_ROYALTIES,
    RELIEF,
    Estimate,
    Origin,
    RoyaltyRange,
    Shape,
    SuggestionInputs,
)
from valuation.methods.types import Timing, digest, jsonable
from valuation.models import Reason, RoyaltyRate

VERSION: Final = "1"  # of this module and the methods together; part of every hash
PATHS: Final = 20_000
BASE: Final = "net sales"
ALL, UNIVERSITY = "all", "university"
ESTIMATES = (
    "revenue", "coverage", "discount_rate", "decay", "success", "development_cost", "incremental_profit", "cost"
)  # fmt: skip
PROTECTED = {IPKind.PATENT, IPKind.UTILITY_SOLUTION, IPKind.INDUSTRIAL_DESIGN, IPKind.PLANT_VARIETY}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a suggestion rests on: `parameters` (None when `reason` says what is missing) and what is shown of them."""

    parameters: SuggestionInputs | None
    reason: Reason | None
    rows: list[dict[str, Any]]
    comparables: list[dict[str, Any]]
    day: datetime.date

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON: what is stored and what `rebuild` reads."""
        return {
            "parameters": None if self.parameters is None else jsonable(self.parameters),
            "rows": self.rows,
            "comparables": self.comparables,
            "valued_on": self.day.isoformat(),
        }

    def hash(self, technology: Technology) -> str:
        """SHA-256 over all that goes in; the day counts only through the whole months of life that it leaves."""
        return digest({
            "version": VERSION, "paths": PATHS, "content": technology.content_version, "parameters": self.parameters,
            "reason": self.reason, "rows": self.rows, "comparables": self.comparables,
        })  # fmt: skip


def seed_of(input_hash: str) -> int:
    """Give the seed that belongs to a hash: its first 48 bits, exact in JSON."""
    return int(input_hash[:12], 16)


def prepare(technology: Technology, *, defaults: Defaults, rates: list[RoyaltyRate]) -> Prepared:
    """Gather the inputs of a technology (its IP rights and organisation are read) as of the day of `defaults`."""
    gathering = _Gathering(technology, defaults, rates)
    if technology.revenue_mode is None:
        return Prepared(None, Reason.NO_REVENUE, gathering.rows, [], defaults.day)
    if technology.trl is None:
        return Prepared(None, Reason.NO_TRL, gathering.rows, [], defaults.day)
    return Prepared(gathering.parameters(), None, gathering.rows, gathering.comparables, defaults.day)


class _Gathering:
    """One pass over a technology; each step notes its row."""

    def __init__(self, technology: Technology, defaults: Defaults, rates: list[RoyaltyRate]) -> None:
        self.technology, self.defaults, self.rates = technology, defaults, rates
        self.rows: list[dict[str, Any]] = []
        self.comparables: list[dict[str, Any]] = []

    def parameters(self) -> SuggestionInputs:
        default = self.defaults.number
        revenue = self._revenue()
        coverage = self._three("coverage", Shape.PERT, Origin.ASSUMPTION)
        royalty, used = self._royalty()
        success = self._success()
        delay = self._launch()
        legal, economic = self._lives()
        discount = self._discount()
        decay = self._three("decay", Shape.PERT, Origin.ASSUMPTION)
        self._note("tax", [default(TAX)], "fraction", Origin.DEFAULT, TAX)
        return SuggestionInputs(
            revenue=revenue,
            revenue_base=BASE,
            revenue_profile=self._profile(delay, max(economic, legal or 0.0)),
            coverage=coverage,
            royalty=royalty,
            discount_rate=discount,
            decay=decay,
            success=success,
            tax=default(TAX),
            timing=Timing.MID_YEAR,
            method_weights={name: default(f"weight.{name}") for name in (RELIEF, COMPARABLE_ROYALTIES)},
            grade_rule=self._grade_rule(),
            most_spread=default("most_spread"),
            comparable_half_life=default("comparables.half_life"),
            minimum_comparables=int(default("comparables.minimum")),
            legal_life=legal,
            economic_life=economic,
            readiness_level=self.technology.trl,
            comparables=tuple(self._comparable(rate, likeness) for rate, likeness in self._alike(used)),
        )

    def _note(
        self, name: str, values: list[float], unit: str, origin: Origin, *codes: str, source: str = "",
        certainty: str = "", note: str = "",
    ) -> None:  # fmt: skip
        """Keep a row to show: 1 value, or 3 (low, middle, high)."""
        self.rows.append({
            "name": name, "values": values, "unit": unit, "origin": origin.value, "note": note,
            "source": source or (self.defaults.source(*codes) if codes else ""),
            "certainty": certainty or (self.defaults.certainty(*codes) if codes else ""),
        })  # fmt: skip

    def _three(self, code: str, shape: Shape, origin: Origin) -> Estimate:
        codes = [f"{code}.{end}" for end in ("low", "mode", "high")]
        low, mode, high = (self.defaults.number(name) for name in codes)
        self._note(code, [low, mode, high], "fraction", origin, *codes)
        return Estimate(low, mode, high, shape, origin, self.defaults.source(*codes))

    def _revenue(self) -> Estimate:
        technology = self.technology
        low, mode, high = (
            float(value or 0) for value in (technology.revenue_low, technology.revenue_mode, technology.revenue_high)
        )
        self._note("revenue", [low, mode, high], "VND", Origin.OWNER)
        return Estimate(low, mode, high, Shape.PERT, Origin.OWNER)

    def _success(self) -> Estimate:
        codes = [f"success.trl{self.technology.trl}.{end}" for end in ("low", "high")]
        low, high = (self.defaults.number(code) for code in codes)
        middle = (low + high) / 2
        self._note("success", [low, middle, high], "fraction", Origin.ASSUMPTION, *codes)
        shape = Shape.FIXED if low == high else Shape.PERT
        return Estimate(low, middle, high, shape, Origin.ASSUMPTION, self.defaults.source(*codes))

    def _launch(self) -> int:
        code = f"launch_delay.trl{self.technology.trl}"
        years = int(self.defaults.number(code))
        self._note("launch_delay", [years], "years", Origin.ASSUMPTION, code)
        ramp = ["ramp.year1", "ramp.year2"]
        self._note("ramp", [self.defaults.number(one) for one in ramp] + [1.0], "fraction", Origin.ASSUMPTION, *ramp)
        return years

    def _profile(self, delay: int, life: float) -> tuple[float, ...]:
        start = (*(0.0,) * delay, self.defaults.number("ramp.year1"), self.defaults.number("ramp.year2"))
        return (*start, *(1.0,) * max(1, math.ceil(life) + 1 - len(start)))

    def _lives(self) -> tuple[float | None, float]:
        """Give the legal life left (whole months; None without a right in force) and the economic life."""
        ends = [found for right in self.technology.ip_rights.all() if (found := self._end(right)) is not None]
        legal = None
        if ends:
            ends_on, computed = min(ends)
            months = (ends_on.year - self.defaults.day.year) * 12 + ends_on.month - self.defaults.day.month
            legal = (months - (ends_on.day < self.defaults.day.day)) / 12
            self._note(
                "legal_life", [legal], "years", Origin.MEASURED, source=ends_on.isoformat(),
                certainty="B" if computed else "A", note="computed_end" if computed else "",
            )  # fmt: skip
        code = "economic_life" if ends else "economic_life.unprotected"
        economic = self.defaults.number(code)
        self._note("economic_life", [economic], "years", Origin.ASSUMPTION, code, note="" if ends else "unprotected")
        return legal, economic

    def _end(self, right: IPRight) -> tuple[datetime.date, bool] | None:
        """Give the last day of a right that is in force or pending and whether the legal term was applied for it."""
        if right.status == IPStatus.LAPSED or right.kind not in PROTECTED:
            return None
        end, computed = right.expiry_date, False
        if end is None and right.filing_date is not None and right.kind in TERMS:
            years = int(self.defaults.number(TERMS[right.kind]))  # type: ignore[index]
            filed = right.filing_date
            leap = filed.month == 2 and filed.day == 29
            end, computed = filed.replace(year=filed.year + years, day=28 if leap else filed.day), True
        return None if end is None or end <= self.defaults.day else (end, computed)

    def _discount(self) -> Estimate:
        free = self.defaults.number("risk_free")
        self._note("risk_free", [free], "fraction", Origin.DEFAULT, "risk_free")
        risk = self._three("equity_risk_premium", Shape.TRIANGULAR, Origin.DEFAULT)
        size = self._three("size_premium", Shape.TRIANGULAR, Origin.DEFAULT)
        low, mode, high = (
            build_up(risk_free=free, equity_premium=getattr(risk, end), size=getattr(size, end)).rate
            for end in ("low", "mode", "high")
        )
        codes = ["risk_free", *(f"{name}.mode" for name in ("equity_risk_premium", "size_premium"))]
        self._note("discount_rate", [low, mode, high], "fraction", Origin.DEFAULT, *codes, note="built_up")
        return Estimate(low, mode, high, Shape.TRIANGULAR, Origin.DEFAULT, self.defaults.source(*codes))

    def _of_group(self, group: str) -> list[RoyaltyRate]:
        return [rate for rate in self.rates if rate.group == group] if group else []

    def _royalty(self) -> tuple[RoyaltyRange, RoyaltyRate | None]:
        """Give the royalty's quartiles and the published row they rest on (None: the figures for all industries).

        An industry's own quartiles first; else its median (or mean) with the spread of all industries.
        """
        fallback = [f"royalty.fallback.{end}" for end in ("q1", "median", "q3")]
        q1, median, q3 = (self.defaults.number(code) for code in fallback)
        codes, observations = [*fallback], int(self.defaults.number("royalty.fallback.observations"))
        maximum, source, certainty = self.defaults.number("royalty.fallback.max"), "", ""
        group = self._of_group(self.technology.royalty_industry)
        best = max(group, key=lambda rate: (rate.q1 is not None and rate.median is not None and rate.q3 is not None,
                                            rate.median is not None, rate.n or 0, -rate.pk), default=None)  # fmt: skip
        note = "all_industries"
        if best is not None:
            known = [float(rate.max) / 100 for rate in group if rate.max is not None]
            observations, source, certainty = best.n or 0, best.source, best.tag
            if best.q1 is not None and best.median is not None and best.q3 is not None:
                q1, median, q3 = float(best.q1) / 100, float(best.median) / 100, float(best.q3) / 100
                note = "industry_quartiles"
            else:
                middle = float(_middle(best)) / 100
                q1, median, q3 = q1 * middle / median, middle, q3 * middle / median
                note, certainty = "industry_middle", "B"
                source = f"{source}; {self.defaults.source(*fallback)}"
            maximum = max([q3, *known]) if known else max(q3, maximum)
        self._note(
            "royalty", [q1, median, q3], "fraction", Origin.DEFAULT, *codes, source=source, certainty=certainty, note=note
        )  # fmt: skip
        source = source or self.defaults.source(*fallback)
        return RoyaltyRange(q1, median, q3, BASE, Origin.DEFAULT, source, 0.0, maximum, observations), best

    def _alike(self, used: RoyaltyRate | None) -> list[tuple[RoyaltyRate, float]]:
        """Give the published rates to compare with and their likeness; the row behind the royalty is not used twice."""
        groups = [("same_industry", self.technology.royalty_industry), ("all_industries", ALL)]
        if self.technology.organisation.kind in {Organisation.Kind.UNIVERSITY, Organisation.Kind.INSTITUTE}:
            groups.append((UNIVERSITY, UNIVERSITY))
        return [
            (rate, self.defaults.number(f"similarity.{name}"))
            for name, group in groups
            for rate in self._of_group(group)
            if rate is not used and rate.basis == BASE and _middle(rate) is not None
        ]

    def _comparable(self, rate: RoyaltyRate, likeness: float) -> Comparable:
        value = float(_middle(rate)) / 100
        unknown = self.defaults.number("comparables.unknown_age")
        age = unknown if rate.year is None else float(max(0, self.defaults.day.year - rate.year))
        key = f"{rate.industry} | {rate.segment} | {rate.source}"
        self.comparables.append({
            "key": key, "industry": rate.industry, "segment": rate.segment, "value": value, "n": rate.n,
            "statistic": "median" if rate.median is not None else "mean", "year": rate.year, "age": age,
            "similarity": likeness, "source": rate.source, "certainty": rate.tag, "note": rate.note,
        })  # fmt: skip
        return Comparable(key, value, BASE, age, likeness, rate.source)

    def _grade_rule(self) -> GradeRule:
        number = self.defaults.number
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


def _middle(rate: RoyaltyRate) -> Any:
    return rate.median if rate.median is not None else rate.mean


def _estimate(stored: dict[str, Any]) -> Estimate:
    ends = {name: float(stored[name]) for name in ("low", "mode", "high")}
    return Estimate(**ends, shape=Shape(stored["shape"]), origin=Origin(stored["origin"]), source=stored["source"])


def rebuild(stored: dict[str, Any]) -> SuggestionInputs:
    """Give the arguments of `suggest_range` from a stored row's `inputs["parameters"]`, equal to those that made it."""
    given = dict(stored)
    for name in ESTIMATES:
        given[name] = None if given[name] is None else _estimate(given[name])
    given["royalty"] = RoyaltyRange(**{**given["royalty"], "origin": Origin(given["royalty"]["origin"])})
    given["grade_rule"] = GradeRule(**given["grade_rule"])
    given["comparables"] = tuple(Comparable(**row) for row in given["comparables"])
    given["revenue_profile"] = tuple(float(share) for share in given["revenue_profile"])
    given["timing"], given["day_count"] = Timing(given["timing"]), DayCount(given["day_count"])
    given["correlations"] = {tuple(key.split("|")): rho for key, rho in given["correlations"].items()}
    return SuggestionInputs(**given)
