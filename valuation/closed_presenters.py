"""Published groups of closed deals and the calibration in words and rows, in the reader's language."""

import csv
import math
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from listings.models import Field
from listings.selectors import field_list
from marketplace.kit import money
from valuation.closed_selectors import CLOSED, Calibration
from valuation.methods.backtest import NOMINAL, Share, wilson
from valuation.models import DealGroup

RIGHTS = {"licence": _("Licence to use"), "assignment": _("Assignment of ownership")}
EXCLUSIVITY = {"exclusive": _("Exclusive"), "non_exclusive": _("Non-exclusive")}
MEASURES = {
    "royalty.net_revenue": _("Royalty, of net revenue"),
    "royalty.net_selling_price": _("Royalty, of the net selling price"),
    "royalty.pretax_profit": _("Royalty, of profit before tax"),
    "lump_sum": _("Lump sum"),
}
#: Worlds of the simulated market (data/simulated_market.csv), and what is wrong with the suggestions in them.
WORLDS = {
    "well_specified": (_("Prices fall as the ranges say"), _("The 80% range should hold in 80% of the deals.")),
    "overconfident": (_("Prices vary twice as much"), _("The ranges are too narrow.")),
    "biased": (_("Prices are twice as high"), _("The ranges lie too low.")),
    "hidden_factor": (_("Prices follow something nobody asked about"), _("The ranges miss a cause.")),
    "anchored": (_("Parties agree on the middle of the range"), _("The share says nothing: the range made the price.")),
}
#: From here on a share is drawn; below it is told as a number only.
FULL = 100


def _language() -> str:
    return money.language_of(get_language())


def cell_words(group: DealGroup) -> str:
    """Say which deals a group holds: field, right, exclusivity, as far as they are shared."""
    return _cell(group.field, group.right, group.exclusivity)


def _cell(field: Any, right: str, exclusivity: str) -> str:
    parts = [str(field) if field is not None else gettext("All fields")]
    parts += [str(RIGHTS[right])] if right else []
    parts += [str(EXCLUSIVITY[exclusivity])] if exclusivity else []
    return " · ".join(parts)


@lru_cache(maxsize=64)
def _known_field(number: int) -> Field:
    return field_list().get(nr=number)


def _field(number: int) -> Field | None:
    """Give a field of the closed list, which a table of comparables names row by row; it is read once."""
    try:
        return _known_field(number)
    except Field.DoesNotExist:  # which is not kept
        return None


def key_words(key: str) -> str | None:
    """Write a key of `closed_key` in the reader's language; None for any other text."""
    start, _colon, rest = key.partition(":")
    if start != CLOSED:
        return None
    kind, *parts = rest.split(":")
    if kind == "cell":
        number, right, exclusivity = parts
        field = _field(int(number)) if number else None
        if number and field is None:
            return None
        return gettext("Closed deals: %(cell)s") % {"cell": _cell(field, right, exclusivity)}
    if kind == "release":
        release, samples = parts
        words = gettext("This exchange, %(release)s (samples)") if samples else gettext("This exchange, %(release)s")
        return words % {"release": release}
    low = money.number(int(parts[0]), _language())
    return gettext("%(low)s deals or more, the middle of the band") % {"low": low}


def count_words(group: DealGroup) -> str:
    """Say how many deals a group holds, as a band."""
    low = money.number(group.count_from, _language())
    if group.count_to is None:
        return gettext("%(low)s deals or more") % {"low": low}
    return gettext("%(low)s–%(high)s deals") % {"low": low, "high": money.number(group.count_to, _language())}


def _amount(value: float, measure: str) -> str:
    figure = Decimal(repr(value))
    return money.short(figure, _language()) if measure == "lump_sum" else money.percent(figure, _language())


def measure_rows(group: DealGroup) -> list[dict[str, Any]]:
    """Give what a group says: label, half of the deals, the middle."""
    return [
        {
            "label": label,
            "half": f"{_amount(said['low'], name)} – {_amount(said['high'], name)}",
            "middle": f"{_amount(said['middle_from'], name)} – {_amount(said['middle_to'], name)}",
        }
        for name, label in MEASURES.items()
        if (said := group.measures.get(name)) is not None
    ]


def group_rows(found: Iterable[DealGroup]) -> list[dict[str, Any]]:
    """Give groups as pages show them."""
    return [
        {
            "group": group,
            "cell": cell_words(group),
            "count": count_words(group),
            "years": str(group.first_year)
            if group.first_year == group.last_year
            else f"{group.first_year}–{group.last_year}",
            "measures": measure_rows(group),
        }
        for group in found
    ]


def _percent(share: float) -> str:
    return money.percent(Decimal(repr(round(share * 100))), _language(), 0)


def _at(share: float) -> str:
    return f"{share * FULL:.2f}%"


def interval_words(share: Share) -> str:
    """Write the 95% interval in whole percent, rounded outwards: it never looks surer than it is, nor like a point."""
    low = math.floor(round(share.low * FULL, 6)) / FULL
    high = math.ceil(round(share.high * FULL, 6)) / FULL
    return gettext("between %(low)s and %(high)s") % {"low": _percent(low), "high": _percent(high)}


def share_row(label: Any, share: Share, *, note: Any = "") -> dict[str, Any]:
    """Give a share with its interval as a row of the drawing: places in percent of its width, and in words."""
    words = {"hits": money.number(share.hits, _language()), "count": money.number(share.count, _language())}
    return {
        "label": label,
        "note": note,
        "at": _at(share.share),
        "low_at": _at(share.low),
        "width": _at(share.high - share.low),
        "high_at": _at(share.high),
        "share": _percent(share.share),
        "interval": interval_words(share),
        "of": gettext("%(hits)s of %(count)s deals") % words,
        "holds": share.low <= NOMINAL <= share.high,
    }


def verdict(share: Share) -> str:
    """Say in a sentence whether the 80% range holds what it says."""
    if share.count == 0:
        return gettext("No deal can be judged yet.")
    if share.high < NOMINAL:
        return gettext("The ranges are too narrow or lie wrong: prices fall outside more often than they should.")
    if share.low > NOMINAL:
        return gettext("The ranges are wider than they need be: prices fall inside more often than promised.")
    return gettext("The ranges hold what they say, as far as so few deals can tell.")


def calibration_rows(found: Calibration) -> list[dict[str, Any]]:
    """Give the rows of the drawing: in all, then by grade."""
    rows = [share_row(gettext("All grades"), found.total)] if found.total.count else []
    for letter, share in found.by_grade:
        rows.append(share_row(gettext("Confidence %(letter)s") % {"letter": letter}, share))
    return rows


@lru_cache(maxsize=1)
def _simulated() -> tuple[dict[str, str], ...]:
    with (settings.BASE_DIR / "data" / "simulated_market.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def simulated_rows() -> list[dict[str, Any]]:
    """Give what the simulated market showed (`make backtest-simulated`): made-up deals with a known truth."""
    rows = []
    for row in _simulated():
        label, note = WORLDS[row["world"]]
        rows.append(share_row(label, wilson(int(row["hits"]), int(row["deals"])), note=note))
    return rows
