"""What a reader of a listing may do next about it. Floors above say so; settings name them (ADR 12)."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from listings.models import Demand, Technology
from listings.policies import Viewer


@dataclass(frozen=True, slots=True)
class Call:
    """The one act that a page asks of its reader: `label` in the page's language, `note` tells what comes of it."""

    label: str
    href: str
    icon: str = ""
    note: str = ""


def call_on(listing: Technology | Demand, *, viewer: Viewer) -> Call | None:
    """Give the reader's next act about a published listing, or None when there is none."""
    name = settings.LISTING_CALLS.get(listing.kind)
    if name is None or not listing.is_published:
        return None
    found: Call | None = import_string(name)(viewer=viewer, listing=listing)
    return found
