"""Who may do what with listings: small pure predicates. Legality of the moment is the lifecycle's question."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import Organisation, Role, User
from accounts.policies import belongs_to, has_no_stake, manages_exchange, serves_exchange
from listings.choices import Tier
from listings.models import Demand, Document, Listing, Review, Technology

Viewer = User | AnonymousUser
SUPPLY_ROLES = (Role.RESEARCHER, Role.TTO_OFFICER, Role.REPRESENTATIVE)
DEMAND_ROLES = (Role.REPRESENTATIVE,)


def can_list_technology(actor: User, organisation: Organisation) -> bool:
    """Researchers, TTO officers and representatives list technologies of their organisation."""
    return actor.has_org_role(organisation.pk, *SUPPLY_ROLES)


def can_post_demand(actor: User, organisation: Organisation) -> bool:
    """Representatives post demands of their organisation."""
    return actor.has_org_role(organisation.pk, *DEMAND_ROLES)


def is_author(actor: User, listing: Listing) -> bool:
    """The author, while still in the organisation."""
    return listing.author_id == actor.pk and belongs_to(actor, listing.organisation_id)


def editing_roles(listing: Listing) -> tuple[Role, ...]:
    """Give the roles that edit a listing of their organisation without having written it.

    An imported technology has no author in the organisation: there a representative edits it, too.
    """
    if isinstance(listing, Demand):
        return DEMAND_ROLES
    return (Role.TTO_OFFICER, Role.REPRESENTATIVE) if listing.is_imported else (Role.TTO_OFFICER,)


def can_edit(actor: User, listing: Listing) -> bool:
    """The author or a TTO officer edits a technology; any representative of the company edits a demand."""
    if actor.has_org_role(listing.organisation_id, *editing_roles(listing)):
        return True
    return (
        isinstance(listing, Technology)
        and is_author(actor, listing)
        and actor.has_org_role(listing.organisation_id, *SUPPLY_ROLES)
    )


def can_submit(actor: User, listing: Listing) -> bool:
    """Who edits also submits; see `can_stand_in`."""
    return can_edit(actor, listing)


def can_stand_in(actor: User, listing: Listing) -> bool:
    """An operator of the exchange, without a stake, for an imported listing; only while its organisation has nobody."""
    return listing.is_imported and can_review(actor, listing)


def can_withdraw(actor: User, listing: Listing) -> bool:
    """Who edits also withdraws; so does an operator of the exchange, without a stake."""
    return can_edit(actor, listing) or can_review(actor, listing)


def is_tto_officer(actor: User, listing: Listing) -> bool:
    """A TTO officer of the listing's organisation."""
    return actor.has_org_role(listing.organisation_id, Role.TTO_OFFICER)


def approves_for_owner(actor: User, listing: Listing) -> bool:
    """A TTO officer of the organisation, not the author."""
    return is_tto_officer(actor, listing) and listing.author_id != actor.pk


def can_review(actor: User, listing: Listing) -> bool:
    """An operator of the listing's exchange, never of his own organisation."""
    return serves_exchange(actor, listing.exchange_id) and has_no_stake(actor, listing.organisation_id)


def can_import(actor: User, exchange_id: int) -> bool:
    """An operator or manager of the exchange brings in records of a register; never for his own organisation."""
    return serves_exchange(actor, exchange_id)


def can_follow(actor: User, listing: Listing) -> bool:
    """The organisation's own people, and the operators of the exchange, see where a listing stands and its history."""
    return belongs_to(actor, listing.organisation_id) or serves_exchange(actor, listing.exchange_id)


def can_decide(actor: User, listing: Listing, review: Review | None) -> bool:
    """The operator who claimed the review."""
    return can_review(actor, listing) and review is not None and review.reviewer_id == actor.pk


def still_reviews(reviewer: User, listing: Listing) -> bool:
    """Tell whether who holds a review serves the exchange yet, and has no seat in the organisation meanwhile.

    Two-step sign-in does not count here: who lacks it for an hour has not left.
    """
    seats = reviewer.all_seats
    return any(seat.exchange_id == listing.exchange_id for seat in seats) and not any(
        seat.organisation_id == listing.organisation_id for seat in seats
    )


def can_release(actor: User, listing: Listing, review: Review | None) -> bool:
    """The operator who claimed the review; a manager of the exchange; once that operator is gone, any other."""
    if review is None or not can_review(actor, listing):
        return False
    return (
        review.reviewer_id == actor.pk
        or manages_exchange(actor, listing.exchange_id)
        or not still_reviews(review.reviewer, listing)
    )


def can_see_organisation_of(viewer: Viewer, demand: Demand) -> bool:
    """Everyone sees who demands, unless masked: then only the company itself and the operators of the exchange."""
    if not demand.masked:
        return True
    return isinstance(viewer, User) and (
        belongs_to(viewer, demand.organisation_id) or serves_exchange(viewer, demand.exchange_id)
    )


def can_destroy_document(actor: User, technology: Technology, *, was_shown: bool) -> bool:
    """Who edits the technology, as long as nobody else could open the document; then an operator, without a stake."""
    return can_review(actor, technology) or (can_edit(actor, technology) and not was_shown)


def can_open_document(viewer: Viewer, document: Document, *, granted: bool) -> bool:
    """By tier: public, signed-in, under NDA (`granted`: a standing disclosure to one of the viewer's organisations).

    The owner's people and the operators of the exchange open every tier.
    """
    if document.removed_at is not None:
        return False
    technology = document.technology
    if isinstance(viewer, User) and viewer.is_active:
        if belongs_to(viewer, technology.organisation_id) or can_review(viewer, technology):
            return True
        if not technology.is_published:
            return granted
        return document.tier in {Tier.PUBLIC, Tier.REGISTERED} or granted
    return technology.is_published and document.tier == Tier.PUBLIC
