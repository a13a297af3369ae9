"""Who may do what with suggested ranges. Who may see one is who may see the technology."""

from accounts.models import User
from accounts.policies import belongs_to, serves_exchange
from listings.models import Technology
from listings.policies import Viewer, can_edit


def can_ask(actor: User, technology: Technology) -> bool:
    """Who edits the technology asks for its range, from the draft on."""
    return can_edit(actor, technology)


def can_answer(actor: User, technology: Technology) -> bool:
    """Who edits the technology answers the interview, at any state: the answers are not part of the listing."""
    return can_edit(actor, technology)


def is_owners_person(viewer: Viewer, technology: Technology) -> bool:
    """Anyone with a seat in the organisation that owns the technology."""
    return isinstance(viewer, User) and viewer.is_active and belongs_to(viewer, technology.organisation_id)


def serves(viewer: Viewer, technology: Technology) -> bool:
    """An operator or manager of the exchange, who is not the owner's."""
    return isinstance(viewer, User) and viewer.is_active and serves_exchange(viewer, technology.exchange_id)


def can_ask_own_maximum(actor: User, technology: Technology) -> bool:
    """A buyer: signed in, and neither the owner's nor the exchange's person."""
    return not is_owners_person(actor, technology) and not serves(actor, technology)
