"""Commissions of valuation firms and the certificates they issue."""

import datetime
import uuid
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from listings.models import DisclosureGrant, Technology
from marketplace.kit.validators import plain_text
from valuation.lifecycle import APPRAISAL, AppraisalState


def certificate_path(row: Any, filename: str) -> str:
    """Store under a random name."""
    return f"valuation/certificate/{uuid.uuid4().hex}.pdf"


class Granted(models.TextChoices):
    """Which right over a technology is appraised: the same technology is worth something else with another right."""

    ASSIGNMENT = "assignment", _("Assignment of ownership")
    EXCLUSIVE = "exclusive", _("Exclusive licence")
    NON_EXCLUSIVE = "non_exclusive", _("Non-exclusive licence")


TERM = [MinValueValidator(1), MaxValueValidator(50)]


class Appraisal(models.Model):
    """A firm's commission to appraise a technology for `client`, the owner or a company that wants it.

    `counterparty` is the other side of the deal that it is for; `deal_id` names that deal as a plain number, for deals
    are above this room. `right` and `term_years` say of what licence, or whether of the ownership; empty: as in `brief`.
    `independence_declared_at` is when the firm declared itself free of interests, on accepting; `firm_lapsed_told_at` when
    the sides were told that it is no longer verified.
    """

    class Purpose(models.TextChoices):
        NEGOTIATION = "negotiation", _("Basis for negotiating the price")
        STATE = "state", _("Transfer with state capital or state funding")
        CAPITAL = "capital", _("Contribution to capital")
        ACCOUNTING = "accounting", _("Accounting or tax")
        OTHER = "other", _("Another purpose")

    technology = models.ForeignKey(Technology, on_delete=models.PROTECT, related_name="appraisals")
    firm = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="appraisals_as_firm")
    client = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="appraisals_as_client")
    counterparty = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    deal_id = models.PositiveBigIntegerField(null=True, blank=True)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose, default=Purpose.NEGOTIATION)
    brief = models.TextField(_("what is to be appraised"), max_length=2000, validators=[plain_text])
    right = models.CharField(_("right"), max_length=13, choices=Granted, blank=True, db_default="")
    term_years = models.PositiveSmallIntegerField(_("term (years)"), null=True, blank=True, validators=TERM)
    due_on = models.DateField(_("wanted by"), null=True, blank=True)
    commissioned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(
        max_length=10, choices=AppraisalState, default=AppraisalState.PROPOSED, editable=False
    )  # fmt: skip
    state_since = models.DateTimeField(default=timezone.now, editable=False)
    independence_declared_at = models.DateTimeField(null=True, editable=False)
    independence_declared_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )  # fmt: skip
    firm_lapsed_told_at = models.DateTimeField(null=True, editable=False)
    ended_reason = models.TextField(max_length=2000, blank=True, editable=False)
    is_sample = models.BooleanField(default=False, editable=False)

    lifecycle = APPRAISAL

    class Meta:
        verbose_name = _("appraisal")
        verbose_name_plural = _("appraisals")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(firm=F("client")), name="valuation_appraisal_firm_is_not_client"),
            models.UniqueConstraint(
                fields=["technology", "firm"],
                condition=Q(state__in=["proposed", "requested", "accepted"]),
                name="valuation_appraisal_one_open_of_firm",
            ),
        ]
        indexes = [
            models.Index(fields=["technology", "-id"], name="valuation_appraisal_of"),
            models.Index(fields=["firm", "-id"], name="valuation_appraisal_firm"),
        ]

    def __str__(self) -> str:
        return f"{self.technology} · {self.firm}"

    @property
    def tone_of_state(self) -> str:
        """Name the state by how it is shown: work under way waits, and only a certificate is something verified."""
        return {"accepted": "in_review", "certified": "verified"}.get(self.state, str(self.state))

    @property
    def basis_code(self) -> str:
        """Give the name under which documents are opened to the firm."""
        return f"{DisclosureGrant.OF_APPRAISAL}{self.pk}"


class Certificate(models.Model):
    """What a firm certified: number, dates, basis, value and file. Never changed but for who may see it (`shown_at`)
    and for the days on which people were told that it ends (`reminded_on`) and that it has ended (`end_told_on`).

    `purpose`, `right` and `term_years` are those that the certificate names; without a purpose (rows of before they were
    kept) those of the commission.
    """

    class Basis(models.TextChoices):
        MARKET = "market", _("Market value")
        NON_MARKET = "non_market", _("Non-market value")

    class Currency(models.TextChoices):
        VND = "VND", "VND"
        USD = "USD", "USD"
        EUR = "EUR", "EUR"

    appraisal = models.OneToOneField(Appraisal, on_delete=models.PROTECT, related_name="certificate")
    purpose = models.CharField(_("purpose"), max_length=12, choices=Appraisal.Purpose, blank=True, db_default="")
    right = models.CharField(_("right"), max_length=13, choices=Granted, blank=True, db_default="")
    term_years = models.PositiveSmallIntegerField(_("term (years)"), null=True, blank=True, validators=TERM)
    number = models.CharField(_("certificate number"), max_length=80, validators=[plain_text])
    issued_on = models.DateField(_("issued on"))
    valued_on = models.DateField(_("value as of"))
    valid_until = models.DateField(_("valid until"))
    basis = models.CharField(_("basis of value"), max_length=12, choices=Basis, default=Basis.MARKET)
    value = models.DecimalField(
        _("certified value"), max_digits=18, decimal_places=0, validators=[MinValueValidator(1)]
    )  # fmt: skip
    currency = models.CharField(_("currency"), max_length=3, choices=Currency, default=Currency.VND)
    appraiser_name = models.CharField(_("licensed appraiser"), max_length=150, validators=[plain_text])
    appraiser_licence = models.CharField(_("appraiser's card number"), max_length=60, validators=[plain_text])
    file = models.FileField(_("certificate (PDF)"), upload_to=certificate_path, max_length=200)
    filename = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    shown_at = models.DateTimeField(null=True, blank=True)
    reminded_on = models.DateField(null=True, blank=True)
    end_told_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("valuation certificate")
        verbose_name_plural = _("valuation certificates")
        ordering = ["-issued_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(value__gt=0), name="valuation_certificate_value_positive"),
            models.CheckConstraint(
                condition=Q(valued_on__lte=F("issued_on"), valid_until__gte=F("issued_on")),
                name="valuation_certificate_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def named_purpose(self) -> str:
        """Give the purpose that the certificate names, or that of its commission."""
        return str(self.purpose or self.appraisal.purpose)

    @property
    def named_right(self) -> str:
        """Give the right that the certificate names; empty when it names none."""
        return str(self.right if self.purpose else self.appraisal.right)

    @property
    def named_term(self) -> int | None:
        """Give the years that the certificate names; None when it names none."""
        return self.term_years if self.purpose else self.appraisal.term_years

    def get_named_purpose_display(self) -> str:
        """Give that purpose in the reader's language."""
        return str(Appraisal.Purpose(self.named_purpose).label)

    def get_named_right_display(self) -> str:
        """Give that right in the reader's language, empty when it is not said."""
        return str(Granted(self.named_right).label) if self.named_right else ""

    def holds_on(self, day: datetime.date) -> bool:
        """Tell whether the certificate is in its validity on a day."""
        return self.issued_on <= day <= self.valid_until
