"""Who may read and write in the ledger."""

from accounts.models import Exchange, Role, User
from accounts.policies import serves_exchange

#: Roles that see the money of their organisation.
MONEY_ROLES = (Role.TTO_OFFICER, Role.REPRESENTATIVE, Role.SIGNATORY, Role.ADMIN)


def can_mirror_escrow(actor: User, exchange: Exchange) -> bool:
    """Operators of the exchange write down what the bank says about an escrow account."""
    return serves_exchange(actor, exchange.pk)
