"""Who may do what with suggested ranges. Who may see one is who may see the technology."""

from accounts.models import User
from listings.models import Technology
from listings.policies import can_edit


def can_ask(actor: User, technology: Technology) -> bool:
    """Who edits the technology asks for its range, from the draft on."""
    return can_edit(actor, technology)
