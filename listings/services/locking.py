"""Lock a listing before deciding about it, and move it."""

from typing import Any, TypeVar

from accounts.models import User
from accounts.services import settle
from listings.models import Demand, Technology
from marketplace.kit.lifecycle import move

L = TypeVar("L", Technology, Demand)


def lock(listing: L) -> L:
    """Lock the row and give it as stored, with organisation and exchange joined."""
    model = type(listing)
    return (
        model.objects.select_for_update(of=("self",))
        .select_related("organisation", "exchange", "author")
        .get(pk=listing.pk)
    )


def advance(listing: Technology | Demand, transition: str, *, actor: User, **changes: Any) -> None:
    """Move the listing; whoever was called to act on it in its former state need not any more."""
    move(listing, transition, actor=actor, **changes)
    settle(listing)
