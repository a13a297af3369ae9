"""A stored suggestion in words and rows for pages, in the reader's language, as far as the reader may read it."""

import datetime
import math
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext

from listings.forms.technology import INDUSTRIES
from listings.models import Technology
from marketplace.kit import money
from rules import words as rule_words
from valuation import disclosure, selectors
from valuation.answers import Answers
from valuation.closed_presenters import key_words
from valuation.closed_selectors import base_of
from valuation.disclosure import Reader
from valuation.inputs import computed_from
from valuation.methods.reconcile import round_significant
from valuation.methods.statement import COMPARABLE_ROYALTIES, STAGED
from valuation.methods.types import jsonable
from valuation.models import Interview, Reason, Suggestion
from valuation.rule_words import UNFED
from valuation.whatif import Outcome
from valuation.words import (
    AMOUNTS,
    CONVENTIONS,
    FORMS,
    GRADE_TONES,
    GRADES,
    INPUTS,
    LEAST,
    MENDED_BY_OWNER,
    METHODS,
    NOTES,
    ORIGINS,
    PARTS,
    RATE_NOTES,
    RATES,
    RUNGS,
    SOURCES,
)

__all__ = ["GRADES", "GRADE_TONES", "ORIGINS", "Reason", "asking", "present", "write"]


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
    if unit == "":
        return money.number(Decimal(repr(value)), _language())
    places = 0 if float(value).is_integer() else 1
    figure = money.number(value, _language(), places)
    return ngettext("%(figure)s year", "%(figure)s years", 1 if value == 1 else 2) % {"figure": figure}


def _values(row: dict[str, Any]) -> str:
    if not row["values"]:
        return gettext("not disclosed")
    texts = list(dict.fromkeys(write(value, row["unit"]) for value in row["values"]))
    return " – ".join(texts)


def source_words(source: str) -> str:
    """Write one source in the reader's language."""
    return key_words(source) or (str(SOURCES[source]) if source in SOURCES else rule_words.source_words(source))


def input_source(row: dict[str, Any], answered: dict[str, Any]) -> str:
    """Name where an input comes from: sources, the end of a right, the listing, or the owner's answer."""
    source = "; ".join(source_words(part) for part in row["source"].split("; "))
    if row["name"] == "legal_life":
        end = date_format(datetime.date.fromisoformat(source), "SHORT_DATE_FORMAT")
        return gettext("IP right until %(end)s") % {"end": end}
    if row["name"] in answered or not source:
        is_listed = row["name"] == "revenue" and "revenue" not in answered
        return gettext("Stated in the listing") if is_listed else gettext("The owner's answer")
    return source


def input_rows(suggestion: Suggestion, reader: Reader) -> list[dict[str, Any]]:
    """Give each input with its value, origin, source and certainty; those still to be confirmed are marked."""
    rows = []
    answered = suggestion.inputs.get("answers", {})
    for row in disclosure.input_rows(suggestion, reader):
        label, hint = INPUTS[row["name"]]
        origin, tone = ORIGINS[row["origin"]]
        source = input_source(row, answered)
        rows.append({
            "label": label, "hint": hint, "value": _values(row), "origin": origin, "tone": tone, "source": source,
            "note": NOTES.get(row["note"], ""), "unconfirmed": row["certainty"] == "B",
        })  # fmt: skip
    return rows


def method_rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the methods as the football field takes them, each with what it does and its weight."""
    rows = []
    for bar in result["bars"]:
        if bar["p50"] is None:
            continue
        label, _what = METHODS[bar["method"]]
        weight = gettext("weight %(share)s") % {"share": money.percent(bar["weight"] * 100, _language(), 0)}
        rows.append({
            "label": label, "note": weight if bar["weight"] > 0 else "", "used": bar["weight"] > 0,
            **{end: round_significant(bar[key]) for end, key in (("low", "p10"), ("mid", "p50"), ("high", "p90"))},
        })  # fmt: skip
    return rows


def _driver_values(driver: dict[str, Any]) -> tuple[str, str, str]:
    unit = "VND" if driver["name"] in AMOUNTS else "fraction"
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


def driver_rows(result: dict[str, Any], inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the three widest drivers in plain words with their effect on the middle value.

    The figures compared are quantiles of what was drawn; `given` are the three from which it was drawn, of `inputs`.
    """
    given = {row["name"]: _values(row) for row in inputs if len(set(row["values"])) > 1}
    rows = []
    for driver in result["drivers"]:
        if driver["input_mid"] is None:
            words_low, words_high = (
                gettext("At the low end"),
                gettext("At the high end"),
            )
            rows.append({
                "label": INPUTS[driver["name"]][0], "given": "", "lower": words_low, "lower_effect": _effect(driver["effect_low"]),
                "higher": words_high, "higher_effect": _effect(driver["effect_high"]),
            })  # fmt: skip
            continue
        low, middle, high = _driver_values(driver)
        words = {"low": low, "middle": middle, "high": high}
        rows.append({
            "label": INPUTS[driver["name"]][0], "given": given.get(driver["name"], ""),
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
        if driver["input_mid"] is None:
            continue
        low, _middle, high = _driver_values(driver)
        ends = sorted((driver["value_low"], driver["value_high"], driver["value_mid"]))
        rows.append({
            "label": INPUTS[driver["name"]][0], "note": f"{low} – {high}",
            "low": round_significant(ends[0]), "mid": round_significant(driver["value_mid"]),
            "high": round_significant(ends[2]),
        })  # fmt: skip
    return rows


def comparable_rows(suggestion: Suggestion, result: dict[str, Any], reader: Reader) -> list[dict[str, Any]]:
    """Give the figures compared with, how they were adjusted, and the weight each carried (None: not used)."""
    found = result.get("comparables", {}).get(COMPARABLE_ROYALTIES)
    used = {row["key"]: row for row in found["rows"]} if found else {}
    statistics = {"median": gettext("median"), "mean": gettext("mean"), "deal": gettext("a deal named by the owner")}
    names = {"exclusivity": gettext("exclusive or not"), "selling_price": gettext("net selling price in net revenue")}
    rows = []
    for row in disclosure.comparables(suggestion, reader):
        dated = "" if row["year"] and str(row["year"]) in row["source"] else row["year"] or gettext("no date")
        own, mine = row["statistic"] == "deal", used.get(row["key"])
        changes = [
            f"{names.get(name, name)} × {money.number(round(factor, 2), _language())}"
            for name, factor in row.get("adjustments", {}).items()
        ]
        rows.append({
            **row, "industry": gettext("Own deal") if own else named(row["industry"]), "is_own": own,
            "source": source_words(row["source"]),
            "statistic": statistics[row["statistic"]], "n": None if own else row["n"],
            "weight": mine["weight"] if mine else None, "adjusted": mine["adjusted"] if mine and changes else None,
            "base": base_words(row), "changes": ", ".join(changes), "date": dated, "unconfirmed": row["certainty"] == "B",
            "note": "" if own else key_words(row["note"]) or str(RATE_NOTES.get(row["note"], row["note"])),
        })  # fmt: skip
    return rows


def base_words(row: dict[str, Any]) -> str:
    """Say of what a figure compared with is a share, where it is not net sales as the others are; empty otherwise."""
    return gettext("of the net selling price") if base_of(row) == "net_selling_price" else ""


def figure_name(row: dict[str, Any]) -> str:
    """Name a figure compared with, and its base where it is another than that of the others."""
    name = named(row["industry"]) or gettext("Own deal")
    return ", ".join(filter(None, [name, base_words(row)]))


def cited(row: dict[str, Any]) -> str:
    """Give the source of a published figure and its year, once."""
    source, year = row["source"], str(row["year"] or "")
    return ", ".join(filter(None, [source_words(source), "" if year in source else year]))


def named(industry: str) -> str:
    """Give the name of a published figure in the reader's language: an industry of the listing's form, or one of ours."""
    names: dict[str, Any] = {str(code): label for code, label in INDUSTRIES if code} | RATES
    return key_words(industry) or str(names.get(industry, industry))


def rung_rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Give every method with its weight and why it counts so; the used ones first."""
    weights = {bar["method"]: bar["weight"] for bar in result["bars"]}
    order = {"used": 0, "shown": 1, "rejected": 2}
    rungs = sorted(result.get("ladder", []), key=lambda rung: order[rung["state"]])
    return [
        {
            "label": METHODS[rung["method"]][0], "what": METHODS[rung["method"]][1], "state": rung["state"],
            "weight": weights.get(rung["method"]), "reason": RUNGS[rung["reason"]],
        }
        for rung in rungs
    ]  # fmt: skip


def _share(value: float) -> str:
    return money.percent(Decimal(repr(round_significant(value * 100))), _language(), 2)


def form_rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the payment forms of the law that are worth the middle of the range, in two significant digits."""
    found = result.get("equivalents")
    if not found:
        return []
    rows = [
        {"label": gettext("Lump sum"), "what": gettext("All at once, today"), "value": write(found["lump_sum"], "VND")}
    ]
    if found["instalments"]:
        parts = [
            gettext("%(amount)s today") % {"amount": write(round_significant(amount), "VND")}
            if time == 0
            else ngettext("%(amount)s after %(n)s year", "%(amount)s after %(n)s years", int(time))
            % {"amount": write(round_significant(amount), "VND"), "n": int(time)}
            for time, amount in found["instalments"]
        ]
        rows.append(
            {"label": gettext("Instalments"), "what": gettext("Fixed, whatever is sold"), "value": ", ".join(parts)}
        )
    rows += [
        {"label": str(label), "what": str(what), "value": _share(found["shares"][form]["fraction"])}
        for form, (label, what) in FORMS.items()
        if form in found["shares"]
    ]
    if found["equity"]:
        rows.append({
            "label": gettext("Share of a joint company"), "what": gettext("The technology as capital contribution"),
            "value": _share(found["equity"]["fraction"]),
        })  # fmt: skip
    return rows


def proposal_of(result: dict[str, Any]) -> dict[str, Any] | None:
    """Give the terms to propose in place of a price, in words for amounts, years and shares."""
    found = result.get("proposal")
    if not found:
        return None
    texts: dict[str, Any] = {
        name: None if found[name] is None else write(found[name], "VND")
        for name in ("option_fee", "exercise_price", "signing", "milestone")
    }
    texts["option_years"] = None if found["option_years"] is None else write(found["option_years"], "years")
    texts["milestone_years"] = write(found["milestone_years"], "years")
    texts["milestone_chance"] = _share(found["milestone_chance"])
    texts["royalty"] = None if found["royalty"] is None else _share(found["royalty"])
    texts["volatility"] = None if found["volatility"] is None else _share(found["volatility"])
    texts["basis"] = METHODS[found["basis"]][0] if found["basis"] else ""
    return texts


def own_side(
    suggestion: Suggestion, interview: Interview | None, reader: Reader, wished: Decimal | None
) -> dict[str, Any] | None:
    """Give the owner's side in two significant digits, and whether he wishes less than his least; None for others."""
    found = disclosure.walk_away(suggestion, interview, reader)
    if found is None or found["least"] is None:
        return None
    rule = found.pop("rule")
    rounded = {name: None if value is None else round_significant(value) for name, value in found.items()}
    ceiling, least = rounded["ceiling"], round_significant(found["least"])
    return {
        **rounded,
        "rule": LEAST[rule],
        "is_open": ceiling is not None and least <= ceiling,
        "wishes_less": wished is not None and float(wished) < least,
    }


def grade_of(suggestion: Suggestion, result: dict[str, Any]) -> dict[str, Any]:
    """Give the grade with its parts, as far as `result` shows them, and the rule that it follows, as published."""
    grade = result["grade"]
    rule = suggestion.inputs["parameters"]["grade_rule"]
    return {
        "letter": suggestion.grade,
        "meaning": GRADES[suggestion.grade],
        "tone": GRADE_TONES[suggestion.grade],
        "score": grade["score"],
        "parts": [{**part, "label": PARTS[part["name"]]} for part in grade["components"]],
        "leaves_out_indicators": all(part["name"] != UNFED for part in grade["components"]),
        "scatter": round_significant(math.exp(rule["dispersion_zero"])),
        "credit": [(ORIGINS[name][0], share) for name, share in rule["origin_credit"].items()],
        "rule": rule,
    }


def lever_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the sliders of the what-if panel with name, present value and middle in words."""
    return [
        {
            **row, "label": INPUTS[row["name"]][0], "text": write(round_significant(row["shown"], 3), row["unit"]),
            "middle_text": write(round_significant(row["middle"], 3), row["unit"]),
        }
        for row in rows
    ]  # fmt: skip


def outcome(found: Outcome) -> dict[str, Any]:
    """Give what the what-if panel shows: the range after the change and what it did to the middle."""
    after = found.after
    price = after.price
    return {
        "low": None if price is None else price.low,
        "mid": None if price is None else price.mid,
        "high": None if price is None else price.high,
        "before": None if found.before.price is None else found.before.price.mid,
        "change": _effect(found.change),
        "is_up": (found.change or 0) >= 0,
        "reasons": [Reason(reason.value).label for reason in after.no_price],
        "proposal": proposal_of({"proposal": jsonable(after.proposal)}),
    }


def _has_other_answers(suggestion: Suggestion, interview: Interview | None) -> bool:
    """Tell whether the owner answered since in a way that a new computation would count."""
    given = Answers(interview.answers if interview is not None else {})
    return computed_from(given).given != suggestion.inputs.get("answers", {})


def present(
    suggestion: Suggestion, technology: Technology, reader: Reader, interview: Interview | None = None
) -> dict[str, Any]:
    """Give what the full page shows of a suggestion to a reader."""
    reasons = [Reason(code) for code in suggestion.no_price]
    result = disclosure.result(suggestion, reader)
    explained_openly = result is not None and disclosure.is_explained_openly(suggestion, reader)
    side = own_side(suggestion, interview, reader, asking(technology))
    shown: dict[str, Any] = {
        "suggestion": suggestion,
        "reasons": [reason.label for reason in reasons],
        "is_missing_answers": bool(MENDED_BY_OWNER.intersection(reasons)),
        "asking": asking(technology),
        "has_result": result is not None,
        "reads_basis": reader.reads_basis,
        "is_explained_openly": explained_openly,
        "is_of_earlier_methods": not explained_openly and not selectors.is_of_these_methods(suggestion),
        "can_reproduce": disclosure.can_reproduce(suggestion, reader),
        "inputs": input_rows(suggestion, reader),
        "valued_on": datetime.date.fromisoformat(suggestion.inputs["valued_on"]),
        "own_side": side,
        "judges_wish": not (side and side["wishes_less"]),  # the warning says more than "within the range"
        "is_outdated": reader.is_inside and _has_other_answers(suggestion, interview),
    }
    if result is not None:
        shown |= {
            "methods": method_rows(result),
            "rungs": rung_rows(result),
            "counts_costs": any(
                rung["method"] == STAGED and rung["state"] == "used" for rung in result.get("ladder", [])
            ),
            "counts_amortisation": suggestion.inputs["parameters"].get("tab_life") is not None,
            "drivers": driver_rows(result, disclosure.input_rows(suggestion, reader)),
            "tornado": tornado_rows(result),
            "comparables": comparable_rows(suggestion, result, reader),
            "compared": COMPARABLE_ROYALTIES in result.get("comparables", {}),
            "minimum_comparables": suggestion.inputs["parameters"]["minimum_comparables"],
            "grade": grade_of(suggestion, result),
            "forms": form_rows(result),
            "proposal": proposal_of(result),
            "quantile_rule": CONVENTIONS.get(rule := result["conventions"]["quantile_rule"], rule),
            "unconfirmed_count": sum(row["certainty"] == "B" for row in suggestion.inputs["rows"]),
        }
    return shown
