"""Signature, permit, registration and effect: four facts kept apart."""

import datetime
import hashlib
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Province, User
from audit.services import record
from deals import certificates, policies, selectors
from deals.choices import CertificateKind, Side, Turn
from deals.lifecycle import DealState
from deals.models import Contract, Deal, Permit, Registration, SignedCopy
from deals.services.common import (
    acting_side,
    advance,
    check,
    lock,
    need_reason,
    other,
    require_no_conflict,
    require_no_dispute,
    set_turn,
    tell,
    tell_both,
)
from deals.services.nda import close_documents
from deals.services.tracking import generate_obligations, stop_obligations
from deals.tasks import hand_down_contract
from listings.services.documents import inspect_upload
from marketplace.kit.errors import Conflict, require
from marketplace.kit.files import atomic_with_files, filename_of, store_file
from matching.choices import Act
from matching.choices import Side as MatchSide
from matching.services import note_feedback
from rules.words import citation


def _current(deal: Deal) -> Contract:
    contract = Contract.objects.select_for_update(of=("self",)).filter(deal=deal, superseded_at=None).first()
    if contract is None:
        raise Conflict(_("There is no contract yet."))
    return contract


def require_certificate(deal: Deal, *, actor: User, signed_on: datetime.date) -> None:
    """Refuse a signature with state money in the deal and no certificate that fits it on its day (article 27.3)."""
    judgement = certificates.judge(deal, on=signed_on)
    clause = judgement.clause
    if clause is None or not judgement.waits:
        return
    words = _(
        "State money is in this deal: before it is signed it needs the certificate of a licensed valuation firm that "
        "holds on the day of signing (%(clause)s). Commission a firm first."
    )
    message = words % {"clause": citation(clause.source)}
    for row in judgement.doubts(actor):
        doubts = " ".join(one.text for one in row.misfits if one.stops)
        message += " " + _("Certificate %(number)s does not count: %(why)s") % {
            "number": row.certificate,
            "why": doubts,
        }
    raise Conflict(message, clause=clause.source, rule=clause.code)


@atomic_with_files
def upload_signed_copy(*, deal: Deal, actor: User, upload: Any, signed_on: datetime.date) -> SignedCopy:
    """Record the signed contract (a PDF) with its date; the other side confirms it.

    Raises ValidationError for the file or the date, Conflict while another copy waits or before both agreed.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.acts(actor, deal))
    require_no_dispute(deal)
    contract = _current(deal)
    if not deal.lifecycle.can(deal.state, "sign"):
        raise Conflict(_("The signed copy is recorded once both sides have accepted the contract."), state=deal.state)
    if contract.signed_copies.filter(refused_at=None).exists():
        raise Conflict(_("A signed copy is recorded already and waits for the other side."))
    errors: dict[str, list[str]] = {}
    today = timezone.localdate()
    if signed_on > today:
        errors["signed_on"] = [_("The date of signing lies in the future.")]
    elif signed_on < timezone.localdate(contract.generated_at):
        errors["signed_on"] = [_("The date of signing lies before the contract was drawn up.")]
    content = b""
    try:
        content, media_type = inspect_upload(upload)
        if media_type != "application/pdf":
            errors["file"] = [_("Upload the signed copy as a PDF.")]
    except ValidationError as error:
        wrong_kind = upload.size <= settings.UPLOAD_MAX_BYTES and upload.size > 0
        errors["file"] = [_("Upload the signed copy as a PDF.")] if wrong_kind else error.message_dict["file"]
    if errors:
        raise ValidationError(errors)
    require_certificate(deal, actor=actor, signed_on=signed_on)
    side = acting_side(actor, deal)
    copy = SignedCopy(
        contract=contract, side=side, uploaded_by=actor, signed_on=signed_on, size=len(content),
        filename=filename_of(str(upload.name), "application/pdf"), sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    store_file(copy.file, "signed.pdf", content)
    copy.save()
    data = {"copy": copy.pk, "side": side, "signed_on": signed_on, "sha256": copy.sha256}
    record(tag="deal.upload_signed_copy", subject=deal, actor=actor, data=data)
    set_turn(deal, Turn(other(side)))
    title = deal.technology.title
    tell(
        deal, other(side), kind="deal.signed_copy", actor=actor, page="signature",
        text=lambda: _("The signed contract for “%(title)s” is recorded. Check and confirm it.") % {"title": title},
    )  # fmt: skip
    return copy


def _copy_of_other_side(deal: Deal, actor: User) -> SignedCopy:
    copy = (
        SignedCopy.objects.select_for_update(of=("self",))
        .select_related("contract")
        .filter(contract__deal=deal, contract__superseded_at=None, refused_at=None)
        .first()
    )
    if copy is None or copy.confirmed_at is not None:
        raise Conflict(_("No signed copy waits for confirmation."))
    require(copy.side != acting_side(actor, deal), _("The other side confirms the copy that your side recorded."))
    return copy


@transaction.atomic
def confirm_signed_copy(*, deal: Deal, actor: User) -> Contract:
    """Confirm the other side's copy: the contract is signed on its date, and its clocks start."""
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.binds(actor, deal))
    require_no_dispute(deal)
    copy = _copy_of_other_side(deal, actor)
    require_certificate(deal, actor=actor, signed_on=copy.signed_on)
    copy.confirmed_at, copy.confirmed_by = timezone.now(), actor
    copy.save(update_fields=["confirmed_at", "confirmed_by"])
    contract = _current(deal)
    contract.signed_on = copy.signed_on
    contract.save(update_fields=["signed_on"])
    advance(deal, "sign", actor=actor, turn=Turn.BOTH, copy=copy.pk, signed_on=copy.signed_on, sha256=copy.sha256)
    title = deal.technology.title
    tell_both(
        deal, kind="deal.signed", actor=actor, page="registration",
        text=lambda: _("The contract for “%(title)s” is signed.") % {"title": title},
    )  # fmt: skip
    if deal.demand is not None:
        note_feedback(
            technology=deal.technology, demand=deal.demand, act=Act.CONTRACT, side=MatchSide.DEMAND, actor=actor
        )
    _settle_effect(deal, contract, actor=actor)
    return contract


@transaction.atomic
def refuse_signed_copy(*, deal: Deal, actor: User, reason: str) -> SignedCopy:
    """Refuse the other side's copy, with a reason; another one may be recorded."""
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.binds(actor, deal))
    reason = need_reason(reason)
    copy = _copy_of_other_side(deal, actor)
    copy.refused_at, copy.refused_reason = timezone.now(), reason
    copy.save(update_fields=["refused_at", "refused_reason"])
    record(tag="deal.refuse_signed_copy", subject=deal, actor=actor, data={"copy": copy.pk, "reason": reason})
    set_turn(deal, Turn.BOTH)
    title = deal.technology.title
    tell(
        deal, copy.side, kind="deal.signed_copy_refused", actor=actor, page="signature",
        text=lambda: _("The signed copy for “%(title)s” was refused: %(reason)s") % {"title": title, "reason": reason},
    )  # fmt: skip
    return copy


def _signed_contract(deal: Deal) -> Contract:
    contract = _current(deal)
    if contract.signed_on is None:
        raise Conflict(_("The contract is not signed yet."), state=deal.state)
    return contract


def _date_errors(issued_on: datetime.date, *, earliest: datetime.date | None = None) -> dict[str, list[str]]:
    if issued_on > timezone.localdate():
        return {"issued_on": [_("The date of issue lies in the future.")]}
    if earliest is not None and issued_on < earliest:
        return {"issued_on": [_("The date of issue lies before the contract was signed.")]}
    return {}


@transaction.atomic
def record_permit(*, deal: Deal, actor: User, number: str, issued_on: datetime.date, authority: str) -> Permit:
    """Record the permit of a restricted technology; the contract may take effect by it."""
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.can_record_authority_paper(actor, deal))
    if not deal.is_restricted:
        raise Conflict(_("This technology is not of the restricted class and needs no permit."))
    contract = _signed_contract(deal)
    if deal.is_over:
        raise Conflict(_("This deal is over."))
    if Permit.objects.filter(contract=contract).exists():
        raise Conflict(_("The permit is recorded already."))
    permit = Permit(contract=contract, number=number, issued_on=issued_on, authority=authority, recorded_by=actor)
    errors = _date_errors(issued_on, earliest=contract.signed_on)
    try:
        check(permit, exclude=["contract", "recorded_by"])
    except ValidationError as error:
        errors |= error.message_dict
    if errors:
        raise ValidationError(errors)
    permit.save()
    data = {"permit": number, "issued_on": issued_on, "authority": authority}
    record(tag="deal.record_permit", subject=deal, actor=actor, data=data)
    _settle_effect(deal, contract, actor=actor)
    return permit


@transaction.atomic
def record_registration(
    *,
    deal: Deal,
    actor: User,
    certificate_no: str,
    issued_on: datetime.date,
    value_vnd: Decimal,
    province: Province,
    kind: str = CertificateKind.NEW,
) -> Registration:
    """Record a certificate of registration. Where registration is mandatory the contract takes effect by it.

    Raises Conflict before signing or for a second first registration, ValidationError by field.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.can_record_authority_paper(actor, deal))
    contract = _signed_contract(deal)
    if deal.is_over:
        raise Conflict(_("This deal is over."))
    first_exists = contract.registrations.filter(kind=CertificateKind.NEW).exists()
    if kind == CertificateKind.NEW and first_exists:
        raise Conflict(_("The first registration is recorded already."))
    row = Registration(
        contract=contract, kind=kind, certificate_no=certificate_no.strip(), issued_on=issued_on, value_vnd=value_vnd,
        province=province, recorded_by=actor,
    )  # fmt: skip
    errors = _date_errors(issued_on, earliest=contract.signed_on)
    if kind == CertificateKind.AMENDED and not first_exists:
        errors["kind"] = [_("Record the first registration before an amendment.")]
    try:
        check(row, exclude=["contract", "recorded_by"])
    except ValidationError as error:
        errors |= error.message_dict
    if errors:
        raise ValidationError(errors)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("This certificate is recorded already.")) from error
    data = {"certificate_no": certificate_no, "issued_on": issued_on, "value_vnd": value_vnd, "kind": kind}
    record(tag="deal.record_registration", subject=deal, actor=actor, data=data)
    _settle_effect(deal, contract, actor=actor)
    return row


def _settle_effect(deal: Deal, contract: Contract, *, actor: User | None) -> None:
    """Compute the date of effect of a signed contract; put the deal into effect when that day has come."""
    if deal.state != DealState.SIGNED:
        return
    contract = Contract.objects.select_related("offer__terms", "permit").get(pk=contract.pk)
    effect = selectors.effect(deal, contract)
    if effect.effective_on != contract.effective_on:
        contract.effective_on = effect.effective_on
        contract.save(update_fields=["effective_on"])
    if effect.effective_on is None or effect.effective_on > timezone.localdate():
        set_turn(deal, Turn.BOTH if effect.waits_for else Turn.NOBODY)
        return
    advance(
        deal, "take_effect", actor=actor, turn=Turn.NOBODY, contract=contract.pk, effective_on=effect.effective_on,
        must_register=effect.must_register,
    )  # fmt: skip
    generate_obligations(contract=contract, actor=actor)
    transaction.on_commit(partial(hand_down_contract.delay, contract.pk), robust=True)
    title, day = deal.technology.title, effect.effective_on
    tell_both(
        deal, kind="deal.effective", actor=None,
        text=lambda: _("The contract for “%(title)s” has been in effect since %(day)s.")
        % {"title": title, "day": date_format(day, "SHORT_DATE_FORMAT")},
    )  # fmt: skip


@transaction.atomic
def start_contract(*, contract: Contract) -> bool:
    """Put a signed contract into effect when its day has come; tell whether it did. For the periodic task."""
    deal = lock(contract.deal)
    if deal.state != DealState.SIGNED:
        return False
    _settle_effect(deal, contract, actor=None)
    return deal.state == DealState.EFFECTIVE


@transaction.atomic
def terminate_deal(*, deal: Deal, actor: User, reason: str) -> Deal:
    """Record that a signed contract ended before its time, with the reason, by someone who binds a side.

    Payments that lie ahead stop, and the documents under NDA close. A contract whose day of effect has come is in effect
    first, also when nobody has noted it yet; one that ends before that day never was, and has no such day any more.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.binds(actor, deal))
    require_no_dispute(deal)
    reason = need_reason(reason)
    side = acting_side(actor, deal)
    if deal.state == DealState.SIGNED:
        contract = _current(deal)
        _settle_effect(deal, contract, actor=None)
        if deal.state == DealState.SIGNED:
            contract.effective_on = None
            contract.save(update_fields=["effective_on"])
    was_in_effect = deal.state == DealState.EFFECTIVE
    advance(deal, "terminate", actor=actor, turn=Turn.NOBODY, reason=reason, side=side)
    if was_in_effect:
        stop_obligations(contract=_current(deal), on=timezone.localdate(), actor=actor)
    close_documents(deal, actor=actor)
    title = deal.technology.title
    tell(
        deal, Side(other(side)), kind="deal.terminated", actor=actor,
        text=lambda: _("The other side recorded the end of the contract for “%(title)s”: %(reason)s")
        % {"title": title, "reason": reason},
    )  # fmt: skip
    return deal
