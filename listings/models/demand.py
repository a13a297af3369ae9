"""Demand: what a company needs."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from listings.choices import Cooperation, labels
from listings.lifecycle import DEMAND, ListingState
from listings.models.base import Listing, ListingQuerySet
from listings.models.technology import NOT_NEGATIVE
from marketplace.kit.validators import plain_text


class Demand(Listing):
    """A need: the problem, what was tried, the requirement by its five elements, budget, time and place.

    A masked demand shows its problem but not its organisation, except to the exchange and to whom it lets in.
    """

    kind: ClassVar[str] = "demand"
    ELEMENTS: ClassVar[tuple[str, ...]] = ("material", "method", "effect", "product", "application")

    tried = models.TextField(_("what was tried"), blank=True, max_length=10000, validators=[plain_text])
    material = models.TextField(_("material"), blank=True, max_length=4000, validators=[plain_text])
    method = models.TextField(_("method"), blank=True, max_length=4000, validators=[plain_text])
    effect = models.TextField(_("effect"), blank=True, max_length=4000, validators=[plain_text])
    product = models.TextField(_("product"), blank=True, max_length=4000, validators=[plain_text])
    application = models.TextField(_("application"), blank=True, max_length=4000, validators=[plain_text])
    trl_min = models.PositiveSmallIntegerField(
        _("lowest TRL wanted"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    budget_min = models.DecimalField(
        _("budget from (VND)"), max_digits=18, decimal_places=0, null=True, blank=True, validators=NOT_NEGATIVE
    )
    budget_max = models.DecimalField(
        _("budget up to (VND)"), max_digits=18, decimal_places=0, null=True, blank=True, validators=NOT_NEGATIVE
    )
    needed_by = models.DateField(_("needed by"), null=True, blank=True)
    cooperation = ArrayField(
        models.CharField(max_length=20, choices=Cooperation),
        blank=True,
        default=list,
        verbose_name=_("how to cooperate"),
    )
    masked = models.BooleanField(_("hide our name from the public"), default=False)

    lifecycle = DEMAND
    objects = ListingQuerySet.as_manager()

    class Meta(Listing.Meta):
        verbose_name = _("demand")
        verbose_name_plural = _("demands")
        ordering = ["-id"]
        indexes = [  # the orders of the list, as `listings.finding` writes them
            *Listing.Meta.indexes,
            models.Index(
                Coalesce("budget_max", "budget_min").desc(nulls_last=True), F("published_at").desc(), F("id").desc(),
                condition=Q(state=ListingState.PUBLISHED), name="listings_demand_by_budget",
            ),
            models.Index(
                F("needed_by").asc(nulls_last=True), F("published_at").desc(), F("id").desc(),
                condition=Q(state=ListingState.PUBLISHED), name="listings_demand_by_deadline",
            ),
        ]  # fmt: skip
        constraints = [
            *Listing.Meta.constraints,
            models.CheckConstraint(
                condition=Q(trl_min__isnull=True) | Q(trl_min__gte=1, trl_min__lte=9), name="listings_demand_trl_1_to_9"
            ),
            models.CheckConstraint(
                condition=Q(budget_min__isnull=True) | Q(budget_min__gte=0), name="listings_demand_budget_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(budget_max__isnull=True) | Q(budget_min__isnull=True) | Q(budget_max__gte=F("budget_min")),
                name="listings_demand_budget_in_order",
                violation_error_message=_("The upper budget must not be below the lower."),
            ),
        ]

    def get_absolute_url(self) -> str:
        """Give the address of the demand's page."""
        return reverse("listings:demand", args=[self.pk])

    @property
    def cooperation_labels(self) -> list[str]:
        """Name the ways to cooperate."""
        return labels(Cooperation, self.cooperation)
