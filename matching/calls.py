"""What a reader of a demand's page may do next: look at how the own technologies match, or list one."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import belongs_to, serves_exchange
from listings.calls import Call
from listings.models import Demand
from listings.policies import Viewer
from matching.choices import Side


def on_demand(*, viewer: Viewer, listing: Demand) -> Call | None:
    """Give the act; None for the seeker's own people and for the exchange, which never acts for a side."""
    if isinstance(viewer, User) and (
        belongs_to(viewer, listing.organisation_id) or serves_exchange(viewer, listing.exchange_id)
    ):
        return None
    return Call(
        _("We can help"),
        f"{reverse('matching:match_list')}?side={Side.SUPPLY}",
        icon="bridge",
        note=_("List your technology, or look at how yours match: the seeker sees the match and can enquire."),
    )
