"""Dated rules."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import Func, Q


class DateRange(Func):
    """daterange(from, to, '[)') of a row."""

    function = "DATERANGE"
    output_field = DateRangeField()


class Rule(models.Model):
    """What `code` says from `valid_from` until, not including, `valid_to` (open when null).

    `value` is a number in `unit` (VND, percent, days, months, years, fraction, …); `text` is for rules that are words.
    `certainty`: A read in a source or a checkable identity, B to be confirmed before it is relied on.
    """

    class Certainty(models.TextChoices):
        A = "A", "A"
        B = "B", "B"

    code = models.SlugField(max_length=80)
    value = models.DecimalField(max_digits=24, decimal_places=8, null=True, blank=True)
    text = models.TextField(blank=True, max_length=2000)
    unit = models.CharField(max_length=40, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    source = models.TextField(max_length=1000)
    certainty = models.CharField(max_length=1, choices=Certainty)
    note = models.TextField(blank=True, max_length=2000)

    class Meta:
        ordering = ["code", "valid_from", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=models.F("valid_from")),
                name="rules_rule_dates_in_order",
            ),
            models.CheckConstraint(condition=Q(value__isnull=False) | ~Q(text=""), name="rules_rule_says_something"),
            ExclusionConstraint(
                name="rules_rule_one_at_a_time",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} from {self.valid_from}"
