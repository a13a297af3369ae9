"""The exchange's own closed deals: what is observed of each, and the groups that are published of them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from listings.models import Field, Technology
from valuation.models.suggestions import Suggestion


class Outcome(models.TextChoices):
    """Where a closed price lay against the range that stood when the contract was signed."""

    INSIDE = "inside", _("Inside the range")
    BELOW = "below", _("Below the range")
    ABOVE = "above", _("Above the range")
    NO_SUGGESTION = "no_suggestion", _("No range stood at that time")
    NO_PRICE = "no_price", _("No single range was named")
    OTHER_BASE = "other_base", _("The royalty is of a profit that nobody stated")
    RELATED = "related", _("The parties are related")


#: Outcomes that say whether the range held.
SCORED = (Outcome.INSIDE, Outcome.BELOW, Outcome.ABOVE)
UNSCORED = tuple(outcome for outcome in Outcome if outcome not in SCORED)


class DealObservation(models.Model):
    """The terms of a contract in effect, for statistics only; no page shows one. Never changed (trigger).

    `contract_id` is the contract's number in the room of deals, which stands above. Royalty in percent of
    `royalty_base`; `lump_sum` in VND, instalments included. `closed_on` is the day of signing, `observed_on` the day
    on which the contract was found in effect.
    """

    contract_id = models.PositiveBigIntegerField(unique=True)
    licensor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    licensee = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    field = models.ForeignKey(Field, null=True, on_delete=models.PROTECT, related_name="+")
    right = models.CharField(max_length=12)
    exclusivity = models.CharField(max_length=15, blank=True)
    royalty_pct = models.DecimalField(max_digits=7, decimal_places=4)
    royalty_base = models.CharField(max_length=20, blank=True)
    lump_sum = models.DecimalField(max_digits=18, decimal_places=0)
    closed_on = models.DateField()
    observed_on = models.DateField()
    is_sample = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(licensor=F("licensee")), name="valuation_dealobservation_two_organisations"
            )
        ]


class DealScore(models.Model):
    """A closed deal against the range that stood when it was signed. Never changed (trigger).

    `paid` is the deal as a lump sum in VND (`methods.backtest.lump_sum_equivalent`); `log_error` = ln(paid / P50).
    `facts` keeps the terms and conventions that led there. Both are null where nothing can be compared (`outcome`).
    """

    contract_id = models.PositiveBigIntegerField(unique=True)
    technology = models.ForeignKey(Technology, on_delete=models.PROTECT, related_name="+")
    licensor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    licensee = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    suggestion = models.ForeignKey(Suggestion, null=True, on_delete=models.PROTECT, related_name="scores")
    outcome = models.CharField(max_length=15, choices=Outcome)
    grade = models.CharField(max_length=1, blank=True)
    paid = models.DecimalField(max_digits=24, decimal_places=0, null=True)
    log_error = models.FloatField(null=True)
    facts = models.JSONField()
    closed_on = models.DateField()
    scored_on = models.DateField()
    is_sample = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=SCORED, suggestion__isnull=False, paid__isnull=False, log_error__isnull=False)
                | Q(outcome__in=UNSCORED, paid__isnull=True, log_error__isnull=True),
                name="valuation_dealscore_figures_or_reason",
            )
        ]


class Release(models.Model):
    """What was published of the deals up to the end of a quarter, once. Never changed (trigger).

    `rule` keeps the dated rows by which it was formed. A release may be empty.
    """

    period_end = models.DateField(unique=True)
    rule = models.JSONField()
    released_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-period_end"]

    def __str__(self) -> str:
        return f"{self.period_end:%Y} Q{(self.period_end.month + 2) // 3}"


class Level(models.IntegerChoices):
    """How fine a published cell is."""

    EXCLUSIVITY = 0, _("Same field, right and exclusivity")
    RIGHT = 1, _("Same field and right")
    FIELD = 2, _("Same field")
    ALL_OF_RIGHT = 3, _("All fields, same right")
    ALL = 4, _("All fields")


class DealGroup(models.Model):
    """At least k closed deals published together, in bands. Never changed (trigger).

    `measures`: by name (`lump_sum` in VND, `royalty.<base>` in percent) low, middle_from, middle_to, high: edges of
    the bands that hold the quarter, the middle and three quarters.
    """

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="groups")
    level = models.PositiveSmallIntegerField(choices=Level)
    field = models.ForeignKey(Field, null=True, on_delete=models.PROTECT, related_name="+")
    right = models.CharField(max_length=12, blank=True)
    exclusivity = models.CharField(max_length=15, blank=True)
    count_from = models.PositiveIntegerField()
    count_to = models.PositiveIntegerField(null=True)
    first_year = models.PositiveSmallIntegerField()
    last_year = models.PositiveSmallIntegerField()
    measures = models.JSONField()
    is_sample = models.BooleanField(default=False)

    class Meta:
        ordering = ["-release__period_end", "level", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "is_sample", "level", "field", "right", "exclusivity"], nulls_distinct=False,
                name="valuation_dealgroup_one_per_cell",
            )
        ]  # fmt: skip


class DealGroupMember(models.Model):
    """Which deal is counted in which group: each in one, once and for all (unique)."""

    group = models.ForeignKey(DealGroup, on_delete=models.PROTECT, related_name="members")
    observation = models.OneToOneField(DealObservation, on_delete=models.PROTECT, related_name="membership")


class ScoreGroup(models.Model):
    """At least k scored deals published together: how many prices lay inside, below and above. Never changed (trigger).

    `grade` is empty where deals of several grades were put together.
    """

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="score_groups")
    grade = models.CharField(max_length=1, blank=True)
    inside = models.PositiveIntegerField()
    below = models.PositiveIntegerField()
    above = models.PositiveIntegerField()
    is_sample = models.BooleanField(default=False)

    class Meta:
        ordering = ["release__period_end", "grade", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["release", "is_sample", "grade"], name="valuation_scoregroup_one_per_grade")
        ]

    @property
    def count(self) -> int:
        """Give the number of deals."""
        return self.inside + self.below + self.above


class ScoreGroupMember(models.Model):
    """Which score is counted in which group: each in one, once and for all (unique)."""

    group = models.ForeignKey(ScoreGroup, on_delete=models.PROTECT, related_name="members")
    score = models.OneToOneField(DealScore, on_delete=models.PROTECT, related_name="membership")
