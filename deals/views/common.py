"""What the pages of a deal share: finding it, sending a form to a service, and the frame of each page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from deals import certificates, policies, selectors
from deals.acts import available_acts, next_act
from deals.certificates import Judgement
from deals.choices import Side, Turn
from deals.lifecycle import DEAL, MAIN_LINE, DealState
from deals.models import Deal
from marketplace.kit.errors import Conflict
from valuation.lifecycle import AppraisalState


def actor_of(request: HttpRequest) -> User:
    """Give the signed-in person; the middleware has seen to it that there is one."""
    assert isinstance(request.user, User)
    return request.user


def deal_or_404(request: HttpRequest, pk: int) -> Deal:
    """Give a deal that the person may see; for everyone else there is none."""
    return get_object_or_404(selectors.deal_detail(actor_of(request)), pk=pk)


def submit(form: Any, call: Callable[[], Any]) -> tuple[Any, int]:
    """Call a service for a valid form; give its result and 0, or None and the status of the page to show again.

    What was wrong stands on the form, and what was typed stays.
    """
    try:
        return call(), 0
    except ValidationError as error:
        for name, problems in (error.message_dict if hasattr(error, "error_dict") else {None: error.messages}).items():
            form.add_error(name if name in form.fields else None, problems)
        return None, 400
    except Conflict as conflict:
        form.add_error(None, conflict.message)
        return None, conflict.status


def answer(
    request: HttpRequest,
    form: Any,
    call: Callable[[], Any],
    *,
    done: str,
    to: str,
    again: Callable[[int], HttpResponse],
) -> HttpResponse:
    """Call a service for a valid form, say so and go to `to`; otherwise show the page `again` with what was typed."""
    status = 400
    if form.is_valid():
        result, status = submit(form, call)
        if result is not None:
            messages.success(request, done)
            return redirect(to)
    return again(status)


def answer_on_page(
    request: HttpRequest,
    pk: int,
    form: Any,
    call: Callable[[Deal], Any],
    *,
    name: str,
    done: str,
    to: str,
    page: Callable[..., HttpResponse],
) -> HttpResponse:
    """Send the form `name` of a deal's page: on to the page `to`, or back to `page` with the form as it was sent."""
    deal = deal_or_404(request, pk)

    def again(status: int) -> HttpResponse:
        return page(request, deal_or_404(request, pk), status=status, **{f"{name}_form": form})

    return answer(request, form, lambda: call(deal), done=done, to=page_of(deal, to), again=again)


def pdf_response(file: Any, name: str) -> FileResponse:
    """Send a stored PDF for download, never to be kept by shared caches."""
    response = FileResponse(file.open("rb"), content_type="application/pdf", as_attachment=True, filename=name)
    response["Cache-Control"] = "private, no-store"
    return response


#: The pages of a deal, each with the state from which on there is something to show.
PAGES: tuple[tuple[str, Any, DealState], ...] = (
    ("deal", gettext_lazy("Deal"), DealState.ENQUIRY),
    ("nda", gettext_lazy("Confidentiality"), DealState.NDA),
    ("contract", gettext_lazy("Contract"), DealState.TERMS_AGREED),
    ("signature", gettext_lazy("Signature"), DealState.AGREED),
    ("registration", gettext_lazy("Registration and effect"), DealState.SIGNED),
    ("tracking", gettext_lazy("Tracking"), DealState.EFFECTIVE),
)


def pages(deal: Deal, current: str, reached: DealState) -> list[dict[str, Any]]:
    """Give the pages that the deal has by now, as tabs; `reached` is how far it came."""
    place = MAIN_LINE.index(reached)
    return [
        {"label": label, "href": page_of(deal, name), "current": name == current}
        for name, label, since in PAGES
        if MAIN_LINE.index(since) <= place
    ]


def _dispute_tab(deal: Deal, current: str) -> list[dict[str, Any]]:
    """Give the tab of disputes while one is open, or where the reader is there."""
    if not deal.in_dispute and current != "disputes":
        return []
    return [{"label": _("Dispute"), "href": page_of(deal, "disputes"), "current": current == "disputes"}]


def reached_by(deal: Deal) -> DealState:
    """Give how far along the main line a deal is, or was when it ended."""
    state = selectors.ended_in(deal) or DealState(deal.state)
    return state if state in MAIN_LINE else DealState.EFFECTIVE


def frame(deal: Deal, actor: User, *, page: str = "deal", judgement: Judgement | None = None) -> dict[str, Any]:
    """Give what every page of a deal shows: the two banks, the stepper, the next act, the reader's side and acts.

    `judgement` saves judging the certificates again.
    """
    side = policies.side_of(actor, deal)
    acts = available_acts(actor, deal)
    step = next_step(deal, actor, judgement)
    reached = reached_by(deal)
    both = {Turn.BOTH.value, side}
    yours = bool(side) and deal.turn in both and step["act"] in acts and step.get("side", side) == side
    opens = yours or deal.state == DealState.EFFECTIVE  # who waits has nothing to open there
    return {
        "deal": deal,
        "crumbs": [(_("Deals"), reverse("deals:deal_list"))],
        "side": side,
        "acts": acts,
        "has_conflict": policies.has_conflict(actor, deal),
        "pages": pages(deal, page, reached) + _dispute_tab(deal, page),
        "steps": stepper(deal, reached),
        "step": step,
        "yours": yours,
        "next_href": step["href"] if opens else "",
        "owner": step.get("owner") or owner_of_turn(deal),
        "demand_title": deal.demand.title if deal.demand else deal.licensee,
        "demand_note": deal.licensee if deal.demand else "",
        "demand_href": deal.demand.get_absolute_url() if deal.demand and deal.demand.is_published else "",
        "restricted": deal.is_restricted,
        "state_money": deal.uses_state_money,
    }


def owner_of_turn(deal: Deal) -> Any:
    """Give who must act next."""
    if deal.turn == Turn.BOTH:
        return _("Both sides")
    return "" if deal.turn == Turn.NOBODY else deal.organisation_of(deal.turn)


def stepper(deal: Deal, reached: DealState) -> list[dict[str, Any]]:
    """Give the main line with what is done, what is now and what is to come, or what was never reached."""
    place = MAIN_LINE.index(reached)
    broken = deal.state in DEAL.final and deal.state != DealState.COMPLETED
    steps = []
    for number, state in enumerate(MAIN_LINE):
        if number < place or (number == place and (deal.is_over or state == DealState.EFFECTIVE)):
            how = "done"
        elif broken:
            how = "skipped"
        else:
            how = "current" if number == place else "todo"
        steps.append({"label": state.label, "state": how})
    if broken:
        steps.append({"label": DealState(deal.state).label, "state": "error", "when": deal.state_since})
    return steps


def next_step(deal: Deal, viewer: User, judgement: Judgement | None = None) -> dict[str, Any]:
    """Give the next act in words with the act's name, its page and its due date; where it is not the deal's turn that
    says who acts, also `owner`, and `side` where only that side may.
    """
    state = DealState(deal.state)
    if state in DEAL.final:
        return {"text": "", "act": "", "href": "", "due": None}
    if state == DealState.EFFECTIVE:
        text = _("Follow what is owed, declared and paid under the contract")
        return {"text": text, "act": "", "href": page_of(deal, "tracking"), "due": None, "owner": _("Both sides")}
    if state == DealState.NEGOTIATING:
        return _next_offer(deal)
    if state == DealState.AGREED:
        return _next_signature(deal, viewer, judgement)
    if state == DealState.SIGNED:
        return _next_effect(deal)
    act, page, place = {
        DealState.ENQUIRY: ("accept_enquiry", "deal", ""),
        DealState.NDA: ("accept_nda", "nda", ""),
        DealState.TERMS_AGREED: (
            ("generate_contract", "contract", "#draw-up")
            if deal.turn == Turn.BOTH and deal.parties_complete
            else ("save_party", "contract", "#party")
        ),
        DealState.CONTRACT_DRAFTED: ("accept_contract", "contract", "#text"),
    }[state]
    return {"text": next_act(deal), "act": act, "href": page_of(deal, page) + place, "due": None}


def _next_certificate(deal: Deal, viewer: User) -> dict[str, Any]:
    """What comes before the signature: either side commissions, the owner consents, the firm certifies."""
    commission = certificates.under_way(deal, viewer).first()
    if commission is None:
        text = _("Commission a valuation certificate: it is needed before signing")
        return {"text": text, "act": "upload_signed_copy", "href": page_of(deal, "appraisal"), "due": None}
    step = {"href": reverse("valuation:appraisal", args=[commission.pk]), "due": commission.due_on}
    if commission.state == AppraisalState.PROPOSED:
        text = _("Consent to the appraisal, which is needed before signing")
        return {**step, "text": text, "act": "upload_signed_copy", "side": Side.LICENSOR, "owner": deal.licensor}
    text = _("Issue the valuation certificate that is needed before signing")
    return {**step, "text": text, "act": "", "owner": commission.firm}


def waits_for_certificate(deal: Deal) -> bool:
    """Tell whether a deal that is agreed cannot be signed yet for want of a valuation certificate."""
    return certificates.judge(deal, on=timezone.localdate()).waits


def page_of(deal: Deal, page: str) -> str:
    """Give the address of a page of the deal."""
    return reverse(f"deals:{page}", args=[deal.pk])


def _next_offer(deal: Deal) -> dict[str, Any]:
    offer = selectors.open_offer(deal)
    if offer is None:
        return {"text": _("Make an offer"), "act": "offer", "href": page_of(deal, "make_offer"), "due": None}
    return {
        "text": _("Answer offer %(round)d") % {"round": offer.round},
        "act": "offer",
        "href": f"{page_of(deal, 'deal')}#offers",
        "due": offer.valid_until,
    }


def _next_signature(deal: Deal, viewer: User, judgement: Judgement | None) -> dict[str, Any]:
    if deal.turn == Turn.BOTH and (judgement.waits if judgement else waits_for_certificate(deal)):
        return _next_certificate(deal, viewer)
    act = "confirm_signed_copy" if deal.turn != Turn.BOTH else "upload_signed_copy"
    return {
        "text": next_act(deal, may_lack_certificate=False),
        "act": act,
        "href": page_of(deal, "signature"),
        "due": None,
    }


def _next_effect(deal: Deal) -> dict[str, Any]:
    effect = selectors.effect(deal, selectors.current_contract(deal))
    text, act = {
        "permit": (_("Obtain the permit and record it"), "record_permit"),
        "certificate": (_("Register the contract and record the certificate"), "record_registration"),
    }.get(effect.waits_for, (_("The contract takes effect on the agreed day"), ""))
    return {
        "text": text,
        "act": act,
        "href": page_of(deal, "registration"),
        "due": effect.effective_on or effect.file_by,
    }
