"""Runs: how far one is, and a button that stops it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from accounts.selectors import exchanges
from listings.selectors import is_visible
from valuation import report_policies, report_selectors
from valuation.models import Run
from valuation.services import runs as services


def run_or_404(viewer: Any, pk: int) -> Run:
    """Give a run that the viewer may see."""
    found = report_selectors.run(pk)
    if found is None or not isinstance(viewer, User):
        raise Http404
    visible = found.technology is not None and is_visible(viewer, found.technology)
    if not report_policies.can_see_run(viewer, found, visible=visible):
        raise Http404
    return found


def result_address(run: Run) -> str:
    """Give the address of what came of a run, or of the run itself."""
    if run.report is not None:
        return reverse("valuation:report", args=[run.report.number])
    if run.technology_id is not None and run.kind == Run.Kind.RANGE:
        return reverse("valuation:suggestion", args=[run.technology_id])
    return reverse("valuation:run", args=[run.pk])


def _context(request: HttpRequest, found: Run) -> dict[str, Any]:
    here = reverse("valuation:run", args=[found.pk])
    return {
        "run": found,
        "here": here,
        "result_url": result_address(found),
        "is_done": found.state == "done",
        "has_result": found.state == "done" and result_address(found) != here,
        "may_cancel": found.is_live and report_policies.can_cancel(request.user, found),
        "about": found.technology.title if found.technology is not None else str(found.exchange),
        "crumbs": []
        if found.technology is None
        else [(found.technology.title, reverse("valuation:suggestion", args=[found.technology_id]))],
    }


@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a run; by htmx only its bar, which asks again until the end and then goes to the result."""
    found = run_or_404(request.user, pk)
    context = _context(request, found)
    if getattr(request, "htmx", False) and not request.htmx.boosted:  # type: ignore[attr-defined]
        if not found.is_live:
            return HttpResponseClientRedirect(context["result_url"] if context["is_done"] else context["here"])
        return render(request, "valuation/_run.html", context)
    if context["has_result"] and "stay" not in request.GET:
        return redirect(context["result_url"])
    return render(request, "valuation/run.html", context)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a run."""
    services.cancel_run(run=run_or_404(request.user, pk), actor=request.user)
    messages.success(request, _("The computation is stopped. Nothing more is stored."))
    return redirect("valuation:run", pk)


@require_POST
def recompute(request: HttpRequest, code: str) -> HttpResponse:
    """Have all published ranges of an exchange computed again."""
    exchange = get_object_or_404(exchanges(), code=code)
    found = services.request_exchange(exchange=exchange, actor=request.user)
    return redirect("valuation:run", found.pk)
