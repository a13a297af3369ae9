"""Pages of suggested ranges."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import User
from listings.models import Technology
from marketplace.kit.errors import error_page
from rules import selectors as rule_selectors
from rules import words as rule_words
from valuation import closed_presenters, closed_selectors, policies, presenters, selectors
from valuation.defaults import PREFIX, TAX
from valuation.disclosure import costs_a_computation, reader_of
from valuation.models import Interview, Suggestion
from valuation.notice import notice
from valuation.services import runs
from valuation.throttle import TOO_MANY, may_compute
from valuation.views.beside import beside


@login_not_required
@require_safe
def suggestion(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the suggested range to whoever sees the technology.

    `?fragment=1`, or an htmx request: the short form for the technology's page. A published technology without a range
    has one computed: `?waiting=1` by htmx gives the progress bar, or word to load the page anew once there is a result.
    """
    technology = get_object_or_404(selectors.visible_technologies(request.user), pk=pk)
    found = selectors.current_suggestion(technology)
    here = reverse("valuation:suggestion", args=[pk])
    context = {
        "listing": technology,
        "here": here,
        "is_waiting": found is None and technology.is_published,
        "waiting_url": f"{here}?waiting=1",
    }
    htmx = bool(getattr(request, "htmx", False)) and not request.htmx.boosted  # type: ignore[attr-defined]
    if htmx and "waiting" in request.GET:
        return HttpResponseClientRefresh() if found is not None else render(request, "valuation/_waiting.html", context)
    if htmx or "fragment" in request.GET:
        response = render(request, "valuation/_suggestion.html", {**context, **_short(found, technology)})
    else:
        interview = selectors.interview_of(technology)
        reader = reader_of(request.user, technology, interview)
        if found is not None and costs_a_computation(found, reader) and not may_compute(request):
            return error_page(request, 429, str(TOO_MANY))
        whole = _whole(request, found, technology, interview)
        response = render(request, "valuation/suggestion.html", {**context, **whole})
    patch_vary_headers(response, ["HX-Request"])
    return response


def _short(found: Suggestion | None, technology: Technology) -> dict[str, Any]:
    return {
        "suggestion": found,
        "asking": presenters.asking(technology),
        "grade_tone": presenters.GRADE_TONES.get(found.grade, "neutral") if found else "neutral",
        "grade_meaning": presenters.GRADES.get(found.grade, "") if found else "",
        "is_unexplained": found is not None and not found.is_priced and found.result is None,
    }


def _whole(
    request: HttpRequest, found: Suggestion | None, technology: Technology, interview: Interview | None
) -> dict[str, Any]:
    viewer = request.user
    reader = reader_of(viewer, technology, interview)
    may_ask = isinstance(viewer, User) and policies.can_ask(viewer, technology)
    return {
        "crumbs": [
            (_("Technologies"), reverse("listings:technology_list")),
            (technology.title, technology.get_absolute_url()),
        ],
        "notice": notice(),
        **beside(viewer, technology),
        "shown": presenters.present(found, technology, reader, interview) if found is not None else None,
        "may_ask": may_ask,
        "is_answered": interview is not None and interview.version > 0,
        "ask_url": reverse("valuation:suggest", args=[technology.pk]),
        "what_if_url": reverse("valuation:what_if", args=[technology.pk]),
        "maximum_url": reverse("valuation:my_maximum", args=[technology.pk]),
        "may_reckon": not isinstance(viewer, User) or policies.can_ask_own_maximum(viewer, technology),
        "answers_url": reverse("valuation:interview", args=[technology.pk]),
        "api_url": reverse("api:technology_price", args=[technology.pk]),
        "closed": closed_presenters.group_rows(closed_selectors.groups_for(technology)),
        "closed_url": reverse("valuation:closed_deals"),
        "stale_rules": rule_words.named(rule_selectors.stale(PREFIX, TAX)) if found is not None else [],
    }


@require_POST
def suggest(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the range computed now: a run, which can be stopped, and which leads to the range once it is there."""
    technology = get_object_or_404(selectors.visible_technologies(request.user), pk=pk)
    assert isinstance(request.user, User)
    return redirect("valuation:run", runs.request_range(technology=technology, actor=request.user).pk)
