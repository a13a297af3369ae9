"""What may be done with a listing now, by whom: the table that buttons, pages and the API ask.

Each act names its policy and the transitions of which one must be legal. The services ask the same two.
"""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from listings import policies
from listings.lifecycle import EDITABLE
from listings.models import Listing, Review, Technology
from listings.selectors import may_submit, open_review


@dataclass(frozen=True)
class Act:
    """Who may (given the open review, if any), along which transitions."""

    permitted: Callable[[User, Listing, Review | None], bool]
    transitions: tuple[str, ...]


def _of(policy: Callable[[User, Listing], bool]) -> Callable[[User, Listing, Review | None], bool]:
    return lambda actor, listing, review: policy(actor, listing)


ACTS: dict[str, Act] = {
    "submit": Act(_of(may_submit), ("submit", "submit_to_owner")),
    "take_back": Act(_of(policies.can_edit), ("take_back",)),
    "withdraw": Act(_of(policies.can_withdraw), ("withdraw",)),
    "approve_by_owner": Act(_of(policies.approves_for_owner), ("approve_by_owner",)),
    "return_by_owner": Act(_of(policies.approves_for_owner), ("return_by_owner",)),
    "claim": Act(_of(policies.can_review), ("claim",)),
    "release": Act(policies.can_release, ("release",)),
    "publish": Act(policies.can_decide, ("publish",)),
    "request_changes": Act(policies.can_decide, ("request_changes",)),
    "reject": Act(policies.can_decide, ("reject",)),
}
OWNER_ACTS = ("submit", "take_back", "withdraw")
TTO_ACTS = ("approve_by_owner", "return_by_owner")
REVIEW_ACTS = ("claim", "release", "publish", "request_changes", "reject")


def acts_of(kind: str) -> tuple[str, ...]:
    """Give the acts that a kind of listing knows: no TTO approves a demand."""
    return OWNER_ACTS + (TTO_ACTS if kind == Technology.kind else ()) + REVIEW_ACTS


def available_acts(actor: User, listing: Listing, *, review: Review | None = None) -> list[str]:
    """Give what the actor may do with the listing now, "edit" included; `review` saves the look-up."""
    if review is None and policies.can_review(actor, listing):
        review = open_review(listing)
    found = ["edit"] if listing.state in EDITABLE and policies.can_edit(actor, listing) else []
    for name in acts_of(listing.kind):  # type: ignore[attr-defined]
        act = ACTS[name]
        legal = any(listing.lifecycle.can(listing.state, step) for step in act.transitions)  # type: ignore[attr-defined]
        if legal and act.permitted(actor, listing, review):
            found.append(name)
    return found
