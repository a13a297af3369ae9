"""Contract, signature, registration: three pages for three facts."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Organisation
from deals import certificates, describe, policies, selectors, services
from deals.acts import can
from deals.choices import Side, Turn
from deals.forms import AcceptContractForm, PartyForm, PermitForm, ReasonForm, RegistrationForm, SignedCopyForm
from deals.forms.contract import PARTY_FIELDS
from deals.legal.contract import contract_value
from deals.legal.document import in_reading_language
from deals.legal.lint import BLOCK, Finding, lint
from deals.lifecycle import DealState
from deals.models import Contract, Deal, Party
from deals.views.appraisals import certificate_context
from deals.views.common import actor_of, answer_on_page, deal_or_404, frame, pdf_response, waits_for_certificate
from marketplace.kit.uploads import too_large


@require_GET
def contract(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the agreed terms, both sides' legal data, what still lacks, and the contract to accept."""
    return contract_page(request, deal_or_404(request, pk))


def contract_page(request: HttpRequest, deal: Deal, *, status: int = 200, **forms: Any) -> HttpResponse:
    """Render the page, with a form as it was sent when one was refused."""
    actor = actor_of(request)
    draft = services.draft_of(deal)
    if draft is None:
        raise Http404
    standing = selectors.current_contract(deal)
    side = policies.side_of(actor, deal)
    mine = draft.parties.get(side) if side else None
    findings = lint(draft)
    blocking = [finding for finding in findings if finding.severity == BLOCK]
    framed = frame(deal, actor, page="contract")
    if blocking and deal.state == DealState.TERMS_AGREED and deal.turn == Turn.BOTH and deal.parties_complete:
        framed["step"] = {**framed["step"], "text": _("Correct what the checks found, then draw up the contract")}
    context = {
        **framed,
        "terms": describe.known_rows(draft.terms, draft.milestones),
        "parties": [(Side(name).label, draft.parties.get(name)) for name in Side.values],
        "party_form": forms.get("party_form")
        or PartyForm(
            initial=_party_values(mine, deal.organisation_of(side)) if side else {},
            co_owners=draft.co_owners if side == Side.LICENSOR else (),
        ),
        "findings": findings,
        "own_data_missing": any(LEGAL_DATA.get(finding.code) == side for finding in blocking),
        "own_remarks": [
            finding
            for finding in findings
            if finding.code in {f"other_tax_code.{side}", f"other_country.{side}", "same_representative"}
        ]
        if side
        else [],
        "to_mend": [(finding, _place_of(finding, side, framed["acts"])) for finding in blocking],
        "contract": standing,
        "text": in_reading_language(standing.text) if standing else None,
        "accepted_by_us": standing is not None and side in {row.side for row in standing.acceptances.all()},
        "accept_form": forms.get("accept_form")
        or AcceptContractForm(initial={"sha256": standing.sha256 if standing else ""}),
        "reopen_form": forms.get("reopen_form") or ReasonForm(prefix="reopen"),
        "versions": selectors.contract_versions(deal),
        "price_audit": selectors.needs_price_audit(
            selectors.facts_of(deal, standing, dict(draft.parties)), related_parties=draft.terms.related_parties
        ),
        "effect": selectors.effect(deal, standing, dict(draft.parties)),
        "problem": forms.get("problem", []),
    }
    return render(request, "deals/contract.html", context, status=status)


def _place_of(finding: Finding, side: str | None, acts: list[str]) -> str:
    """Give where on the page the reader mends what blocks the contract; empty where it is the other side's to mend."""
    if finding.code in LEGAL_DATA:
        ours = side is not None and LEGAL_DATA[finding.code] in {"", side} and "save_party" in acts
        return "#party" if ours else ""
    return "#id_reopen-reason" if "reopen_terms" in acts else ""


#: What is mended in the legal data, by the side that does it; empty: by either.
LEGAL_DATA: dict[str, str] = {
    "party.licensor": Side.LICENSOR,
    "party.licensee": Side.LICENSEE,
    "co_owner_consent": Side.LICENSOR,
    "same_tax_code": "",
}


def _party_values(party: Party | None, organisation: Organisation) -> dict[str, Any]:
    """Give the stored legal data, else what the organisation's own entry says."""
    if party is not None:
        return {name: getattr(party, name) for name in PARTY_FIELDS}
    return {
        "legal_name": organisation.name_vi, "legal_name_en": organisation.name_en,
        "tax_code": organisation.tax_code, "country": organisation.country,
    }  # fmt: skip


@require_POST
def save_party(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the legal data of the own side."""
    deal = deal_or_404(request, pk)
    ours = policies.side_of(actor_of(request), deal) == Side.LICENSOR
    form = PartyForm(request.POST, co_owners=selectors.co_owners(deal, as_read=True) if ours else ())
    return answer_on_page(
        request, pk, form,
        lambda deal: services.save_party(deal=deal, actor=actor_of(request), **form.cleaned_data),
        name="party", done=_party_saved(deal), to="contract", page=contract_page,
    )  # fmt: skip


def _party_saved(deal: Deal) -> str:
    """Say that the data is saved, and what it does not change by itself."""
    if selectors.current_contract(deal) is None:
        return _("Saved.")
    return _("Saved. The contract still shows the former data: draw up a new version.")


@require_POST
def generate_contract(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw up the contract, or a new version of it."""
    deal = deal_or_404(request, pk)
    try:
        made = services.generate_contract(deal=deal, actor=actor_of(request))
    except ValidationError as error:
        return contract_page(request, deal, status=400, problem=error.messages)
    messages.success(request, _("Version %(version)d of the contract is ready.") % {"version": made.version})
    return redirect(f"{reverse('deals:contract', args=[pk])}#text")


@require_POST
def accept_contract(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept the document that was shown."""
    form = AcceptContractForm(request.POST)
    answered = answer_on_page(
        request, pk, form,
        lambda deal: services.accept_contract(deal=deal, actor=actor_of(request), **form.cleaned_data),
        name="accept", done=_("You accepted the contract for your side."), to="contract", page=contract_page,
    )  # fmt: skip
    if answered.status_code == 302 and deal_or_404(request, pk).state == DealState.AGREED:
        messages.info(
            request,
            _("Both sides have accepted it. Next, a valuation certificate is needed; then it is signed.")
            if waits_for_certificate(deal_or_404(request, pk))
            else _("Both sides have accepted it. Next, sign it and record the signed copy."),
        )
        return redirect("deals:signature", pk)
    return answered


@require_POST
def reopen_terms(request: HttpRequest, pk: int) -> HttpResponse:
    """Go back to negotiating."""
    form = ReasonForm(request.POST, prefix="reopen")
    return answer_on_page(
        request, pk, form,
        lambda deal: services.reopen_terms(deal=deal, actor=actor_of(request), reason=form.cleaned_data["reason"]),
        name="reopen", done=_("The terms are open again."), to="deal", page=contract_page,
    )  # fmt: skip


@require_GET
def contract_pdf(request: HttpRequest, pk: int, version: int) -> FileResponse:
    """Send a version of the contract."""
    found = selectors.contract_version(deal_or_404(request, pk), version)
    if found is None:
        raise Http404
    return pdf_response(found.file, f"{found.deal.code}-v{found.version}.pdf")


@require_GET
def nda_pdf(request: HttpRequest, pk: int) -> FileResponse:
    """Send the confidentiality agreement."""
    deal = deal_or_404(request, pk)
    found = selectors.nda_of(deal)
    if found is None:
        raise Http404
    return pdf_response(found.file, f"{deal.code}-NDA.pdf")


def _contract_or_404(deal: Deal) -> Contract:
    found = selectors.current_contract(deal)
    if found is None:
        raise Http404
    return found


@require_GET
def signature(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how to sign, the signed copy, and who confirms it."""
    return signature_page(request, deal_or_404(request, pk))


def signature_page(request: HttpRequest, deal: Deal, *, status: int = 200, **forms: Any) -> HttpResponse:
    """Render the page, with a form as it was sent when one was refused."""
    actor = actor_of(request)
    standing = _contract_or_404(deal)
    copy = selectors.standing_signed_copy(standing)
    side = policies.side_of(actor, deal)
    judgement = certificates.judge(deal, on=copy.signed_on if copy is not None else timezone.localdate())
    context = {
        **frame(deal, actor, page="signature", judgement=judgement),
        "contract": standing,
        "copy": copy,
        "refused": selectors.refused_copies(standing) if copy is None else [],
        "may_upload": copy is None and can(actor, deal, "upload_signed_copy"),
        "may_confirm": copy is not None
        and copy.confirmed_at is None
        and copy.side != side
        and can(actor, deal, "confirm_signed_copy"),
        "upload_form": forms.get("upload_form") or SignedCopyForm(initial={"signed_on": timezone.localdate()}),
        "refuse_form": forms.get("refuse_form") or ReasonForm(prefix="refuse"),
        **certificate_context(judgement, deal, actor),
    }
    return render(request, "deals/signature.html", context, status=status)


@require_POST
def upload_signed_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the signed copy."""
    form = SignedCopyForm(request.POST, request.FILES)
    if too_large(request):
        form.errors.pop("file", None)
        form.add_error("file", _("The file is too large. Make it smaller or split it."))
    return answer_on_page(
        request, pk, form,
        lambda deal: services.upload_signed_copy(
            deal=deal, actor=actor_of(request), upload=form.cleaned_data["file"], signed_on=form.cleaned_data["signed_on"]
        ),
        name="upload", done=_("The signed copy is recorded. The other side confirms it."), to="signature",
        page=signature_page,
    )  # fmt: skip


@require_POST
def confirm_signed_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm the other side's copy."""
    services.confirm_signed_copy(deal=deal_or_404(request, pk), actor=actor_of(request))
    if deal_or_404(request, pk).state == DealState.EFFECTIVE:
        messages.success(
            request, _("The contract is signed and in effect. What it asks of each side stands under Tracking.")
        )
    else:
        messages.success(request, _("The contract is signed. See below what it still needs to take effect."))
    return redirect("deals:registration", pk)


@require_POST
def refuse_signed_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse the other side's copy."""
    form = ReasonForm(request.POST, prefix="refuse")
    return answer_on_page(
        request, pk, form,
        lambda deal: services.refuse_signed_copy(
            deal=deal, actor=actor_of(request), reason=form.cleaned_data["reason"]
        ),
        name="refuse", done=_("The copy is refused. Another one may be recorded."), to="signature", page=signature_page,
    )  # fmt: skip


@require_GET
def signed_copy_pdf(request: HttpRequest, pk: int, copy: int) -> FileResponse:
    """Send a signed copy."""
    deal = deal_or_404(request, pk)
    found = selectors.signed_copy(deal, copy)
    if found is None:
        raise Http404
    return pdf_response(found.file, f"{deal.code}-signed.pdf")


@require_GET
def registration(request: HttpRequest, pk: int) -> HttpResponse:
    """Show whether the contract must be registered, by when, for what fee, and when it takes effect."""
    return registration_page(request, deal_or_404(request, pk))


def registration_page(request: HttpRequest, deal: Deal, *, status: int = 200, **forms: Any) -> HttpResponse:
    """Render the page, with a form as it was sent when one was refused."""
    actor = actor_of(request)
    standing = _contract_or_404(deal)
    milestones = list(standing.terms.milestones.order_by("position"))
    value = contract_value(standing.terms, milestones)
    context = {
        **frame(deal, actor, page="registration"),
        "contract": standing,
        "effect": selectors.effect(deal, standing),
        "value": value,
        "value_parts": describe.fixed_value(standing.terms, milestones),
        "fee": selectors.fee_estimate(value, on=standing.signed_on),
        "permit": getattr(standing, "permit", None),
        "certificates": standing.registrations.all(),
        "assigns_registered_right": standing.terms.right == "assignment"
        and selectors.holds_registered_right(deal.technology),
        "price_audit": selectors.needs_price_audit(
            standing.legal_facts, related_parties=standing.terms.related_parties
        ),
        "permit_form": forms.get("permit_form") or PermitForm(),
        "registration_form": forms.get("registration_form")
        or RegistrationForm(initial={"value_vnd": value, "province": deal.licensee.province_id}),
    }
    return render(request, "deals/registration.html", context, status=status)


def _once_in_effect(request: HttpRequest, pk: int, answered: HttpResponse, was: str) -> HttpResponse:
    """Lead on to what the contract asks for, once the paper that was recorded has put it into effect."""
    if answered.status_code != 302 or was == DealState.EFFECTIVE or deal_or_404(request, pk).state == was:
        return answered
    messages.info(request, _("The contract is in effect. What it asks of each side stands here."))
    return redirect("deals:tracking", pk)


@require_POST
def record_permit(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the permit of a restricted technology."""
    form = PermitForm(request.POST)
    was = deal_or_404(request, pk).state
    answered = answer_on_page(
        request, pk, form,
        lambda deal: services.record_permit(deal=deal, actor=actor_of(request), **form.cleaned_data),
        name="permit", done=_("The permit is recorded."), to="registration", page=registration_page,
    )  # fmt: skip
    return _once_in_effect(request, pk, answered, was)


@require_POST
def record_registration(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a certificate of registration."""
    form = RegistrationForm(request.POST)
    was = deal_or_404(request, pk).state
    answered = answer_on_page(
        request, pk, form,
        lambda deal: services.record_registration(deal=deal, actor=actor_of(request), **form.cleaned_data),
        name="registration", done=_("The certificate is recorded."), to="registration", page=registration_page,
    )  # fmt: skip
    return _once_in_effect(request, pk, answered, was)
