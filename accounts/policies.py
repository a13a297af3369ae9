"""Who may do what with organisations and memberships: small pure predicates on the actor's seats."""

from accounts.models import Membership, Organisation, Role, User


def serves_exchange(actor: User, exchange_id: int | None) -> bool:
    """An operator or manager of that exchange."""
    return actor.has_exchange_role(exchange_id, Role.OPERATOR, Role.MANAGER)


def manages_exchange(actor: User, exchange_id: int | None) -> bool:
    """A manager of that exchange."""
    return actor.has_exchange_role(exchange_id, Role.MANAGER)


def belongs_to(actor: User, organisation_id: int | None) -> bool:
    """Anyone with a seat in the organisation."""
    return actor.has_org_role(organisation_id)


def administers(actor: User, organisation: Organisation) -> bool:
    """An administrator of the organisation."""
    return actor.has_org_role(organisation.pk, Role.ADMIN)


def has_no_stake(actor: User, organisation_id: int | None) -> bool:
    """No seat in the organisation: nobody decides about his own."""
    return not actor.has_org_role(organisation_id)


def can_edit_organisation(actor: User, organisation: Organisation) -> bool:
    """An administrator edits the organisation's details."""
    return administers(actor, organisation)


def can_manage_members(actor: User, organisation: Organisation) -> bool:
    """An administrator gives and ends seats."""
    return administers(actor, organisation)


def can_end_seat(actor: User, seat: Membership) -> bool:
    """Whoever gives such seats ends them; and their holder leaves when he likes."""
    if seat.user_id == actor.pk:
        return True
    return actor.has_org_role(seat.organisation_id, Role.ADMIN) or manages_exchange(actor, seat.exchange_id)


def can_hand_over(actor: User, organisation: Organisation) -> bool:
    """An operator of its exchange seats the first administrator of an organisation that nobody administers yet."""
    return serves_exchange(actor, organisation.exchange_id) and has_no_stake(actor, organisation.pk)


def can_request_verification(actor: User, organisation: Organisation) -> bool:
    """An administrator asks for verification."""
    return administers(actor, organisation)


def can_verify_organisation(actor: User, organisation: Organisation) -> bool:
    """An operator of the exchange that serves the organisation, never of his own organisation."""
    return serves_exchange(actor, organisation.exchange_id) and has_no_stake(actor, organisation.pk)
