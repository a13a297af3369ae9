"""Submit, take back, withdraw; and keep the search index in step."""

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

from celery import current_app
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Role, User
from accounts.selectors import operators_of, people_in
from accounts.services import notify
from listings import policies, search_text, selectors
from listings.models import Demand, Technology
from listings.services.locking import advance, lock
from marketplace.kit.errors import Conflict, require
from search.services import put_document, put_documents, remove_document

L = TypeVar("L", Technology, Demand)

#: What a listing must say before anybody reviews it: field → how to mend it.
REQUIRED_OF_TECHNOLOGY = {
    "summary": gettext_noop("Write a summary of one or two sentences."),
    "problem": gettext_noop("Say what problem the technology solves."),
    "solution": gettext_noop("Say how the technology solves it."),
    "applications": gettext_noop("Say where it can be used."),
    "main_field": gettext_noop("Choose at least one field of technology."),
    "trl": gettext_noop("Choose the technology readiness level."),
    "trl_evidence": gettext_noop("Give the evidence for the readiness level."),
    "transfer_methods": gettext_noop("Choose how the technology is transferred."),
    "rights_offered": gettext_noop("Choose which rights are on offer."),
}
REQUIRED_OF_DEMAND = {
    "problem": gettext_noop("Say what problem you have."),
    "main_field": gettext_noop("Choose at least one field of technology."),
    "effect": gettext_noop("Say what effect you need."),
    "cooperation": gettext_noop("Choose how you may cooperate."),
}


def missing_for_submission(listing: Technology | Demand) -> dict[str, str]:
    """Give what is still missing: field → how to mend it, in the active language."""
    required = REQUIRED_OF_TECHNOLOGY if isinstance(listing, Technology) else REQUIRED_OF_DEMAND
    return {name: _(message) for name, message in required.items() if not getattr(listing, name)}


def index_listing(listing: Technology | Demand) -> None:
    """Bring the search index in step with a listing, in the caller's transaction: published is found, all else is not."""
    if listing.is_published:
        put_document(kind=listing.kind, object_id=listing.pk, **search_text.document_of(listing))
    else:
        remove_document(kind=listing.kind, object_id=listing.pk)


def index_listings(model: type[L], pks: Sequence[int]) -> None:
    """Bring the index in step with many listings at once; only published ones are put. Vectors come with the sweep."""
    rows = model.objects.published().filter(pk__in=pks).order_by("pk")
    if model is Technology:
        rows = rows.prefetch_related("advantages")
    put_documents(kind=model.kind, texts={listing.pk: search_text.document_of(listing) for listing in rows})


def address(listing: Technology | Demand, name: str = "") -> str:
    """Give the address of the listing's page or, with a `name` like "review", of that page of it."""
    return reverse(f"listings:{listing.kind}{'_' + name if name else ''}", args=[listing.pk])


@transaction.atomic
def submit_listing(*, listing: L, actor: User, version: int | None = None, novelty_acknowledged: bool = False) -> L:
    """Send a draft on: a university's technology to its TTO, unless a TTO officer sends it; all else to the exchange.

    Raises ValidationError naming what is missing, and Conflict while novelty is at risk and that was not acknowledged.
    An imported listing of an organisation without people goes as its source has it, by an operator, to the exchange:
    what is missing is then for the review to judge.
    """
    listing = lock(listing)
    require(selectors.may_submit(actor, listing))
    standing_in = selectors.stands_in(actor, listing)
    if version is not None and listing.version != version:
        raise Conflict(_("Someone else saved this meanwhile. Look at it again before you submit it."))
    missing = missing_for_submission(listing)
    if missing and not standing_in:
        raise ValidationError({name: [message] for name, message in missing.items()})
    if isinstance(listing, Technology) and selectors.novelty_at_risk(listing) and not novelty_acknowledged:
        raise Conflict(
            _(
                "Publishing this before its patent application is filed can destroy novelty. File first, or confirm that you know."
            ),
            needs="novelty_acknowledged",
        )
    to_owner = (
        isinstance(listing, Technology)
        and not standing_in
        and listing.organisation.needs_tto_approval
        and not actor.has_org_role(listing.organisation_id, Role.TTO_OFFICER)
    )
    now = timezone.now()
    data = {"content_version": listing.content_version, "novelty_acknowledged": novelty_acknowledged}
    if standing_in:
        data["standing_in"] = True
    advance(listing, "submit_to_owner" if to_owner else "submit", actor=actor, data=data, submitted_at=now)
    index_listing(listing)
    if to_owner:
        _tell_owner(listing)
    else:
        tell_operators(listing)
    return listing


def _tell_owner(technology: Technology | Demand) -> None:
    """Tell the TTO that a technology waits; where nobody is of it, tell who can give the role."""
    data = {"title": technology.title, "organisation": technology.organisation}
    officers = people_in(technology.organisation_id, Role.TTO_OFFICER)
    if officers.exists():
        notify(
            users=officers,
            kind="listing.awaits_owner",
            text=lambda: _("“%(title)s” waits for your approval.") % data,
            url=lambda: address(technology, "manage"),
            awaits=technology,
        )
        return
    notify(
        users=people_in(technology.organisation_id, Role.ADMIN),
        kind="listing.no_owner",
        text=lambda: (
            _("“%(title)s” waits for the TTO of %(organisation)s, of which nobody is here: give somebody the role.")
            % data
        ),
        url=lambda: f"{reverse('accounts:organisation', args=[technology.organisation_id])}#people",
        awaits=technology,
    )


def tell_operators(listing: Technology | Demand, *, but: User | None = None) -> None:
    """Tell the exchange that a listing waits for review, `but` for somebody who knows."""
    title = listing.title
    told = operators_of(listing.exchange_id).exclude(pk__in=people_in(listing.organisation_id))
    notify(
        users=told if but is None else told.exclude(pk=but.pk),
        kind="listing.awaits_review",
        text=lambda: _("“%(title)s” waits for review.") % {"title": title},
        url=lambda: address(listing, "review"),
        awaits=listing,
    )


@transaction.atomic
def take_back_listing(*, listing: L, actor: User) -> L:
    """Take a submitted listing back into draft, as long as nobody reviews it."""
    listing = lock(listing)
    require(policies.can_edit(actor, listing))
    advance(listing, "take_back", actor=actor)
    return listing


@transaction.atomic
def withdraw_listing(*, listing: L, actor: User, reason: str = "") -> L:
    """Take a published listing off the exchange. An operator must give a reason, which its people are told."""
    listing = lock(listing)
    require(policies.can_withdraw(actor, listing))
    by_exchange = not policies.can_edit(actor, listing)
    if by_exchange and not reason.strip():
        raise ValidationError({"reason": [_("Give a reason.")]})
    advance(listing, "withdraw", actor=actor, data={"reason": reason}, withdrawn_version=listing.content_version)
    index_listing(listing)
    if by_exchange:
        data = {"title": listing.title, "reason": reason}
        notify(
            users=[user for user in selectors.people_behind(listing) if user != actor],
            kind="listing.withdrawn",
            text=lambda: _("The exchange took “%(title)s” off: %(reason)s") % data,
            url=lambda: address(listing, "manage"),
        )
    return listing


def published(listing: Any) -> None:
    """What every way to publication shares: the index, the rooms above (by the names of their tasks), the author."""
    index_listing(listing)
    for task in settings.ON_PUBLISHED:
        send = partial(current_app.send_task, task, kwargs={"kind": listing.kind, "pk": listing.pk})
        transaction.on_commit(send, robust=True)
    title = listing.title
    notify(
        users=selectors.people_behind(listing),
        kind="listing.published",
        text=lambda: _("“%(title)s” is published.") % {"title": title},
        url=lambda: address(listing),
    )
