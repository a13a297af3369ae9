"""The rule of the exchange in words: weights, grade, cuts and the cases without a price, from the dated rows in force."""

import math
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from marketplace.kit import money
from valuation.defaults import Defaults, grade_rule
from valuation.gathering import WEIGHTED
from valuation.methods.ladder import BOUNDS
from valuation.methods.reconcile import round_significant
from valuation.methods.statement import METHODS, Origin
from valuation.words import GRADES, ORIGINS, PARTS, RUNGS, SOURCES
from valuation.words import METHODS as METHOD_WORDS

#: The part that no record feeds yet: as for every range, the others share the whole without it.
UNFED = "indicators"


def _row(defaults: Defaults, code: str) -> dict[str, Any]:
    row = defaults.row(code)
    value = row.value or 0
    language = money.language_of(get_language())
    text = money.percent(value, language) if row.unit == "percent" else money.number(value, language)
    return {
        "text": text, "number": float(value), "source": str(SOURCES.get(row.source, row.source)),
        "valid_from": row.valid_from, "unconfirmed": row.certainty == "B",
    }  # fmt: skip


def scatter_words(defaults: Defaults) -> str:
    """Say how many times above or below the middle one standard deviation lies where narrowness earns nothing."""
    factor = round_significant(math.exp(_row(defaults, "grade.dispersion_zero")["number"]))
    return money.number(factor, money.language_of(get_language()))


def published(defaults: Defaults) -> dict[str, Any]:
    """Give what the page of the rule shows."""
    parts = tuple(PARTS)
    told = {part: _row(defaults, f"grade.weight.{part}") for part in parts}
    total = sum(told[part]["number"] for part in parts if part != UNFED)
    measures = {
        "data": _("Mean credit of the inputs by their origin"),
        "comparables": _("Effective number of comparables times their likeness, full at %(n)s")
        % {"n": _row(defaults, "grade.comparables_full")["text"]},
        "agreement": _("Full when all methods give the same middle, nothing when they differ %(n)s times")
        % {"n": _row(defaults, "grade.spread_zero")["text"]},
        "readiness": _("From nothing at TRL 1 to full at TRL 9"),
        "dispersion": _(
            "Full without spread, nothing when simulated values commonly lie %(times)s times above or below the middle "
            "(standard deviation of their logarithm: %(n)s)"
        )
        % {"n": _row(defaults, "grade.dispersion_zero")["text"], "times": scatter_words(defaults)},
        "indicators": _("Citations, claims and countries of the patent against others of its field and year"),
    }
    weights = {method: _row(defaults, f"weight.{method}") for method in WEIGHTED}
    whole = sum(row["number"] for row in weights.values())
    rule = grade_rule(defaults)
    return {
        "day": defaults.day,
        "methods": [
            {
                "label": METHOD_WORDS[method][0], "what": METHOD_WORDS[method][1],
                "weight": weights.get(method), "share": weights[method]["number"] / whole if method in weights else None,
                "why": "" if method in WEIGHTED else RUNGS[BOUNDS.get(method, "no_weight")],
            }
            for method in METHODS
        ],
        "parts": [
            {
                "label": PARTS[part], "measure": measures[part],
                "share": None if part == UNFED else told[part]["number"] / total, "weight": told[part],
            }
            for part in parts
        ],
        "unfed_share": told[UNFED]["number"] / (total + told[UNFED]["number"]),
        "credits": [
            {"label": ORIGINS[origin.value][0], "tone": ORIGINS[origin.value][1], "row": _row(defaults, f"grade.credit.{origin.value}")}
            for origin in Origin
        ],
        "letters": [
            {"letter": letter, "meaning": GRADES[letter], "from": least}
            for letter, least in (("A", rule.cut_a), ("B", rule.cut_b), ("C", rule.cut_c), ("D", 0.0))
        ],
        "most_spread": _row(defaults, "most_spread"),
        "proposal": {name: _row(defaults, code) for name, code in (
            ("signing", "proposal.signing"), ("milestone", "proposal.milestone"), ("years", "option.years"),
            ("volatility", "option.volatility"),
        )},
        "unconfirmed": sum(row.certainty == "B" for row in defaults.rows.values()),
        "all": len(defaults.rows),
    }  # fmt: skip
