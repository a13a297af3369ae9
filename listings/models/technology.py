"""Supply: a technology on offer."""

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from listings.choices import ObjectType, Right, TransferMethod, labels
from listings.lifecycle import TECHNOLOGY, ListingState
from listings.models.base import Listing, ListingQuerySet
from marketplace.kit.validators import plain_text

IPC_SYMBOL = RegexValidator(r"^[A-HY]\d{2}[A-Z]( ?\d{1,4}/\d{2,6})?$", _("Write an IPC symbol like C02F 1/44."))
PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]
NOT_NEGATIVE = [MinValueValidator(Decimal(0))]


class Technology(Listing):
    """A technology: what it solves and how, how mature it is, what rights are on offer and for what price.

    Money in VND, percentages 0-100. TRL 1-9.
    """

    kind: ClassVar[str] = "technology"

    solution = models.TextField(_("solution"), blank=True, max_length=20000, validators=[plain_text])
    applications = models.TextField(_("applications"), blank=True, max_length=20000, validators=[plain_text])
    keywords = ArrayField(
        models.CharField(max_length=80, validators=[plain_text]),
        blank=True,
        default=list,
        size=20,
        verbose_name=_("keywords"),
    )
    ipc = ArrayField(
        models.CharField(max_length=20, validators=[IPC_SYMBOL]), blank=True, default=list, size=20, verbose_name="IPC"
    )
    trl = models.PositiveSmallIntegerField(
        "TRL", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    trl_evidence = models.TextField(_("evidence for the TRL"), blank=True, max_length=4000, validators=[plain_text])
    object_types = ArrayField(
        models.CharField(max_length=20, choices=ObjectType),
        blank=True,
        default=list,
        verbose_name=_("objects of transfer"),
    )
    transfer_methods = ArrayField(
        models.CharField(max_length=20, choices=TransferMethod),
        blank=True,
        default=list,
        verbose_name=_("transfer methods"),
    )
    rights_offered = ArrayField(
        models.CharField(max_length=24, choices=Right), blank=True, default=list, verbose_name=_("rights offered")
    )
    territory = models.CharField(_("territory"), max_length=120, blank=True, validators=[plain_text])
    price_min = models.DecimalField(
        _("lowest price wished (VND)"), max_digits=18, decimal_places=0, null=True, blank=True, validators=NOT_NEGATIVE
    )
    price_max = models.DecimalField(
        _("highest price wished (VND)"), max_digits=18, decimal_places=0, null=True, blank=True, validators=NOT_NEGATIVE
    )
    royalty_wish_pct = models.DecimalField(
        _("royalty wished (%)"), max_digits=7, decimal_places=4, null=True, blank=True, validators=PERCENT
    )
    state_funding_pct = models.DecimalField(
        _("share of state funding (%)"), max_digits=7, decimal_places=4, null=True, blank=True, validators=PERCENT
    )
    state_task_assigned_on = models.DateField(_("state task assigned on"), null=True, blank=True)
    result_certificate_no = models.CharField(
        _("registration certificate of the task's result"), max_length=80, blank=True, validators=[plain_text]
    )
    revenue_low = models.DecimalField(
        _("yearly revenue of a licensee, low (VND)"), max_digits=18, decimal_places=0, null=True, blank=True,
        validators=NOT_NEGATIVE,
    )  # fmt: skip
    revenue_mode = models.DecimalField(
        _("yearly revenue of a licensee, most likely (VND)"), max_digits=18, decimal_places=0, null=True, blank=True,
        validators=NOT_NEGATIVE,
    )  # fmt: skip
    revenue_high = models.DecimalField(
        _("yearly revenue of a licensee, high (VND)"), max_digits=18, decimal_places=0, null=True, blank=True,
        validators=NOT_NEGATIVE,
    )  # fmt: skip
    royalty_industry = models.CharField(_("industry for comparable royalties"), max_length=120, blank=True)

    lifecycle = TECHNOLOGY
    objects = ListingQuerySet.as_manager()

    class Meta(Listing.Meta):
        verbose_name = _("technology")
        verbose_name_plural = _("technologies")
        ordering = ["-id"]
        indexes = [  # the orders of the list, as `listings.finding` writes them
            *Listing.Meta.indexes,
            models.Index(
                F("trl").desc(nulls_last=True), F("published_at").desc(), F("id").desc(),
                condition=Q(state=ListingState.PUBLISHED), name="listings_technology_by_trl",
            ),
            models.Index(
                Coalesce("price_min", "price_max").asc(nulls_last=True), F("published_at").desc(),
                F("id").desc(), condition=Q(state=ListingState.PUBLISHED), name="listings_technology_by_price",
            ),
        ]  # fmt: skip
        constraints = [
            *Listing.Meta.constraints,
            models.CheckConstraint(
                condition=Q(trl__isnull=True) | Q(trl__gte=1, trl__lte=9), name="listings_technology_trl_1_to_9"
            ),
            models.CheckConstraint(
                condition=Q(price_min__isnull=True) | Q(price_min__gte=0), name="listings_technology_price_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(price_max__isnull=True) | Q(price_min__isnull=True) | Q(price_max__gte=F("price_min")),
                name="listings_technology_price_in_order",
                violation_error_message=_("The highest price must not be below the lowest."),
            ),
            models.CheckConstraint(
                condition=Q(state_funding_pct__isnull=True) | Q(state_funding_pct__gte=0, state_funding_pct__lte=100),
                name="listings_technology_funding_share",
            ),
            models.CheckConstraint(
                condition=Q(revenue_low__isnull=True, revenue_mode__isnull=True, revenue_high__isnull=True)
                | Q(
                    revenue_low__isnull=False,
                    revenue_mode__isnull=False,
                    revenue_high__isnull=False,
                    revenue_low__gte=0,
                    revenue_mode__gte=F("revenue_low"),
                    revenue_high__gte=F("revenue_mode"),
                ),
                name="listings_technology_revenue_in_order",
                violation_error_message=_("Give the three revenue figures from low to high, or none of them."),
            ),
        ]

    def get_absolute_url(self) -> str:
        """Give the address of the technology's page."""
        return reverse("listings:technology", args=[self.pk])

    @property
    def rights_offered_labels(self) -> list[str]:
        """Name the rights on offer."""
        return labels(Right, self.rights_offered)

    @property
    def transfer_methods_labels(self) -> list[str]:
        """Name the transfer methods."""
        return labels(TransferMethod, self.transfer_methods)

    @property
    def object_types_labels(self) -> list[str]:
        """Name the objects of transfer."""
        return labels(ObjectType, self.object_types)


class Advantage(models.Model):
    """One advantage with its number against the best alternative."""

    technology = models.ForeignKey(Technology, on_delete=models.CASCADE, related_name="advantages")
    position = models.PositiveSmallIntegerField(default=0)
    claim = models.CharField(_("advantage"), max_length=300, validators=[plain_text])
    metric = models.CharField(_("what is measured"), max_length=120, blank=True, validators=[plain_text])
    ours = models.CharField(_("this technology"), max_length=60, blank=True, validators=[plain_text])
    alternative_name = models.CharField(_("compared with"), max_length=200, blank=True, validators=[plain_text])
    alternative = models.CharField(_("the alternative"), max_length=60, blank=True, validators=[plain_text])
    unit = models.CharField(_("unit"), max_length=40, blank=True, validators=[plain_text])

    class Meta:
        ordering = ["position", "pk"]
