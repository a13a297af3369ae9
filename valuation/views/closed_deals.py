"""Public pages about closed deals: what they cost in bands, and whether the suggested ranges held."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rules.selectors import number
from valuation import closed_presenters as presenters
from valuation import closed_selectors as selectors


@login_not_required
@require_safe
def closed_deals(request: HttpRequest) -> HttpResponse:
    """Show every published group. There is no filter: the same page for everybody."""
    found = presenters.group_rows(selectors.groups())
    context = {
        "groups": found,
        "k": int(number("closed_deals.k")),
        "release": selectors.last_release(),
        "is_sample": any(row["group"].is_sample for row in found),
        "calibration_url": reverse("valuation:calibration"),
        "api_url": reverse("api:closed_deals"),
    }
    return render(request, "valuation/closed_deals.html", context)


@login_not_required
@require_safe
def calibration(request: HttpRequest) -> HttpResponse:
    """Show how often closed prices lay inside the suggested range, also when poor."""
    found = selectors.calibration(k=number("closed_deals.k"))
    context = {
        "found": found,
        "rows": presenters.calibration_rows(found),
        "verdict": presenters.verdict(found.total),
        "simulated": presenters.simulated_rows(),
        "crumbs": [(_("Closed deals"), reverse("valuation:closed_deals"))],
        "api_url": reverse("api:calibration"),
    }
    return render(request, "valuation/calibration.html", context)
