"""Who may do what in a deal: small pure predicates. Legality of the moment is the lifecycle's question.

Two offices on each side: who negotiates (enquiries, offers, papers) and who binds (the confidentiality agreement and
the contract). A person with seats on both sides acts for neither. The exchange sees the deal, records what an
authority issued, and may write a note; it never acts for a side.
"""

from accounts.models import Organisation, Role, User
from accounts.policies import belongs_to, has_no_stake, serves_exchange
from deals.choices import Side
from deals.models import Deal
from listings.models import Demand

#: (negotiates, binds) by side; the supplier's by whether it has a TTO.
LICENSEE_OFFICES = ((Role.REPRESENTATIVE, Role.SIGNATORY), (Role.SIGNATORY, Role.ADMIN))
COMPANY_OWNER_OFFICES = ((Role.REPRESENTATIVE, Role.SIGNATORY), (Role.SIGNATORY, Role.ADMIN))
TTO_OWNER_OFFICES = ((Role.TTO_OFFICER, Role.SIGNATORY), (Role.SIGNATORY, Role.TTO_OFFICER))

#: Every role that acts for a side in some deal.
ACTING = tuple(
    {
        role
        for table in (LICENSEE_OFFICES, COMPANY_OWNER_OFFICES, TTO_OWNER_OFFICES)
        for office in table
        for role in office
    }
)


def offices(deal: Deal, side: str) -> tuple[tuple[Role, ...], tuple[Role, ...]]:
    """Give the roles that negotiate and the roles that bind, for a side of this deal."""
    if side == Side.LICENSEE:
        return LICENSEE_OFFICES
    return TTO_OWNER_OFFICES if deal.licensor.needs_tto_approval else COMPANY_OWNER_OFFICES


def has_conflict(actor: User, deal: Deal) -> bool:
    """Seats in both organisations: such a person acts for neither."""
    return belongs_to(actor, deal.licensor_id) and belongs_to(actor, deal.licensee_id)


def side_of(actor: User, deal: Deal) -> str | None:
    """The side for which the person could act; None for outsiders and for people with a conflict of interest."""
    if has_conflict(actor, deal):
        return None
    if belongs_to(actor, deal.licensor_id):
        return Side.LICENSOR
    return Side.LICENSEE if belongs_to(actor, deal.licensee_id) else None


def role_for(actor: User, deal: Deal, roles: tuple[Role, ...]) -> str:
    """The first of `roles` that the person holds on the own side, or nothing."""
    side = side_of(actor, deal)
    if side is None:
        return ""
    organisation_id = deal.licensor_id if side == Side.LICENSOR else deal.licensee_id
    return next((role for role in roles if actor.has_org_role(organisation_id, role)), "")


def sees_as_party(actor: User, deal: Deal) -> bool:
    """Anyone of the buyer; of the supplier anyone but a researcher who did not write the technology."""
    if belongs_to(actor, deal.licensee_id):
        return True
    others = [role for role in Role if role != Role.RESEARCHER]
    return actor.has_org_role(deal.licensor_id, *others) or (
        belongs_to(actor, deal.licensor_id) and deal.technology.author_id == actor.pk
    )


def can_see(actor: User, deal: Deal) -> bool:
    """The two sides and the exchange; for everyone else the deal does not exist."""
    return sees_as_party(actor, deal) or serves_exchange(actor, deal.exchange_id)


def can_open_for(actor: User, organisation: Organisation) -> bool:
    """A representative or signatory opens an enquiry for the organisation."""
    return actor.has_org_role(organisation.pk, *LICENSEE_OFFICES[0])


def owns_demand(demand: Demand, organisation: Organisation) -> bool:
    """The demand is the organisation's own."""
    return demand.organisation_id == organisation.pk


def negotiates(actor: User, deal: Deal) -> bool:
    """Who makes and accepts offers and prepares papers, on either side."""
    side = side_of(actor, deal)
    return side is not None and bool(role_for(actor, deal, offices(deal, side)[0]))


def negotiates_for(actor: User, deal: Deal, side: str) -> bool:
    """Who negotiates, on that side."""
    return side_of(actor, deal) == side and negotiates(actor, deal)


def binding_role(actor: User, deal: Deal) -> str:
    """The role in which the person binds the own side, or nothing."""
    side = side_of(actor, deal)
    return role_for(actor, deal, offices(deal, side)[1]) if side is not None else ""


def binds(actor: User, deal: Deal) -> bool:
    """Who accepts the confidentiality agreement and the contract, on either side."""
    return bool(binding_role(actor, deal))


def acts(actor: User, deal: Deal) -> bool:
    """Anyone with an office on the own side: records papers, writes messages, walks away."""
    return negotiates(actor, deal) or binds(actor, deal)


def mediates(actor: User, deal: Deal) -> bool:
    """An operator of the exchange without a seat on either side."""
    return (
        serves_exchange(actor, deal.exchange_id)
        and has_no_stake(actor, deal.licensor_id)
        and has_no_stake(actor, deal.licensee_id)
    )


def can_write_message(actor: User, deal: Deal) -> bool:
    """Both sides' officers, and the exchange."""
    return acts(actor, deal) or mediates(actor, deal)


def can_record_authority_paper(actor: User, deal: Deal) -> bool:
    """A permit or a certificate is recorded by either side's officers or by the exchange."""
    return acts(actor, deal) or mediates(actor, deal)


def can_open_dispute(actor: User, deal: Deal) -> bool:
    """Either side's officers, and an operator of the exchange without a stake."""
    return acts(actor, deal) or mediates(actor, deal)


def can_withdraw_dispute(actor: User, deal: Deal, side: str) -> bool:
    """The side that opened it withdraws it; what the exchange opened (no side) its operators."""
    return acts(actor, deal) and side_of(actor, deal) == side if side else mediates(actor, deal)
