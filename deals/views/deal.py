"""A deal's page: enquiry, talk, offers, history; and the acts of the first stages."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from deals import describe, policies, selectors, services
from deals.choices import Side
from deals.forms import EnquiryForm, MessageForm, ReasonForm
from deals.history import timeline
from deals.legal.document import in_reading_language
from deals.lifecycle import DealState, OfferState
from deals.models import Deal, Offer
from deals.views.common import actor_of, answer, answer_on_page, deal_or_404, frame, submit
from deals.views.price import price_beside
from listings.choices import Tier
from listings.selectors import documents_of, visible_technologies


@require_http_methods(["GET", "POST"])
def open_enquiry(request: HttpRequest) -> HttpResponse:
    """Ask the owner of a technology: `?technology=` names it, `&demand=` and `&match=` where it came from."""
    actor = actor_of(request)
    asked = request.GET.get("technology", "")
    technology = get_object_or_404(visible_technologies(actor), pk=int(asked) if _is_number(asked) else 0)
    if request.method == "POST":
        form = EnquiryForm(request.POST, user=actor)
        status = 400
        if form.is_valid():
            values = form.cleaned_data
            deal, status = submit(
                form,
                lambda: services.open_enquiry(
                    technology=technology, organisation=values["organisation"], demand=values["demand"],
                    match_id=values["match"], message=values["message"], actor=actor,
                ),
            )  # fmt: skip
            if deal is not None:
                messages.success(request, _("The enquiry is sent. The supplier answers next."))
                return redirect(deal)
    else:
        status = 200
        initial = {name: request.GET[name] for name in ("demand", "match") if _is_number(request.GET.get(name, ""))}
        form = EnquiryForm(user=actor, initial=initial)
    context = {
        "technology": technology,
        "form": form,
        "may_open": selectors.organisations_that_may_open(actor).exclude(pk=technology.organisation_id).exists(),
        "running": selectors.running_deal(technology, actor),
    }
    return render(request, "deals/open.html", context, status=status)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 18


@require_GET
def deal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the deal to both sides and to the exchange."""
    return deal_page(request, deal_or_404(request, pk))


def deal_page(request: HttpRequest, subject: Deal, *, status: int = 200, **forms: Any) -> HttpResponse:
    """Render the page, with a form as it was sent when one was refused."""
    actor = actor_of(request)
    offers = selectors.offers_of(subject)
    framed = frame(subject, actor)
    shown = list(reversed(_shown(offers, policies.side_of(actor, subject))))
    answers = "offer" in framed["acts"] and any(row["may_answer"] and not row["expired"] for row in shown)
    context = {
        **framed,
        "offers": shown,
        "price": price_beside(subject, actor) if answers else None,
        "talk": selectors.messages_of(subject),
        "events": timeline(subject, offers),
        "nda": selectors.nda_of(subject),
        "nda_documents": subject.state == DealState.NEGOTIATING
        and policies.side_of(actor, subject) == Side.LICENSEE
        and documents_of(subject.technology).filter(tier=Tier.NDA).exists(),
        "contract": selectors.current_contract(subject),
        "mediates": policies.mediates(actor, subject),
        "has_disputes": subject.disputes.exists(),
        "message_form": forms.get("message_form") or MessageForm(),
        "decline_form": forms.get("decline_form") or ReasonForm(prefix="decline"),
        "break_off_form": forms.get("break_off_form") or ReasonForm(prefix="break_off"),
        "terminate_form": forms.get("terminate_form") or ReasonForm(prefix="terminate"),
    }
    return render(request, "deals/deal.html", context, status=status)


def _shown(offers: list[Offer], side: str | None) -> list[dict[str, Any]]:
    shown = []
    before: Any = None
    for offer in offers:
        rows = list(offer.terms.milestones.all())
        is_open = offer.state == OfferState.OPEN
        expired = is_open and offer.valid_until is not None and offer.valid_until < timezone.localdate()
        shown.append(
            {
                "offer": offer,
                "terms": describe.known_rows(offer.terms, rows),
                "changes": describe.changes(before, (offer.terms, rows)),
                "is_first": before is None,
                "previous": offer.round - 1,
                "may_answer": is_open and side is not None and side != offer.side,
                "expired": expired,
                "may_withdraw": is_open and side == offer.side,
            }
        )
        before = (offer.terms, rows)
    return shown


@require_POST
def accept_enquiry(request: HttpRequest, pk: int) -> HttpResponse:
    """The supplier is ready to talk."""
    subject = deal_or_404(request, pk)
    services.accept_enquiry(deal=subject, actor=actor_of(request))
    messages.success(request, _("Enquiry accepted. Next, each side reads and accepts the confidentiality agreement."))
    return redirect("deals:nda", pk)


def _with_reason(request: HttpRequest, pk: int, name: str, service: Any, done: str) -> HttpResponse:
    form = ReasonForm(request.POST, prefix=name)
    return answer_on_page(
        request, pk, form,
        lambda deal: service(deal=deal, actor=actor_of(request), reason=form.cleaned_data["reason"]),
        name=name, done=done, to="deal", page=deal_page,
    )  # fmt: skip


@require_POST
def decline_enquiry(request: HttpRequest, pk: int) -> HttpResponse:
    """The supplier declines."""
    return _with_reason(request, pk, "decline", services.decline_enquiry, _("The enquiry is declined."))


@require_POST
def break_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Walk away before anything is signed."""
    return _with_reason(request, pk, "break_off", services.break_off, _("The deal is ended."))


@require_POST
def terminate(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that a signed contract ended before its time."""
    return _with_reason(request, pk, "terminate", services.terminate_deal, _("The end of the contract is recorded."))


@require_POST
def post_message(request: HttpRequest, pk: int) -> HttpResponse:
    """Write to the other side."""
    subject = deal_or_404(request, pk)
    form = MessageForm(request.POST)
    return answer(
        request, form,
        lambda: services.post_message(deal=subject, actor=actor_of(request), message=form.cleaned_data["message"]),
        done=_("The message is sent."), to=f"{subject.get_absolute_url()}#messages",
        again=lambda status: deal_page(request, deal_or_404(request, pk), status=status, message_form=form),
    )  # fmt: skip


@require_GET
def nda(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the confidentiality agreement, who accepted it, and the button to accept."""
    subject = deal_or_404(request, pk)
    agreement = selectors.nda_of(subject)
    if agreement is None:
        raise Http404
    actor = actor_of(request)
    mine = policies.side_of(actor, subject)
    accepted = {row.side for row in agreement.acceptances.all()}
    context = {
        **frame(subject, actor, page="nda"),
        "nda": agreement,
        "text": in_reading_language(agreement.text),
        "accepted_by_us": mine in accepted,
    }
    return render(request, "deals/nda.html", context)


@require_POST
def accept_nda(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept the text that was shown."""
    subject = deal_or_404(request, pk)
    services.accept_nda(deal=subject, actor=actor_of(request), text_hash=request.POST.get("text_hash", ""))
    messages.success(request, _("You accepted the confidentiality agreement."))
    return redirect("deals:deal", pk)
