"""What a reader of a technology's page may do next: send an enquiry, or go on with the deal that is running."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import belongs_to, serves_exchange
from deals import selectors
from listings.calls import Call
from listings.models import Technology
from listings.policies import Viewer


def on_technology(*, viewer: Viewer, listing: Technology) -> Call | None:
    """Give the act; None for the supplier's own people and for the exchange, which never acts for a side.

    None, too, while the supplier is not verified and no deal is running: it takes no enquiry then.
    """
    if isinstance(viewer, User):
        if belongs_to(viewer, listing.organisation_id) or serves_exchange(viewer, listing.exchange_id):
            return None
        running = selectors.running_deal(listing, viewer)
        if running is not None:
            words = {"code": running.code, "state": running.get_state_display()}
            return Call(
                _("Go on with your deal"),
                running.get_absolute_url(),
                icon="bridge",
                note=_("Your organisation already has deal %(code)s about it: %(state)s.") % words,
            )
    if not listing.organisation.is_verified:
        return None
    return Call(
        _("Send an enquiry"),
        f"{reverse('deals:open')}?{urlencode({'technology': listing.pk})}",
        icon="send",
        note=_("The supplier answers first; nothing binds you yet.")
        if viewer.is_authenticated
        else _("Next you sign in. The supplier answers first; nothing binds you yet."),
    )
