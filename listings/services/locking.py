"""Lock a listing before deciding about it."""

from typing import TypeVar

from listings.models import Demand, Technology

L = TypeVar("L", Technology, Demand)


def lock(listing: L) -> L:
    """Lock the row and give it as stored, with organisation and exchange joined."""
    model = type(listing)
    return (
        model.objects.select_for_update(of=("self",))
        .select_related("organisation", "exchange", "author")
        .get(pk=listing.pk)
    )
