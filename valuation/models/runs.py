"""Computations that take a while: who asked, how far they are, what came of them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Exchange, User
from listings.models import Technology
from valuation.lifecycle import LIVE_RUN, RUN, RunState
from valuation.models.reports import Report
from valuation.models.suggestions import Suggestion


class Run(models.Model):
    """One computation, of a technology (range, report) or of all published technologies of an exchange.

    `rules_hash` names the dated rules with which an exchange's run began: where others are in force at its end, it begins
    again, so that its rows are of one set of rules. `percent` 0-100 is what the bar shows; `done` counts technologies of an exchange's run, and where a new worker goes
    on: those with pk up to `resume_after` are finished. `suggestion` and `report` name the result.
    """

    class Kind(models.TextChoices):
        RANGE = "range", _("Suggested range")
        REPORT = "report", _("Report")
        EXCHANGE = "exchange", _("All ranges of the exchange")

    kind = models.CharField(max_length=10, choices=Kind)
    technology = models.ForeignKey(Technology, null=True, on_delete=models.PROTECT, related_name="runs")
    exchange = models.ForeignKey(Exchange, null=True, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=RunState, default=RunState.QUEUED, editable=False)
    percent = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    out_of = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    rules_hash = models.CharField(max_length=64, blank=True, default="", db_default="")
    resume_after = models.PositiveBigIntegerField(default=0)
    suggestion = models.ForeignKey(Suggestion, null=True, on_delete=models.PROTECT, related_name="+")
    report = models.ForeignKey(Report, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    lifecycle = RUN

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="exchange", technology__isnull=True, exchange__isnull=False)
                | Q(kind__in=["range", "report"], technology__isnull=False, exchange__isnull=True),
                name="valuation_run_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(percent__lte=100), name="valuation_run_percent"),
            models.UniqueConstraint(
                fields=["kind", "technology"],
                condition=Q(state__in=["queued", "running"], technology__isnull=False),
                name="valuation_run_one_live_of_technology",
            ),
            models.UniqueConstraint(
                fields=["kind", "exchange"],
                condition=Q(state__in=["queued", "running"], exchange__isnull=False),
                name="valuation_run_one_live_of_exchange",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state__in=["queued", "running"]), name="valuation_run_live"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_live(self) -> bool:
        """Tell whether it waits or runs."""
        return self.state in LIVE_RUN
