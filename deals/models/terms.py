"""Structured terms of an offer; those of the accepted offer become the contract's."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deals.choices import (
    DisputeBody,
    Exclusivity,
    Frequency,
    MilestoneKind,
    RoyaltyBase,
    TermsRight,
    TransferForm,
)
from deals.models.offer import Offer
from listings.choices import ObjectType, TransferMethod
from marketplace.kit.validators import plain_text

NOT_NEGATIVE = [MinValueValidator(Decimal(0))]
PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]
DAYS = [MinValueValidator(1), MaxValueValidator(365)]


class Terms(models.Model):
    """What an offer says. Money in VND, percentages 0-100. Rows are never changed: a trigger refuses it.

    A lump sum without instalments falls due `lump_sum_due_days` after the contract takes effect. A running royalty
    always has a base, a statement frequency, and days: statements are due `statement_due_days` after the period's end,
    the royalty `payment_days` after the statement.
    """

    offer = models.OneToOneField(Offer, on_delete=models.PROTECT, related_name="terms")
    # what
    right = models.CharField(_("right"), max_length=12, choices=TermsRight)
    exclusivity = models.CharField(_("exclusivity"), max_length=15, choices=Exclusivity, blank=True)
    territory = models.CharField(_("territory"), max_length=200, validators=[plain_text])
    field_of_use = models.CharField(_("field of use"), max_length=500, validators=[plain_text])
    term_years = models.PositiveSmallIntegerField(
        _("term (years)"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    effective_from = models.DateField(_("agreed effective date"), null=True, blank=True)
    sublicence_allowed = models.BooleanField(_("sublicences are allowed"), default=False)
    object_types = ArrayField(
        models.CharField(max_length=20, choices=ObjectType), verbose_name=_("objects of transfer")
    )
    form = models.CharField(_("form of transfer"), max_length=24, choices=TransferForm)
    methods = ArrayField(models.CharField(max_length=20, choices=TransferMethod), verbose_name=_("methods of transfer"))
    product = models.TextField(_("product, its standard and quality"), max_length=4000, validators=[plain_text])
    # for how much
    lump_sum = models.DecimalField(
        _("lump sum (VND)"), max_digits=18, decimal_places=0, default=Decimal(0), validators=NOT_NEGATIVE
    )
    lump_sum_due_days = models.PositiveSmallIntegerField(
        _("lump sum due within (days after effect)"), default=30, validators=DAYS
    )
    royalty_pct = models.DecimalField(
        _("running royalty (%)"), max_digits=7, decimal_places=4, default=Decimal(0), validators=PERCENT
    )
    royalty_base = models.CharField(_("base of the royalty"), max_length=20, choices=RoyaltyBase, blank=True)
    minimum_annual = models.DecimalField(
        _("minimum royalty per year (VND)"),
        max_digits=18,
        decimal_places=0,
        default=Decimal(0),
        validators=NOT_NEGATIVE,
    )
    statement_frequency = models.CharField(_("royalty statements"), max_length=12, choices=Frequency, blank=True)
    statement_due_days = models.PositiveSmallIntegerField(
        _("statement due within (days after the period)"), default=30, validators=DAYS
    )
    payment_days = models.PositiveSmallIntegerField(
        _("royalty due within (days after the statement)"), default=30, validators=DAYS
    )
    # and else
    schedule = models.TextField(_("plan and schedule of the transfer"), max_length=4000, validators=[plain_text])
    place = models.CharField(_("place of the transfer"), max_length=300, validators=[plain_text])
    licensor_duties = models.TextField(
        _("further rights and duties of the supplier"), max_length=4000, blank=True, validators=[plain_text]
    )
    licensee_duties = models.TextField(
        _("further rights and duties of the buyer"), max_length=4000, blank=True, validators=[plain_text]
    )
    definitions = models.TextField(_("definitions"), max_length=4000, blank=True, validators=[plain_text])
    warranty = models.TextField(_("warranty"), max_length=4000, blank=True, validators=[plain_text])
    penalty = models.TextField(_("contractual penalty"), max_length=4000, blank=True, validators=[plain_text])
    liability = models.TextField(_("liability for breach"), max_length=4000, blank=True, validators=[plain_text])
    dispute_body = models.CharField(_("disputes are settled by"), max_length=20, choices=DisputeBody)
    dispute_detail = models.CharField(
        _("name and seat of the court or institution"), max_length=300, blank=True, validators=[plain_text]
    )
    other = models.TextField(_("other terms"), max_length=4000, blank=True, validators=[plain_text])
    related_parties = models.BooleanField(_("the parties are parent and subsidiary, or related for tax"), default=False)

    class Meta:
        verbose_name = _("terms")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(right=TermsRight.LICENCE, exclusivity__in=Exclusivity.values, term_years__isnull=False)
                | Q(right=TermsRight.ASSIGNMENT, exclusivity=""),
                name="deals_terms_licence_is_complete",
                violation_error_message=_("A licence says whether it is exclusive and for how many years."),
            ),
            models.CheckConstraint(
                condition=Q(
                    royalty_pct__gt=0, royalty_base__in=RoyaltyBase.values, statement_frequency__in=Frequency.values
                )
                | Q(royalty_pct=0, royalty_base="", statement_frequency="", minimum_annual=0),
                name="deals_terms_royalty_has_base",
                violation_error_message=_("A running royalty needs its base and a statement frequency."),
            ),
            models.CheckConstraint(
                condition=Q(lump_sum__gte=0, minimum_annual__gte=0, royalty_pct__gte=0, royalty_pct__lte=100),
                name="deals_terms_money_not_negative",
            ),
        ]

    @property
    def has_royalty(self) -> bool:
        """Tell whether a running royalty is due."""
        return self.royalty_pct > 0


class Milestone(models.Model):
    """A sum that falls due: an instalment of the lump sum, or a payment on reaching a milestone. Never changed.

    Due on `due_on`, or `due_months` after the contract takes effect: exactly one of them.
    """

    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="milestones")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(_("kind"), max_length=12, choices=MilestoneKind)
    name = models.CharField(_("name"), max_length=200, validators=[plain_text])
    amount = models.DecimalField(
        _("amount (VND)"), max_digits=18, decimal_places=0, validators=[MinValueValidator(Decimal(1))]
    )
    due_on = models.DateField(_("due on"), null=True, blank=True)
    due_months = models.PositiveSmallIntegerField(
        _("due after (months)"), null=True, blank=True, validators=[MaxValueValidator(600)]
    )

    class Meta:
        verbose_name = _("milestone")
        ordering = ["terms", "position"]
        constraints = [
            models.UniqueConstraint(fields=["terms", "position"], name="deals_milestone_one_per_position"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="deals_milestone_amount_positive"),
            models.CheckConstraint(
                condition=Q(due_on__isnull=True, due_months__isnull=False)
                | Q(due_on__isnull=False, due_months__isnull=True),
                name="deals_milestone_due_once",
                violation_error_message=_("Say when it is due: a date, or months after the effective date, not both."),
            ),
        ]
