"""A stored suggestion in words and rows for pages, in the reader's language."""

import datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from listings.models import Technology
from marketplace.kit import money
from valuation.methods.reconcile import round_significant
from valuation.methods.suggest import COMPARABLE_ROYALTIES, RELIEF
from valuation.models import Reason, Suggestion

#: Name of each input, and in a line what it is.
INPUTS = {
    "revenue": (_("Yearly revenue of a licensee"), _("In a full year, net sales")),
    "coverage": (_("Part that rests on the technology"), _("Of the revenue stated")),
    "royalty": (_("Royalty"), _("Of net sales; quarter, middle and three quarters of published rates")),
    "success": (_("Chance of reaching the market"), _("By readiness level")),
    "launch_delay": (_("Time to the first sales"), _("By readiness level")),
    "ramp": (_("Start of sales"), _("First, second and later years, of a full year")),
    "legal_life": (_("Legal life left"), _("Of the IP right that ends first")),
    "economic_life": (_("Economic life"), _("The shorter of the two lives counts")),
    "risk_free": (_("Risk-free rate"), ""),
    "equity_risk_premium": (_("Equity risk premium"), ""),
    "size_premium": (_("Premium for a small company"), ""),
    "discount_rate": (_("Discount rate"), _("Sum of the three above; technical failure is in the chance, not here")),
    "decay": (_("Yearly loss of pull"), _("As alternatives come")),
    "tax": (_("Corporate income tax"), ""),
    "comparable_royalty": (_("Royalty in the published figures"), ""),
}  # fmt: skip
ORIGINS = {
    "measured": (_("From a register"), "verified"),
    "owner": (_("From the owner"), "info"),
    "default": (_("Default"), "neutral"),
    "assumption": (_("Assumption"), "waiting"),
}
NOTES = {
    "computed_end": _("The end was computed from the filing date."),
    "unprotected": _("No registered right is in force."),
    "built_up": _("Built up from its parts."),
    "all_industries": _("All industries: the owner chose none."),
    "industry_quartiles": _("Quartiles of the industry."),
    "industry_middle": _("Middle of the industry with the spread of all industries."),
}
#: Sources that are words rather than a citation.
SOURCES = {
    "Judgement of the exchange, no accepted published table": _(
        "Judgement of the exchange, no accepted published table"
    ),
    "10-year government bond, order of magnitude": _("10-year government bond, order of magnitude"),
    "Build-up practice for small companies": _("Build-up practice for small companies"),
}
METHODS = {
    RELIEF: (
        _("Relief from royalty"),
        _("What the licensee would otherwise pay in royalties, after tax, over the remaining life."),
    ),
    COMPARABLE_ROYALTIES: (
        _("Comparable royalties"),
        _("The same with published royalty figures of the industry, of universities and of all industries."),
    ),
}
PARTS = {
    "data": _("Inputs measured or stated rather than assumed"),
    "comparables": _("Number and likeness of comparables"),
    "agreement": _("Agreement of the methods"),
    "readiness": _("Readiness of the technology"),
    "dispersion": _("Narrowness of the result"),
    "indicators": _("Patent indicators"),
}
GRADES = {
    "A": _("Well supported"), "B": _("Fairly supported"), "C": _("Weakly supported"),
    "D": _("Hardly supported"),
}  # fmt: skip
GRADE_TONES = {"A": "verified", "B": "verified", "C": "waiting", "D": "danger"}
#: Reasons that the owner mends by answering more.
MENDED_BY_OWNER = {Reason.NO_REVENUE, Reason.NO_TRL}


def asking(technology: Technology) -> Decimal | None:
    """Give the amount to mark beside the range: the lowest price wished, else the highest."""
    return technology.price_min if technology.price_min is not None else technology.price_max


def _language() -> str:
    return money.language_of(get_language())


def write(value: float, unit: str) -> str:
    """Write a stored value: VND, fraction (as a percentage), years."""
    if unit == "VND":
        return money.short(Decimal(repr(value)), _language())
    if unit == "fraction":
        return money.percent(Decimal(repr(value)) * 100, _language(), 1)
    places = 0 if float(value).is_integer() else 1
    figure = money.number(value, _language(), places)
    return ngettext("%(figure)s year", "%(figure)s years", 1 if value == 1 else 2) % {"figure": figure}


def _values(row: dict[str, Any]) -> str:
    texts = list(dict.fromkeys(write(value, row["unit"]) for value in row["values"]))
    return " – ".join(texts)


def input_rows(suggestion: Suggestion) -> list[dict[str, Any]]:
    """Give each input with its value, origin, source and certainty; those still to be confirmed are marked."""
    rows = []
    for row in suggestion.inputs["rows"]:
        label, hint = INPUTS[row["name"]]
        origin, tone = ORIGINS[row["origin"]]
        source = "; ".join(str(SOURCES.get(part, part)) for part in row["source"].split("; "))
        if row["name"] == "legal_life":
            end = date_format(datetime.date.fromisoformat(source), "SHORT_DATE_FORMAT")
            source = gettext("IP right until %(end)s") % {"end": end}
        elif row["origin"] == "owner":
            source = gettext("Stated in the listing")
        rows.append({
            "label": label, "hint": hint, "value": _values(row), "origin": origin, "tone": tone, "source": source,
            "note": NOTES.get(row["note"], ""), "unconfirmed": row["certainty"] == "B",
        })  # fmt: skip
    return rows


def method_rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the methods as the football field takes them, each with what it does and its weight."""
    rows = []
    for bar in result["bars"]:
        label, what = METHODS[bar["method"]]
        weight = gettext("weight %(share)s") % {"share": write(bar["weight"], "fraction")}
        rows.append({
            "label": label, "note": f"{what} ({weight})", "used": bar["weight"] > 0,
            **{end: round_significant(bar[key]) for end, key in (("low", "p10"), ("mid", "p50"), ("high", "p90"))},
        })  # fmt: skip
    return rows


def _driver_values(driver: dict[str, Any]) -> tuple[str, str, str]:
    unit = "VND" if driver["name"] == "revenue" else "fraction"
    digits = 2 if unit == "VND" else 3
    low, middle, high = (
        write(round_significant(driver[key], digits), unit) for key in ("input_low", "input_mid", "input_high")
    )
    return low, middle, high


def _effect(share: float | None) -> str:
    if share is None:
        return "–"
    figure = money.percent(round(abs(share) * 100), _language(), 0)
    return f"+{figure}" if share >= 0 else f"−{figure}"


def driver_rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the three widest drivers in plain words with their effect on the middle value."""
    rows = []
    for driver in result["drivers"]:
        low, middle, high = _driver_values(driver)
        words = {"low": low, "middle": middle, "high": high}
        rows.append({
            "label": INPUTS[driver["name"]][0],
            "lower": gettext("If it is %(low)s instead of %(middle)s") % words,
            "lower_effect": _effect(driver["effect_low"]),
            "higher": gettext("If it is %(high)s instead of %(middle)s") % words,
            "higher_effect": _effect(driver["effect_high"]),
        })  # fmt: skip
    return rows


def tornado_rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Give every driver as a bar of the value at its P10 and P90, the widest first."""
    rows = []
    for driver in result["tornado"]:
        low, _middle, high = _driver_values(driver)
        ends = sorted((driver["value_low"], driver["value_high"], driver["value_mid"]))
        rows.append({
            "label": INPUTS[driver["name"]][0], "note": f"{low} – {high}",
            "low": round_significant(ends[0]), "mid": round_significant(driver["value_mid"]),
            "high": round_significant(ends[2]),
        })  # fmt: skip
    return rows


def comparable_rows(suggestion: Suggestion) -> list[dict[str, Any]]:
    """Give the published figures compared with, and the weight each carried (None when the method was not used)."""
    found = (suggestion.result or {}).get("comparables", {}).get(COMPARABLE_ROYALTIES)
    weights = {row["key"]: row["weight"] for row in found["rows"]} if found else {}
    statistics = {"median": gettext("median"), "mean": gettext("mean")}
    rows = []
    for row in suggestion.inputs["comparables"]:
        dated = "" if row["year"] and str(row["year"]) in row["source"] else row["year"] or gettext("no date")
        rows.append({
            **row, "statistic": statistics[row["statistic"]], "weight": weights.get(row["key"]), "date": dated,
            "unconfirmed": row["certainty"] == "B",
        })  # fmt: skip
    return rows


def grade_of(suggestion: Suggestion) -> dict[str, Any]:
    """Give the grade with its parts and the rule that it follows, as published."""
    grade = (suggestion.result or {})["grade"]
    rule = suggestion.inputs["parameters"]["grade_rule"]
    return {
        "letter": grade["letter"],
        "meaning": GRADES[grade["letter"]],
        "tone": GRADE_TONES[grade["letter"]],
        "score": grade["score"],
        "parts": [{**part, "label": PARTS[part["name"]]} for part in grade["components"]],
        "credit": [(ORIGINS[name][0], share) for name, share in rule["origin_credit"].items()],
        "rule": rule,
    }


def present(suggestion: Suggestion, technology: Technology) -> dict[str, Any]:
    """Give what the full page shows of a suggestion."""
    reasons = [Reason(code) for code in suggestion.no_price]
    result = suggestion.result
    shown: dict[str, Any] = {
        "suggestion": suggestion,
        "reasons": [reason.label for reason in reasons],
        "is_missing_answers": bool(MENDED_BY_OWNER.intersection(reasons)),
        "asking": asking(technology),
        "has_result": result is not None,
        "inputs": input_rows(suggestion),
        "valued_on": datetime.date.fromisoformat(suggestion.inputs["valued_on"]),
    }
    if result is not None:
        shown |= {
            "methods": method_rows(result),
            "drivers": driver_rows(result),
            "tornado": tornado_rows(result),
            "comparables": comparable_rows(suggestion),
            "compared": COMPARABLE_ROYALTIES in result["comparables"],
            "minimum_comparables": suggestion.inputs["parameters"]["minimum_comparables"],
            "grade": grade_of(suggestion),
            "opening_ask": result["opening_ask_at_most"],
            "reserve": result["reserve_at_least"],
            "conventions": result["conventions"],
            "unconfirmed_count": sum(row["certainty"] == "B" for row in suggestion.inputs["rows"]),
        }
    return shown
