"""Making, answering and withdrawing offers."""

from typing import Any

from django.contrib import messages
from django.forms.utils import ErrorDict, ErrorList
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from deals import policies, selectors, services
from deals.acts import can, next_act
from deals.forms import MilestoneFormSet, OfferForm
from deals.forms.offer import MILESTONE_FIELDS, TERM_FIELDS
from deals.models import Deal, Offer
from deals.views.common import actor_of, deal_or_404, frame, submit
from deals.views.price import price_beside
from marketplace.kit.errors import require
from marketplace.kit.formrows import wants_row, with_added_row

PREFIX = "payments"


@require_http_methods(["GET", "POST"])
def make_offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the first offer, or answer the other side's with another; prefilled from the last one."""
    deal = deal_or_404(request, pk)
    actor = actor_of(request)
    standing = selectors.open_offer(deal)
    if request.method == "POST":
        return _sent(request, deal, standing)
    require(policies.negotiates(actor, deal))
    if not can(actor, deal, "offer"):
        messages.info(
            request,
            _("No offer can be made now: the present state is “%(state)s”.") % {"state": deal.get_state_display()},
        )
        return redirect(deal)
    last = _last_offer(deal)
    form = OfferForm(initial={**_initial(deal, last), "last_round": last.round if last else 0})
    rows = MilestoneFormSet(prefix=PREFIX, initial=_rows(last))
    return _page(request, deal, form, rows)


def _sent(request: HttpRequest, deal: Deal, standing: Offer | None) -> HttpResponse:
    actor = actor_of(request)
    if wants_row(request.POST, PREFIX):
        data = with_added_row(request.POST, PREFIX, limit=24)
        return _page(request, deal, _unchecked(OfferForm(data)), _unchecked(MilestoneFormSet(data, prefix=PREFIX)))
    form = OfferForm(request.POST)
    rows: Any = MilestoneFormSet(request.POST, prefix=PREFIX)
    form_ok, rows_ok = form.is_valid(), rows.is_valid()
    if not (form_ok and rows_ok):
        return _page(request, deal, form, rows, status=400)
    values: dict[str, Any] = {
        "actor": actor,
        "terms": form.terms(),
        "milestones": rows.rows(),
        "message": form.cleaned_data["message"],
        "valid_until": form.cleaned_data["valid_until"],
    }
    shown = form.cleaned_data["last_round"]
    answers = standing is not None and standing.side != policies.side_of(actor, deal) and standing.round == shown

    def call() -> Offer:
        if answers:
            assert standing is not None
            return services.counter_offer(offer=standing, **values)
        return services.make_offer(deal=deal, last_round=shown, **values)

    offer, status = submit(form, call)
    if offer is None:
        return _page(request, deal, form, rows, status=status)
    messages.success(request, _("Offer %(round)d is sent.") % {"round": offer.round})
    return redirect(f"{deal.get_absolute_url()}#offers")


def _unchecked(form: Any) -> Any:
    """Show what was typed without judging it yet, when only a row was asked for."""
    for part in getattr(form, "forms", [form]):
        part._errors = ErrorDict()
    form._errors = [] if hasattr(form, "forms") else ErrorDict()
    form._non_form_errors = ErrorList()
    return form


def _last_offer(deal: Deal) -> Offer | None:
    offers = selectors.offers_of(deal)
    return offers[-1] if offers else None


def _initial(deal: Deal, last: Offer | None) -> dict[str, Any]:
    """Give the last offer's terms; before the first what the listing says."""
    if last is not None:
        return {name: getattr(last.terms, name) for name in TERM_FIELDS}
    technology = deal.technology
    rights = technology.rights_offered
    licence = "assignment" not in rights or len(rights) > 1
    exclusivity = "exclusive" if "exclusive_licence" in rights else "non_exclusive"
    return {
        "right": "licence" if licence else "assignment",
        "exclusivity": exclusivity if licence else "",
        "territory": technology.territory,
        "term_years": 5 if licence else None,
        "object_types": technology.object_types,
        "methods": technology.transfer_methods,
        "form": "INDEPENDENT",
        "royalty_pct": technology.royalty_wish_pct,
        "royalty_base": "net_revenue" if technology.royalty_wish_pct else "",
        "statement_frequency": "quarterly" if technology.royalty_wish_pct else "",
    }


def _rows(last: Offer | None) -> list[dict[str, Any]]:
    if last is None:
        return []
    return [{name: getattr(row, name) for name in MILESTONE_FIELDS} for row in last.terms.milestones.all()]


def _page(request: HttpRequest, deal: Deal, form: OfferForm, rows: Any, *, status: int = 200) -> HttpResponse:
    standing = selectors.open_offer(deal)
    actor = actor_of(request)
    context = {
        **frame(deal, actor),
        "form": form,
        "rows": rows,
        "answers": standing if standing is not None and standing.side != policies.side_of(actor, deal) else None,
        "standing": standing,
        "price": price_beside(deal, actor),
    }
    return render(request, "deals/offer_form.html", context, status=status)


def _offer_or_404(request: HttpRequest, pk: int, number: int) -> Offer:
    offer = selectors.offer_of_round(deal_or_404(request, pk), number)
    if offer is None:
        raise Http404
    return offer


@require_POST
def accept_offer(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Accept the other side's open offer."""
    services.accept_offer(offer=_offer_or_404(request, pk, number), actor=actor_of(request))
    words = _("The terms are agreed. Next: %(next)s.")
    messages.success(request, words % {"next": next_act(deal_or_404(request, pk))})
    return redirect("deals:contract", pk)


@require_POST
def withdraw_offer(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Take back the own side's open offer."""
    services.withdraw_offer(offer=_offer_or_404(request, pk, number), actor=actor_of(request))
    messages.success(request, _("The offer is withdrawn."))
    return redirect("deals:deal", pk)
