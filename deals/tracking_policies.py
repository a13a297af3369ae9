"""Who may do what once a contract is in effect. The officers of each side are those of the deal (`deals.policies`)."""

from accounts.models import Role, User
from accounts.policies import serves_exchange
from deals import policies
from deals.choices import Side
from deals.models import Deal, Obligation


def acts_for_licensee(actor: User, deal: Deal) -> bool:
    """A representative or signatory of the buyer."""
    return policies.negotiates_for(actor, deal, Side.LICENSEE)


def acts_for_licensor(actor: User, deal: Deal) -> bool:
    """A TTO officer or signatory of the supplier; a representative or signatory where it has no TTO."""
    return policies.negotiates_for(actor, deal, Side.LICENSOR)


def can_file(actor: User, deal: Deal) -> bool:
    """The buyer's officers file and correct royalty statements and annual reports."""
    return acts_for_licensee(actor, deal)


def can_answer(actor: User, deal: Deal) -> bool:
    """The supplier's officers accept or question statements."""
    return acts_for_licensor(actor, deal)


def can_invoice(actor: User, deal: Deal) -> bool:
    """The supplier's officers issue and cancel invoices and confirm what was received."""
    return acts_for_licensor(actor, deal)


def can_waive(actor: User, obligation: Obligation) -> bool:
    """The side to which it is owed waives it."""
    deal = obligation.contract.deal
    return acts_for_licensor(actor, deal) if obligation.side == Side.LICENSEE else acts_for_licensee(actor, deal)


def can_share_out(actor: User, deal: Deal) -> bool:
    """The supplier's officers settle who gets what, and pay it."""
    return acts_for_licensor(actor, deal)


def sees_shares(actor: User, deal: Deal) -> bool:
    """How the supplier divides its money is for the supplier's people but mere researchers, and for the exchange."""
    others = [role for role in Role if role != Role.RESEARCHER]
    return actor.has_org_role(deal.licensor_id, *others) or serves_exchange(actor, deal.exchange_id)
