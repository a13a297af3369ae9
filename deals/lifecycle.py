"""The lifecycles of a deal and of an offer.

A deal's state says what holds between the two sides. The contract has no state of its own: it is the deal that is
drafted, agreed, signed or in effect, and one noun has one table. `agreed` (both accepted the text on the site),
`signed` (the signed copy is on record) and `effective` (by law or by agreement) are three states on purpose.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.kit.lifecycle import Lifecycle


class DealState(models.TextChoices):
    """Where a deal stands."""

    ENQUIRY = "enquiry", _("Enquiry")
    NDA = "nda", _("Confidentiality agreement")
    NEGOTIATING = "negotiating", _("Negotiating")
    TERMS_AGREED = "terms_agreed", _("Terms agreed")
    CONTRACT_DRAFTED = "contract_drafted", _("Contract drafted")
    AGREED = "agreed", _("Contract agreed")
    SIGNED = "signed", _("Signed")
    EFFECTIVE = "effective", _("In effect")
    COMPLETED = "completed", _("Completed")
    DECLINED = "declined", _("Declined")
    LAPSED = "lapsed", _("Ended without a contract")
    TERMINATED = "terminated", _("Terminated")


S = DealState

#: States in which nothing binds yet and either side may walk away.
BEFORE_CONTRACT = (S.ENQUIRY, S.NDA, S.NEGOTIATING, S.TERMS_AGREED, S.CONTRACT_DRAFTED, S.AGREED)

DEAL = Lifecycle.of(
    "deal",
    DealState,
    [
        # name, from, to
        ("accept_enquiry", [S.ENQUIRY], S.NDA),
        ("decline_enquiry", [S.ENQUIRY], S.DECLINED),
        ("conclude_nda", [S.NDA], S.NEGOTIATING),
        ("agree_terms", [S.NEGOTIATING], S.TERMS_AGREED),
        ("draft_contract", [S.TERMS_AGREED], S.CONTRACT_DRAFTED),
        ("reopen_terms", [S.TERMS_AGREED, S.CONTRACT_DRAFTED], S.NEGOTIATING),
        ("agree_contract", [S.CONTRACT_DRAFTED], S.AGREED),
        ("sign", [S.AGREED], S.SIGNED),
        ("take_effect", [S.SIGNED], S.EFFECTIVE),
        ("complete", [S.EFFECTIVE], S.COMPLETED),
        ("break_off", BEFORE_CONTRACT, S.LAPSED),
        ("terminate", [S.SIGNED, S.EFFECTIVE], S.TERMINATED),
    ],
)

#: The way of a deal that comes to an end well, for steppers and boards.
MAIN_LINE = (
    S.ENQUIRY, S.NDA, S.NEGOTIATING, S.TERMS_AGREED, S.CONTRACT_DRAFTED, S.AGREED, S.SIGNED, S.EFFECTIVE,
)  # fmt: skip


class DisputeState(models.TextChoices):
    """Where a dispute about a deal stands."""

    OPEN = "open", pgettext_lazy("dispute", "Waits for a mediator")
    MEDIATING = "mediating", _("In mediation")
    SETTLED = "settled", _("Settled by mediation")
    REFERRED = "referred", _("Left to the body that the contract names")
    WITHDRAWN = "withdrawn", _("Withdrawn")


D = DisputeState
DISPUTE = Lifecycle.of(
    "dispute",
    DisputeState,
    [
        ("take_up", [D.OPEN], D.MEDIATING),
        ("settle", [D.MEDIATING], D.SETTLED),
        ("refer", [D.MEDIATING], D.REFERRED),
        ("withdraw", [D.OPEN, D.MEDIATING], D.WITHDRAWN),
    ],
)
#: A dispute may be opened once something binds the two sides, and also after the contract has ended.
DISPUTABLE = (
    S.NEGOTIATING, S.TERMS_AGREED, S.CONTRACT_DRAFTED, S.AGREED, S.SIGNED, S.EFFECTIVE, S.COMPLETED, S.TERMINATED,
)  # fmt: skip


class OfferState(models.TextChoices):
    """What became of an offer."""

    OPEN = "open", pgettext_lazy("offer", "Open")
    ACCEPTED = "accepted", _("Accepted")
    COUNTERED = "countered", _("Answered by a counter-offer")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")
    REOPENED = "reopened", _("Accepted, then reopened")


O = OfferState  # noqa: E741 -- the table below reads better so
OFFER = Lifecycle.of(
    "offer",
    OfferState,
    [
        ("accept", [O.OPEN], O.ACCEPTED),
        ("counter", [O.OPEN], O.COUNTERED),
        ("withdraw", [O.OPEN], O.WITHDRAWN),
        ("lapse", [O.OPEN], O.LAPSED),
        ("reopen", [O.ACCEPTED], O.REOPENED),
    ],
)
