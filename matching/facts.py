"""Structured fit: what the fields of both listings say, computed from the present rows, in the reader's language.

Each fact fits, is near, or does not fit; a fact that one side left open is not shown. Facts never filter.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from listings.choices import Cooperation, LegalClass, Right
from listings.models import Demand, Technology
from marketplace.kit.money import language_of, short
from matching.choices import Verdict

#: Which rights on offer serve a way of cooperation.
SERVES = {
    Cooperation.BUY: {Right.ASSIGNMENT},
    Cooperation.LICENCE: {Right.EXCLUSIVE, Right.NON_EXCLUSIVE},
    Cooperation.TRIAL: {Right.TRIAL},
}
#: How the component weighs a verdict: for, a little for, against.
WEIGHTS = {Verdict.FITS: 0.3, Verdict.NEAR: 0.1, Verdict.NOT: -0.3}


@dataclass(frozen=True)
class Fact:
    """One comparison: which, how it fits, and in words."""

    code: str
    verdict: Verdict
    label: str
    detail: str


def facts(technology: Technology, demand: Demand) -> list[Fact]:
    """Compare field, TRL, price, rights, place and legal class. Uses prefetched `fields` of both sides."""
    found = [
        _field(technology, demand),
        _trl(technology, demand),
        _price(technology, demand),
        _rights(technology, demand),
        _place(technology, demand),
        _legal(technology),
    ]
    return [fact for fact in found if fact is not None]


def as_rows(found: list[Fact]) -> list[dict[str, Any]]:
    """Give facts as rows of the component `match_reasons`."""
    return [
        {
            "kind": "field" if fact.code == "field" else "fact",
            "label": fact.label,
            "detail": f"{fact.verdict.label}: {fact.detail}",
            "weight": WEIGHTS[fact.verdict],
        }
        for fact in found
    ]


def _money(amount: Decimal) -> str:
    return short(amount, language_of(get_language()))


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


def _price(technology: Technology, demand: Demand) -> Fact | None:
    low, budget = technology.price_min, demand.budget_max
    if low is None or budget is None:
        return None
    verdict = Verdict.FITS if low <= budget else Verdict.NEAR if low <= budget * Decimal("1.25") else Verdict.NOT
    detail = _("asked from %(price)s, budget up to %(budget)s") % {
        "price": _money(low),
        "budget": _money(budget),
    }
    return Fact("price", verdict, _("Price"), detail)


def _rights(technology: Technology, demand: Demand) -> Fact | None:
    wanted = [way for way in demand.cooperation if way in SERVES]
    if not wanted or not technology.rights_offered:
        return None
    offered = set(technology.rights_offered)
    served = [way for way in wanted if offered & SERVES[Cooperation(way)]]
    verdict = Verdict.FITS if len(served) == len(wanted) else Verdict.NEAR if served else Verdict.NOT
    detail = _("offered: %(offered)s; wanted: %(wanted)s") % {
        "offered": ", ".join(str(Right(right).label) for right in technology.rights_offered),
        "wanted": ", ".join(str(Cooperation(way).label) for way in wanted),
    }
    return Fact("rights", verdict, _("Rights"), detail)


def _place(technology: Technology, demand: Demand) -> Fact | None:
    here, there = technology.province, demand.province
    if here is None or there is None:
        return None
    if here.pk == there.pk:
        return Fact("place", Verdict.FITS, _("Place"), str(here))
    verdict = Verdict.NEAR if here.region_en == there.region_en else Verdict.NOT
    return Fact("place", verdict, _("Place"), f"{here} – {there}")


def _legal(technology: Technology) -> Fact | None:
    if technology.legal_class == LegalClass.ENCOURAGED:
        return Fact("legal", Verdict.FITS, _("Legal class"), str(LegalClass.ENCOURAGED.label))
    if technology.legal_class == LegalClass.RESTRICTED:
        return Fact("legal", Verdict.NEAR, _("Legal class"), _("restricted: the deal needs an approval and a permit"))
    return None
