"""Components that show a judgement and what it rests on: readiness, price, match, deal."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .formats import money_text, number, share
from .page import STEP_STATES
from .registry import at, is_given, need_keys, one_of, register, to_number

TIERS = {"public": "globe", "registered": "person", "nda": "lock", "closed": "lock"}
REASON_KINDS = ("meaning", "word", "answer", "exchange", "fact")
LONG = 40  # characters of a reason, sentences above all, that does not stand beside its bar but above it
VERDICT_ICONS = {"fits": "check", "near": "minus", "not": "close"}


@register.simple_tag
def trl_gauge(
    value: Any, *, needed_from: Any = None, needed_to: Any = None, size: str = "normal", label: bool = True
) -> SafeString:
    """Technology readiness as nine cells, those the buyer needs outlined. An absent value leaves all empty."""
    level = _level("value", value)
    low, high = _level("needed_from", needed_from), _level("needed_to", needed_to)
    if low is not None and high is None:
        high = 9
    if high is not None and low is None:
        low = 1
    if low is not None and high is not None and low > high:
        raise ValueError(f"needed_from={low} is above needed_to={high}")
    return _drawn_gauge(level, low, high, one_of("size", size, {"small", "normal"}), bool(label), get_language())


@lru_cache(maxsize=512)
def _drawn_gauge(
    level: int | None, low: int | None, high: int | None, size: str, label: bool, language: str | None
) -> SafeString:
    """Draw it: a list shows the same few gauges over and over."""
    cells = [
        {
            "number": number,
            "x": 2 + (number - 1) * 22,
            "text_x": 12 + (number - 1) * 22,
            "filled": level is not None and number <= level,
            "reached": number == level,
            "needed": low is not None and high is not None and low <= number <= high,
        }
        for number in range(1, 10)
    ]
    values = {"level": level, "low": low, "high": high, "cells": cells, "size": size, "label": label}
    return render_to_string("components/trl_gauge.html", values)


def _level(name: str, value: Any) -> int | None:
    if not is_given(value):
        return None
    level = int(str(value))
    if not 1 <= level <= 9:
        raise ValueError(f"{name}={value!r} is not a readiness level 1-9")
    return level


@register.inclusion_tag("components/price_range.html")
def price_range(
    *,
    p10: Any,
    p50: Any,
    p90: Any,
    asking: Any = None,
    budget: Any = None,
    certified: Any = None,
    size: str = "normal",
    label: Any = "",
    verdict: bool = True,
) -> dict[str, Any]:
    """A range in VND as a bar from P10 to P90 with the median, the price wished and the budget marked.

    It is a suggested range, unless `label` says what else it is. A `certified` value is marked on the same scale and
    named apart from the legend: it is no part of what was computed.
    """
    low, middle, high = to_number("p10", p10), to_number("p50", p50), to_number("p90", p90)
    if low is None or middle is None or high is None:
        raise TypeError("a range needs p10, p50 and p90")
    if not low <= middle <= high:
        raise ValueError(f"p10={low:g}, p50={middle:g}, p90={high:g} are not in order")
    ask, purse = to_number("asking", asking), to_number("budget", budget)
    expert = to_number("certified", certified)
    place = _scale([low, middle, high, ask, purse, expert])
    return {
        "low": p10,
        "middle": p50,
        "high": p90,
        "asking": asking if is_given(asking) else None,
        "budget": budget if is_given(budget) else None,
        "certified": certified if is_given(certified) else None,
        "x_certified": None if expert is None else at(place(expert)),
        "x_low": at(place(low)),
        "x_middle": at(place(middle)),
        "width": at(place(high) - place(low)),
        "x_asking": None if ask is None else at(place(ask)),
        "x_budget": None if purse is None else at(place(purse)),
        "label": label,
        "asking_verdict": _verdict(ask, low, high) if verdict else "",
        "size": one_of("size", size, {"small", "normal"}),
    }


def _scale(values: Sequence[float | None]) -> Any:
    """Give a function from an amount to its place 0-1, with a margin on both sides."""
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    margin = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    start, length = low - margin, (high - low) + 2 * margin
    return lambda amount: (amount - start) / length


def _verdict(asking: float | None, low: float, high: float) -> str:
    if asking is None:
        return ""
    if asking < low:
        return _("The lowest price wished is below the suggested range.")
    if asking > high:
        return _("The lowest price wished is above the suggested range.")
    return _("The lowest price wished lies within the suggested range.")


@register.inclusion_tag("components/football_field.html")
def football_field(
    methods: Iterable[Mapping[str, Any]], *, caption: Any, asking: Any = None, budget: Any = None, certified: Any = None
) -> dict[str, Any]:
    """What each valuation method gives, on one scale: rows of `label`, `low`, `mid`, `high`, and `note`, `used`.

    `certified`: a value that stands beside them, marked across all rows and named in a line of its own.
    """
    rows = [need_keys("method", method, ("label", "low", "mid", "high"), ("note", "used")) for method in methods]
    ask, purse = to_number("asking", asking), to_number("budget", budget)
    amounts = [to_number(key, row[key]) for row in rows for key in ("low", "mid", "high")]
    if None in amounts:
        raise TypeError("each method needs low, mid and high")
    expert = to_number("certified", certified)
    place = _scale([*amounts, ask, purse, expert]) if rows else None
    for row in rows:
        assert place is not None
        low, mid, high = (to_number(key, row[key]) for key in ("low", "mid", "high"))
        assert low is not None
        assert mid is not None
        assert high is not None
        row |= {"x": at(place(low)), "x_mid": at(place(mid)), "width": at(max(place(high) - place(low), 0.004))}
        row["unused"] = row["used"] is False
    return {
        "rows": rows,
        "caption": caption,
        "asking": asking if is_given(asking) else None,
        "budget": budget if is_given(budget) else None,
        "certified": certified if is_given(certified) else None,
        "x_certified": None if expert is None or place is None else at(place(expert)),
        "x_asking": None if ask is None or place is None else at(place(ask)),
        "x_budget": None if purse is None or place is None else at(place(purse)),
    }


@register.inclusion_tag("components/match_reasons.html")
def match_reasons(reasons: Iterable[Mapping[str, Any]], *, heading: Any = "") -> dict[str, Any]:
    """Why a match was made: rows of `kind` (meaning, word, answer, exchange, fact), `label`, `detail`, and a `weight` or `verdict`.

    `weight`, -1 to 1: of meaning the cosine, of words the share of the score by words, of answers what they move the
    order by.
    `verdict` (fits, near, not) is of a fact, which does not change the score.
    """
    heads = {
        "meaning": (_("Alike in meaning"), _("how near, up to 1")),
        "word": (_("Words in common"), _("share of the score by words")),
        "answer": (_("Your earlier answers"), _("they move the order, not the score")),
        "exchange": (_("Answers on this exchange"), _("they move the order, not the score")),
        "fact": (_("Facts"), _("they do not change the score")),
    }
    groups: dict[str, list[dict[str, Any]]] = {kind: [] for kind in REASON_KINDS}
    for reason in reasons:
        row = need_keys("reason", reason, ("kind", "label"), ("detail", "weight", "verdict"))
        kind = one_of("kind", row["kind"], REASON_KINDS)
        if row["verdict"] is not None:
            row |= {"icon": VERDICT_ICONS[one_of("verdict", row["verdict"], VERDICT_ICONS)]}
        else:
            row |= _weighed(kind, row["weight"]) | {"is_long": len(str(row["label"])) > LONG}
        groups[kind].append(row)
    shown = [
        {"kind": kind, "name": heads[kind][0], "note": heads[kind][1], "reasons": rows}
        for kind, rows in groups.items()
        if rows
    ]
    return {"groups": shown, "heading": heading}


def _weighed(kind: str, given: Any) -> dict[str, Any]:
    weight = to_number("weight", given)
    if weight is None or not -1 <= weight <= 1:
        raise ValueError(f"weight={given!r} is not between -1 and 1")
    said = number(abs(weight), 2) if kind == "meaning" else share(abs(weight), 0)
    sign = "−" if weight < 0 else "+" if kind in {"answer", "exchange"} else ""
    return {"width": at(abs(weight)), "against": weight < 0, "said": sign + said}


@register.inclusion_tag("components/score.html")
def score(value: Any, *, label: Any = "", size: str = "normal") -> dict[str, Any]:
    """A match score, a fraction 0-1, as a whole number of 100 with its arc."""
    fraction = to_number("value", value)
    if fraction is not None and not 0 <= fraction <= 1:
        raise ValueError(f"value={value!r} is not a fraction 0-1")
    return {
        "points": None if fraction is None else min(99, round(100 * fraction)),  # nothing is certain
        "dash": f"{100 * (fraction or 0):.1f} 100",
        "label": label or _("Match"),
        "tone": "verified" if (fraction or 0) >= 0.6 else "neutral",
        "size": one_of("size", size, {"small", "normal"}),
    }


@register.inclusion_tag("components/bridge.html")
def bridge(
    *, left_title: Any, right_title: Any, left_href: str = "", right_href: str = "", left_note: Any = "",
    right_note: Any = "", value: Any = None, left_lang: str = "", right_lang: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Supply on the left bank, demand on the right, the match score (0-1) on the bridge between them."""
    return {
        "left": {"title": left_title, "href": left_href, "note": left_note, "lang": left_lang},
        "right": {"title": right_title, "href": right_href, "note": right_note, "lang": right_lang},
        "value": value if is_given(value) else None,
    }


@register.inclusion_tag("components/stepper.html")
def stepper(
    steps: Iterable[Mapping[str, Any]], *, label: Any = "", next_act: Any = "", owner: Any = "", due: Any = None,
    yours: bool = False, href: str = ""
) -> dict[str, Any]:  # fmt: skip
    """A lifecycle: rows of `label`, `state` (done, current, todo, error, skipped), and `when`, `href`.

    Below it the next act and who must do it; `yours` when that is the reader.
    """
    rows = [need_keys("step", step, ("label", "state"), ("when", "href")) for step in steps]
    names = {
        "done": _("done"), "current": _("now"), "todo": _("to come"), "error": _("stopped"), "skipped": _("skipped")
    }  # fmt: skip
    for row in rows:
        row["state_name"] = names[one_of("state", row["state"], STEP_STATES)]
    return {
        "steps": rows,
        "label": label or _("Progress"),
        "next_act": next_act,
        "owner": owner,
        "due": due if is_given(due) else None,
        "yours": yours,
        "href": href,
    }


@register.inclusion_tag("components/offer_diff.html")
def offer_diff(
    changes: Iterable[Mapping[str, Any]], *, caption: Any, before: Any = "", after: Any = ""
) -> dict[str, Any]:
    """What changed since the last offer: rows of `label`, `before`, `after` (texts; None when absent).

    `before` and `after` name the two offers. Rows whose two texts agree are shown as unchanged.
    """
    rows = []
    for change in changes:
        row = need_keys("change", change, ("label", "before", "after"), ())
        was, now = is_given(row["before"]), is_given(row["after"])
        row["kind"] = (
            "same" if row["before"] == row["after"] or not (was or now)
            else "added" if not was else "removed" if not now else "changed"
        )  # fmt: skip
        rows.append(row)
    return {
        "rows": rows,
        "caption": caption,
        "before": before or _("Last offer"),
        "after": after or _("This offer"),
        "changed": sum(row["kind"] != "same" for row in rows),
    }


@register.inclusion_tag("components/file_tile.html")
def file_tile(
    *, name: Any, tier: str, size: Any = None, kind: Any = "", href: str = "", locked: bool = False,
    how_to_open: Any = "", when: Any = None
) -> dict[str, Any]:  # fmt: skip
    """A document with its disclosure tier: public, registered, nda, or closed: for those alone whom it concerns.

    A `locked` one says how to open it.
    """
    names = {
        "public": _("Public"),
        "registered": _("Anyone signed in"),
        "nda": _("Under NDA"),
        "closed": _("Not public"),
    }
    one_of("tier", tier, TIERS)
    return {
        "name": name,
        "tier": tier,
        "tier_name": names[tier],
        "tier_icon": TIERS[tier],
        "size": size if is_given(size) else None,
        "kind": kind,
        "href": href,
        "locked": locked,
        "how_to_open": how_to_open,
        "when": when if is_given(when) else None,
    }


@register.simple_tag
def price_text(low: Any, high: Any) -> str:
    """A price range in words: `1,25 – 2 tỷ ₫` written as two amounts, or the one that is known."""
    if is_given(low) and is_given(high):
        return f"{money_text(low)} – {money_text(high)}"
    if is_given(low):
        return _("from %(amount)s") % {"amount": money_text(low)}
    if is_given(high):
        return _("up to %(amount)s") % {"amount": money_text(high)}
    return _("Price on request")
