"""Open a deal, answer the enquiry, talk, and walk away."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.selectors import people_in
from accounts.services import settle
from audit.services import record
from deals import policies
from deals.choices import Side, Turn
from deals.models import Deal, Message
from deals.services.common import (
    MESSAGE,
    acting_side,
    advance,
    check,
    lock,
    need_reason,
    other,
    require_no_conflict,
    tell,
    tell_both,
)
from deals.services.nda import close_documents, draft_nda
from deals.services.offers import close_open_offer
from listings.models import Demand, Technology
from marketplace.kit.errors import Conflict, require
from matching.choices import Act
from matching.choices import Side as MatchSide
from matching.services import note_feedback


@transaction.atomic
def open_enquiry(
    *,
    technology: Technology,
    organisation: Organisation,
    actor: User,
    message: str,
    demand: Demand | None = None,
    match_id: int | None = None,
) -> Deal:
    """Ask the owner of a published technology on behalf of `organisation`.

    Raises Conflict when the technology is not published, either organisation is not verified, or a deal of the two runs
    already; ValidationError for the message or a demand of someone else.
    """
    technology = (
        Technology.objects.select_for_update(of=("self",))
        .select_related("organisation", "exchange", "author")
        .get(pk=technology.pk)
    )
    require(policies.can_open_for(actor, organisation))
    if technology.organisation_id == organisation.pk:
        raise ValidationError({"organisation": [_("This is your organisation's own technology.")]})
    require(
        not actor.has_org_role(technology.organisation_id),
        _("You have seats in both organisations, so you may not act for either of them in this deal."),
    )
    if not technology.is_published:
        raise Conflict(_("This technology is not on offer now."))
    if not technology.organisation.is_verified:
        raise Conflict(_("The supplier is not verified by the exchange now: until it is, it takes no new enquiries."))
    if not organisation.is_verified:
        raise Conflict(_("Your organisation is not verified yet. Ask for verification first."))
    if demand is not None and not policies.owns_demand(demand, organisation):
        raise ValidationError({"demand": [_("Choose a demand of your own organisation.")]})
    deal = Deal(
        technology=technology, demand=demand, match_id=match_id, licensor=technology.organisation,
        licensee=organisation, exchange=technology.exchange, opened_by=actor, is_sample=technology.is_sample,
    )  # fmt: skip
    try:
        with transaction.atomic():
            deal.save()
    except IntegrityError as error:
        raise Conflict(_("Your organisation has a running deal about this technology already.")) from error
    _write(deal, actor, Side.LICENSEE, message)
    data = {"technology": technology.pk, "demand": demand.pk if demand else None, "licensee": organisation.pk}
    record(tag="deal.open_enquiry", subject=deal, actor=actor, data=data)
    if demand is not None:
        note_feedback(technology=technology, demand=demand, act=Act.INTRODUCTION, side=MatchSide.DEMAND, actor=actor)
    tell(
        deal, Side.LICENSOR, kind="deal.enquiry", actor=actor,
        text=lambda: _("%(organisation)s asks about “%(title)s”. Accept or decline the enquiry.")
        % {"organisation": organisation, "title": technology.title},
    )  # fmt: skip
    return deal


def _write(deal: Deal, actor: User, side: str, body: str) -> Message:
    body = body.strip()
    if not body:
        raise ValidationError({"message": [_("Write a message.")]})
    message = Message(deal=deal, author=actor, side=side, body=body)
    try:
        check(message, exclude=["deal", "author"])
    except ValidationError as error:
        raise ValidationError({"message": error.message_dict.get("body", error.messages)}) from error
    message.save()
    return message


@transaction.atomic
def accept_enquiry(*, deal: Deal, actor: User) -> Deal:
    """The supplier is ready to talk: the confidentiality agreement is drawn up for both to accept."""
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.negotiates_for(actor, deal, Side.LICENSOR))
    advance(deal, "accept_enquiry", actor=actor, turn=Turn.BOTH)
    draft_nda(deal)
    title = deal.technology.title
    tell_both(
        deal, kind="deal.nda", actor=actor,
        text=lambda: _(
            "The enquiry about “%(title)s” is accepted. Next, each side reads and accepts the confidentiality agreement."
        )
        % {"title": title},
    )  # fmt: skip
    return deal


@transaction.atomic
def decline_enquiry(*, deal: Deal, actor: User, reason: str) -> Deal:
    """The supplier declines, with a reason."""
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.negotiates_for(actor, deal, Side.LICENSOR))
    reason = need_reason(reason)
    advance(deal, "decline_enquiry", actor=actor, turn=Turn.NOBODY, reason=reason)
    title = deal.technology.title
    tell(
        deal, Side.LICENSEE, kind="deal.declined", actor=actor,
        text=lambda: _("Your enquiry about “%(title)s” was declined: %(reason)s") % {"title": title, "reason": reason},
    )  # fmt: skip
    return deal


@transaction.atomic
def break_off(*, deal: Deal, actor: User, reason: str) -> Deal:
    """Either side walks away before anything is signed, with a reason.

    An open offer ends with it, and the documents under NDA close.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.acts(actor, deal))
    reason = need_reason(reason)
    side = acting_side(actor, deal)
    advance(deal, "break_off", actor=actor, turn=Turn.NOBODY, reason=reason, side=side)
    close_open_offer(deal, "lapse", actor=actor)
    close_documents(deal, actor=actor)
    title = deal.technology.title
    tell(
        deal, other(side), kind="deal.broken_off", actor=actor,
        text=lambda: _("The other side ended the deal about “%(title)s”: %(reason)s")
        % {"title": title, "reason": reason},
    )  # fmt: skip
    return deal


@transaction.atomic
def post_message(*, deal: Deal, actor: User, message: str) -> Message:
    """Write to the other side; an operator's note goes to both.

    Raises Conflict when the deal is over, unless a dispute about it or a question about a statement is open.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.can_write_message(actor, deal))
    if not deal.takes_messages:
        raise Conflict(_("This deal is over."))
    side = acting_side(actor, deal) if policies.acts(actor, deal) else ""
    row = _write(deal, actor, side, message)
    record(tag="deal.message", subject=deal, actor=actor, data={"message": row.pk, "side": side})
    if side:
        settle(deal, users=people_in(deal.organisation_of(side).pk), kinds=[MESSAGE])
    title = deal.technology.title
    for receiver in [other(side)] if side else Side.values:
        tell(
            deal, receiver, kind=MESSAGE, actor=actor,
            text=lambda: _("A new message in the deal about “%(title)s”.") % {"title": title},
        )  # fmt: skip
    return row
