"""Disputes: a deal's page of them, the acts on it, and the operator's list."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from deals import policies, selectors, services
from deals.acts import PAUSED, paused_acts
from deals.forms import DisputeForm, OutcomeForm, ReasonForm
from deals.lifecycle import DISPUTABLE
from deals.models import Deal
from deals.views.common import actor_of, answer_on_page, deal_or_404, frame
from marketplace.kit.pagination import paginate


@require_GET
def disputes(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is and was in dispute about a deal, and what the reader may do about it."""
    return disputes_page(request, deal_or_404(request, pk))


def disputes_page(request: HttpRequest, deal: Deal, *, status: int = 200, **forms: Any) -> HttpResponse:
    """Render the page, with a form as it was sent when one was refused."""
    actor = actor_of(request)
    rows = list(selectors.disputes_of(deal))
    standing = next((row for row in rows if row.is_open), None)
    if standing is None and not rows and deal.state not in DISPUTABLE:
        raise Http404
    conflict = policies.has_conflict(actor, deal)
    mediates = standing is not None and not conflict and policies.mediates(actor, deal)
    can_be = standing.lifecycle.available(standing.state) if standing is not None else []
    terms = selectors.accepted_offer(deal)
    context = {
        **frame(deal, actor, page="disputes"),
        "standing": standing,
        "past": [row for row in rows if not row.is_open],
        "paused": [str(PAUSED[act]) for act in paused_acts(deal)],
        "body": terms.terms.get_dispute_body_display() if terms is not None else "",
        "may_take_up": mediates and "take_up" in can_be,
        "may_close": mediates and "settle" in can_be,
        "may_withdraw": standing is not None
        and not conflict
        and policies.can_withdraw_dispute(actor, deal, standing.side),
        "dispute_form": forms.get("dispute_form") or DisputeForm(prefix="dispute"),
        "outcome_form": forms.get("outcome_form") or OutcomeForm(prefix="outcome"),
        "withdraw_form": forms.get("withdraw_form") or ReasonForm(prefix="withdraw"),
    }
    return render(request, "deals/disputes.html", context, status=status)


@require_POST
def open_dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a dispute."""
    form = DisputeForm(request.POST, prefix="dispute")
    return answer_on_page(
        request, pk, form,
        lambda deal: services.open_dispute(deal=deal, actor=actor_of(request), reason=form.cleaned_data["reason"]),
        name="dispute", done=_("The dispute is open. The exchange mediates next."), to="disputes", page=disputes_page,
    )  # fmt: skip


@require_POST
def take_up_dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Mediate."""
    services.take_up_dispute(deal=deal_or_404(request, pk), actor=actor_of(request))
    messages.success(request, _("You mediate this dispute. Write to both sides in the deal's messages."))
    return redirect("deals:disputes", pk)


@require_POST
def close_dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the outcome."""
    form = OutcomeForm(request.POST, prefix="outcome")
    return answer_on_page(
        request, pk, form,
        lambda deal: services.close_dispute(
            deal=deal, actor=actor_of(request), how=form.cleaned_data["how"], outcome=form.cleaned_data["reason"]
        ),
        name="outcome", done=_("The outcome is recorded."), to="disputes", page=disputes_page,
    )  # fmt: skip


@require_POST
def withdraw_dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back."""
    form = ReasonForm(request.POST, prefix="withdraw")
    return answer_on_page(
        request, pk, form,
        lambda deal: services.withdraw_dispute(deal=deal, actor=actor_of(request), reason=form.cleaned_data["reason"]),
        name="withdraw", done=_("The dispute is withdrawn."), to="disputes", page=disputes_page,
    )  # fmt: skip


@require_GET
def dispute_list(request: HttpRequest) -> HttpResponse:
    """List the disputes of the operator's exchanges: open ones, the oldest first, or those that are closed."""
    actor = actor_of(request)
    if not actor.is_operator:
        raise Http404
    closed = request.GET.get("show") == "closed"
    page = paginate(request, selectors.disputes_for(actor, closed=closed))
    url = reverse("deals:dispute_list")
    tabs = [
        {"label": _("Open disputes"), "href": url, "current": not closed},
        {"label": _("Closed disputes"), "href": f"{url}?show=closed", "current": closed},
    ]
    return render(request, "deals/dispute_list.html", {"page_obj": page, "tabs": tabs, "closed": closed})
