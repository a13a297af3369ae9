"""Offers: one open at a time, answered by acceptance or by a counter-offer, never by the side that made it."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from deals import policies, selectors
from deals.acts import next_act
from deals.choices import MilestoneKind, TermsRight, Turn
from deals.lifecycle import OfferState
from deals.models import Deal, Milestone, Offer, Party, Terms
from deals.services.common import (
    acting_side,
    advance,
    check,
    lock,
    other,
    require_no_conflict,
    set_turn,
    tell,
    who_completes,
)
from listings.choices import ObjectType, TransferMethod
from marketplace.kit.errors import Conflict, Stale, require
from marketplace.kit.lifecycle import move

MILESTONES_AT_MOST = 24
VALID_AT_MOST = datetime.timedelta(days=365)


def close_open_offer(deal: Deal, transition: str, *, actor: User | None) -> Offer | None:
    """Close the open offer of a locked deal, if there is one."""
    offer = selectors.open_offer(deal)
    if offer is not None:
        move(offer, transition, actor=actor, data=_named(offer), closed_at=timezone.now(), closed_by=actor)
    return offer


def _named(offer: Offer) -> dict[str, Any]:
    return {"deal": offer.deal_id, "round": offer.round, "side": offer.side}


def _has_expired(offer: Offer) -> bool:
    return offer.valid_until is not None and offer.valid_until < timezone.localdate()


def build_terms(terms: Mapping[str, Any], milestones: Sequence[Mapping[str, Any]]) -> tuple[Terms, list[Milestone]]:
    """Make unsaved terms and milestones and check them together. Raises ValidationError by field.

    Without a running royalty its base and frequency are empty; an assignment has no exclusivity. Instalments sum to
    the lump sum.
    """
    row = Terms(**terms)
    if row.right == TermsRight.ASSIGNMENT:
        row.exclusivity, row.sublicence_allowed = "", False
    errors: dict[str, list[str]] = {}
    if row.royalty_pct == 0:
        row.royalty_base = row.statement_frequency = ""
        if row.minimum_annual:
            errors["minimum_annual"] = [_("A minimum royalty needs a running royalty.")]
    elif isinstance(row.royalty_pct, Decimal):
        if not row.royalty_base:
            errors["royalty_base"] = [_("Say of what the royalty is a percentage.")]
        if not row.statement_frequency:
            errors["statement_frequency"] = [_("Say how often royalty statements are filed.")]
    if row.right == TermsRight.LICENCE:
        if not row.exclusivity:
            errors["exclusivity"] = [_("Say whether the licence is exclusive.")]
        if not row.term_years:
            errors["term_years"] = [_("Say for how many years the licence runs.")]
    if row.effective_from is not None and row.effective_from < timezone.localdate():
        errors["effective_from"] = [_("The effective date may not lie in the past.")]
    for name, single in (("object_types", ObjectType.MACHINERY_WITH), ("methods", TransferMethod.MACHINERY_WITH)):
        if list(getattr(row, name) or []) == [single]:
            errors[name] = [_("Machinery is transferred only together with something else of this list.")]
    rows = [Milestone(position=place, **values) for place, values in enumerate(milestones, 1)]
    try:
        check(row, exclude=["offer"])
    except ValidationError as error:
        found = error.message_dict
        if errors:
            found.pop("__all__", None)
        errors = {**found, **errors}
    errors |= _milestone_errors(row, rows)
    if not errors and row.lump_sum == 0 and not row.has_royalty and not rows:
        errors["lump_sum"] = [_("Say the price: a lump sum, payments or a running royalty.")]
    if errors:
        raise ValidationError(errors)
    return row, rows


def _milestone_errors(terms: Terms, rows: list[Milestone]) -> dict[str, list[str]]:
    if len(rows) > MILESTONES_AT_MOST:
        return {"milestones": [_("Name at most %(count)d payments.") % {"count": MILESTONES_AT_MOST}]}
    found: list[str] = []
    for row in rows:
        try:
            check(row, exclude=["terms"])
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                label = "" if name == "__all__" else f"{row._meta.get_field(name).verbose_name}: "  # type: ignore[union-attr]
                place = _("Payment %(number)d") % {"number": row.position}
                found += [f"{place}: {label}{text}" for text in texts]
    if not found:
        instalments = [row.amount for row in rows if row.kind == MilestoneKind.INSTALMENT]
        if instalments and sum(instalments) != terms.lump_sum:
            found = [_("The instalments must add up to the lump sum.")]
    return {"milestones": found} if found else {}


def _place(
    deal: Deal, actor: User, *, terms: Mapping[str, Any], milestones: Sequence[Mapping[str, Any]], message: str,
    valid_until: datetime.date | None,
) -> Offer:  # fmt: skip
    """Store the next round of a locked deal."""
    side = acting_side(actor, deal)
    today = timezone.localdate()
    errors: dict[str, list[str]] = {}
    if valid_until is not None and not today <= valid_until <= today + VALID_AT_MOST:
        errors["valid_until"] = [_("Choose a day from today up to one year ahead.")]
    try:
        row, rows = build_terms(terms, milestones)
    except ValidationError as error:
        raise ValidationError({**error.message_dict, **errors}) from error
    offer = Offer(
        deal=deal,
        round=selectors.last_round(deal) + 1,
        side=side,
        made_by=actor,
        message=message.strip(),
        valid_until=valid_until,
    )
    try:
        check(offer, exclude=["deal", "made_by"])
    except ValidationError as error:
        errors |= error.message_dict
    if errors:
        raise ValidationError(errors)
    offer.save()
    row.offer = offer
    row.save()
    for milestone in rows:
        milestone.terms = row
        milestone.save()
    return offer


def _announce(deal: Deal, offer: Offer, actor: User) -> None:
    set_turn(deal, Turn(other(offer.side)))
    title = deal.technology.title
    tell(
        deal, other(offer.side), kind="deal.offer", actor=actor,
        text=lambda: _("Offer %(round)d for “%(title)s” waits for your answer.")
        % {"round": offer.round, "title": title},
    )  # fmt: skip


def _check_round(deal: Deal, last_round: int | None) -> None:
    if last_round is not None and last_round != selectors.last_round(deal):
        raise Stale(_("The other side has made an offer meanwhile. Read it before you answer."))


@transaction.atomic
def make_offer(
    *,
    deal: Deal,
    actor: User,
    terms: Mapping[str, Any],
    milestones: Sequence[Mapping[str, Any]] = (),
    message: str = "",
    valid_until: datetime.date | None = None,
    last_round: int | None = None,
) -> Offer:
    """Make an offer when none is open. `last_round` is the round that the form showed (0 before the first).

    Raises Stale when another round came meanwhile, Conflict while an offer is open, ValidationError by field.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.negotiates(actor, deal))
    _require_negotiating(deal)
    _check_round(deal, last_round)
    standing = selectors.open_offer(deal)
    if standing is not None and _has_expired(standing):
        close_open_offer(deal, "lapse", actor=None)
        standing = None
    if standing is not None:
        if standing.side == acting_side(actor, deal):
            raise Conflict(_("Your last offer still waits for an answer. Withdraw it before you make another."))
        raise Conflict(_("An offer of the other side waits for your answer. Accept it or make a counter-offer."))
    offer = _place(deal, actor, terms=terms, milestones=milestones, message=message, valid_until=valid_until)
    _record_offer(offer, "make", actor)
    _announce(deal, offer, actor)
    return offer


@transaction.atomic
def counter_offer(
    *,
    offer: Offer,
    actor: User,
    terms: Mapping[str, Any],
    milestones: Sequence[Mapping[str, Any]] = (),
    message: str = "",
    valid_until: datetime.date | None = None,
) -> Offer:
    """Answer the other side's open offer with another one. Raises Conflict when it is not open any more."""
    deal = lock(offer.deal)
    require_no_conflict(actor, deal)
    require(policies.negotiates(actor, deal))
    _require_negotiating(deal)
    offer = _answerable(offer, deal, actor)
    move(
        offer, "lapse" if _has_expired(offer) else "counter", actor=actor, data=_named(offer),
        closed_at=timezone.now(), closed_by=actor,
    )  # fmt: skip
    answer = _place(deal, actor, terms=terms, milestones=milestones, message=message, valid_until=valid_until)
    _record_offer(answer, "make", actor)
    _announce(deal, answer, actor)
    return answer


@transaction.atomic
def accept_offer(*, offer: Offer, actor: User) -> Offer:
    """Accept the other side's open offer: its terms are frozen and become the contract's.

    Raises Conflict when it is not open any more or its last day has passed. Of two who accept at once, one succeeds.
    """
    deal = lock(offer.deal)
    require_no_conflict(actor, deal)
    require(policies.negotiates(actor, deal))
    _require_negotiating(deal)
    offer = _answerable(offer, deal, actor)
    if _has_expired(offer):
        raise Conflict(_("This offer has lapsed. Make an offer of your own, or ask the other side to renew it."))
    move(offer, "accept", actor=actor, data=_named(offer), closed_at=timezone.now(), closed_by=actor)
    advance(deal, "agree_terms", actor=actor, turn=Turn.BOTH, offer=offer.pk, round=offer.round)
    _prepare_parties(deal)
    set_turn(deal, who_completes(deal))  # after talks were reopened the data may stand already
    title = deal.technology.title
    tell(
        deal, offer.side, kind="deal.terms_agreed", actor=actor, page="contract",
        text=lambda: _("Offer %(round)d for “%(title)s” is accepted. Next: %(next)s.")
        % {"round": offer.round, "title": title, "next": next_act(deal)},
    )  # fmt: skip
    return offer


@transaction.atomic
def withdraw_offer(*, offer: Offer, actor: User) -> Offer:
    """Take back the own side's open offer."""
    deal = lock(offer.deal)
    require_no_conflict(actor, deal)
    require(policies.negotiates(actor, deal))
    offer = Offer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    require(offer.side == acting_side(actor, deal), _("Only the side that made an offer may withdraw it."))
    move(offer, "withdraw", actor=actor, data=_named(offer), closed_at=timezone.now(), closed_by=actor)
    set_turn(deal, Turn.BOTH)
    title = deal.technology.title
    tell(
        deal, other(offer.side), kind="deal.offer_withdrawn", actor=actor,
        text=lambda: _("Offer %(round)d for “%(title)s” was withdrawn.") % {"round": offer.round, "title": title},
    )  # fmt: skip
    return offer


@transaction.atomic
def lapse_offer(*, offer: Offer) -> bool:
    """Close an open offer whose last day has passed; tell whether it did. Idempotent, for the periodic task."""
    deal = lock(offer.deal)
    stored = Offer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    if stored.state != OfferState.OPEN or not _has_expired(stored):
        return False
    move(stored, "lapse", actor=None, data=_named(stored), closed_at=timezone.now())
    set_turn(deal, Turn.BOTH)
    title, round_ = deal.technology.title, stored.round
    for side in (stored.side, other(stored.side)):
        tell(
            deal, side, kind="deal.offer_lapsed", actor=None,
            text=lambda: _("Offer %(round)d for “%(title)s” has lapsed unanswered.") % {"round": round_, "title": title},
        )  # fmt: skip
    return True


def _require_negotiating(deal: Deal) -> None:
    if not deal.lifecycle.can(deal.state, "agree_terms"):
        raise Conflict(
            _("The present state is “%(state)s”, which does not allow this.") % {"state": deal.get_state_display()},
            state=deal.state,
        )


def _answerable(offer: Offer, deal: Deal, actor: User) -> Offer:
    """Lock the offer; refuse the side that made it, and an offer that is not open."""
    offer = Offer.objects.select_for_update(of=("self",)).select_related("deal").get(pk=offer.pk)
    require(offer.side != acting_side(actor, deal), _("The other side answers this offer; you may withdraw it."))
    if offer.state != OfferState.OPEN:
        raise Conflict(
            _("This offer is not open any more: %(state)s.") % {"state": offer.get_state_display()}, state=offer.state
        )
    return offer


def _record_offer(offer: Offer, act: str, actor: User) -> None:
    record(tag=f"offer.{act}", subject=offer, actor=actor, data=_named(offer))


def _prepare_parties(deal: Deal) -> None:
    """Fill in what is known of both sides' legal data; each side completes its own."""
    for side in ("licensor", "licensee"):
        organisation = deal.organisation_of(side)
        Party.objects.get_or_create(
            deal=deal,
            side=side,
            defaults={
                "legal_name": organisation.name_vi,
                "legal_name_en": organisation.name_en,
                "tax_code": organisation.tax_code,
                "country": organisation.country,
            },
        )
