"""My listings, and the page of one listing for its own people and the exchange: where it stands, what is next."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.models import Role
from accounts.policies import belongs_to, serves_exchange
from accounts.selectors import organisations_of
from listings import policies, selectors, services
from listings.acts import available_acts
from listings.forms import ReasonForm
from listings.lifecycle import ListingState as S
from listings.models import Technology
from listings.views.history import events_of
from listings.views.lookup import WORDS, find, url
from marketplace.kit.errors import require
from marketplace.kit.pagination import paginate

#: What happens next in each state, and who must act.
NEXT = {
    S.DRAFT: (gettext_lazy("Complete it and submit it"), gettext_lazy("Author")),
    S.AWAITING_OWNER: (gettext_lazy("The TTO approves or returns it"), gettext_lazy("TTO officer")),
    S.SUBMITTED: (gettext_lazy("An operator takes it from the queue"), gettext_lazy("Exchange")),
    S.IN_REVIEW: (gettext_lazy("The operator publishes, asks for changes or rejects"), gettext_lazy("Exchange")),
    S.CHANGES_REQUESTED: (gettext_lazy("Mend what was asked for and submit again"), gettext_lazy("Author")),
    S.REJECTED: ("", ""),
    S.PUBLISHED: ("", ""),
    S.WITHDRAWN: (gettext_lazy("Edit and submit it again, or leave it"), gettext_lazy("Author")),
}
#: The same where the exchange stands in for an imported organisation that nobody administers.
STANDING_IN = (
    gettext_lazy("Submit it as its source has it, or hand its organisation over"),
    gettext_lazy("Exchange"),
)
#: Acts that make the state wait for the reader.
YOURS = {
    S.DRAFT: "edit",
    S.CHANGES_REQUESTED: "edit",
    S.AWAITING_OWNER: "approve_by_owner",
    S.SUBMITTED: "claim",
    S.IN_REVIEW: "publish",
}


@require_GET
def my_listings(request: HttpRequest) -> HttpResponse:
    """Go to the list that the person is likelier to want: demands for a company's representative, else technologies."""
    user: Any = request.user
    roles = {seat.role for seat in user.seats}
    demands = Role.REPRESENTATIVE in roles and not roles & {Role.RESEARCHER, Role.TTO_OFFICER}
    return redirect("listings:my_demands" if demands else "listings:my_technologies")


@require_GET
def my_list(request: HttpRequest, kind: str) -> HttpResponse:
    """List what the person works on, with where each stands and what is next."""
    user: Any = request.user
    technologies, demands = selectors.my_technologies(user), selectors.my_demands(user)
    page = paginate(request, technologies if kind == "technology" else demands)
    rows = [
        {
            "listing": listing,
            "next": NEXT[listing.state][0],
            "yours": YOURS.get(listing.state) == "edit" and policies.can_edit(user, listing),
            "manage_url": url(listing, "manage"),
        }
        for listing in page.object_list
    ]
    roles = policies.SUPPLY_ROLES if kind == "technology" else policies.DEMAND_ROLES
    waiting = selectors.waiting_for_owner(user).count() if user.organisation_ids(Role.TTO_OFFICER) else 0
    tabs = [
        {
            "label": _("Technologies"),
            "href": reverse("listings:my_technologies"),
            "current": kind == "technology",
            "count": page.paginator.count if kind == "technology" else technologies.count(),
        },
        {
            "label": _("Demands"),
            "href": reverse("listings:my_demands"),
            "current": kind == "demand",
            "count": page.paginator.count if kind == "demand" else demands.count(),
        },
    ]
    if user.organisation_ids(Role.TTO_OFFICER):
        tabs.append(
            {"label": _("To approve"), "href": reverse("listings:owner_queue"), "current": False, "count": waiting}
        )
    may_start = organisations_of(user, *roles).exists()
    own = None if may_start else organisations_of(user, Role.ADMIN).first()
    context = {
        "kind": kind,
        "page": page,
        "rows": rows,
        "tabs": tabs,
        "may_start": may_start,
        "roles_url": f"{reverse('accounts:organisation', args=[own.pk])}#people" if own else "",
        "new_url": reverse(f"listings:{kind}_new"),
    }
    return render(request, "listings/my_list.html", context)


@require_GET
def owner_queue(request: HttpRequest) -> HttpResponse:
    """List what waits for this TTO officer, oldest first."""
    user: Any = request.user
    require(bool(user.organisation_ids(Role.TTO_OFFICER)))
    page = paginate(request, selectors.waiting_for_owner(user))
    return render(request, "listings/owner_queue.html", {"page": page})


@require_GET
def manage(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Show where a listing stands, what is next, its documents and its history."""
    return show_manage(request, find(kind, request.user, pk))


def show_manage(
    request: HttpRequest,
    listing: Any,
    *,
    form: Any = None,
    act: str = "",
    problem: str = "",
    unacknowledged: bool = False,
    status: int = 200,
) -> HttpResponse:
    """Render that page; `form` and `act` bring back a short form that was refused."""
    user: Any = request.user
    require(policies.can_follow(user, listing))
    review = selectors.open_review(listing) if listing.state == S.IN_REVIEW else None
    acts = available_acts(user, listing, review=review)
    standing_in = "submit" in acts and "edit" not in acts
    words, owner = STANDING_IN if standing_in else NEXT[listing.state]
    refused = listing.state in {S.CHANGES_REQUESTED, S.REJECTED}
    context = {
        "listing": listing,
        "kind": listing.kind,
        "word": WORDS[listing.kind],
        "acts": acts,
        "steps": stages(listing),
        "next_act": words,
        "owner": owner if review is None else review.reviewer,
        "yours": YOURS.get(listing.state) in acts or standing_in,
        "standing_in": standing_in,
        "unacknowledged": unacknowledged,
        "missing": list(services.missing_for_submission(listing).values()) if standing_in else [],
        "novelty": selectors.novelty_at_risk(listing) if standing_in and isinstance(listing, Technology) else [],
        "over": selectors.rights_over(listing) if standing_in and isinstance(listing, Technology) else [],
        "due": selectors.answer_due(listing) if listing.state in {S.SUBMITTED, S.IN_REVIEW} else None,
        "last_review": selectors.decided_reviews(listing).first() if refused else None,
        "documents": list(selectors.documents_of(listing)) if isinstance(listing, Technology) else [],
        "events": events_of(listing, user),
        "urls": {name: url(listing, name) for name in ("check", "submit", "review", "withdraw", "take_back")},
        "edit_url": url(listing, "edit", "basics" if listing.kind == "technology" else "problem"),
        "public_url": listing.get_absolute_url(),
        "owner_urls": {name: url(listing, name) for name in ("approve_by_owner", "return_by_owner")}
        if isinstance(listing, Technology)
        else {},
        "documents_url": url(listing, "edit", "documents") if isinstance(listing, Technology) else "",
        "may_edit": policies.can_edit(user, listing),
        "return_form": form if act == "return_by_owner" else ReasonForm(auto_id="id_return_%s"),
        "withdraw_form": form if act == "withdraw" else ReasonForm(auto_id="id_withdraw_%s"),
        "needs_reason": not policies.can_edit(user, listing),
        "problem": problem,
        "crumbs": crumbs(user, listing),
    }
    return render(request, "listings/manage.html", context, status=status)


def crumbs(user: Any, listing: Any) -> list[tuple[str, str]]:
    """Give the way back: to the own listings or, for the exchange, to the queue."""
    if serves_exchange(user, listing.exchange_id) and not belongs_to(user, listing.organisation_id):
        queue = [(_("Review queue"), reverse("listings:review_queue"))]
        waits = listing.state in selectors.STANDING_IN and listing.is_imported
        return [*queue, (_("Imported drafts"), reverse(f"listings:{listing.kind}_imported"))] if waits else queue
    return [(_("My listings"), reverse("listings:my_listings"))]


def stages(listing: Any) -> list[dict[str, Any]]:
    """Give the way from draft to publication as steps, with where the listing stands."""
    state = listing.state
    order: list[tuple[str, Any]] = [("draft", _("Draft"))]
    if isinstance(listing, Technology) and (state == S.AWAITING_OWNER or selectors.has_owner_to_ask(listing)):
        order.append(("owner", _("TTO")))
    order += [("exchange", _("Exchange")), ("published", _("Published"))]
    place = {
        S.DRAFT: "draft", S.CHANGES_REQUESTED: "draft", S.WITHDRAWN: "draft", S.AWAITING_OWNER: "owner",
        S.SUBMITTED: "exchange", S.IN_REVIEW: "exchange", S.REJECTED: "exchange", S.PUBLISHED: "published",
    }[state]  # fmt: skip
    at = [name for name, _label in order].index(place)
    rows = []
    for index, (name, label) in enumerate(order):
        here = "done" if state == S.PUBLISHED else "error" if state == S.REJECTED else "current"
        when = listing.published_at if name == "published" and state == S.PUBLISHED else None
        rows.append({"label": label, "state": "done" if index < at else here if index == at else "todo", "when": when})
    return rows
