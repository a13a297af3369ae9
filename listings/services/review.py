"""Review: the owner's TTO first where there is one, then an operator of the exchange."""

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.models import User
from accounts.services import notify
from listings import policies, selectors
from listings.choices import LegalClass
from listings.models import Demand, Review, Technology
from listings.services.locking import advance, lock
from listings.services.publication import address, published, tell_operators
from marketplace.kit.errors import Conflict, Stale, require

L = TypeVar("L", Technology, Demand)
CHANGES = gettext_noop("Changes are requested for “%(title)s”: %(reason)s")
REJECTION = gettext_noop("“%(title)s” was rejected: %(reason)s")
CHECKLIST = ("ip_checked", "is_complete", "no_secrets")
UNCHECKED = {
    "ip_checked": gettext_lazy("Confirm that you checked the rights against the register."),
    "is_complete": gettext_lazy("Confirm that the listing is complete and understandable."),
    "no_secrets": gettext_lazy("Confirm that no public field holds a trade secret or personal data."),
}


def _new_review(listing: Technology | Demand, **values: Any) -> Review:
    return Review.objects.create(**{listing.kind: listing}, content_version=listing.content_version, **values)


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": [_("Give a reason: the author reads it.")]})


def _tell_author(listing: Technology | Demand, kind: str, sentence: str, reason: str, *, actor: User) -> None:
    """Tell the people behind the listing; of an import without people the exchange's, but for who decided."""
    title = listing.title
    notify(
        users=[user for user in selectors.people_behind(listing) if user != actor],
        kind=kind,
        text=lambda: _(sentence) % {"title": title, "reason": reason},
        url=lambda: address(listing, "manage"),
        awaits=listing if kind == "listing.changes_requested" else None,
    )


@transaction.atomic
def approve_by_owner(*, listing: L, actor: User, content_version: int | None = None, note: str = "") -> L:
    """The TTO lets the technology go to the exchange. Raises Stale when its content changed since `content_version`."""
    listing = lock(listing)
    require(policies.approves_for_owner(actor, listing))
    if content_version is not None and listing.content_version != content_version:
        raise Stale(_("This was changed since you opened it. Read it again before you approve it."))
    data = {"note": note, "content_version": listing.content_version}
    advance(listing, "approve_by_owner", actor=actor, data=data)
    _new_review(
        listing, stage=Review.Stage.OWNER, reviewer=actor, decision=Review.Decision.APPROVE, reason=note,
        decided_at=timezone.now(), is_complete=True,
    )  # fmt: skip
    tell_operators(listing)
    return listing


@transaction.atomic
def return_by_owner(*, listing: L, actor: User, reason: str) -> L:
    """The TTO gives the technology back to its author, with a reason."""
    listing = lock(listing)
    require(policies.approves_for_owner(actor, listing))
    _need_reason(reason)
    advance(listing, "return_by_owner", actor=actor, data={"reason": reason})
    _new_review(
        listing, stage=Review.Stage.OWNER, reviewer=actor, decision=Review.Decision.REQUEST_CHANGES, reason=reason,
        decided_at=timezone.now(),
    )  # fmt: skip
    _tell_author(listing, "listing.changes_requested", CHANGES, reason, actor=actor)
    return listing


@transaction.atomic
def claim_review(*, listing: L, actor: User) -> Review:
    """Take a submitted listing from the queue. Of two operators who claim at once, one gets Conflict."""
    listing = lock(listing)
    require(policies.can_review(actor, listing))
    advance(listing, "claim", actor=actor)
    return _new_review(listing, stage=Review.Stage.OPERATOR, reviewer=actor, legal_class=listing.legal_class)


def _deciding(listing: Any, actor: User) -> tuple[Any, Review]:
    """Lock, and check that this operator holds the open review, which becomes one of the content as it is now."""
    listing = lock(listing)
    review = selectors.open_review(listing)
    require(policies.can_review(actor, listing))
    if review is None:
        raise Conflict(_("Claim this listing before you decide about it."))
    require(policies.can_decide(actor, listing, review), _("Another operator has claimed this listing."))
    review.content_version = listing.content_version  # what is decided about, not what was claimed
    return listing, review


def _close(review: Review, decision: Review.Decision, **values: Any) -> Review:
    review.decision = decision
    review.decided_at = timezone.now()
    for name, value in values.items():
        setattr(review, name, value)
    review.full_clean(exclude=["technology", "demand", "reviewer"])
    review.save()
    return review


@transaction.atomic
def release_review(*, listing: L, actor: User, reason: str = "") -> L:
    """Give a claimed listing back to the queue. Whoever does so for another gives a reason, which is told to that one.

    The reason is the exchange's own matter and never told to the authors; for the own review none is taken.
    Raises ValidationError without that reason, Conflict when nobody holds the review now.
    """
    listing = lock(listing)
    review = selectors.open_review(listing)
    require(policies.can_review(actor, listing))
    if review is None:
        raise Conflict(_("Nobody has this listing in review now."))
    require(policies.can_release(actor, listing, review), _("Another operator has claimed this listing."))
    holder = review.reviewer
    if holder != actor and not reason.strip():
        raise ValidationError({"reason": [_("Give a reason.")]})
    reason = reason if holder != actor else ""
    _close(review, Review.Decision.RELEASE, reason=reason)
    advance(listing, "release", actor=actor, data={"reason": reason, "holder": holder.pk})
    if holder != actor and policies.still_reviews(holder, listing):
        data = {"title": listing.title, "reason": reason}
        notify(
            users=[holder],
            kind="listing.review_released",
            text=lambda: _("Your review of “%(title)s” was given back to the queue: %(reason)s") % data,
            url=lambda: address(listing, "review"),
        )
    tell_operators(listing, but=actor)
    return listing


@transaction.atomic
def publish_listing(
    *,
    listing: L,
    actor: User,
    legal_class: str,
    ip_checked: bool,
    is_complete: bool,
    no_secrets: bool,
    legal_class_reason: str = "",
    note: str = "",
    content_version: int | None = None,
) -> L:
    """Approve and publish. Every point of the checklist must be true; a banned technology cannot be published.

    Raises ValidationError for an open point, Conflict when the organisation is not verified, Stale when the content (its
    documents: nothing else changes in review) is not that of `content_version` any more.
    """
    listing, review = _deciding(listing, actor)
    if content_version is not None and listing.content_version != content_version:
        raise Stale(_("Its documents were changed since you opened it. Look at them again before you publish it."))
    checks = {"ip_checked": ip_checked, "is_complete": is_complete, "no_secrets": no_secrets}
    if isinstance(listing, Demand) or not listing.ip_rights.exists():
        checks["ip_checked"] = True
    errors: dict[str, list[str]] = {name: [str(UNCHECKED[name])] for name, done in checks.items() if not done}
    if legal_class not in LegalClass.values or legal_class == LegalClass.UNKNOWN:
        errors["legal_class"] = [_("Choose the legal class.")]
    elif legal_class == LegalClass.BANNED:
        errors["legal_class"] = [_("A banned technology cannot be published. Reject it with a reason.")]
    elif legal_class == LegalClass.RESTRICTED and not legal_class_reason.strip():
        errors["legal_class_reason"] = [_("Say which restriction applies: the buyer needs an approval and a permit.")]
    if errors:
        raise ValidationError(errors)
    if not listing.organisation.is_verified:
        raise Conflict(_("The organisation is not verified yet. Verify it first."))
    _close(
        review, Review.Decision.APPROVE, legal_class=legal_class, legal_class_reason=legal_class_reason, reason=note,
        **{name: bool(value) for name, value in (("ip_checked", ip_checked), ("is_complete", True), ("no_secrets", True))},
    )  # fmt: skip
    data = {"legal_class": legal_class, "review": review.pk, "content_version": listing.content_version}
    advance(listing, "publish", actor=actor, data=data, published_at=timezone.now(), legal_class=legal_class)
    published(listing)
    return listing


@transaction.atomic
def request_changes(*, listing: L, actor: User, reason: str) -> L:
    """Send the listing back to its author with what to mend."""
    listing, review = _deciding(listing, actor)
    _need_reason(reason)
    _close(review, Review.Decision.REQUEST_CHANGES, reason=reason)
    advance(listing, "request_changes", actor=actor, data={"reason": reason, "review": review.pk})
    _tell_author(listing, "listing.changes_requested", CHANGES, reason, actor=actor)
    return listing


@transaction.atomic
def reject_listing(*, listing: L, actor: User, reason: str) -> L:
    """Refuse the listing for good, with a reason."""
    listing, review = _deciding(listing, actor)
    _need_reason(reason)
    _close(review, Review.Decision.REJECT, reason=reason)
    advance(listing, "reject", actor=actor, data={"reason": reason, "review": review.pk})
    _tell_author(listing, "listing.rejected", REJECTION, reason, actor=actor)
    return listing
