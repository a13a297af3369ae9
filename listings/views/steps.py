"""The steps of the long forms: what every page of them shows."""

from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from listings.forms import WIZARDS, Step
from listings.services.publication import missing_for_submission
from listings.views.lookup import url
from marketplace.kit.language import in_own_language

CHECK = "check"
#: Steps of a demand beside which the co-author helps.
COAUTHORED = {"problem", "requirement"}


def step_named(kind: str, slug: str) -> Step:
    """Give a step; 404 when there is none of that name."""
    for step in WIZARDS[kind]:
        if step.slug == slug:
            return step
    raise Http404


def step_context(listing: Any, step: Step | None) -> dict[str, Any]:
    """What every page of the long form shows: the steps with their state, the way back and on."""
    steps = WIZARDS[listing.kind]
    missing = missing_for_submission(listing) if listing.pk else {}
    slug = step.slug if step else CHECK
    rows: list[dict[str, Any]] = []
    for each in steps:
        done = each.is_done(listing, missing)
        state = "current" if each.slug == slug else "done" if done else "todo"
        hint = None if each.answers else _("optional")
        rows.append({"label": each.label, "href": url(listing, "edit", each.slug), "state": state, "hint": hint})
    state = "current" if slug == CHECK else "todo"
    rows.append({"label": _("Check and submit"), "href": url(listing, "check"), "state": state, "hint": None})
    order = [each.slug for each in steps]
    following = order[order.index(slug) + 1 :] if slug in order else []
    return {
        "listing": listing,
        "kind": listing.kind,
        "step": step,
        "steps": rows,
        "missing": missing,
        "next_url": url(listing, "edit", following[0]) if following else url(listing, "check"),
        "coauthor_url": reverse("matching:coauthor", args=[listing.pk])
        if listing.kind == "demand" and step and step.slug in COAUTHORED
        else "",
        "manage_url": url(listing, "manage"),
        "check_url": url(listing, "check"),
        "crumbs": [
            (_("My listings"), reverse(f"listings:my_{'technologies' if listing.kind == 'technology' else 'demands'}")),
            (in_own_language(listing.title, listing.language), url(listing, "manage")),
        ],
    }
