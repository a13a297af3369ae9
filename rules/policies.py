"""Who keeps the dated rows. They hold at every exchange, so a seat at any of them counts.

The room stands below accounts: an actor is whoever answers `exchange_ids(*roles)`, as `accounts.models.User` does.
"""

from collections.abc import Iterable
from typing import Any, Protocol

MANAGER = "manager"


class Actor(Protocol):
    """A person with seats."""

    pk: Any

    def exchange_ids(self, *roles: str) -> list[int]:
        """Give the exchanges that the person serves, narrowed to `roles` when named."""
        ...


class Proposed(Protocol):
    """A proposal, as far as a decision about it asks."""

    proposed_by: Any
    proposed_by_id: Any


def can_propose(actor: Actor) -> bool:
    """An operator or manager of any exchange."""
    return bool(actor.exchange_ids())


def can_decide(actor: Actor, proposal: Proposed) -> bool:
    """Another person who serves an exchange; of the two, one at least manages an exchange."""
    if actor.pk == proposal.proposed_by_id or not actor.exchange_ids():
        return False
    return bool(actor.exchange_ids(MANAGER) or proposal.proposed_by.exchange_ids(MANAGER))


def can_decide_all(actor: Actor, proposals: Iterable[Proposed]) -> bool:
    """Whoever may decide about each of those that are approved together."""
    return all(can_decide(actor, one) for one in proposals)


def can_withdraw(actor: Actor, proposal: Proposed) -> bool:
    """The proposer."""
    return bool(actor.pk == proposal.proposed_by_id)
