"""The lifecycles of an organisation's verification and of an invitation."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.kit.lifecycle import Lifecycle


class VerificationState(models.TextChoices):
    """How far an operator has checked that the organisation is who it says."""

    UNVERIFIED = "unverified", _("Not verified")
    PENDING = "pending", _("Waiting for verification")
    VERIFIED = "verified", _("Verified")
    REFUSED = "refused", _("Verification refused")


S = VerificationState
ORGANISATION = Lifecycle.of(
    "organisation",
    VerificationState,
    [
        ("request_verification", [S.UNVERIFIED, S.REFUSED], S.PENDING),
        ("verify", [S.PENDING], S.VERIFIED),
        ("refuse", [S.PENDING], S.REFUSED),
        ("revoke", [S.VERIFIED], S.UNVERIFIED),
        ("change_identity", [S.VERIFIED], S.PENDING),
        ("import_verified", [S.UNVERIFIED], S.VERIFIED),
    ],
)


class InvitationState(models.TextChoices):
    """What became of an invitation to take a seat."""

    PENDING = "pending", _("Waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")


INVITATION = Lifecycle.of(
    "invitation",
    InvitationState,
    [
        ("accept", [InvitationState.PENDING], InvitationState.ACCEPTED),
        ("decline", [InvitationState.PENDING], InvitationState.DECLINED),
        ("withdraw", [InvitationState.PENDING], InvitationState.WITHDRAWN),
        ("expire", [InvitationState.PENDING], InvitationState.EXPIRED),
    ],
)
