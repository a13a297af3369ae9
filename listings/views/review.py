"""The operator's queue, and the page where a listing is reviewed."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.selectors import read_seats
from listings import policies, selectors
from listings.acts import REVIEW_ACTS, available_acts
from listings.choices import LegalClass
from listings.forms import ReasonForm, ReviewForm
from listings.models import Demand, Technology
from listings.views.history import events_of
from listings.views.lookup import WORDS, find, url
from marketplace.kit.errors import require
from marketplace.kit.pagination import paginate


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """List what waits for the exchange, technologies and demands together, oldest first."""
    user: Any = request.user
    require(user.is_operator)
    page = paginate(request, selectors.review_queue(user))
    shown = list(page.object_list)
    reviews = selectors.open_reviews_by_listing(shown)
    read_seats([held.reviewer for held in reviews.values()])
    clock = selectors.review_clock(shown)
    rows = [
        {
            "listing": listing,
            "word": WORDS[listing.kind],
            "due": clock.due(listing),
            "review": reviews.get((listing.kind, listing.pk)),
            "mine": (review := reviews.get((listing.kind, listing.pk))) is not None and review.reviewer_id == user.pk,
            "gone": review is not None and not policies.still_reviews(review.reviewer, listing),
            "href": url(listing, "review"),
            "claim_url": url(listing, "claim"),
        }
        for listing in shown
    ]
    context = {
        "page": page,
        "rows": rows,
        "days": clock.days,
        "years": clock.calendar.years_to_enter(on=timezone.localdate()),
    }
    return render(request, "listings/review_queue.html", context)


@require_GET
def imported(request: HttpRequest, kind: str) -> HttpResponse:
    """List the imported drafts that the exchange stands in for, oldest first."""
    user: Any = request.user
    require(user.is_operator)
    page = paginate(request, selectors.imported_drafts(Technology if kind == "technology" else Demand, user))
    counts = selectors.imported_counts(user)
    names = {"technology": _("Technologies"), "demand": _("Demands")}
    context = {
        "page": page,
        "rows": [{"listing": listing, "href": url(listing, "manage")} for listing in page.object_list],
        "tabs": [
            {
                "label": label,
                "href": reverse(f"listings:{name}_imported"),
                "current": name == kind,
                "count": counts[name],
            }
            for name, label in names.items()
        ],
        "crumbs": [(_("Review queue"), reverse("listings:review_queue"))],
    }
    return render(request, "listings/imported.html", context)


@require_GET
def page(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Show a listing beside its checklist."""
    return show(request, find(kind, request.user, pk))


def needs_ip_check(listing: Any) -> bool:
    """Tell whether there are IP rights to look up."""
    return isinstance(listing, Technology) and bool(listing.ip_rights.all())


def show(
    request: HttpRequest,
    listing: Any,
    *,
    form: Any = None,
    release_form: Any = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render the review page; `form` and `release_form` bring back what was refused."""
    user: Any = request.user
    require(policies.can_review(user, listing))
    review = selectors.open_review(listing)
    if form is None:
        legal_class = listing.legal_class if listing.legal_class != LegalClass.UNKNOWN else ""
        form = ReviewForm(initial={"legal_class": legal_class}, with_rights=needs_ip_check(listing))
    technology = isinstance(listing, Technology)
    context = {
        "listing": listing,
        "kind": listing.kind,
        "word": WORDS[listing.kind],
        "review": review,
        "acts": available_acts(user, listing, review=review),
        "form": form,
        "release_form": release_form or ReasonForm(auto_id="id_release_%s"),
        "holder_gone": review is not None and not policies.still_reviews(review.reviewer, listing),
        "problem": problem,
        "due": selectors.answer_due(listing),
        "novelty": selectors.novelty_at_risk(listing) if technology else [],
        "over": selectors.rights_over(listing) if technology else [],
        "documents": list(selectors.documents_of(listing)) if technology else [],
        "past": list(selectors.decided_reviews(listing)[:5]),
        "events": events_of(listing, user),
        "urls": {name: url(listing, name) for name in ("manage", *REVIEW_ACTS)},
        "crumbs": [(_("Review queue"), reverse("listings:review_queue"))],
    }
    return render(request, "listings/review.html", context, status=status)
