"""What if, and a buyer's own maximum: computed while one waits, stored nowhere."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from listings.models import Technology
from marketplace.kit.errors import require
from valuation import policies, presenters, selectors, whatif
from valuation.disclosure import Reader, reader_of
from valuation.forms.whatif import MaximumForm, sliders
from valuation.methods.reconcile import round_significant
from valuation.notice import notice, trial_notice
from valuation.throttle import TOO_MANY, may_compute


def _start(request: HttpRequest, pk: int) -> tuple[Technology, whatif.Start | None, Reader]:
    technology = get_object_or_404(
        selectors.visible_technologies(request.user).select_related("organisation").prefetch_related("ip_rights"), pk=pk
    )
    interview = selectors.interview_of(technology)
    reader = reader_of(request.user, technology, interview)
    found = selectors.current_suggestion(technology)
    return technology, whatif.start_for(technology, found, interview, reader), reader


def _page(technology: Technology, title: str) -> dict[str, Any]:
    price_url = reverse("valuation:suggestion", args=[technology.pk])
    return {
        "listing": technology,
        "crumbs": [(technology.title, technology.get_absolute_url()), (_("Suggested range"), price_url)],
        "price_url": price_url,
        "title": title,
        "notice": notice(),
    }


@login_not_required
@require_safe
def what_if(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the range with some inputs moved; by htmx the result alone."""
    technology, start, _reader = _start(request, pk)
    is_refused = False
    context = _page(technology, _("What if")) | {
        "here": reverse("valuation:what_if", args=[pk]), "start": start, "notice": trial_notice(),
    }  # fmt: skip
    if start is not None:
        rows, moved = sliders(whatif.middles(start.inputs), request.GET)
        context |= {"levers": presenters.lever_rows(rows), "moved": moved}
        is_refused = whatif.costs_a_computation(start, moved) and not may_compute(request)
        if is_refused:
            context["problem"] = TOO_MANY
        else:
            try:
                outcome = whatif.explore(start, moved)
            except whatif.MethodError:
                context["problem"] = _("These figures do not go together; move one of them back.")
            else:
                context["outcome"] = presenters.outcome(outcome)
    htmx = bool(getattr(request, "htmx", False)) and not request.htmx.boosted  # type: ignore[attr-defined]
    response = render(request, "valuation/_what_if.html" if htmx else "valuation/what_if.html", context)
    if is_refused and not htmx:  # htmx puts no answer on the page that is an error
        response.status_code = 429
    patch_vary_headers(response, ["HX-Request"])
    add_never_cache_headers(response)
    return response


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def my_maximum(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a buyer work out the most that he can pay. His figures come by POST, so that no address holds them."""
    technology, start, _reader = _start(request, pk)
    assert request.user.is_authenticated
    require(
        policies.can_ask_own_maximum(request.user, technology),
        _("This page is for buyers: the owner's people and the exchange do not reckon for them."),
    )
    form = MaximumForm(request.POST if request.method == "POST" else None)
    context = _page(technology, _("The most you can pay")) | {"form": form, "start": start}
    is_refused = False
    if start is not None and form.is_bound and form.is_valid():
        is_refused = not may_compute(request)
        if is_refused:
            form.add_error(None, TOO_MANY)
    if start is not None and form.is_bound and form.is_valid():
        try:
            found = whatif.buyers_maximum(start, **form.arguments())
        except whatif.MethodError:
            form.add_error(None, _("These figures do not go together."))
        else:
            low, mid, high = (round_significant(found.at(level)) for level in (0.1, 0.5, 0.9))
            suggestion = selectors.current_suggestion(technology)
            context |= {
                "maximum": {"low": low, "mid": mid, "high": high},
                "range": suggestion if suggestion is not None and suggestion.is_priced else None,
            }
            if context["range"] is not None:
                context["is_open"] = mid >= suggestion.low  # type: ignore[union-attr, operator]
    response = render(request, "valuation/my_maximum.html", context, status=429 if is_refused else 200)
    add_never_cache_headers(response)
    return response
