"""Structured fit: what the fields of both listings say, computed from the present rows, in the reader's language.

Each fact fits, is near, or does not fit; a fact that one side left open is not shown. Facts never filter.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from listings.choices import Cooperation, LegalClass, Right
from listings.models import Demand, Technology
from marketplace.kit.money import language_of, number, short
from matching.choices import Verdict
from rules.selectors import in_force

#: Which rights on offer serve a way of cooperation.
SERVES = {
    Cooperation.BUY: {Right.ASSIGNMENT},
    Cooperation.LICENCE: {Right.EXCLUSIVE, Right.NON_EXCLUSIVE},
    Cooperation.TRIAL: {Right.TRIAL},
}
#: Which rights on offer come near to it.
NEARLY = {
    Cooperation.BUY: {Right.EXCLUSIVE},
    Cooperation.LICENCE: {Right.ASSIGNMENT, Right.TRIAL},
    Cooperation.TRIAL: {Right.EXCLUSIVE, Right.NON_EXCLUSIVE},
}
DEARER = Decimal("1.25")  # a price up to so many times the budget is near
LATER = datetime.timedelta(days=183)  # ready up to so much after the day is near
DELAY = "valuation.launch_delay.trl"  # rules: years from a level to the first sales

#: TRL → years until the first sales, as the rules say today.
Delays = Mapping[int, Decimal]


@dataclass(frozen=True)
class Fact:
    """One comparison: which, how it fits, and in words."""

    code: str
    verdict: Verdict
    label: str
    detail: str


def launch_delays() -> dict[int, Decimal]:
    """Give the years from each TRL to the first sales, by today's rules: one query, asked once for a list."""
    rows = in_force().filter(code__startswith=DELAY, value__isnull=False)
    return {int(row.code.removeprefix(DELAY)): row.value for row in rows if row.value is not None}


def facts(technology: Technology, demand: Demand, delays: Delays) -> list[Fact]:
    """Compare field, TRL, time, price, rights, place and legal class. Uses prefetched `fields` of both sides."""
    return [fact for fact in _compared(technology, demand, delays).values() if fact is not None]


def verdicts(technology: Technology, demand: Demand, delays: Delays) -> dict[str, str]:
    """Give how each fact that both sides tell of fits, by its code."""
    return {fact.code: fact.verdict.value for fact in facts(technology, demand, delays)}


def left_open(technology: Technology, demand: Demand, delays: Delays) -> list[str]:
    """Name what could not be compared because one side does not say it."""
    compared = _compared(technology, demand, delays)
    return [name for code, name in names().items() if code != "legal" and compared[code] is None]


def names() -> dict[str, str]:
    """Give what each fact is called, by its code, in the order in which they are shown."""
    return {
        "field": _("Field"), "trl": _("Maturity"), "time": _("Time"), "price": _("Price"), "rights": _("Rights"),
        "place": _("Place"), "legal": _("Legal class"),
    }  # fmt: skip


def _compared(technology: Technology, demand: Demand, delays: Delays) -> dict[str, Fact | None]:
    return {
        "field": _field(technology, demand),
        "trl": _trl(technology, demand),
        "time": _time(technology, demand, delays),
        "price": _price(technology, demand),
        "rights": _rights(technology, demand),
        "place": _place(technology, demand),
        "legal": _legal(technology),
    }


def as_rows(found: list[Fact]) -> list[dict[str, Any]]:
    """Give facts as rows of the component `match_reasons`."""
    return [
        {
            "kind": "fact",
            "label": fact.label,
            "detail": f"{fact.verdict.label}: {fact.detail}",
            "verdict": fact.verdict.value,
        }
        for fact in found
    ]


def _money(amount: Decimal | None) -> str:
    return short(amount or Decimal(0), language_of(get_language()))


def _field(technology: Technology, demand: Demand) -> Fact | None:
    ours = {field.nr: field for field in technology.fields.all()}
    theirs = {field.nr: field for field in demand.fields.all()}
    if not ours or not theirs:
        return None
    shared = ours.keys() & theirs.keys()
    if shared:
        names = ", ".join(str(ours[nr]) for nr in sorted(shared))
        return Fact("field", Verdict.FITS, _("Field"), names)
    sectors = {field.sector_en for field in ours.values()} & {field.sector_en for field in theirs.values()}
    detail = _("%(ours)s against %(theirs)s") % {
        "ours": ", ".join(str(field) for field in ours.values()),
        "theirs": ", ".join(str(field) for field in theirs.values()),
    }
    return Fact("field", Verdict.NEAR if sectors else Verdict.NOT, _("Field"), detail)


def _trl(technology: Technology, demand: Demand) -> Fact | None:
    if technology.trl is None or demand.trl_min is None:
        return None
    gap = demand.trl_min - technology.trl
    verdict = Verdict.FITS if gap <= 0 else Verdict.NEAR if gap == 1 else Verdict.NOT
    detail = _("TRL %(has)d, wanted at least %(wants)d") % {"has": technology.trl, "wants": demand.trl_min}
    return Fact("trl", verdict, _("Maturity"), detail)


def _time(technology: Technology, demand: Demand, delays: Delays) -> Fact | None:
    if technology.trl is None or demand.needed_by is None:
        return None
    years = Decimal(0) if technology.trl == 9 else delays.get(technology.trl)
    if years is None:
        return None
    ready = timezone.localdate() + datetime.timedelta(days=int(years * 365))
    if demand.needed_by < timezone.localdate():
        verdict = Verdict.NOT
    else:
        verdict = _graded(ready <= demand.needed_by, near=ready <= demand.needed_by + LATER)
    values = {
        "day": date_format(demand.needed_by, "SHORT_DATE_FORMAT"),
        "years": number(years, language_of(get_language())),
        "level": technology.trl,
    }
    if not years:
        return Fact("time", verdict, _("Time"), _("sold already; needed by %(day)s") % values)
    text = _("TRL %(level)s takes about %(years)s years to the first sales; needed by %(day)s")
    return Fact("time", verdict, _("Time"), text % values)


def _graded(fits: bool, *, near: bool) -> Verdict:
    return Verdict.FITS if fits else Verdict.NEAR if near else Verdict.NOT


def _price(technology: Technology, demand: Demand) -> Fact | None:
    """Compare the ranges: the lowest price asked against the most that can be paid."""
    low = technology.price_min if technology.price_min is not None else technology.price_max
    budget = demand.budget_max
    if low is None or (budget is None and demand.budget_min is None):
        return None
    if budget is None:  # open upwards
        detail = _("asked from %(price)s, budget from %(budget)s")
        verdict = Verdict.FITS if low <= (demand.budget_min or 0) * DEARER else Verdict.NEAR
        return Fact("price", verdict, _("Price"), detail % {"price": _money(low), "budget": _money(demand.budget_min)})
    verdict = _graded(low <= budget, near=low <= budget * DEARER)
    detail = _("asked from %(price)s, budget up to %(budget)s") % {
        "price": _money(low),
        "budget": _money(budget),
    }
    return Fact("price", verdict, _("Price"), detail)


def _rights(technology: Technology, demand: Demand) -> Fact | None:
    """Compare the rights on offer with the ways in which the buyer may cooperate: one of these is enough."""
    wanted = [Cooperation(way) for way in demand.cooperation if way in SERVES]
    if not wanted or not technology.rights_offered:
        return None
    offered = set(technology.rights_offered)
    served = [way for way in wanted if offered & SERVES[way]]
    nearly = [way for way in wanted if offered & NEARLY[way]]
    verdict = _graded(bool(served), near=bool(nearly))
    detail = _("offered: %(offered)s; wanted: %(wanted)s") % {
        "offered": ", ".join(str(Right(right).label) for right in technology.rights_offered),
        "wanted": ", ".join(str(way.label) for way in wanted),
    }
    return Fact("rights", verdict, _("Rights"), detail)


def _place(technology: Technology, demand: Demand) -> Fact | None:
    """Compare the provinces; of a masked demand the region, for its province would tell who it is."""
    here, there = technology.province, demand.province
    if here is None or there is None:
        return None
    is_same_region = here.region_en == there.region_en
    if demand.masked:
        english = get_language() == "en"
        names = [place.region_en if english else place.region_vi for place in (here, there)]
        verdict = Verdict.FITS if is_same_region else Verdict.NOT
        return Fact("place", verdict, _("Place"), names[0] if is_same_region else " – ".join(names))
    if here.pk == there.pk:
        return Fact("place", Verdict.FITS, _("Place"), str(here))
    return Fact("place", Verdict.NEAR if is_same_region else Verdict.NOT, _("Place"), f"{here} – {there}")


def _legal(technology: Technology) -> Fact | None:
    if technology.legal_class == LegalClass.ENCOURAGED:
        return Fact("legal", Verdict.FITS, _("Legal class"), str(LegalClass.ENCOURAGED.label))
    if technology.legal_class == LegalClass.RESTRICTED:
        return Fact("legal", Verdict.NEAR, _("Legal class"), _("restricted: the deal needs an approval and a permit"))
    return None
