"""How a change of a dated row goes: one person proposes it, another decides."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.kit.lifecycle import Lifecycle


class ProposalState(models.TextChoices):
    """Where a proposed row stands."""

    PROPOSED = "proposed", _("Waits for a second person")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


PROPOSAL = Lifecycle.of(
    "rule_proposal",
    ProposalState,
    [
        ("approve", [ProposalState.PROPOSED], ProposalState.APPROVED),
        ("reject", [ProposalState.PROPOSED], ProposalState.REJECTED),
        ("withdraw", [ProposalState.PROPOSED], ProposalState.WITHDRAWN),
    ],
)
