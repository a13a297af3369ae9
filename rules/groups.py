"""Figures that only make sense together, and figures that must stay inside bounds for whatever divides by them.

A group is judged on every day on which one of its rows begins: what fits today may not fit next month.
"""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from django.utils.translation import gettext as _

from rules.models import Rule, RuleProposal
from rules.words import name_of

Values = Mapping[str, Decimal]

#: Codes with these last parts stand together and rise in this order.
RISING = (("low", "mode", "high"), ("q1", "median", "q3", "max"))
#: Single codes that stand together and rise in this order.
ORDERED = (
    ("registration.fee.min", "registration.fee.max"),
    ("tax.cit.small.ceiling", "tax.cit.medium.ceiling"),
    ("obligation.reminder.second", "obligation.reminder.first"),
    ("valuation.grade.cut.c", "valuation.grade.cut.b", "valuation.grade.cut.a"),
    ("match.push.new_places", "match.push.places"),
)
#: Percentages of one whole.
WHOLES = (("valuation.instalment.1", "valuation.instalment.2", "valuation.instalment.3"),)
#: Percentages that leave a rest, or nothing.
PARTS = (("valuation.proposal.signing", "valuation.proposal.milestone"),)
#: Weights of which one at least counts.
WEIGHTS = (tuple(f"valuation.grade.weight.{part}" for part in ("data", "comparables", "agreement", "readiness", "dispersion")),)  # fmt: skip
#: Least and most of single figures; a code that ends in a dot stands for all that begin so.
BOUNDS: Mapping[str, tuple[str, str]] = {
    "tax.cit.standard": ("0", "99"),
    "privacy.invitation.days": ("1", "3650"),
    "valuation.comparables.half_life": ("0.5", "100"),
    "valuation.comparables.minimum": ("1", "100"),
    "valuation.comparables.unknown_age": ("0", "200"),
    "valuation.similarity.": ("1", "100"),
    "valuation.adjust.exclusive": ("0.1", "10"),
    "valuation.selling_price_ratio": ("1", "100"),
    "valuation.exchange_rate.": ("1", "1000000000"),
    "valuation.royalty.fallback.q1": ("0.01", "100"),
    "valuation.weight.relief_from_royalty": ("1", "100"),
    "valuation.launch_delay.": ("0", "30"),
    "valuation.economic_life": ("0", "30"),
    "valuation.economic_life.": ("0", "30"),
    "valuation.option.years": ("0.1", "30"),
    "valuation.option.volatility": ("5", "100"),
    "valuation.option.steps": ("10", "1000"),
    "valuation.most_spread": ("1", "1000"),
    "valuation.grade.comparables_full": ("1", "1000"),
    "valuation.grade.spread_zero": ("1.01", "1000"),
    "valuation.grade.dispersion_zero": ("0.01", "100"),
}


def bounds_of(code: str) -> tuple[Decimal, Decimal] | None:
    """Give the least and the most that a code may say, or None when nothing divides by it or counts with it."""
    starts = (code[: end + 1] for end in range(len(code)) if code[end] == ".")
    found = next((BOUNDS[name] for name in (code, *starts) if name in BOUNDS), None)
    return None if found is None else (Decimal(found[0]), Decimal(found[1]))


@dataclass(frozen=True, slots=True)
class Group:
    """Codes that stand together, and what they must be: `fits` takes the values in force on one day, by code."""

    codes: tuple[str, ...]
    fits: Callable[[Values], bool]
    words: str
    is_whole: bool = False


def _rises(codes: Sequence[str]) -> Callable[[Values], bool]:
    def fits(values: Values) -> bool:
        known = [values[code] for code in codes if code in values]
        return known == sorted(known)

    return fits


def group_of(code: str) -> Group:
    """Give the group of a code; a code alone is a group of its own that always fits."""
    stem, _dot, end = code.rpartition(".")
    for ordered in ORDERED:
        if code in ordered:
            words = _("The figures %(names)s must rise in this order.") % {"names": _named(ordered)}
            return Group(ordered, _rises(ordered), words)
    for names in RISING:
        if end in names:
            codes = tuple(f"{stem}.{name}" for name in names)
            words = _("The figures %(names)s must rise in this order.") % {"names": ", ".join(names)}
            return Group(codes, _rises(codes), words)
    for whole in WHOLES:
        if code in whole:
            words = _(
                "On every day these must add up to 100 %%: %(names)s. Propose the others from the same day, too; they are "
                "then approved together."
            )
            return Group(
                whole, lambda values: sum(values.values()) == 100, words % {"names": _named(whole)}, is_whole=True
            )
    for parts in PARTS:
        if code in parts:
            words = _("Together these may be at most 100 %%: %(names)s.") % {"names": _named(parts)}
            return Group(parts, lambda values: sum(values.values()) <= 100, words)
    for weights in WEIGHTS:
        if code in weights:
            words = _("One of these must be above 0: %(names)s.") % {"names": _named(weights)}
            return Group(weights, lambda values: any(values.values()), words)
    return Group((code,), lambda _values: True, "")


def _named(codes: Iterable[str]) -> str:
    return ", ".join(name_of(code) for code in codes)


def problem(
    group: Group, rows: Iterable[Rule], proposed: Sequence[RuleProposal], *, since: datetime.date | None = None
) -> str:
    """Say how rows and proposals of a group, put into force, would not fit on some day from `since` on; or nothing.

    Without `since` it is the first day of what is proposed.
    """
    first = since or min(one.valid_from for one in proposed)
    # What is proposed ends the row before it, so it counts last.
    together: list[Rule | RuleProposal] = [*rows, *proposed]
    days = sorted({first, *(row.valid_from for row in together if row.valid_from > first)})
    return "" if all(group.fits(_on(day, together)) for day in days) else group.words


def _on(day: datetime.date, rows: Iterable[Rule | RuleProposal]) -> Values:
    values = {}
    for row in rows:
        if row.valid_from <= day and (row.valid_to is None or row.valid_to > day) and row.value is not None:
            values[row.code] = row.value
    return values


def of_the_same_day(
    proposal: RuleProposal, waiting: Iterable[RuleProposal], today: datetime.date
) -> list[RuleProposal]:
    """Give the other proposals that would come into force on the same day: a day that has passed counts as today."""
    day = max(proposal.valid_from, today)
    return [one for one in waiting if one.pk != proposal.pk and max(one.valid_from, today) == day]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is approved together, the proposal itself first; `problem` says why nothing that waits would make it fit."""

    together: list[RuleProposal]
    problem: str = ""

    @property
    def others(self) -> list[RuleProposal]:
        """Give what is approved with the proposal."""
        return self.together[1:]


def choose(
    group: Group, rows: Iterable[Rule], proposal: RuleProposal, waiting: Iterable[RuleProposal], today: datetime.date
) -> Choice:
    """Give the fewest proposals, of those that wait for its day, with which a proposal fits its group; none if it fits
    alone.
    """
    rows, others = list(rows), of_the_same_day(proposal, waiting, today)
    if proposal.value is None:
        return Choice([proposal])
    for count in range(len(others) + 1):
        for beside in combinations(others, count):
            together = [proposal, *beside]
            if not problem(group, rows, [_from_today(one, today) for one in together]):
                return Choice(together)
    return Choice([proposal], group.words)


def _from_today(proposal: RuleProposal, today: datetime.date) -> RuleProposal:
    """Give the proposal as its approval puts it into force: a day that has passed becomes today."""
    one = copy(proposal)
    one.valid_from = max(one.valid_from, today)
    return one
