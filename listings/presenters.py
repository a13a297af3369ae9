"""What public lists show of a listing, its facets and its filters; the page and the downloads take it from here."""

from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from listings.choices import Cooperation, Right
from listings.facets import Counts
from listings.filters import ListingFilter
from listings.finding import Found
from listings.models import Demand, Technology
from marketplace.kit import money
from search.text import highlight, shorten, snippet

EXCERPT = 900  # characters in which the words are looked for
SHOWN = 260  # characters of a summary in a list
MANY = 8  # a facet with more values shows its most frequent first

FACETS = {
    "technology": (
        "sector", "field", "trl", "ip", "rights", "price", "region", "province", "country", "organisation_kind", "legal_class",
        "language",
    ),
    "demand": (
        "sector", "field", "trl", "cooperation", "budget", "region", "province", "country", "organisation_kind", "language",
    ),
}  # fmt: skip
ALONE_USELESS = {"country"}  # facets that are left out when they have one value only
OPEN = {"sector", "rights", "cooperation"}


def shown_organisation(listing: Technology | Demand) -> Any:
    """Give the organisation if everyone may know it, else None."""
    return None if isinstance(listing, Demand) and listing.masked else listing.organisation


def place_of(listing: Technology | Demand, *, english: bool) -> str:
    """Name the province, or the country abroad; of a masked demand the region, which tells nobody who it is."""
    if listing.province is None:
        organisation = shown_organisation(listing)
        return organisation.country_name if organisation is not None and organisation.is_foreign else ""
    if isinstance(listing, Demand) and listing.masked:
        return listing.province.region_en if english else listing.province.region_vi
    return str(listing.province)


def labels(values: Any, choices: Any) -> list[str]:
    """Give the names of stored choices in the order of the closed list."""
    return [str(label) for value, label in choices.choices if value in (values or ())]


def excerpt(listing: Technology | Demand) -> str:
    """Give the text of which a list shows a part."""
    parts = [listing.summary, listing.problem, *([listing.effect] if isinstance(listing, Demand) else [])]
    return shorten(" ".join(filter(None, parts)), EXCERPT)


def card(listing: Any, found: Found, *, english: bool, named: bool = True) -> dict[str, Any]:
    """Give what one row of a list shows, the words that were searched marked; `named` with its organisation."""
    words, hit = found.words, found.hits.get(listing.pk)
    organisation = shown_organisation(listing)
    who = str(organisation) if organisation is not None else _("Organisation not named")
    kicker = [who if named else "", str(listing.main_field or ""), place_of(listing, english=english)]
    text = excerpt(listing)
    return {
        "listing": listing,
        "href": listing.get_absolute_url(),
        "title": highlight(listing.title, words, language=listing.language) if words else listing.title,
        "kicker": " · ".join(filter(None, kicker)),
        "summary": snippet(text, words, language=listing.language)
        if words
        else shorten(listing.summary or text, SHOWN, mark="…"),
        "organisation": organisation,
        "score": hit.probability if hit else None,
        "by_meaning": hit is not None and hit.lexical == 0,
        "ways": labels(listing.rights_offered, Right)
        if isinstance(listing, Technology)
        else labels(listing.cooperation, Cooperation),
    }


def brief(listing: Any, *, english: bool) -> dict[str, Any]:
    """Give what the home page shows of a listing."""
    organisation = shown_organisation(listing)
    who = str(organisation) if organisation is not None else _("Organisation not named")
    return {
        "listing": listing,
        "href": listing.get_absolute_url(),
        "title": listing.title,
        "kicker": " · ".join(filter(None, [who, place_of(listing, english=english)])),
    }


def facet_rows(found: Found) -> list[dict[str, Any]]:
    """Give the facets as the facet panel takes them: values that would give something, or that are chosen."""
    rows = []
    for name in FACETS[found.kind]:
        made = _range(found, name) or _choices(found.filters, name, found.counts)
        if made:
            rows.append(made)
    return rows


def _range(found: Found, name: str) -> dict[str, Any] | None:
    data = found.filters.data
    if name == "trl":
        label = _("TRL") if found.kind == "technology" else _("Wanted TRL")
        low, high = data.get("trl_min", ""), data.get("trl_max", "")
        return {
            "name": "trl", "label": label, "kind": "range", "low": low, "high": high, "low_name": "trl_min",
            "high_name": "trl_max", "unit": "1–9",
        }  # fmt: skip
    if name == "price":
        return {
            "name": "price_max", "label": _("Price up to (VND)"), "kind": "text", "value": data.get("price_max", ""),
        }  # fmt: skip
    if name == "budget":
        return {
            "name": "budget_min", "label": _("Budget from (VND)"), "kind": "text", "value": data.get("budget_min", ""),
        }  # fmt: skip
    return None


def _choices(filters: ListingFilter, name: str, counts: Counts) -> dict[str, Any] | None:
    chosen = filters.values.get(name, [])
    english = {"sector": filters.reference.sector_names, "region": filters.reference.region_names}.get(name, {})
    options = [
        {
            "value": value, "label": label, "count": counts.of(name, english.get(value, value)),
            "least": not counts.exact, "selected": value in chosen,
        }
        for value, label in filters.filters[name].extra["choices"]
    ]  # fmt: skip
    options = [option for option in options if option["count"] or option["selected"]]
    if name in ALONE_USELESS and len(options) == 1 and not options[0]["selected"]:
        return None
    if len(options) > MANY:
        options.sort(key=lambda option: (not option["selected"], -option["count"]))
    if not options:
        return None
    label = filters.filters[name].label
    return {
        "name": name, "label": label, "kind": "checkbox", "options": options, "open": bool(chosen) or name in OPEN,
    }  # fmt: skip


def chosen(found: Found, query: QueryDict) -> list[tuple[str, str]]:
    """Give the filters in force, each value with the address without it."""
    items = []
    filters = found.filters
    for name in filters.conditions:
        values = filters.values[name]
        names = dict(filters.filters[name].extra.get("choices", ()))
        for value in values if isinstance(values, list) else [values]:
            left = query.copy()
            left.setlist(name, [each for each in query.getlist(name) if each != str(value)] if names else [])
            left.pop("page", None)
            items.append((_named(filters, name, value, names), address(left)))
    return items


def _named(filters: ListingFilter, name: str, value: Any, names: dict[str, Any]) -> str:
    if names:
        return str(names.get(value, value))
    match name:
        case "price_max":
            return _("up to %(amount)s") % {"amount": money.short(value, money.language_of(get_language()))}
        case "budget_min":
            return _("from %(amount)s") % {"amount": money.short(value, money.language_of(get_language()))}
        case "trl_min":
            return _("TRL %(level)s or more") % {"level": value}
        case "trl_max":
            return _("TRL %(level)s or less") % {"level": value}
    return str(filters.filters[name].label)


def address(query: QueryDict) -> str:
    """Give a relative address of filters, empty values left out."""
    pairs = [(name, value) for name, values in query.lists() for value in values if value != ""]
    return f"?{urlencode(pairs)}"


def heading(found: Found) -> str:
    """Say how many were found."""
    total = money.number(found.counts.total, money.language_of(get_language()))
    if found.kind == "technology":
        if not found.counts.exact:
            return _("More than %(total)s technologies") % {"total": total}
        return (
            pgettext("one", "1 technology")
            if found.counts.total == 1
            else _("%(total)s technologies") % {"total": total}
        )
    if not found.counts.exact:
        return _("More than %(total)s demands") % {"total": total}
    return pgettext("one", "1 demand") if found.counts.total == 1 else _("%(total)s demands") % {"total": total}
