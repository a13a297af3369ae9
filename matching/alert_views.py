"""Pages of saved searches, and the link in a mail that ends its kind."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.kit.pagination import paginate
from matching import selectors, services
from matching.choices import Often
from matching.forms import OftenForm, SaveSearchForm
from matching.models import SavedSearch
from matching.services import alerts
from matching.views import viewer_of


@require_GET
def searches(request: HttpRequest) -> HttpResponse:
    """List the searches that the person keeps."""
    page = paginate(request, selectors.searches_of(viewer_of(request)))
    return render(request, "matching/searches.html", {"page": page, "often": Often.choices})


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep what a list's address finds."""
    form = SaveSearchForm(request.POST)
    if not form.is_valid():
        if form.errors.keys() != {"query"}:
            raise Http404
        messages.error(request, _("This search is too long to be kept. Use fewer words."))
        listed = reverse(f"listings:{form.cleaned_data['kind']}_list")
        return redirect(f"{listed}?{request.POST['query']}")
    data = form.cleaned_data
    services.save_search(
        kind=data["kind"], query=QueryDict(data["query"]), often=data["often"], actor=viewer_of(request)
    )
    messages.success(request, _("Saved. New finds are told as you chose."))
    return redirect("matching:searches")


def _search(request: HttpRequest, pk: int) -> SavedSearch:
    return get_object_or_404(selectors.searches_of(viewer_of(request)), pk=pk)


@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how often the finds are mailed."""
    search, form = _search(request, pk), OftenForm(request.POST)
    if not form.is_valid():
        raise Http404
    services.change_search(search=search, often=form.cleaned_data["often"], actor=viewer_of(request))
    messages.success(request, _("Changed."))
    return redirect("matching:searches")


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a search."""
    services.delete_search(search=_search(request, pk), actor=viewer_of(request))
    messages.success(request, _("Deleted."))
    return redirect("matching:searches")


@csrf_exempt  # the signed token says who it is for; mail programs post here without a cookie (RFC 8058)
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, and on POST end the mails that the token names; opening the link alone ends nothing."""
    try:
        meant = alerts.read_token(token)
        if request.method == "POST":
            services.unsubscribe(token=token)
    except BadSignature as error:
        raise Http404 from error
    context = {"is_done": request.method == "POST", "is_for_all": meant["search"] is None}
    return render(request, "matching/unsubscribe.html", context)
