"""The lifecycle of a listing (a technology or a demand)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.kit.lifecycle import Lifecycle


class ListingState(models.TextChoices):
    """Where a listing stands between a first draft and the public."""

    DRAFT = "draft", _("Draft")
    AWAITING_OWNER = "awaiting_owner", _("Waiting for the TTO")
    SUBMITTED = "submitted", _("Waiting for review")
    IN_REVIEW = "in_review", _("In review")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    REJECTED = "rejected", _("Rejected")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


S = ListingState

#: States in which the author's side may edit.
EDITABLE = frozenset({S.DRAFT, S.CHANGES_REQUESTED, S.WITHDRAWN})
#: States that wait for the exchange.
WITH_OPERATOR = frozenset({S.SUBMITTED, S.IN_REVIEW})

_TABLE = [
    # name, from, to
    ("submit_to_owner", [S.DRAFT, S.CHANGES_REQUESTED, S.WITHDRAWN], S.AWAITING_OWNER),
    ("submit", [S.DRAFT, S.CHANGES_REQUESTED, S.WITHDRAWN], S.SUBMITTED),
    ("approve_by_owner", [S.AWAITING_OWNER], S.SUBMITTED),
    ("return_by_owner", [S.AWAITING_OWNER], S.CHANGES_REQUESTED),
    ("claim", [S.SUBMITTED], S.IN_REVIEW),
    ("release", [S.IN_REVIEW], S.SUBMITTED),
    ("publish", [S.IN_REVIEW], S.PUBLISHED),
    ("request_changes", [S.IN_REVIEW], S.CHANGES_REQUESTED),
    ("reject", [S.IN_REVIEW], S.REJECTED),
    ("take_back", [S.AWAITING_OWNER, S.SUBMITTED], S.DRAFT),
    ("withdraw", [S.PUBLISHED], S.WITHDRAWN),
    ("import_published", [S.DRAFT], S.PUBLISHED),
]
TECHNOLOGY = Lifecycle.of("technology", ListingState, _TABLE)
DEMAND = Lifecycle.of("demand", ListingState, _TABLE)
