"""What every write of a deal shares: the lock, the checks of a row, whose turn it is, and the news."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.selectors import operators_of, people_in
from accounts.services import notify, settle
from deals import policies, selectors
from deals.choices import Side, Turn
from deals.legal.lint import has_legal_data
from deals.models import Deal
from marketplace.kit.errors import Conflict, require
from marketplace.kit.lifecycle import move
from marketplace.kit.validators import plain_text

#: What a side is told when it must act in the deal next.
CALLS = frozenset(
    {
        "deal.enquiry", "deal.nda", "deal.negotiating", "deal.offer", "deal.offer_withdrawn", "deal.offer_lapsed",
        "deal.terms_agreed", "deal.reopened", "deal.contract", "deal.agreed", "deal.signed_copy",
        "deal.signed_copy_refused",
    }
)  # fmt: skip
#: What a side is told of a message, which it answers by another.
MESSAGE = "deal.message"


def lock(deal: Deal) -> Deal:
    """Lock the deal and give it as stored. Every write of a deal begins here, so rivals come one after the other."""
    return (
        Deal.objects.select_for_update(of=("self",))
        .select_related("technology__author", "demand", "licensor", "licensee", "exchange")
        .get(pk=deal.pk)
    )


def require_no_conflict(actor: User, deal: Deal) -> None:
    """Refuse a person who sits on both sides, and say why."""
    require(
        not policies.has_conflict(actor, deal),
        _("You have seats in both organisations, so you may not act for either of them in this deal."),
    )


def require_no_dispute(deal: Deal) -> None:
    """Refuse an act of `deals.acts.PAUSED` while a dispute is open. Conflict; the deal has just been locked."""
    if deal.in_dispute:
        raise Conflict(_("A dispute about this deal is open. This waits for its outcome."))


def acting_side(actor: User, deal: Deal) -> str:
    """Give the side for which a permitted actor acts."""
    side = policies.side_of(actor, deal)
    assert side is not None, "the policy let an outsider through"
    return side


def other(side: str) -> str:
    """Give the other side."""
    return Side.LICENSEE if side == Side.LICENSOR else Side.LICENSOR


def advance(deal: Deal, transition: str, *, actor: User | None, turn: str, **data: Any) -> None:
    """Move the deal, set whose turn it is, and start the clock of the new state."""
    ended_reason = str(data.get("reason", "")) if transition in {"decline_enquiry", "break_off", "terminate"} else ""
    changes: dict[str, Any] = {"turn": turn, "state_since": timezone.now()}
    settle(deal, kinds=CALLS)
    if ended_reason:
        changes["ended_reason"] = ended_reason
    move(deal, transition, actor=actor, data=data, **changes)


def set_turn(deal: Deal, turn: str) -> None:
    """Say who must act next, without a change of state. Who need not any more has done what he was called to."""
    for side in Side.values:
        if turn not in {Turn.BOTH, side}:
            settle(deal, users=people_in(deal.organisation_of(side).pk), kinds=CALLS)
    deal.turn = Turn(turn)
    deal.save(update_fields=["turn"])


def who_completes(deal: Deal) -> str:
    """Give whose turn it is once terms are agreed: the one side whose legal data, or whose co-owners' consent, lacks;
    both sides when both lack something, and when nothing lacks and either may draw up the contract.
    """
    parties = selectors.parties_of(deal)
    lacking = {side for side in Side.values if not has_legal_data(parties.get(side))}
    supplier = parties.get(Side.LICENSOR)
    if selectors.co_owners(deal) and not (supplier is not None and supplier.co_owner_consent.strip()):
        lacking.add(Side.LICENSOR.value)
    return lacking.pop() if len(lacking) == 1 else Turn.BOTH


def check(row: models.Model, *, exclude: Iterable[str] = ()) -> None:
    """Validate a row, long texts included. Raises ValidationError by field."""
    errors: dict[str, list[str]] = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(field, models.TextField) and field.max_length and len(value or "") > field.max_length:
            message = ngettext(
                "Shorten this to %(limit)d character (it has %(length)d).",
                "Shorten this to %(limit)d characters (it has %(length)d).",
                field.max_length,
            )
            errors[field.name] = [message % {"limit": field.max_length, "length": len(value)}]
    try:
        row.full_clean(exclude=set(exclude))
    except ValidationError as error:
        errors = {**error.message_dict, **errors}
    if errors:
        raise ValidationError(errors)


def need_reason(reason: str) -> str:
    """Give the reason without outer space. Raises ValidationError when there is none or it is too long."""
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": [_("Give a reason: the other side reads it.")]})
    if len(reason) > 2000:
        raise ValidationError({"reason": [_("Shorten the reason to 2,000 characters.")]})
    try:
        plain_text(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from error
    return reason


def address(deal: Deal, name: str = "deal") -> str:
    """Give the address of a page of the deal."""
    return reverse(f"deals:{name}", args=[deal.pk])


def tell(
    deal: Deal,
    side: str,
    *,
    kind: str,
    text: Callable[[], str],
    actor: User | None,
    page: str = "deal",
    binding: bool = False,
    awaits: models.Model | None = None,
) -> None:
    """Tell the officers of a side, without the actor and without anyone who sits on both sides.

    `awaits`: what they are called to act on, which is the deal itself for the kinds in `CALLS` and for messages.

    Where nobody may act for it (it came with an import, or its only officers sit on both sides) the exchange's operators
    are told, who find somebody.
    """
    organisation = deal.organisation_of(side)
    working, binding_roles = policies.offices(deal, side)
    people = people_in(organisation.pk, *(binding_roles if binding else (*working, *binding_roles)))
    others = people_in(deal.organisation_of(other(side)).pk)
    users = people.exclude(pk__in=others.values("pk"))
    if not users.exists():
        notify(
            users=operators_of(deal.exchange_id), kind="deal.nobody",
            text=lambda: _("%(organisation)s has a deal, and nobody here may act for it. Find who speaks for it: %(deal)s")
            % {"organisation": organisation, "deal": deal.code},
            url=lambda: reverse("accounts:organisation", args=[organisation.pk]),
        )  # fmt: skip
    if actor is not None:
        users = users.exclude(pk=actor.pk)
    if kind in CALLS:
        settle(deal, users=users, kinds=CALLS)  # the last call in a deal stands for those before it
    if kind in CALLS or kind == MESSAGE:
        awaits = deal
    notify(users=users, kind=kind, text=text, url=lambda: address(deal, page), awaits=awaits)


def tell_both(
    deal: Deal, *, kind: str, text: Callable[[], str], actor: User | None, page: str = "deal",
    awaits: models.Model | None = None,
) -> None:  # fmt: skip
    """Tell the officers of both sides, without the actor."""
    for side in Side.values:
        tell(deal, side, kind=kind, text=text, actor=actor, page=page, awaits=awaits)
