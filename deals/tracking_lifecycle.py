"""The lifecycles of what follows a contract in effect: obligations, royalty statements, invoices, payouts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from deals.lifecycle import DealState
from marketplace.kit.lifecycle import Lifecycle

#: Deals whose contract is, or was, in effect: what fell due under it can still be dealt with.
TRACKED = (DealState.EFFECTIVE, DealState.COMPLETED, DealState.TERMINATED)


class ObligationState(models.TextChoices):
    """Where an obligation stands. `due`: within the time of the first reminder, not yet past its day. `forgiven`: it
    was asked for and settled in part, and the rest was given up; `waived`: it was never asked for, or not any more.
    """

    UPCOMING = "upcoming", _("Upcoming")
    DUE = "due", _("Due soon")
    OVERDUE = "overdue", _("Overdue")
    MET = "met", _("Met")
    FORGIVEN = "forgiven", _("Rest forgiven")
    WAIVED = "waived", _("Waived")


B = ObligationState
OPEN = (B.UPCOMING, B.DUE, B.OVERDUE)
OBLIGATION = Lifecycle.of(
    "obligation",
    ObligationState,
    [
        # name, from, to
        ("fall_due", [B.UPCOMING], B.DUE),
        ("become_overdue", [B.UPCOMING, B.DUE], B.OVERDUE),
        ("meet", OPEN, B.MET),
        ("forgive", OPEN, B.FORGIVEN),
        ("waive", OPEN, B.WAIVED),
        ("reopen", [B.MET, B.FORGIVEN], B.UPCOMING),
    ],
)


class StatementState(models.TextChoices):
    """What became of a version of a royalty statement."""

    FILED = "filed", _("Filed")
    QUESTIONED = "questioned", _("Questioned")
    ACCEPTED = "accepted", _("Accepted")
    SUPERSEDED = "superseded", _("Replaced by a correction")


T = StatementState
STATEMENT = Lifecycle.of(
    "statement",
    StatementState,
    [
        ("question", [T.FILED], T.QUESTIONED),
        ("accept", [T.FILED, T.QUESTIONED], T.ACCEPTED),
        ("supersede", [T.FILED, T.QUESTIONED, T.ACCEPTED], T.SUPERSEDED),
    ],
)


class InvoiceState(models.TextChoices):
    """What became of an invoice."""

    ISSUED = "issued", _("Issued")
    PAID = "paid", _("Paid")
    FORGIVEN = "forgiven", _("Paid in part, the rest forgiven")
    CANCELLED = "cancelled", _("Cancelled")


I = InvoiceState  # noqa: E741 -- the table below reads better so
INVOICE = Lifecycle.of(
    "invoice",
    InvoiceState,
    [
        ("settle", [I.ISSUED], I.PAID),
        ("forgive", [I.ISSUED], I.FORGIVEN),
        ("reopen", [I.PAID], I.ISSUED),
        ("cancel", [I.ISSUED], I.CANCELLED),
    ],
)


class PaymentState(models.TextChoices):
    """Whether a payment counts, or was recorded by mistake."""

    RECORDED = "recorded", _("Recorded")
    REVERSED = "reversed", _("Reversed")


PAYMENT = Lifecycle.of(
    "payment", PaymentState, [("reverse", [PaymentState.RECORDED], PaymentState.REVERSED)]
)  # fmt: skip


class PayoutState(models.TextChoices):
    """Whether a beneficiary's part has left the licensor; `void`: the payment that it is a part of was reversed."""

    DUE = "due", _("To be paid")
    PAID = "paid", _("Paid")
    VOID = "void", _("Void")


P = PayoutState
PAYOUT = Lifecycle.of(
    "payout",
    PayoutState,
    [
        ("pay", [P.DUE], P.PAID),
        ("take_back", [P.PAID], P.DUE),
        ("void", [P.DUE], P.VOID),
    ],
)
