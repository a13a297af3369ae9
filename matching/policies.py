"""Who may see a match and answer it."""

from accounts.models import Role, User
from accounts.policies import belongs_to, serves_exchange
from listings import policies as listing_policies
from matching.choices import Side
from matching.models import Match, SavedSearch


def is_on_demand_side(actor: User, match: Match) -> bool:
    """Anyone of the company that demands."""
    return belongs_to(actor, match.demand.organisation_id)


def is_on_supply_side(actor: User, match: Match) -> bool:
    """Anyone of the organisation that offers."""
    return belongs_to(actor, match.technology.organisation_id)


def sides_of(actor: User, match: Match) -> list[Side]:
    """Name the sides that the person sits on."""
    on = ((Side.SUPPLY, is_on_supply_side), (Side.DEMAND, is_on_demand_side))
    return [side for side, is_on in on if is_on(actor, match)]


def can_see(actor: User, match: Match) -> bool:
    """Both sides, and the operators of the exchanges of either listing."""
    return bool(sides_of(actor, match)) or any(
        serves_exchange(actor, pk) for pk in (match.technology.exchange_id, match.demand.exchange_id)
    )


def can_answer(actor: User, match: Match, side: str) -> bool:
    """For the demand its representatives and brokers; for the supply whoever may edit the technology."""
    if side == Side.DEMAND:
        return actor.has_org_role(match.demand.organisation_id, Role.REPRESENTATIVE, Role.BROKER)
    return listing_policies.can_edit(actor, match.technology)


def owns_search(actor: User, search: SavedSearch) -> bool:
    """Only the person who saved it."""
    return search.user_id == actor.pk


def can_keep_layer(actor: User) -> bool:
    """Managers of an exchange."""
    return bool(actor.exchange_ids(Role.MANAGER))


def can_see_exposure(actor: User) -> bool:
    """Operators and managers of an exchange."""
    return bool(actor.exchange_ids(Role.OPERATOR, Role.MANAGER))
