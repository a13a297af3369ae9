"""What every page knows: its language and its address in the other one, the navigation, the demo flag."""

from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse, translate_url
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from marketplace.kit.money import language_of
from valuation.appraisal_selectors import waiting_for_firm, works_for_firm

# (label, name of the address). An entry whose address is not there is left out.
PUBLIC_NAVIGATION = (
    (_("Technologies"), "listings:technology_list"),
    (_("Demands"), "listings:demand_list"),
    (_("How it works"), "how_it_works"),
    (_("Statistics"), "insights:statistics"),
)
MEMBER_NAVIGATION = (
    (_("Waiting for you"), "insights:dashboard"),
    (_("My listings"), "listings:my_listings"),
    (_("Matches"), "matching:match_list"),
    (_("Deals"), "deals:deal_list"),
)
#: For people of valuation firms, with how many commissions wait for them.
APPRAISER_ENTRY = (_("Appraisals"), "valuation:appraisal_list")
OPERATOR_NAVIGATION = (
    (_("Review queue"), "listings:review_queue"),
    (_("Deals board"), "deals:board"),
    (_("Who is put forward"), "matching:exposure"),
    (_("Organisations"), "accounts:organisation_queue"),
    (_("Dated rules"), "rules:proposals"),
)
ACCOUNT_NAVIGATION = (
    (_("Notifications"), "accounts:notifications"),
    (_("Your organisations"), "accounts:my_organisations"),
    (_("Appraisals"), "valuation:appraisal_list"),
    (_("Saved searches"), "matching:searches"),
    (_("Profile"), "accounts:profile"),
    (_("API tokens"), "accounts:tokens"),
)
FOOTER_NAVIGATION = (
    (_("How it works"), "how_it_works"),
    (_("Closed deals"), "valuation:closed_deals"),
    (_("Did the ranges hold?"), "valuation:calibration"),
    (_("Rules and defaults"), "rules:rule_list"),
    (_("Transparency log"), "audit:log"),
    (_("API"), "api_docs"),
)
# Parts of an address below /technologies/ or /demands/ that are somebody's work and not the public list.
WORKPLACES = frozenset(
    [
        "new",
        "imported",
        "edit",
        "submit",
        "manage",
        "take-back",
        "withdraw",
        "approve-by-owner",
        "return-by-owner",
        "matches",
        "coauthor",
        "review",
        "claim",
        "release",
        "publish",
        "request-changes",
        "reject",
    ]
)
ALONE = {"insights:dashboard"}  # /my/ stands above pages that are not its own
# Pages that belong to an entry although their address does not begin with its address: view name, or its room.
BELONGS = {
    "deals": ("deals:deal_list", "deals:board"),
    "matching:match": ("matching:match_list",),
    "matching:of_demand": ("matching:match_list",),
    "matching:of_technology": ("matching:match_list",),
    "listings:owner_queue": ("insights:dashboard",),
    "listings:my_technologies": ("listings:my_listings",),
    "listings:my_demands": ("listings:my_listings",),
    "valuation:appraisal": ("valuation:appraisal_list",),
}
WORK_OF_OWNER = ("listings:my_listings",)
WORK_OF_OPERATOR = ("listings:review_queue",)
OPERATORS_PAGES = {"review", "imported", "claim", "release", "publish", "request-changes", "reject"}
THEMES = {"light", "dark"}


def address(name: str) -> str:
    """Give the address of a named page in the page's language, or empty text when there is none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _entries(table: Any, path: str, owning: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    entries = ({"label": label, "name": name, "href": address(name), "alone": name in ALONE} for label, name in table)
    found = [entry for entry in entries if entry["href"]]
    # The current entry is the one whose address holds this page most closely, or else the one that it belongs to.
    holding = [
        entry for entry in found if path == entry["href"] or (path.startswith(entry["href"]) and not entry["alone"])
    ] or [entry for entry in found if entry["name"] in owning]
    closest = max(holding, key=lambda entry: len(entry["href"]), default=None)
    return [{**entry, "current": entry is closest} for entry in found]


def _owning(request: HttpRequest, path: str) -> tuple[str, ...]:
    """Name the entries that a page belongs to by what it is, not by its address."""
    match = request.resolver_match
    if match is None:
        return ()
    parts = set(path.split("/"))
    if match.app_name == "listings" and not parts.isdisjoint(WORKPLACES):
        return WORK_OF_OPERATOR if parts & OPERATORS_PAGES else WORK_OF_OWNER
    return BELONGS.get(match.view_name) or BELONGS.get(match.app_name) or ()


def site(request: HttpRequest) -> dict[str, Any]:
    """Give templates `frame` (allauth keeps `site` for itself); its parts are computed when a page first asks."""
    return {"frame": SimpleLazyObject(lambda: _frame(request))}


def _work_of(user: Any) -> Any:
    """Give the entries of a person; who serves an exchange and no organisation has no listings, matches or deals."""
    serves_only = user.is_operator and not user.organisation_ids()
    if serves_only:
        return MEMBER_NAVIGATION[:1]
    if works_for_firm(user):
        return (*MEMBER_NAVIGATION[:1], APPRAISER_ENTRY, *MEMBER_NAVIGATION[1:])
    return MEMBER_NAVIGATION


def _counted(entries: list[dict[str, Any]], user: Any) -> list[dict[str, Any]]:
    """Set beside the appraisals how many wait for the person's firm; only its people are counted for."""
    name = APPRAISER_ENTRY[1]
    return [{**entry, "count": waiting_for_firm(user).count()} if entry["name"] == name else entry for entry in entries]


def _frame(request: HttpRequest) -> dict[str, Any]:
    language = language_of(get_language())
    here = request.get_full_path()
    alternates = {code: translate_url(here, code) for code, _name in settings.LANGUAGES}
    other = "en" if language == "vi" else "vi"
    theme = request.COOKIES.get("theme", "")
    user = getattr(request, "user", None)
    path = unquote(request.path)
    working = not WORKPLACES.isdisjoint(path.split("/"))
    signed_in = user is not None and user.is_authenticated
    operator = user is not None and signed_in and user.is_operator
    owning = _owning(request, path)
    return {
        "language": language,
        "other_language": other,
        "other_language_name": {"vi": "Tiếng Việt", "en": "English"}[other],
        "other_language_url": alternates[other],
        "alternates": [(code, request.build_absolute_uri(url)) for code, url in alternates.items()],
        "canonical": request.build_absolute_uri(request.path),
        "home": address("home") or "/",
        "search_url": address("listings:technology_list"),
        "public_navigation": _entries(PUBLIC_NAVIGATION, "" if working else path),
        "member_navigation": _counted(_entries(_work_of(user), path, owning), user) if signed_in else [],
        "operator_navigation": _entries(OPERATOR_NAVIGATION, path, owning) if operator else [],
        "account_navigation": _entries(ACCOUNT_NAVIGATION, "") if signed_in else [],
        "footer_navigation": _entries(FOOTER_NAVIGATION, ""),
        "demo": settings.DEMO_MODE,
        "mfa_missing": user is not None and signed_in and user.must_set_up_mfa,
        "theme": theme if theme in THEMES else "",
    }
