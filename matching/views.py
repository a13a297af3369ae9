"""Pages of matches."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Page
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from listings import selectors as listing_selectors
from listings.models import Demand, Technology
from listings.policies import can_edit
from marketplace.kit.errors import require
from marketplace.kit.htmx import render_page
from marketplace.kit.pagination import paginate
from matching import policies, pushing, selectors, services
from matching.choices import Answer, Side
from matching.coauthor import assist
from matching.exposure import exposure as figures_of_exposure
from matching.facts import launch_delays
from matching.forms import DeclineForm, NeedForm, ShortlistForm
from matching.models import Match
from matching.presenters import present


def viewer_of(request: HttpRequest) -> User:
    """Give the signed-in person; pages here are for nobody else."""
    assert isinstance(request.user, User)
    return request.user


@require_GET
def match_list(request: HttpRequest) -> HttpResponse:
    """List the matches of the person's own demands and technologies: to answer, shortlisted, declined."""
    viewer = viewer_of(request)
    side = request.GET.get("side", "")
    if side not in Side.values:
        side = Side.DEMAND if listing_selectors.my_demands(viewer).exists() else Side.SUPPLY
    answer = request.GET.get("answer", "")
    answer = answer if answer in Answer.values else ""
    page = paginate(request, selectors.my_matches(viewer, side, answer=answer), per_page=selectors.PAGE)
    tabs = [
        {"label": label, "href": f"?side={side}&answer={value}", "current": value == answer, "count": None}
        for value, label in (("", _("To answer")), *((a.value, a.label) for a in Answer))
    ]
    sides = [
        {"label": _("For our demands"), "href": "?side=demand", "current": side == Side.DEMAND, "count": None},
        {"label": _("For our technologies"), "href": "?side=supply", "current": side == Side.SUPPLY, "count": None},
    ]
    context = {
        "page": page,
        "rows": _rows(page, viewer),
        "tabs": tabs,
        "sides": sides,
        "side": side,
        "start": page.start_index(),
    }
    return render_page(request, "matching/match_list.html", "matching/_matches.html", context)


def _rows(page: Page[Match], viewer: User) -> list[dict[str, Any]]:
    delays = launch_delays()
    return [present(match, viewer, delays, place=place) for place, match in enumerate(page, page.start_index())]


def _of_listing(request: HttpRequest, listing: Technology | Demand) -> HttpResponse:
    viewer = viewer_of(request)
    if not (
        policies.belongs_to(viewer, listing.organisation_id) or policies.serves_exchange(viewer, listing.exchange_id)
    ):
        raise Http404
    page = paginate(request, selectors.matches_of(listing, viewer), per_page=selectors.PAGE)
    run = getattr(listing, "matching_run", None)
    context = {
        "listing": listing,
        "page": page,
        "rows": _rows(page, viewer),
        "start": page.start_index(),
        "run": run,
        "is_searched": run is not None and run.content_version == listing.content_version,
    }
    return render_page(request, "matching/of_listing.html", "matching/_matches.html", context)


@require_GET
def of_demand(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the technologies that may answer a demand, to its company and the exchange."""
    return _of_listing(request, get_object_or_404(listing_selectors.visible_demands(viewer_of(request)), pk=pk))


@require_GET
def of_technology(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the demands that a technology may answer, to its owner and the exchange."""
    return _of_listing(request, get_object_or_404(listing_selectors.visible_technologies(viewer_of(request)), pk=pk))


def exposure_tabs(current: str) -> list[dict[str, Any]]:
    """Give the pages on how matches are put in order, side by side."""
    pages = (("exposure", _("Who is put forward")), ("learned", _("What answers taught")))
    return [{"label": label, "href": reverse(f"matching:{name}"), "current": name == current} for name, label in pages]


@require_GET
def exposure(request: HttpRequest) -> HttpResponse:
    """Show operators how evenly the first places are shared out at their exchanges."""
    viewer = viewer_of(request)
    require(policies.can_see_exposure(viewer))
    by = pushing.limits()
    figures, most = figures_of_exposure(viewer.exchange_ids(), since=by.since)
    context = {
        "tabs": exposure_tabs("exposure"),
        "figures": figures,
        "most": most,
        "by": by,
        "never_note": _("of %(count)d technologies") % {"count": figures.listings},
    }
    return render(request, "matching/exposure.html", context)


def _match(request: HttpRequest, pk: int) -> Match:
    return get_object_or_404(selectors.visible_matches(viewer_of(request)), pk=pk)


def _position(request: HttpRequest) -> int | None:
    """Give the place at which a list showed the match that is opened or answered, as the address or the form says."""
    try:
        return ShortlistForm.base_fields["position"].clean(request.POST.get("position") or request.GET.get("position"))
    except ValidationError:
        return None


def _page(request: HttpRequest, match: Match, *, form: DeclineForm | None = None, status: int = 200) -> HttpResponse:
    viewer = viewer_of(request)
    context: dict[str, Any] = {
        **present(match, viewer, launch_delays()),
        "form": form or DeclineForm(),
        "position": _position(request),
    }
    return render(request, "matching/match.html", context, status=status)


@require_GET
def match(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one match: both banks, the reasons, what both sides said, and what can be done."""
    return _page(request, _match(request, pk))


@require_POST
def shortlist(request: HttpRequest, pk: int) -> HttpResponse:
    """Shortlist for one side."""
    found = _match(request, pk)
    form = ShortlistForm(request.POST)
    if not form.is_valid():
        return _page(request, found, status=400)
    services.answer_match(
        match=found,
        actor=viewer_of(request),
        side=form.cleaned_data["side"],
        answer=Answer.SHORTLIST,
        position_shown=form.cleaned_data["position"],
    )
    messages.success(request, _("Shortlisted. The other side is told."))
    return redirect(found)


@require_POST
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Decline for one side, with a reason."""
    found = _match(request, pk)
    form = DeclineForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.answer_match(
                match=found,
                actor=viewer_of(request),
                side=data["side"],
                answer=Answer.DECLINE,
                reason=data["reason"],
                note=data["note"],
                position_shown=data["position"],
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Declined. Thank you: the reason helps to match better."))
            return redirect(found)
    return _page(request, found, form=form, status=400)


@require_POST
def coauthor(request: HttpRequest, pk: int) -> HttpResponse:
    """Help with a need as it stands in the form; stores nothing.

    A POST, though it only reads: a need may be long and is not public yet, so it belongs in no address and no log.
    """
    demand = get_object_or_404(listing_selectors.visible_demands(viewer_of(request)), pk=pk)
    require(can_edit(viewer_of(request), demand))
    form = NeedForm(request.POST)
    form.full_clean()
    for name, value in form.cleaned_data.items():
        if name in request.POST:
            setattr(demand, name, value)
    context = {
        "help": assist(demand),
        "url": reverse("matching:coauthor", args=[pk]),
        "requirement_url": reverse("listings:demand_edit", args=[pk, "requirement"]),
        "again": "again" not in request.POST,
    }
    return render(request, "matching/_coauthor.html", context)
