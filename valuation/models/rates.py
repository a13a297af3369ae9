"""Published royalty rates."""

from django.db import models
from django.db.models import F, Q


class RoyaltyRate(models.Model):
    """One published figure: royalty rates of an industry in percent (0-100) of `basis`, as the source prints them.

    `group` names the industry under which the exchange uses the row ("all": every industry, "university": licences of
    universities; empty: kept for reference). `year` is the year of publication where it is known. `tag` A: read in the
    source; B: to be confirmed before it is relied on.
    """

    class Tag(models.TextChoices):
        A = "A", "A"
        B = "B", "B"

    industry = models.CharField(max_length=120)
    group = models.CharField(max_length=60, blank=True)
    n = models.PositiveIntegerField(null=True)
    min = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    q1 = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    median = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    mean = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    q3 = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    max = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    basis = models.CharField(max_length=40)
    segment = models.CharField(max_length=60)
    year = models.PositiveSmallIntegerField(null=True)
    source = models.CharField(max_length=300)
    tag = models.CharField(max_length=1, choices=Tag)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["industry", "segment", "source", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["industry", "segment", "source"], name="valuation_royaltyrate_once"),
            models.CheckConstraint(
                condition=Q(q1__isnull=True) | Q(q3__isnull=True) | Q(q1__lte=F("q3")),
                name="valuation_royaltyrate_quartiles_in_order",
            ),
        ]
        indexes = [models.Index(fields=["group", "id"], name="valuation_royaltyrate_group")]

    def __str__(self) -> str:
        return f"{self.industry} ({self.source})"
