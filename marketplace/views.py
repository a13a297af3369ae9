"""The home page, how it works, what robots read, and whether the site is well."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from listings import presenters, selectors
from marketplace.reference import operations_by_tag

NEWEST = 4

#: The way of a technology: what happens, who acts.
WAY = (
    (_("List a technology"), _("Researcher, technology transfer office"), _("A researcher writes the offer in steps that are kept: the problem, the solution, advantages with numbers, readiness with its evidence, rights and owners, price and documents. The technology transfer office of the university approves it first.")),
    (_("Review"), _("Operator of the exchange"), _("An operator checks the legal class, the IP rights and that the text is complete, and publishes it, asks for changes, or rejects it with a reason. Nobody reviews the listings of their own organisation.")),
    (_("Post a demand"), _("Company"), _("A company says what problem it has, what it tried, what the solution must do, its budget and its time. It may hide its name from the public.")),
    (_("Matching"), _("The exchange"), _("Every demand is compared with every technology, by words and by meaning, across Vietnamese and English. Both sides see the match with its reasons, and keep or decline it.")),
    (_("Suggested price"), _("The exchange"), _("For each technology a range is computed from comparable royalty rates and expected revenue, with its drivers and sources.")),
    (_("Enquire and negotiate"), _("Company and supplier"), _("An enquiry opens the talk. Once both sides accept the NDA, confidential documents open. Offers and counter-offers show what changed.")),
    (_("Contract"), _("Both sides"), _("The agreed terms become a contract in Vietnamese and English with the contents that the law asks for. Both sides accept it and the signed copy is recorded.")),
    (_("Follow up"), _("Both sides, operator"), _("Payments, reports and milestones are watched; royalties are computed from the statements, and the shares of inventors are divided.")),
)  # fmt: skip


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the one search box and the two banks with their newest listings."""
    english = get_language() == "en"
    language = "en" if english else "vi"
    technologies = selectors.newest_in(selectors.published_technologies(), language=language, count=NEWEST)
    demands = selectors.newest_in(selectors.published_demands(), language=language, count=NEWEST)
    counts = selectors.published_counts()
    context = {
        **_addresses(),
        "technologies": [presenters.brief(row, english=english) for row in technologies],
        "demands": [presenters.brief(row, english=english) for row in demands],
        "technology_count": counts["technology"],
        "demand_count": counts["demand"],
        "has_samples": any(row.is_sample for row in [*technologies, *demands]),
    }
    return render(request, "marketplace/home.html", context)


@login_not_required
@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    """Tell the way from draft to royalty."""
    steps = [{"title": title, "who": who, "text": text} for title, who, text in WAY]
    return render(request, "marketplace/how_it_works.html", {**_addresses(), "steps": steps})


def _addresses() -> dict[str, str]:
    return {
        "technologies_url": reverse("listings:technology_list"),
        "demands_url": reverse("listings:demand_list"),
        "new_technology_url": reverse("listings:technology_new"),
        "new_demand_url": reverse("listings:demand_new"),
    }


@login_not_required
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Show the API, read off its OpenAPI schema."""
    context: dict[str, Any] = {"groups": operations_by_tag(), "schema_url": reverse("api:schema")}
    return render(request, "marketplace/api_docs.html", context)


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell robots what is not for them, and where the sitemap is."""
    closed = ("account", "my", "operator", "review", "deals", "matches", "documents")
    lines = ["User-agent: *", "Disallow: /api/"]
    lines += [f"Disallow: {prefix}/{name}/" for prefix in ("", "/en") for name in closed]
    lines += [f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@login_not_required
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
