"""Gather the arguments of a suggestion from a listing, its owner's answers and dated rows, each with its origin.

Percentages are fractions here, money is VND, times are years. Sources of the choices: domain file sections 2, 4 and 8.
"""

import datetime
import math
from dataclasses import replace
from typing import Any, Final

from accounts.models import Organisation
from listings.choices import IPKind, IPStatus, Right
from listings.models import IPRight, Technology
from valuation.answers import Answers
from valuation.closed_selectors import OF_SELLING_PRICE, closed_group
from valuation.defaults import TAX, TERMS, UNANSWERED, UNSTATED, Defaults, grade_rule
from valuation.methods.comparables import Comparable
from valuation.methods.cost import indexed_history, replacement_cost
from valuation.methods.payment_forms import Instalment
from valuation.methods.rates import build_up
from valuation.methods.rnpv import Gate
from valuation.methods.statement import (
    COMPARABLE_ROYALTIES,
    EXCESS,
    RELIEF,
    STAGED,
    Estimate,
    OptionTerms,
    Origin,
    PaymentPlan,
    RoyaltyRange,
    Shape,
    SuggestionInputs,
)
from valuation.methods.types import Timing
from valuation.models import Reason, RoyaltyRate

BASE: Final = "net sales"
LEVEL: Final = "level"  # unit of a readiness level
HIGHEST_TRL: Final = 9
ALL, UNIVERSITY = "all", "university"
#: Weighted methods; the others are bounds and are shown without weight.
WEIGHTED = (RELIEF, COMPARABLE_ROYALTIES, STAGED, EXCESS)
#: Years of sales laid out at most: no economic life is longer, though a right may be entered to end in any year.
LONGEST: Final = 30.0
#: Rights that nobody else gets beside the buyer.
EXCLUSIVE = {Right.EXCLUSIVE, Right.ASSIGNMENT}
PUBLIC_OWNERS = {Organisation.Kind.UNIVERSITY, Organisation.Kind.INSTITUTE}
PROTECTED = {IPKind.PATENT, IPKind.UTILITY_SOLUTION, IPKind.INDUSTRIAL_DESIGN, IPKind.PLANT_VARIETY}


def _middle(rate: RoyaltyRate) -> Any:
    return rate.median if rate.median is not None else rate.mean


class Gathering:
    """One pass over a technology; each step notes its row."""

    def __init__(self, technology: Technology, defaults: Defaults, rates: list[RoyaltyRate], answers: Answers) -> None:
        self.technology, self.defaults, self.rates = technology, defaults, rates
        self.answers = replace(answers, standing=defaults.choices())
        self.trl = technology.trl or min(int(defaults.unanswered("trl")), HIGHEST_TRL) or None
        self.rows: list[dict[str, Any]] = []
        self.comparables: list[dict[str, Any]] = []

    def missing(self) -> Reason | None:
        """Tell what nothing can stand in for."""
        if not self.knows_sales():
            return Reason.NO_REVENUE
        told = ("success" in self.answers or "stages" in self.answers) and "launch_delay" in self.answers
        return Reason.NO_TRL if self.trl is None and not told else None

    def knows_sales(self) -> bool:
        """Tell whether sales are stated or stand in."""
        stated = self.technology.revenue_mode is not None or "revenue" in self.answers
        return stated or self.defaults.unanswered("revenue") > 0

    def parameters(self) -> SuggestionInputs:
        default = self.defaults.number
        revenue = self.revenue()
        coverage = self._three("coverage", Shape.PERT, Origin.ASSUMPTION)
        royalty, used = self.royalty()
        success = self.success()
        delay = self.launch()
        legal, economic = self.lives()
        discount = self.discount()
        decay = self._three("decay", Shape.PERT, Origin.ASSUMPTION)
        tax = self._one("tax", TAX, "fraction", Origin.DEFAULT)
        ratio = self._one("selling_price_ratio", "selling_price_ratio", "fraction", Origin.ASSUMPTION)
        margin = self._three("margin", Shape.PERT, Origin.ASSUMPTION)
        excess = self.answers.choice("use_excess") == "yes"
        launch_cost = self._optional("launch_cost")
        gates = self._gates()
        to_come = launch_cost is not None or any(gate.cost > 0 for gate in gates)
        return SuggestionInputs(
            revenue=revenue,
            revenue_base=BASE,
            revenue_profile=self._profile(delay, max(economic, min(legal or 0.0, LONGEST))),
            coverage=coverage,
            royalty=royalty,
            royalty_estimate=self._own_royalty(ratio, margin.mode),
            discount_rate=discount,
            decay=decay,
            success=success,
            tax=tax,
            tab_life=self._stated("tab_life"),
            timing=Timing.MID_YEAR,
            method_weights={name: default(f"weight.{name}") for name in WEIGHTED},
            grade_rule=grade_rule(self.defaults),
            most_spread=default("most_spread"),
            comparable_half_life=default("comparables.half_life"),
            minimum_comparables=int(default("comparables.minimum")),
            legal_life=legal,
            economic_life=economic,
            readiness_level=self.trl,
            comparables=(
                *self._own_deals(),
                *(self._comparable(rate, likeness, ratio) for rate, likeness in self._alike(used)),
            ),
            margin=margin if to_come or excess else None,
            charge=self._three("charge", Shape.PERT, Origin.ASSUMPTION) if excess else None,
            incremental_profit=self._optional("incremental_profit"),
            gates=gates,
            launch_cost=launch_cost,
            launch_time=float(delay),
            owner_pays=self.answers.choice("payer") == "owner",
            cost=self._past_cost(),
            sunk_cost_floor=self._sunk_floor(),
            option=OptionTerms(
                default("option.years"),
                default("option.volatility"),
                default("risk_free"),
                int(default("option.steps")),
            ),
            plan=PaymentPlan(
                instalments=tuple(Instalment(float(year), default(f"instalment.{year + 1}")) for year in range(3)),
                selling_price_ratio=ratio,
                margin=margin.mode,
                signing=default("proposal.signing"),
                milestone=default("proposal.milestone"),
                other_capital=self._stated("other_capital"),
            ),
        )

    def _gates(self) -> tuple[Gate, ...]:
        """The steps before the first sale; without an answer, what stands in for their cost, spent at once."""
        stages = self.answers.stages()
        if stages:
            self._note("stages", [cost for _years, cost, _chance in stages], "VND", self.answers.origin("stages"))
            return tuple(Gate(*stage) for stage in stages)
        cost = self.defaults.unanswered("stages")
        if not cost:
            return ()
        self._note("stages", [cost], "VND", Origin.ASSUMPTION, f"{UNANSWERED}stages")
        return (Gate(0.0, cost, 1.0),)

    def assumed(self) -> None:
        """Note the defaults that an interview shows and that the other steps do not note."""
        for code, shape in (
            ("coverage", Shape.PERT),
            ("decay", Shape.PERT),
            ("margin", Shape.PERT),
            ("charge", Shape.PERT),
        ):
            self._three(code, shape, Origin.ASSUMPTION)
        self._one("tax", TAX, "fraction", Origin.DEFAULT)
        for code in ("selling_price_ratio", "growth", "overhead"):
            self._one(code, code, "fraction", Origin.ASSUMPTION)
        for kind in ("functional", "technological", "economic"):
            self._one(f"obsolescence_{kind}", f"obsolescence.{kind}", "fraction", Origin.ASSUMPTION)
        for code, unit in UNSTATED.items():
            if code != "revenue" or self.technology.revenue_mode is None:
                self._note(code, [self.defaults.unanswered(code)], unit, Origin.ASSUMPTION, f"{UNANSWERED}{code}")

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

    def _optional(self, code: str) -> Estimate | None:
        """Give an answer of three amounts, else what stands in for it; None when that is nothing."""
        given = self.answers.numbers(code)
        if given is None:
            return self._standing(code)
        origin = self.answers.origin(code)
        self._note(code, given, "VND", origin)
        return Estimate(given[0], given[1], given[2], Shape.PERT, origin)

    def _standing(self, code: str) -> Estimate | None:
        """Give the amount that stands in where nobody states one; None when it is 0: what needs it is left out."""
        value, row = self.defaults.unanswered(code), f"{UNANSWERED}{code}"
        if not value:
            return None
        self._note(code, [value], UNSTATED[code], Origin.ASSUMPTION, row)
        return Estimate.known(value, Origin.ASSUMPTION, self.defaults.source(row))

    def _stated(self, code: str) -> float | None:
        """Give an answer of one number, else what stands in for it; None when that is nothing."""
        given = self.answers.number(code)
        if given is None:
            standing = self._standing(code)
            return None if standing is None else standing.mode
        self._note(code, [given], UNSTATED[code], self.answers.origin(code))
        return given

    def _one(self, code: str, default: str, unit: str, origin: Origin) -> float:
        """Give an answer of one number, else its default."""
        given = self.answers.number(code)
        if given is not None:
            self._note(code, [given], unit, self.answers.origin(code))
            return given
        value = self.defaults.number(default)
        self._note(code, [value], unit, origin, default)
        return value

    def _three(self, code: str, shape: Shape, origin: Origin) -> Estimate:
        given = self.answers.numbers(code)
        if given is not None:
            self._note(code, given, "fraction", self.answers.origin(code))
            return Estimate(given[0], given[1], given[2], shape, self.answers.origin(code))
        codes = [f"{code}.{end}" for end in ("low", "mode", "high")]
        low, mode, high = (self.defaults.number(name) for name in codes)
        self._note(code, [low, mode, high], "fraction", origin, *codes)
        return Estimate(low, mode, high, shape, origin, self.defaults.source(*codes))

    def revenue(self) -> Estimate:
        """Yearly sales of a licensee in VND."""
        given = self.answers.numbers("revenue")
        if given is not None:
            rate, origin = self._exchange_rate(), self.answers.origin("revenue")
            self._note("revenue", [value * rate for value in given], "VND", origin)
            return Estimate(given[0] * rate, given[1] * rate, given[2] * rate, Shape.PERT, origin)
        technology = self.technology
        if technology.revenue_mode is None and (standing := self._standing("revenue")) is not None:
            return standing
        low, mode, high = (
            float(value or 0) for value in (technology.revenue_low, technology.revenue_mode, technology.revenue_high)
        )
        self._note("revenue", [low, mode, high], "VND", Origin.OWNER)
        return Estimate(low, mode, high, Shape.PERT, Origin.OWNER)

    def _exchange_rate(self) -> float:
        currency = self.answers.choice("currency")
        if currency == "VND":
            return 1.0
        return self._one("exchange_rate", f"exchange_rate.{currency}", "VND", Origin.DEFAULT)

    def success(self) -> Estimate:
        """Chance of reaching the market: product of the stages, else the owner's, else by readiness level."""
        stages = self.answers.stages()
        if stages:
            chance, origin = math.prod(stage[2] for stage in stages), self.answers.origin("stages")
            self._note("success", [chance], "fraction", origin, note="product_of_stages")
            return Estimate.known(chance, origin)
        if "success" in self.answers:
            return self._three("success", Shape.PERT, Origin.OWNER)
        codes = [f"success.trl{self.trl}.{end}" for end in ("low", "high")]
        low, high = (self.defaults.number(code) for code in codes)
        middle = (low + high) / 2
        self._note("success", [low, middle, high], "fraction", Origin.ASSUMPTION, *codes)
        shape = Shape.FIXED if low == high else Shape.PERT
        return Estimate(low, middle, high, shape, Origin.ASSUMPTION, self.defaults.source(*codes))

    def launch(self) -> int:
        """Whole years until the first sales; notes the first years' part of a full one, too."""
        given = self.answers.number("launch_delay")
        if given is not None:
            years = math.ceil(given)
            self._note("launch_delay", [years], "years", self.answers.origin("launch_delay"))
        else:
            code = f"launch_delay.trl{self.trl}"
            years = int(self.defaults.number(code))
            self._note("launch_delay", [years], "years", Origin.ASSUMPTION, code)
        self._note_ramp()
        return years

    def unjudged(self) -> None:
        """Note what counts for chance and time where no readiness level is stated or stands in: nothing."""
        for name in ("success", "launch_delay"):
            self._note(name, [0.0], LEVEL, Origin.ASSUMPTION, f"{UNANSWERED}trl")
        self._note_ramp()

    def _note_ramp(self) -> None:
        if "ramp" in self.answers:
            self._note("ramp", [*self._ramp(), 1.0], "fraction", self.answers.origin("ramp"))
        else:
            self._note("ramp", [*self._ramp(), 1.0], "fraction", Origin.ASSUMPTION, "ramp.year1", "ramp.year2")

    def _ramp(self) -> list[float]:
        given = self.answers.numbers("ramp")
        return given if given is not None else [self.defaults.number(f"ramp.year{year}") for year in (1, 2)]

    def _profile(self, delay: int, life: float) -> tuple[float, ...]:
        start = (*(0.0,) * delay, *self._ramp())
        growth = self._one("growth", "growth", "fraction", Origin.ASSUMPTION)
        full = max(1, math.ceil(life) + 1 - len(start))
        return (*start, *((1.0 + growth) ** year for year in range(full)))

    def lives(self) -> tuple[float | None, float]:
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
        if "economic_life" in self.answers:
            economic = self.answers.number("economic_life") or 0.0
            self._note("economic_life", [economic], "years", self.answers.origin("economic_life"))
            return legal, economic
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
            year = min(filed.year + years, datetime.MAXYEAR)
            end, computed = filed.replace(year=year, day=28 if leap else filed.day), True
        return None if end is None or end <= self.defaults.day else (end, computed)

    def discount(self) -> Estimate:
        """The yearly return a buyer wants, built up from its parts; technical failure is not among them."""
        free = self.defaults.number("risk_free")
        self._note("risk_free", [free], "fraction", Origin.DEFAULT, "risk_free")
        risk = self._three("equity_risk_premium", Shape.TRIANGULAR, Origin.DEFAULT)
        size = self._three("size_premium", Shape.TRIANGULAR, Origin.DEFAULT)
        extra = self.answers.numbers("specific_premium") or [0.0, 0.0, 0.0]
        if any(extra):
            self._note("specific_premium", extra, "fraction", self.answers.origin("specific_premium"))
        low, mode, high = (
            build_up(risk_free=free, equity_premium=getattr(risk, end), size=getattr(size, end), specific=more).rate
            for end, more in zip(("low", "mode", "high"), extra, strict=True)
        )
        codes = ["risk_free", *(f"{name}.mode" for name in ("equity_risk_premium", "size_premium"))]
        self._note("discount_rate", [low, mode, high], "fraction", Origin.DEFAULT, *codes, note="built_up")
        return Estimate(low, mode, high, Shape.TRIANGULAR, Origin.DEFAULT, self.defaults.source(*codes))

    def _of_group(self, group: str) -> list[RoyaltyRate]:
        return [rate for rate in self.rates if rate.group == group] if group else []

    def _own_royalty(self, ratio: float, margin: float) -> Estimate | None:
        """The owner's royalty brought to net sales: times what the chosen base is of them."""
        given = self.answers.numbers("royalty")
        if given is None:
            return None
        factor = {"net_revenue": 1.0, "net_selling_price": ratio, "pre_tax_profit": margin}[
            self.answers.choice("royalty_base")
        ]
        low, mode, high = (min(1.0, value * factor) for value in given)
        origin = self.answers.origin("royalty")
        self.rows = [row for row in self.rows if row["name"] != "royalty"]
        self._note("royalty", [low, mode, high], "fraction", origin, note="" if factor == 1.0 else "other_base")
        return Estimate(low, mode, high, Shape.PERT, origin)

    def _past_cost(self) -> Estimate | None:
        """Cost method: what was spent at today's prices with overhead and developer's profit, less obsolescence."""
        spent: dict[int, float] = {}
        for row in self.answers.rows("past_costs"):
            spent[int(row["year"])] = spent.get(int(row["year"]), 0.0) + float(row["cost"])
        origin, rows = Origin.ASSUMPTION, [f"{UNANSWERED}past_costs"]
        if spent:
            origin, rows = self.answers.origin("past_costs"), []
        elif standing := self.defaults.unanswered("past_costs"):
            spent[self.defaults.day.year] = standing
        else:
            return None
        total, _parts = indexed_history(spent, self._price_index(min(spent)), to_year=self.defaults.day.year)
        found = replacement_cost(
            direct=total,
            overhead=total * self._one("overhead", "overhead", "fraction", Origin.ASSUMPTION),
            developer_profit=self.defaults.number("developer_profit"),
            **{
                kind: self._one(f"obsolescence_{kind}", f"obsolescence.{kind}", "fraction", Origin.ASSUMPTION)
                for kind in ("functional", "technological", "economic")
            },
        )
        self._note("cost", [float(found.value)], "VND", origin, *rows, note="at_todays_prices")
        return Estimate.known(float(found.value), origin)

    def _price_index(self, first: int) -> dict[int, float]:
        """Price level by year from `first` to now; a year without a row counts as level.

        The row of a year says how far its prices lie above those of the year before, both on average over the year.
        """
        index = {first: 1.0}
        for year in range(first + 1, self.defaults.day.year + 1):
            code = f"price_rise.{year}"
            index[year] = index[year - 1] * (1.0 + (self.defaults.number(code) if code in self.defaults.rows else 0.0))
        return index

    def _sunk_floor(self) -> float | None:
        """What a public owner may not sell below: the state's part of the money spent."""
        share = self.technology.state_funding_pct
        if not share or self.technology.organisation.kind not in PUBLIC_OWNERS:
            return None
        spent = sum(float(row["cost"]) for row in self.answers.rows("past_costs"))
        return spent * float(share) / 100 or None

    def _own_deals(self) -> list[Comparable]:
        """Deals that the owner names, adjusted for exclusivity against what is offered here."""
        factor, likeness = self.defaults.number("adjust.exclusive"), self.defaults.number("similarity.own_deal")
        offered = bool(EXCLUSIVE.intersection(self.technology.rights_offered))
        out = []
        for number, row in enumerate(self.answers.rows("deals"), 1):
            exclusive = row["exclusive"] == "yes"
            change = 1.0 if exclusive == offered else factor if offered else 1.0 / factor
            adjustments = {} if change == 1.0 else {"exclusivity": change}
            value, age = float(row["rate"]) / 100, float(self.defaults.day.year - int(row["year"]))
            key = f"own deal {number}"
            self.comparables.append({
                "key": key, "industry": "", "segment": "", "value": value, "n": 1, "statistic": "deal",
                "year": int(row["year"]), "age": age, "similarity": likeness, "adjustments": adjustments,
                "source": "", "certainty": "", "note": self.answers.origin("deals").value,
            })  # fmt: skip
            out.append(Comparable(key, value, BASE, age, likeness, "owner", adjustments))
        return out

    def published(self, used: RoyaltyRate | None) -> None:
        """Note how many published figures stand in for deals that the owner knows of."""
        alike = [rate for rate, _likeness in self._alike(used)]
        source = "; ".join(dict.fromkeys(rate.source for rate in alike))
        self._note("deals", [float(len(alike))], "figures", Origin.DEFAULT, source=source)

    def royalty(self) -> tuple[RoyaltyRange, RoyaltyRate | None]:
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
        groups.append(("closed_all", closed_group(None)))
        if self.technology.main_field_id is not None:
            groups.append(("closed_field", closed_group(self.technology.main_field_id)))
        return [
            (rate, self.defaults.number(f"similarity.{name}"))
            for name, group in groups
            for rate in self._of_group(group)
            if rate is not used and rate.basis in {BASE, OF_SELLING_PRICE} and _middle(rate) is not None
        ]

    def _comparable(self, rate: RoyaltyRate, likeness: float, ratio: float) -> Comparable:
        """A published rate as compared here: one on the net selling price is brought to net sales by `ratio`."""
        adjustments = {"selling_price": ratio} if rate.basis == OF_SELLING_PRICE and ratio != 1.0 else {}
        value = float(_middle(rate)) / 100
        unknown = self.defaults.number("comparables.unknown_age")
        age = unknown if rate.year is None else float(max(0, self.defaults.day.year - rate.year))
        key = f"{rate.industry} | {rate.segment} | {rate.source}"
        self.comparables.append({
            "key": key, "industry": rate.industry, "segment": rate.segment, "value": value, "n": rate.n,
            "statistic": "median" if rate.median is not None else "mean", "year": rate.year, "age": age,
            "similarity": likeness, "adjustments": adjustments, "source": rate.source, "certainty": rate.tag, "note": rate.note,
        })  # fmt: skip
        return Comparable(key, value, BASE, age, likeness, rate.source, adjustments)
