"""Which part of a suggestion a reader gets: the only place that decides it, for pages, API, report and what-if.

Five readers. The owner's people read all, with what they would settle for. The exchange's operators read all but that.
Outsiders who see the technology read everything the range rests on when the owner discloses it; the range, the grade,
and names and effects of the drivers when he does not. When he was never asked they read published figures and what
follows from them, but not the sales that the listing states (the listing keeps these, too, at its own doors), nor the
digits by which they could be worked back more closely than from the range itself. Where the owner gave answers that are
never disclosed, outsiders read nothing that is computed from them but the range and its grade (`valuation.open_result`).
"""

import enum
from typing import Any, Final

from listings.models import Technology
from listings.policies import Viewer
from rules.selectors import number
from valuation import policies
from valuation.answers import Answers
from valuation.defaults import PREFIX, UNANSWERED
from valuation.methods.reconcile import round_significant
from valuation.models import Disclosure, Interview, Suggestion
from valuation.open_result import OWNERS, is_kept, open_result
from valuation.questions import QUESTIONS

SECRET: Final = {code for code, question in QUESTIONS.items() if question.is_secret}


class Reader(enum.StrEnum):
    """Who reads."""

    OWNER = "owner"
    OPERATOR = "operator"
    BASIS = "basis"
    LISTED = "listed"
    RANGE = "range"

    @property
    def reads_basis(self) -> bool:
        """Tell whether inputs, methods and sensitivity are shown with their figures."""
        return self is not Reader.RANGE

    @property
    def is_inside(self) -> bool:
        """Tell whether the reader reads answers that are never disclosed to outsiders (but what the owner would take)."""
        return self in {Reader.OWNER, Reader.OPERATOR}


def reader_of(viewer: Viewer, technology: Technology, interview: Interview | None) -> Reader:
    """Tell how a viewer who sees the technology reads its suggestions."""
    if policies.is_owners_person(viewer, technology):
        return Reader.OWNER
    if policies.serves(viewer, technology):
        return Reader.OPERATOR
    if interview is None or interview.version == 0:
        return Reader.LISTED
    return Reader.BASIS if interview.disclosure == Disclosure.BASIS else Reader.RANGE


def open_answers(answers: Answers, reader: Reader) -> Answers:
    """Give the answers that a reader may read, and from which he may compute."""
    if reader.is_inside:
        return answers
    return answers.without(SECRET) if reader is Reader.BASIS else Answers()


def is_explained_openly(suggestion: Suggestion, reader: Reader) -> bool:
    """Tell whether the reader gets the methods run without the answers that are never disclosed, for there are some."""
    return not reader.is_inside and bool(SECRET.intersection(suggestion.inputs.get("answers", {})))


def costs_a_computation(suggestion: Suggestion, reader: Reader) -> bool:
    """Tell whether giving the reader his result has to simulate: the open one, while it is not kept."""
    return suggestion.result is not None and is_explained_openly(suggestion, reader) and not is_kept(suggestion)


def can_reproduce(suggestion: Suggestion, reader: Reader) -> bool:
    """Tell whether the reader gets parameters, seed and hash. A hash of something secret would let it be guessed."""
    if reader.is_inside:
        return True
    return reader is Reader.BASIS and not is_explained_openly(suggestion, reader)


def parameters(suggestion: Suggestion, reader: Reader) -> dict[str, Any] | None:
    """Give the exact arguments to whom may compute with them. What a public owner may not sell below stays with him and
    the exchange; no figure of the range depends on it.
    """
    if not can_reproduce(suggestion, reader):
        return None
    found: dict[str, Any] | None = suggestion.inputs["parameters"]
    return found if found is None or reader.is_inside else {**found, "sunk_cost_floor": None}


def input_rows(suggestion: Suggestion, reader: Reader) -> list[dict[str, Any]]:
    """Give the inputs that a reader may read; an outsider without the basis reads origin and source, not the figures."""
    rows = list(suggestion.inputs["rows"])
    if reader.is_inside or reader is Reader.BASIS:
        return rows
    answered = suggestion.inputs.get("answers", {})
    return [{**row, "values": [] if _is_kept(row, answered) else row["values"]} for row in rows]


def _is_kept(row: dict[str, Any], answered: dict[str, Any]) -> bool:
    """A row that rests on an answer: given itself, or computed from answers (cost, chance, discount rate); stated sales."""
    if row["name"] == "revenue":
        return True
    return bool(answered) and (row["name"] in answered or row["name"] in {"cost", "success", "stages", "discount_rate"})


def comparables(suggestion: Suggestion, reader: Reader) -> list[dict[str, Any]]:
    """Give the figures compared with; deals that the owner named stay with him and the exchange."""
    rows = list(suggestion.inputs["comparables"])
    return rows if reader.is_inside else [row for row in rows if row["statistic"] != "deal"]


def result(suggestion: Suggestion, reader: Reader) -> dict[str, Any] | None:
    """Give what of the result a reader may read; None when nothing was computed.

    What an owner would take (reserve, zone) is taken out here for everyone; `walk_away` gives it to his people.
    """
    stored = suggestion.result
    if stored is not None and is_explained_openly(suggestion, reader):
        stored = open_result(suggestion)
    if stored is None:
        return None
    kept = {
        name: value
        for name, value in stored.items()
        if name not in {"reserve_at_least", "opening_ask_at_most", "zone", "probability_below_floor"}
    }
    kept["comparables"] = {
        name: {**found, "rows": [row for row in found["rows"] if reader.is_inside or row["source"] != OWNERS]}
        for name, found in kept["comparables"].items()
    }
    if not can_reproduce(suggestion, reader):
        kept |= {"input_hash": "", "seed": None}
    if reader is Reader.LISTED:
        return _without_sales(kept)
    if reader.reads_basis:
        return kept
    for hidden in ("methods", "pooled", "rank_correlation", "comparables", "equivalents", "proposal", "life"):
        kept.pop(hidden, None)
    kept["bars"] = [
        {"method": bar["method"], "weight": bar["weight"], "p10": None, "p50": None, "p90": None}
        for bar in kept["bars"]
    ]
    figures = ("input_low", "input_mid", "input_high", "value_low", "value_mid", "value_high")
    for name in ("drivers", "tornado"):
        kept[name] = [{**driver, **dict.fromkeys(figures)} for driver in kept[name]]
    return kept


def _without_sales(kept: dict[str, Any]) -> dict[str, Any]:
    """Leave out the stated sales and, of all that is proportional to them, every digit but two."""
    for hidden in ("methods", "pooled", "rank_correlation"):
        kept.pop(hidden, None)
    for name in ("drivers", "tornado"):
        kept[name] = [
            {**row, **dict.fromkeys(("input_low", "input_mid", "input_high"))} if row["name"] == "revenue" else row
            for row in kept[name]
        ]
    rounded = ("bars", "drivers", "tornado", "equivalents", "proposal")
    return {name: _in_two_digits(value) if name in rounded else value for name, value in kept.items()}


def _in_two_digits(value: Any) -> Any:
    if isinstance(value, float):
        return round_significant(value)
    if isinstance(value, dict):
        return {key: _in_two_digits(one) for key, one in value.items()}
    return [_in_two_digits(one) for one in value] if isinstance(value, list) else value


def walk_away(suggestion: Suggestion, interview: Interview | None, reader: Reader) -> dict[str, Any] | None:
    """Give the owner's side in VND, None for anyone else: `least`, the most to ask first, and the buyer's ceiling.

    `least` = max(P25 of the range, state money a public owner spent, what he has without the deal); `rule` names which
    of them it is: quarter, state_money, alternative (as he answered) or standing (the exchange's row). `ceiling`: what
    a typical buyer gains by the owner's own estimate. Source: domain file sections 2 (price range) and 8.
    """
    found = suggestion.result
    if reader is not Reader.OWNER or found is None:
        return None
    alternative = Answers(interview.answers).number("walk_away") if interview is not None else None
    stated = alternative is not None
    if alternative is None:
        alternative = float(number(f"{PREFIX}{UNANSWERED}walk_away")) or None
    computed = found["reserve_at_least"]
    spent = (suggestion.inputs.get("parameters") or {}).get("sunk_cost_floor")
    known = [value for value in (computed, alternative) if value is not None]
    least, rule = (max(known) if known else None), "quarter"
    if alternative is not None and least == alternative:
        rule = "alternative" if stated else "standing"
    elif spent is not None and computed is not None and round_significant(spent) == computed:
        rule = "state_money"
    zone = found.get("zone")
    return {
        "least": least,
        "rule": rule,
        "computed": computed,
        "alternative": alternative,
        "opening": found["opening_ask_at_most"],
        "ceiling": None if zone is None else zone["buyer_maximum"],
    }
