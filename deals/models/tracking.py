"""What follows a contract in effect: obligations, royalty statements, invoices, payments and who is paid from them.

Money in whole VND, percentages 0-100, dates in Viet Nam.
"""

import datetime
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from deals.choices import RoyaltyBase, Side
from deals.models.contract import Contract
from deals.models.terms import Milestone
from deals.reasons import in_words
from deals.tracking_choices import INVOICED, Beneficiary, DeductionKind, ObligationKind, ReminderKind
from deals.tracking_lifecycle import (
    INVOICE,
    OBLIGATION,
    OPEN,
    PAYMENT,
    PAYOUT,
    STATEMENT,
    InvoiceState,
    ObligationState,
    PaymentState,
    PayoutState,
    StatementState,
)
from ledger.models import Transfer
from marketplace.kit.validators import plain_text
from rules.working_days import last_day_of_term

NOT_NEGATIVE = [MinValueValidator(Decimal(0))]
PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]
POSITIVE = [MinValueValidator(Decimal(1))]


class Obligation(models.Model):
    """What one side owes by a day. `key` names it within the contract, so that it is generated once.

    Statements, minimums and reports carry the period that they are about (its last day counts in) and the contract
    year, counted from 1. `forgiven`: what the other side gave up of `amount` once a part of it was settled.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="obligations")
    key = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=ObligationKind)
    side = models.CharField(max_length=10, choices=Side, default=Side.LICENSEE)
    name = models.CharField(max_length=200, blank=True)
    milestone = models.ForeignKey(Milestone, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    contract_year = models.PositiveSmallIntegerField(null=True, blank=True)
    closes_year = models.BooleanField(default=False)
    due_on = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=0, null=True, blank=True)
    forgiven = models.DecimalField(max_digits=18, decimal_places=0, null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=ObligationState, default=ObligationState.UPCOMING, editable=False)
    closed_on = models.DateField(null=True, blank=True)
    waived_reason = models.TextField(max_length=2000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    lifecycle = OBLIGATION

    class Meta:
        verbose_name = _("obligation")
        verbose_name_plural = _("obligations")
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "key"], name="deals_obligation_generated_once"),
            models.CheckConstraint(
                condition=Q(period_start__isnull=True, period_end__isnull=True) | Q(period_end__gte=F("period_start")),
                name="deals_obligation_period_in_order",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="deals_obligation_not_negative"
            ),
            models.UniqueConstraint(
                fields=["contract", "contract_year"],
                condition=Q(kind=ObligationKind.TOP_UP) & ~Q(state=ObligationState.WAIVED),
                name="deals_obligation_one_top_up_a_year",
            ),
            models.CheckConstraint(
                condition=Q(forgiven__gt=0, state=ObligationState.FORGIVEN)
                | (Q(forgiven__isnull=True) & ~Q(state=ObligationState.FORGIVEN)),
                name="deals_obligation_forgiven_says_how_much",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on", "id"],
                condition=Q(state__in=["upcoming", "due", "overdue"]),
                name="deals_obligation_open",
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.get_kind_display())

    @property
    def waived_words(self) -> str:
        """Give why it was waived, as its reader reads it."""
        return in_words(self.waived_reason, day=self.closed_on)

    @cached_property
    def asked_on(self) -> datetime.date:
        """Give the day that it names: that of its invoice once one stands, else its own. Lists annotate it."""
        standing = self.invoices.exclude(state=InvoiceState.CANCELLED)
        invoice = standing.first() if self.kind in INVOICED else None
        return self.due_on if invoice is None else invoice.due_on

    @cached_property
    def last_day(self) -> datetime.date:
        """Give the day with which it ends in time; see `deals.tracking_due`. Lists set it by `Deadlines.mark`."""
        return last_day_of_term(self.asked_on)

    @property
    def state_today(self) -> ObligationState:
        """Give the state as the day says it: an open obligation past its last day is overdue before the sweep notes it,
        and one whose invoice came late is not overdue while that can be paid in time.
        """
        state = ObligationState(self.state)
        if state not in OPEN:
            return state
        if self.last_day < timezone.localdate():
            return ObligationState.OVERDUE
        return ObligationState.DUE if state == ObligationState.OVERDUE else state


class Reminder(models.Model):
    """A reminder that went out. One of each kind for an obligation: the unique row keeps it from going twice.

    `invoice`: the one that was unpaid, in a reminder that its payment is overdue. Another one is reminded of anew, and
    so is one whose payment was reversed: `round` counts the reversals.
    """

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="reminders")
    kind = models.CharField(max_length=10, choices=ReminderKind)
    invoice = models.ForeignKey("Invoice", null=True, blank=True, on_delete=models.PROTECT, related_name="reminders")
    round = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["obligation", "kind", "invoice", "round"],
                name="deals_reminder_once_a_round",
                nulls_distinct=False,
            )
        ]


class AnnualReport(models.Model):
    """The licensee's report on a year of use. Never changed."""

    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="report")
    body = models.TextField(_("report"), max_length=20000, validators=[plain_text])
    filed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField(auto_now_add=True)


class DateSpan(Func):
    """daterange(from, to, '[]') of a row."""

    function = "DATERANGE"
    output_field = DateRangeField()


class RoyaltyStatement(models.Model):
    """A version of what the licensee declares for a period, with the royalty computed from it, step by step.

    What was declared and computed never changes (a trigger refuses it); a correction is a new version, which
    supersedes the old one. `credit`: what is taken off because a top-up of the year was charged before. `rate_pct`, `minimum_annual` and `earlier_in_year` are the figures that the computation
    used; `computation` its inputs and steps, from which `deals.royalty.recompute` gives the same amounts.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="statements")
    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="statements")
    version = models.PositiveSmallIntegerField(default=1)
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")
    period_start = models.DateField(_("first day of the period"))
    period_end = models.DateField(_("last day of the period"))
    units = models.DecimalField(
        _("units sold"), max_digits=15, decimal_places=3, default=Decimal(0), validators=NOT_NEGATIVE
    )
    gross_sales = models.DecimalField(
        _("invoiced sales (VND)"), max_digits=18, decimal_places=0, validators=NOT_NEGATIVE
    )
    royalty_base = models.CharField(max_length=20, choices=RoyaltyBase)
    rate_pct = models.DecimalField(max_digits=7, decimal_places=4, validators=PERCENT)
    minimum_annual = models.DecimalField(max_digits=18, decimal_places=0, default=Decimal(0))
    earlier_in_year = models.DecimalField(max_digits=18, decimal_places=0, default=Decimal(0))
    base_amount = models.DecimalField(max_digits=18, decimal_places=0)
    royalty = models.DecimalField(max_digits=18, decimal_places=0)
    top_up = models.DecimalField(max_digits=18, decimal_places=0, default=Decimal(0))
    credit = models.DecimalField(max_digits=18, decimal_places=0, default=Decimal(0))
    amount = models.DecimalField(max_digits=18, decimal_places=0)
    computation = models.JSONField()
    note = models.TextField(_("note to the licensor"), max_length=2000, blank=True, validators=[plain_text])
    state = models.CharField(max_length=12, choices=StatementState, default=StatementState.FILED, editable=False)
    filed_on = models.DateField()
    filed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField(auto_now_add=True)
    answer = models.TextField(max_length=2000, blank=True, validators=[plain_text])
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    lifecycle = STATEMENT

    class Meta:
        verbose_name = _("royalty statement")
        verbose_name_plural = _("royalty statements")
        ordering = ["period_start", "version", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["obligation", "version"], name="deals_statement_one_per_version"),
            models.UniqueConstraint(
                fields=["obligation"], condition=~Q(state=StatementState.SUPERSEDED), name="deals_statement_one_stands"
            ),
            models.CheckConstraint(
                condition=Q(units__gte=0, gross_sales__gte=0, base_amount__gte=0, royalty__gte=0, top_up__gte=0),
                name="deals_statement_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(credit__gte=0, amount__gte=0), name="deals_statement_credit_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(amount=F("royalty") + F("top_up") - F("credit")), name="deals_statement_adds_up_with_credit"
            ),
            ExclusionConstraint(
                name="deals_statement_periods_apart",
                expressions=[
                    ("contract", RangeOperators.EQUAL),
                    (
                        DateSpan("period_start", "period_end", RangeBoundary(inclusive_upper=True)),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=~Q(state=StatementState.SUPERSEDED),
            ),
        ]

    def get_absolute_url(self) -> str:
        """Give the address of the statement's page."""
        return reverse("deals:statement", args=[self.pk])

    @property
    def answer_words(self) -> str:
        """Give what was asked about it, as its reader reads it."""
        return in_words(self.answer)


class Deduction(models.Model):
    """An amount that a statement takes off, by kind. Never changed."""

    statement = models.ForeignKey(RoyaltyStatement, on_delete=models.PROTECT, related_name="deductions")
    kind = models.CharField(max_length=20, choices=DeductionKind)
    amount = models.DecimalField(max_digits=18, decimal_places=0, validators=POSITIVE)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "kind"], name="deals_deduction_one_per_kind"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="deals_deduction_positive"),
        ]


class Invoice(models.Model):
    """What the licensor asks of the licensee for one obligation. Amount without VAT; `vat_rule` says why there is none.

    An invoice that was cancelled leaves room for another one for the same obligation.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="invoices")
    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="invoices")
    statement = models.ForeignKey(
        RoyaltyStatement, null=True, blank=True, on_delete=models.PROTECT, related_name="invoices"
    )
    number = models.CharField(max_length=60, unique=True)
    amount = models.DecimalField(max_digits=18, decimal_places=0, validators=POSITIVE)
    vat_rule = models.CharField(max_length=80)
    vat_source = models.CharField(max_length=1000)
    issued_on = models.DateField()
    due_on = models.DateField()
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=InvoiceState, default=InvoiceState.ISSUED, editable=False)
    cancelled_reason = models.TextField(max_length=2000, blank=True)

    lifecycle = INVOICE

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["issued_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["obligation"], condition=~Q(state=InvoiceState.CANCELLED), name="deals_invoice_one_stands"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="deals_invoice_positive"),
            models.CheckConstraint(condition=Q(due_on__gte=F("issued_on")), name="deals_invoice_due_after_issue"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def asked_on(self) -> datetime.date:
        """Give the day that it names, as an obligation does."""
        return self.due_on

    @cached_property
    def last_day(self) -> datetime.date:
        """Give the last day on which it is paid in time; see `deals.tracking_due`. Lists set it by `Deadlines.mark`."""
        return last_day_of_term(self.due_on)

    @property
    def cancelled_words(self) -> str:
        """Give why it was cancelled, as its reader reads it."""
        return in_words(self.cancelled_reason)


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Questions about payments."""

    def standing(self) -> "PaymentQuerySet":
        """Keep those that were not reversed."""
        return self.exclude(state=PaymentState.REVERSED)


class Payment(models.Model):
    """Money that the licensor confirms to have received for an invoice, in full or in part.

    Never changed but for its reversal, which leaves what was recorded as it was (a trigger sees to it); a reversed
    payment counts nowhere, and its reference may be recorded again.

    `withheld`: tax that the licensee kept back from this payment and paid to a treasury for the licensor, by the paper
    `withheld_certificate`. It settles the invoice as `amount` does; see `gross`. The paper may come after the money:
    then it is recorded alone, `amount` is 0, and `bank_reference` names the paper.
    `costs`: what the licensor spent to earn it (fees, upkeep), taken off before the parts that go by profit.
    `computation`: how the payment is divided, with the rules that were in force on `paid_on`.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(_("amount received (VND)"), max_digits=18, decimal_places=0, validators=NOT_NEGATIVE)
    costs = models.DecimalField(
        _("costs to be taken off (VND)"), max_digits=18, decimal_places=0, default=Decimal(0), validators=NOT_NEGATIVE
    )
    withheld = models.DecimalField(
        _("tax withheld at source (VND)"), max_digits=18, decimal_places=0, default=Decimal(0), validators=NOT_NEGATIVE
    )
    withheld_certificate = models.CharField(_("tax certificate"), max_length=120, blank=True, validators=[plain_text])
    paid_on = models.DateField(_("received on"))
    bank_reference = models.CharField(_("bank's reference"), max_length=120, validators=[plain_text])
    computation = models.JSONField()
    received = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="+")
    divided = models.OneToOneField(Transfer, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=PaymentState, default=PaymentState.RECORDED, editable=False)
    reversed_on = models.DateField(null=True, blank=True, editable=False)
    reversed_reason = models.TextField(max_length=2000, blank=True, editable=False)

    objects = PaymentQuerySet.as_manager()
    lifecycle = PAYMENT

    class Meta:
        verbose_name = _("payment")
        ordering = ["paid_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "bank_reference"],
                condition=~Q(state=PaymentState.REVERSED),
                name="deals_payment_one_standing_per_reference",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, costs__gte=0) & (Q(amount__gt=0) | Q(withheld__gt=0)),
                name="deals_payment_settles_something",
            ),
            models.CheckConstraint(
                condition=Q(withheld=0, withheld_certificate="") | (Q(withheld__gt=0) & ~Q(withheld_certificate="")),
                name="deals_payment_withheld_has_certificate",
                violation_error_message=_("Tax withheld goes with the certificate that proves it, and only with it."),
            ),
        ]

    @property
    def gross(self) -> Decimal:
        """Give what the payment settles of its invoice: received, and withheld as tax."""
        return self.amount + self.withheld

    @property
    def moved_by(self) -> str:
        """Give the bank's reference; empty where only a tax certificate was recorded, by which `bank_reference` goes then."""
        return self.bank_reference if self.amount else ""


class SharePlan(models.Model):
    """Who gets what of the payments under a contract. Settled by the licensor before the first payment is divided.

    `inventor_pct`: agreed share of each payment for the inventors together; empty for the share by law.
    `intermediary_pct`: agreed share of the profit for `intermediary`; empty for the share by law.
    `state_funding_pct`: the part of the result that state money paid for.
    """

    contract = models.OneToOneField(Contract, on_delete=models.PROTECT, related_name="share_plan")
    inventor_pct = models.DecimalField(
        _("inventors' share agreed (%)"), max_digits=7, decimal_places=4, null=True, blank=True, validators=PERCENT
    )
    agreement = models.CharField(_("agreement with the inventors"), max_length=200, blank=True, validators=[plain_text])
    intermediary = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("intermediary")
    )
    intermediary_pct = models.DecimalField(
        _("intermediary's share agreed (%)"), max_digits=7, decimal_places=4, null=True, blank=True, validators=PERCENT
    )
    state_funding_pct = models.DecimalField(
        _("share of state funding (%)"), max_digits=7, decimal_places=4, default=Decimal(0), validators=PERCENT
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("plan of shares")
        constraints = [
            models.CheckConstraint(
                condition=Q(inventor_pct__isnull=True) | ~Q(agreement=""),
                name="deals_shareplan_agreed_share_has_agreement",
                violation_error_message=_("Name the agreement with the inventors: it replaces the share by law."),
            ),
        ]


class RoyaltyShare(models.Model):
    """One inventor's part of the inventors' money, in percent. A deferred trigger wants the parts to sum to 100.

    `email`: the address that the licensor gave, whether or not anybody has an account with it.
    """

    plan = models.ForeignKey(SharePlan, on_delete=models.PROTECT, related_name="shares")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="royalty_shares")
    email = models.EmailField(_("e-mail"), blank=True, db_default="")
    name = models.CharField(_("inventor"), max_length=150, validators=[plain_text])
    share_pct = models.DecimalField(
        _("share (%)"), max_digits=7, decimal_places=4,
        validators=[MinValueValidator(Decimal("0.0001")), MaxValueValidator(Decimal(100))],
    )  # fmt: skip

    class Meta:
        ordering = ["plan", "-share_pct", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(share_pct__gt=0, share_pct__lte=100), name="deals_royaltyshare_share"),
            models.UniqueConstraint(
                fields=["plan", "user"], condition=Q(user__isnull=False), name="deals_royaltyshare_one_per_person"
            ),
        ]


class Payout(models.Model):
    """A beneficiary's part of one payment: an inventor (a person, or a name without an account) or the intermediary."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="payouts")
    role = models.CharField(max_length=12, choices=Beneficiary)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="payouts")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="payouts"
    )
    name = models.CharField(max_length=250)
    amount = models.DecimalField(max_digits=18, decimal_places=0, validators=POSITIVE)
    state = models.CharField(max_length=5, choices=PayoutState, default=PayoutState.DUE, editable=False)
    paid_on = models.DateField(_("paid on"), null=True, blank=True)
    bank_reference = models.CharField(_("bank's reference"), max_length=120, blank=True, validators=[plain_text])
    transfer = models.OneToOneField(Transfer, null=True, on_delete=models.PROTECT, related_name="+")

    lifecycle = PAYOUT

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["payment", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="deals_payout_positive"),
            models.CheckConstraint(
                condition=Q(state__in=[PayoutState.DUE, PayoutState.VOID], paid_on__isnull=True)
                | (Q(state=PayoutState.PAID, paid_on__isnull=False) & ~Q(bank_reference="")),
                name="deals_payout_only_paid_has_date",
            ),
        ]
        indexes = [models.Index(fields=["user", "-id"], name="deals_payout_user")]
