"""The public page of a technology and of a demand."""

import datetime
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.db.models import TextField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from listings import linked_data, policies, presenters, selectors
from listings.calls import call_on
from listings.choices import TRL_MEANINGS, Cooperation, IPStatus, ObjectType, Right, Tier, TransferMethod
from listings.models import Demand, Document, IPRight, Technology
from listings.views.lookup import find, url
from marketplace.kit.files import ENDINGS

NEAR_EXPIRY = datetime.timedelta(days=548)  # a year and a half: too short for many a licence


@login_not_required
@require_safe
def technology(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a technology to whom it is visible: what it solves, how ripe, which rights, for what price."""
    listing: Technology = find("technology", request.user, pk)
    granted = selectors.has_grant(request.user, listing)
    context = {
        **_shared(request, listing),
        "organisation": listing.organisation,
        "linked_data": linked_data.of_technology(request, listing),
        "trl_meaning": TRL_MEANINGS.get(listing.trl or 0, ""),
        "rights": [_right(right) for right in listing.ip_rights.all()],
        "over": selectors.rights_over(listing),
        "advantages": list(listing.advantages.all()),
        "documents": [_tile(request, row, granted=granted) for row in selectors.documents_of(listing)],
        "offered": presenters.labels(listing.rights_offered, Right),
        "methods": presenters.labels(listing.transfer_methods, TransferMethod),
        "objects": presenters.labels(listing.object_types, ObjectType),
    }
    return render(request, "listings/technology.html", context)


@login_not_required
@require_safe
def demand(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a demand to whom it is visible; a masked one without its organisation, and its region for its province."""
    listing: Demand = find("demand", request.user, pk)
    named = policies.can_see_organisation_of(request.user, listing)
    context = {
        **_shared(request, listing),
        "organisation": listing.organisation if named else None,
        "place": str(listing.province or "") if named else presenters.place_of(listing, english=get_language() == "en"),
        "trl_meaning": TRL_MEANINGS.get(listing.trl_min or 0, ""),
        "cooperation": presenters.labels(listing.cooperation, Cooperation),
        "elements": [
            (cast(TextField, Demand._meta.get_field(name)).verbose_name, getattr(listing, name))
            for name in Demand.ELEMENTS
            if getattr(listing, name)
        ],
    }
    return render(request, "listings/demand.html", context)


def _shared(request: HttpRequest, listing: Technology | Demand) -> dict[str, Any]:
    lists = {"technology": _("Technologies"), "demand": _("Demands")}
    here = reverse(f"listings:{listing.kind}_list")
    crumbs = [(lists[listing.kind], here)]
    if listing.main_field is not None:
        crumbs.append((str(listing.main_field), f"{here}?field={listing.main_field.pk}"))
    own = isinstance(request.user, User) and policies.can_follow(request.user, listing)
    return {
        "listing": listing,
        "crumbs": crumbs,
        "fields": list(listing.fields.all()),
        "own_side": own,
        "call": call_on(listing, viewer=request.user),
        "manage_url": url(listing, "manage") if own else "",
        "description": (listing.summary or listing.problem)[:200],
    }


def _right(right: IPRight) -> dict[str, Any]:
    today = timezone.localdate()
    over = right.is_over
    return {
        "row": right,
        "owners": list(right.owners.all()),
        "state": "lapsed" if over else "granted" if right.status == IPStatus.GRANTED else "pending",
        "tone": "danger" if over else "verified" if right.status == IPStatus.GRANTED else "waiting",
        "label": _("Expired") if over and right.status != IPStatus.LAPSED else right.get_status_display(),
        "ends_soon": not over and right.expiry_date is not None and right.expiry_date - today < NEAR_EXPIRY,
    }


def _tile(request: HttpRequest, document: Document, *, granted: bool) -> dict[str, Any]:
    locked = not policies.can_open_document(request.user, document, granted=granted)
    how = {
        Tier.REGISTERED: _("Sign in to open it."),
        Tier.NDA: _("Opens once both sides have accepted the NDA of an enquiry."),
    }
    return {
        "name": document.title,
        "tier": document.tier,
        "size": document.size,
        "kind": ENDINGS.get(document.media_type, "").lstrip(".").upper(),
        "href": "" if locked else reverse("listings:document", args=[document.pk]),
        "locked": locked,
        "how": how.get(Tier(document.tier), "") if locked else "",
    }
