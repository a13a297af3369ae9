"""Who may do what with suggested ranges. Who may see one is who may see the technology."""

from accounts.models import User
from accounts.policies import belongs_to
from listings.models import Technology
from listings.policies import Viewer, can_edit


def can_ask(actor: User, technology: Technology) -> bool:
    """Who edits the technology asks for its range, from the draft on."""
    return can_edit(actor, technology)


def is_own_side(viewer: Viewer, technology: Technology) -> bool:
    """The people of the technology's organisation."""
    return isinstance(viewer, User) and belongs_to(viewer, technology.organisation_id)
