"""Commission a valuation firm, open the file to it, take in its certificate."""

import datetime
import hashlib
import io
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from accounts.models import Organisation, User
from accounts.selectors import people_in
from accounts.services import notify, settle
from audit.services import record
from listings.models import Technology
from listings.services import grant_disclosure, revoke_disclosure
from listings.services.documents import inspect_upload
from marketplace.kit.alone import alone
from marketplace.kit.errors import Conflict, NotAllowed, require
from marketplace.kit.files import atomic_with_files, filename_of, store_file
from marketplace.kit.lifecycle import move
from marketplace.kit.validators import plain_text
from rules.selectors import RuleMissing
from valuation import appraisal_policies as policies
from valuation import appraisal_selectors as selectors
from valuation.lifecycle import OPEN_APPRAISAL, AppraisalState
from valuation.models import Appraisal, Certificate


def lock(appraisal: Appraisal, *, firm: bool = False) -> Appraisal:
    """Lock an appraisal and give it as stored; with its `firm` where it counts that this is verified."""
    related = ("technology__organisation", "technology__author", "firm", "client", "counterparty")
    rows = Appraisal.objects.select_for_update(of=("self", "firm") if firm else ("self",), no_key=True)
    return rows.select_related(*related).get(pk=appraisal.pk)


def _require_verified(firm: Organisation) -> None:
    if firm.kind != Organisation.Kind.VALUATION_FIRM or not firm.is_verified:
        raise Conflict(_("Only a verified valuation firm can be commissioned."))


def _tell(
    appraisal: Appraisal, organisations: list[Organisation], roles: Any, *, kind: str, text: Callable[[], str], actor: Any,
    calls: bool = False,
) -> None:  # fmt: skip
    """Tell the officers of some organisations, each person once, without the actor; `calls` them to act on it."""
    people: dict[int, User] = {}
    for one in organisations:
        people |= {user.pk: user for user in people_in(one.pk, *roles)}
    if actor is not None:
        people.pop(actor.pk, None)
    notify(
        users=people.values(), kind=kind, text=text, url=lambda: reverse("valuation:appraisal", args=[appraisal.pk]),
        awaits=appraisal if calls else None,
    )  # fmt: skip


def _refuse_conflicts(appraisal: Appraisal) -> None:
    found = selectors.conflicts(
        firm=appraisal.firm, technology=appraisal.technology, client=appraisal.client,
        counterparty=appraisal.counterparty,
    )  # fmt: skip
    if found:
        raise NotAllowed(_("This firm has an interest in the price: %(reasons)s") % {"reasons": " ".join(found)})


@transaction.atomic
def commission_appraisal(
    *,
    technology: Technology,
    firm: Organisation,
    client: Organisation,
    actor: User,
    brief: str,
    purpose: str = "",
    right: str = "",
    term_years: int | None = None,
    due_on: datetime.date | None = None,
    counterparty: Organisation | None = None,
    deal_id: int | None = None,
) -> Appraisal:
    """Commission a verified valuation firm for the owner, or for the other side of a deal (`deal_id`).

    For a client other than the owner the caller has checked that it is a side of the deal; the owner then consents
    before the firm is asked. Without a `purpose` it is the one that a signature needs. Raises NotAllowed for a conflict of interest, Conflict for a second open commission,
    ValidationError.
    """
    require(policies.can_commission(actor, client))
    is_owner = client.pk == technology.organisation_id
    require(is_owner or deal_id is not None)
    _require_verified(firm)
    state = AppraisalState.REQUESTED if is_owner else AppraisalState.PROPOSED
    appraisal = Appraisal(
        technology=technology, firm=firm, client=client, counterparty=counterparty, deal_id=deal_id,
        purpose=purpose or selectors.purpose_for(technology, filter(None, [technology.organisation, client, counterparty])),
        right=right, term_years=term_years, brief=brief.strip(), due_on=due_on, commissioned_by=actor, is_sample=technology.is_sample, state=state,
        created_at=timezone.now(), state_since=timezone.now(),
    )  # fmt: skip
    errors: dict[str, list[str]] = {}
    if due_on is not None and due_on < timezone.localdate():
        errors["due_on"] = [_("This day has passed.")]
    try:
        appraisal.full_clean(exclude=["technology", "firm", "client", "counterparty", "commissioned_by"])
    except ValidationError as error:
        errors |= error.message_dict
    if errors:
        raise ValidationError(errors)
    _refuse_conflicts(appraisal)
    try:
        with transaction.atomic():
            appraisal.save()
    except IntegrityError as error:
        raise Conflict(_("This firm has an open commission for this technology already.")) from error
    data = {"technology": technology.pk, "firm": firm.pk, "client": client.pk, "deal": deal_id, "state": state,
            "purpose": appraisal.purpose, "right": right, "term_years": term_years}  # fmt: skip
    record(tag="appraisal.commission", subject=appraisal, actor=actor, data=data)
    title = technology.title
    if is_owner:
        _ask_firm(appraisal, actor)
    else:
        _tell(
            appraisal, [technology.organisation], policies.CLIENT_ROLES, kind="appraisal.proposed", actor=actor, calls=True,
            text=lambda: _("%(client)s wants a firm to appraise “%(title)s”. It needs your consent.")
            % {"client": client, "title": title},
        )  # fmt: skip
    return appraisal


def _ask_firm(appraisal: Appraisal, actor: User) -> None:
    title = appraisal.technology.title
    _tell(
        appraisal, [appraisal.firm], policies.FIRM_ROLES, kind="appraisal.requested", actor=actor, calls=True,
        text=lambda: _("You are asked to appraise “%(title)s”.") % {"title": title},
    )  # fmt: skip


@transaction.atomic
def consent_to_appraisal(*, appraisal: Appraisal, actor: User) -> Appraisal:
    """Let the firm that the other side wants see the file: it is asked now."""
    appraisal = lock(appraisal, firm=True)
    require(policies.can_consent(actor, appraisal))
    _require_verified(appraisal.firm)
    _refuse_conflicts(appraisal)
    move(appraisal, "consent", actor=actor, state_since=timezone.now())
    settle(appraisal)
    _ask_firm(appraisal, actor)
    return appraisal


@transaction.atomic
def accept_appraisal(*, appraisal: Appraisal, actor: User, is_independent: bool) -> Appraisal:
    """Accept a commission, declaring to be free of interests; the documents under NDA open to the firm.

    Raises ValidationError without the declaration, NotAllowed for an interest that the records show.
    """
    appraisal = lock(appraisal, firm=True)
    require(policies.certifies(actor, appraisal))
    if not is_independent:
        raise ValidationError(
            {"is_independent": [_("Declare that the firm has no interest in the price, or decline.")]}
        )  # fmt: skip
    _refuse_conflicts(appraisal)
    now = timezone.now()
    move(
        appraisal, "accept", actor=actor, data={"declared": "no interest"}, state_since=now,
        independence_declared_at=now, independence_declared_by=actor,
    )  # fmt: skip
    settle(appraisal)
    grant_disclosure(
        technology=appraisal.technology, organisation=appraisal.firm, basis=appraisal.basis_code, actor=actor
    )  # fmt: skip
    title, firm = appraisal.technology.title, appraisal.firm
    _tell(
        appraisal, policies.sides(appraisal), policies.CLIENT_ROLES, kind="appraisal.accepted", actor=actor,
        text=lambda: _("%(firm)s appraises “%(title)s” and sees its documents until it is done.")
        % {"firm": firm, "title": title},
    )  # fmt: skip
    return appraisal


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > 2000:
        raise ValidationError({"reason": [_("Give a reason of at most 2,000 characters: the other side reads it.")]})
    try:
        plain_text(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from error
    return reason


def _close(appraisal: Appraisal, transition: str, *, actor: User, reason: str) -> None:
    """End a commission without a certificate and close the documents to the firm."""
    was_open = appraisal.state == AppraisalState.ACCEPTED
    data = {"reason": reason}
    move(appraisal, transition, actor=actor, data=data, state_since=timezone.now(), ended_reason=reason)
    settle(appraisal)
    if was_open:
        revoke_disclosure(
            technology=appraisal.technology, organisation=appraisal.firm, basis=appraisal.basis_code, actor=actor
        )


@transaction.atomic
def decline_appraisal(*, appraisal: Appraisal, actor: User, reason: str) -> Appraisal:
    """Decline a commission, also one under way (an interest that came up, say), or refuse consent as the owner."""
    appraisal = lock(appraisal)
    refuses = appraisal.state == AppraisalState.PROPOSED and policies.can_consent(actor, appraisal)
    require(refuses or (policies.acts_for_firm(actor, appraisal) and appraisal.state != AppraisalState.PROPOSED))
    reason = _reason(reason)
    _close(appraisal, "decline", actor=actor, reason=reason)
    title = appraisal.technology.title
    _tell(
        appraisal, policies.sides(appraisal), policies.CLIENT_ROLES, kind="appraisal.declined", actor=actor,
        text=lambda: _("The appraisal of “%(title)s” was declined: %(reason)s") % {"title": title, "reason": reason},
    )  # fmt: skip
    return appraisal


@transaction.atomic
def cancel_appraisal(*, appraisal: Appraisal, actor: User, reason: str) -> Appraisal:
    """Take a commission back before there is a certificate; the documents close to the firm."""
    appraisal = lock(appraisal)
    require(policies.can_cancel(actor, appraisal))
    reason = _reason(reason)
    asked = appraisal.state != AppraisalState.PROPOSED
    _close(appraisal, "cancel", actor=actor, reason=reason)
    title = appraisal.technology.title
    if asked:
        _tell(
            appraisal, [appraisal.firm], policies.FIRM_ROLES, kind="appraisal.cancelled", actor=actor,
            text=lambda: _("The commission to appraise “%(title)s” was taken back: %(reason)s")
            % {"title": title, "reason": reason},
        )  # fmt: skip
    return appraisal


@atomic_with_files
def certify_appraisal(
    *,
    appraisal: Appraisal,
    actor: User,
    upload: Any,
    number: str,
    issued_on: datetime.date,
    valued_on: datetime.date,
    valid_until: datetime.date,
    value: Decimal,
    currency: str,
    basis: str,
    appraiser_name: str,
    appraiser_licence: str,
    purpose: str = "",
    right: str | None = None,
    term_years: int | None = None,
    differs: bool = False,
) -> Certificate:
    """Take in the firm's certificate (a PDF). The commission ends and the documents close to the firm.

    `purpose`, `right` and `term_years` as the certificate names them; without a `right` (empty text: it names none) that
    of the commission, with its term unless another is given. Since it is never changed later, one that names something
    else than was asked is taken only with `differs`.
    Raises ValidationError by field: not a readable PDF, dates out of order or longer than the rule allows, a difference.
    """
    appraisal = lock(appraisal, firm=True)
    require(policies.certifies(actor, appraisal))
    if not appraisal.lifecycle.can(appraisal.state, "certify"):
        raise Conflict(_("A certificate is recorded while the commission is at work."), state=appraisal.state)
    _refuse_conflicts(appraisal)
    certificate = Certificate(
        appraisal=appraisal, number=number, issued_on=issued_on, valued_on=valued_on, valid_until=valid_until,
        value=value, currency=currency, basis=basis, appraiser_name=appraiser_name,
        appraiser_licence=appraiser_licence, purpose=purpose or appraisal.purpose,
        right=appraisal.right if right is None else right,
        term_years=appraisal.term_years if right is None and term_years is None else term_years,
        uploaded_by=actor, uploaded_at=timezone.now(),
    )  # fmt: skip
    errors = _date_errors(issued_on, valued_on, valid_until)
    if not differs and (found := selectors.differences(certificate)):
        errors["differs"] = [_("%(what)s Check the certificate. If it does say so, confirm it here.")
                             % {"what": " ".join(found)}]  # fmt: skip
    content = b""
    try:
        content = readable_pdf(upload)
    except ValidationError as error:
        errors |= error.message_dict
    try:
        left_out = ["appraisal", "uploaded_by", "file", "filename", "size", "sha256"]
        certificate.full_clean(exclude=left_out, validate_constraints=not errors)
    except ValidationError as error:
        errors |= error.message_dict
    if errors:
        raise ValidationError(errors)
    certificate.filename = filename_of(str(upload.name), "application/pdf")
    certificate.size, certificate.sha256 = len(content), hashlib.sha256(content).hexdigest()
    store_file(certificate.file, "certificate.pdf", content)
    certificate.save()
    data = {"certificate": certificate.pk, "number": number, "value": value, "currency": currency,
            "valid_until": valid_until, "purpose": certificate.purpose, "right": certificate.right,
            "term_years": certificate.term_years, "differs": differs, "sha256": certificate.sha256}  # fmt: skip
    move(appraisal, "certify", actor=actor, data=data, state_since=timezone.now())
    revoke_disclosure(
        technology=appraisal.technology, organisation=appraisal.firm, basis=appraisal.basis_code, actor=actor
    )
    title, firm = appraisal.technology.title, appraisal.firm
    _tell(
        appraisal, policies.sides(appraisal), policies.CLIENT_ROLES, kind="appraisal.certified", actor=actor,
        text=lambda: _("%(firm)s issued its certificate for “%(title)s”.") % {"firm": firm, "title": title},
    )  # fmt: skip
    return certificate


def _date_errors(
    issued_on: datetime.date, valued_on: datetime.date, valid_until: datetime.date
) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if issued_on > timezone.localdate():
        errors["issued_on"] = [_("The date of issue lies in the future.")]
    if valued_on > issued_on:
        errors["valued_on"] = [_("The day of the value lies after the date of issue.")]
    if valid_until < issued_on:
        errors["valid_until"] = [_("It would have ended before it was issued.")]
    if errors:
        return errors
    try:
        months = selectors.validity_months(on=issued_on)
    except RuleMissing:
        return {"issued_on": [_("No rule says how long a certificate of that day holds.")]}
    last = add_months(valued_on, months)
    if valid_until > last:
        words = _("A certificate holds for at most %(months)d months from the day of its value: until %(last)s.")
        errors["valid_until"] = [words % {"months": months, "last": date_format(last, "SHORT_DATE_FORMAT")}]
    return errors


def add_months(day: datetime.date, months: int) -> datetime.date:
    """Give the same day some months later, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    first_after = datetime.date(day.year + years + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_after - datetime.timedelta(days=1)).day
    return datetime.date(day.year + years, month + 1, min(day.day, last))


def readable_pdf(upload: Any) -> bytes:
    """Give the content of an uploaded PDF that can be opened and is not encrypted. Raises ValidationError."""
    content, media_type = inspect_upload(upload)
    if media_type != "application/pdf":
        raise ValidationError({"file": [_("Upload the certificate as a PDF.")]})
    try:
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        if reader.encrypted:
            raise ValidationError({"file": [_("This PDF is protected by a password. Upload one that can be read.")]})
        pages = int(reader.root["/Pages"]["/Count"])
    except (PdfError, KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ValidationError({"file": [_("This PDF cannot be read. Save it again and upload it.")]}) from error
    if pages < 1:
        raise ValidationError({"file": [_("This PDF has no page.")]})
    return content


@transaction.atomic
def show_certificate(*, certificate: Certificate, actor: User, shown: bool) -> Certificate:
    """Show the certified value to everyone beside the suggested range, or to the parties only."""
    certificate = Certificate.objects.select_for_update(of=("self",)).get(pk=certificate.pk)
    appraisal = Appraisal.objects.select_related("technology").get(pk=certificate.appraisal_id)
    require(policies.can_show(actor, appraisal))
    if (certificate.shown_at is not None) != shown:
        certificate.shown_at = timezone.now() if shown else None
        certificate.save(update_fields=["shown_at"])
        record(tag="appraisal.show" if shown else "appraisal.hide", subject=appraisal, actor=actor)
    return certificate


def remind_of_expiry() -> int:
    """Tell the owner, the client, the other side and the firm of certificates that end soon, and of those that have
    ended, once each; give how many.
    """
    told = 0
    for mark, found in (
        ("reminded_on", selectors.ending_certificates()),
        ("end_told_on", selectors.ended_certificates()),
    ):
        told += _each("Certificate", list(found.values_list("pk", flat=True)), partial(_remind, mark=mark))
    return told


def tell_of_firms() -> int:
    """Tell the sides of open commissions whose firm is no longer verified, and those who were told so when it is verified
    again; once each. Give how many.
    """
    found = selectors.commissions_of_changed_firms()
    return _each("Appraisal", list(found.values_list("pk", flat=True)), _tell_of_firm)


def _each(what: str, pks: list[int], act: Callable[[int], bool]) -> int:
    """Do something for each row; one that fails is logged and keeps back no other."""
    done = 0
    for pk in pks:
        with alone(what, pk):
            done += act(pk)
    return done


@transaction.atomic
def _tell_of_firm(pk: int) -> bool:
    found = Appraisal.objects.select_for_update(of=("self", "firm"), no_key=True, skip_locked=True)
    related = ("technology__organisation", "firm", "client", "counterparty")
    appraisal = found.filter(pk=pk, state__in=OPEN_APPRAISAL).select_related(*related).first()
    if appraisal is None or (appraisal.firm_lapsed_told_at is not None) != appraisal.firm.is_verified:
        return False
    verified = appraisal.firm.is_verified
    appraisal.firm_lapsed_told_at = None if verified else timezone.now()
    appraisal.save(update_fields=["firm_lapsed_told_at"])
    words = {"firm": appraisal.firm, "title": appraisal.technology.title}

    def text() -> str:
        if verified:
            return _("%(firm)s is verified again: the appraisal of “%(title)s” can go on.") % words
        return (
            _("%(firm)s is no longer verified and cannot appraise “%(title)s”. Take the commission back and choose another firm, or wait.")
            % words
        )  # fmt: skip

    kind = "appraisal.firm_verified" if verified else "appraisal.firm_lapsed"
    _tell(appraisal, policies.sides(appraisal), policies.CLIENT_ROLES, kind=kind, text=text, actor=None)
    return True


@transaction.atomic
def _remind(pk: int, mark: str) -> bool:
    """Tell that a certificate ends (`mark`: reminded_on) or has ended (end_told_on), unless it was told."""
    certificate = (
        Certificate.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk, **{mark: None}).first()
    )
    if certificate is None:
        return False
    setattr(certificate, mark, timezone.localdate())
    certificate.save(update_fields=[mark])
    related = ("technology__organisation", "firm", "client", "counterparty")
    appraisal = Appraisal.objects.select_related(*related).get(pk=certificate.appraisal_id)
    title, last = appraisal.technology.title, certificate.valid_until

    def text() -> str:
        has_ended = mark == "end_told_on"
        words = (
            _("The valuation certificate for “%(title)s” ended on %(day)s.")
            if has_ended
            else _("The valuation certificate for “%(title)s” ends on %(day)s.")
        )
        return words % {"title": title, "day": date_format(last, "SHORT_DATE_FORMAT")}

    kind = "appraisal.ends" if mark == "reminded_on" else "appraisal.ended"
    sides = policies.sides(appraisal)
    _tell(appraisal, sides, policies.CLIENT_ROLES, kind=kind, text=text, actor=None)
    _tell(appraisal, [appraisal.firm], policies.FIRM_ROLES, kind=kind, text=text, actor=None)
    return True
