"""Public pages of organisations: who is verified, and what each lists under its name."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.selectors import visible_organisations
from listings import presenters, selectors
from listings.finding import find
from marketplace.kit.pagination import paginate

SHOWN = 10


@login_not_required
@require_safe
def organisation_list(request: HttpRequest) -> HttpResponse:
    """List the verified organisations with what they publish."""
    page = paginate(request, selectors.organisations_with_counts())
    return render(request, "listings/organisation_list.html", {"page": page})


@login_not_required
@require_safe
def organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an organisation, what it offers and what it seeks under its name; masked demands are not among these."""
    found = get_object_or_404(visible_organisations(request.user), pk=pk)
    english = get_language() == "en"
    lists = []
    for kind, title in (("technology", _("Technologies on offer")), ("demand", _("Demands"))):
        listed = find(kind, {"organisation": str(pk)})
        rows = list(listed.rows[: SHOWN + 1])
        lists.append(
            {
                "kind": kind,
                "title": title,
                "cards": [presenters.card(row, listed, english=english, named=False) for row in rows[:SHOWN]],
                "more": f"{reverse(f'listings:{kind}_list')}?organisation={pk}" if len(rows) > SHOWN else "",
            }
        )
    context = {
        "organisation": found,
        "lists": lists,
        "crumbs": [(_("Organisations"), reverse("listings:organisations"))],
        "mine": request.user.is_authenticated and pk in request.user.organisation_ids(),
    }
    return render(request, "listings/organisation.html", context)
