"""Every act on a listing by one button or one short form; what cannot be done now is said on the page it came from."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from listings import policies, services
from listings.acts import REVIEW_ACTS
from listings.forms import ReasonForm, ReviewForm
from listings.views import drafting, mine, review
from listings.views.lookup import find, posted_version, url
from marketplace.kit.errors import Conflict

DONE = {
    "take_back": gettext_lazy("It is a draft again."),
    "withdraw": gettext_lazy("It is off the exchange."),
    "approve_by_owner": gettext_lazy("Approved: it now waits for the exchange."),
    "return_by_owner": gettext_lazy("Returned to its author."),
    "claim": gettext_lazy("The review is yours."),
    "release": gettext_lazy("Given back to the queue."),
    "publish": gettext_lazy("Published. It can be found now."),
    "request_changes": gettext_lazy("Sent back to its author with your words."),
    "reject": gettext_lazy("Rejected."),
}


@require_POST
def submit(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Send a draft on its way."""
    listing = find(kind, request.user, pk)
    acknowledged = bool(request.POST.get("novelty_acknowledged"))
    try:
        listing = services.submit_listing(
            listing=listing, actor=request.user, version=posted_version(request), novelty_acknowledged=acknowledged
        )
    except ValidationError as error:
        return drafting.show_check(request, listing, problem=" ".join(error.messages))
    except Conflict as error:
        now = find(kind, request.user, pk)
        needed = error.detail.get("needs") == "novelty_acknowledged"
        if not now.is_editable or not policies.can_edit(request.user, now):
            return mine.show_manage(request, now, problem=error.message, unacknowledged=needed, status=409)
        return drafting.show_check(request, now, problem=error.message, unacknowledged=needed, status=409)
    if listing.state == "awaiting_owner":
        messages.success(request, _("Submitted. Your TTO looks at it first."))
    else:
        messages.success(request, _("Submitted. The exchange looks at it next."))
    return redirect(url(listing, "manage"))


@require_POST
def act(request: HttpRequest, kind: str, pk: int, name: str) -> HttpResponse:
    """Do act `name` of listings.acts, and show the page that it belongs to."""
    listing = find(kind, request.user, pk)
    reviewing = name in REVIEW_ACTS and name != "release"
    form: Any = (
        ReviewForm(request.POST, with_rights=review.needs_ip_check(listing))
        if reviewing
        else ReasonForm(request.POST)
    )  # fmt: skip
    if not form.is_valid():
        return _again(request, listing, name, form)
    try:
        seen = {"content_version": posted_version(request, "content_version")}
        perform(name, listing, request.user, form.cleaned_data | seen)
    except ValidationError as error:
        drafting.add_errors(form, error)
        return _again(request, listing, name, form)
    except Conflict as error:
        return _again(request, find(kind, request.user, pk), name, form, problem=error.message, status=409)
    messages.success(request, str(DONE[name]))
    if name in {"publish", "request_changes", "reject", "release"}:
        return redirect(reverse("listings:review_queue"))
    if name == "claim":
        return redirect(url(listing, "review"))
    if name in {"approve_by_owner", "return_by_owner"}:
        return redirect(reverse("listings:owner_queue"))
    return redirect(url(listing, "manage"))


def perform(name: str, listing: Any, actor: Any, values: dict[str, Any]) -> Any:
    """Call the service of an act with what it takes of `values`."""
    reason = values.get("reason", "")
    match name:
        case "take_back":
            return services.take_back_listing(listing=listing, actor=actor)
        case "withdraw":
            return services.withdraw_listing(listing=listing, actor=actor, reason=reason)
        case "approve_by_owner":
            return services.approve_by_owner(
                listing=listing, actor=actor, content_version=values["content_version"], note=reason
            )
        case "return_by_owner":
            return services.return_by_owner(listing=listing, actor=actor, reason=reason)
        case "claim":
            return services.claim_review(listing=listing, actor=actor)
        case "release":
            return services.release_review(listing=listing, actor=actor, reason=reason)
        case "publish":
            return services.publish_listing(
                listing=listing,
                actor=actor,
                legal_class=values["legal_class"],
                legal_class_reason=values["legal_class_reason"],
                ip_checked=values.get("ip_checked", False),
                is_complete=values["is_complete"],
                no_secrets=values["no_secrets"],
                note=reason,
                content_version=values.get("content_version"),
            )
        case "request_changes":
            return services.request_changes(listing=listing, actor=actor, reason=reason)
        case "reject":
            return services.reject_listing(listing=listing, actor=actor, reason=reason)
    raise KeyError(name)


def _again(
    request: HttpRequest, listing: Any, name: str, form: Any, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """Show the page that the act came from, with what was typed and what is wrong."""
    if name in REVIEW_ACTS and policies.can_review(request.user, listing):
        if name == "release":
            return review.show(request, listing, release_form=form, problem=problem, status=status)
        return review.show(request, listing, form=form, problem=problem, status=status)
    return mine.show_manage(request, listing, form=form, act=name, problem=problem, status=status)
