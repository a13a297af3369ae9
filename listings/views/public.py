"""The public page of a technology and of a demand."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from listings import policies, selectors
from listings.views.lookup import find


@login_not_required
@require_safe
def technology(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a technology to whom it is visible."""
    listing = find("technology", request.user, pk)
    context = {"listing": listing, "documents": list(selectors.documents_of(listing))}
    return render(request, "listings/technology.html", context)


@login_not_required
@require_safe
def demand(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a demand to whom it is visible; a masked one without its organisation."""
    listing = find("demand", request.user, pk)
    context = {"listing": listing, "named": policies.can_see_organisation_of(request.user, listing)}
    return render(request, "listings/demand.html", context)
