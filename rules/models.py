"""Dated rules, and proposals to change them."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from rules.lifecycle import PROPOSAL, ProposalState


class DateRange(Func):
    """daterange(from, to, '[)') of a row."""

    function = "DATERANGE"
    output_field = DateRangeField()


class Rule(models.Model):
    """What `code` says from `valid_from` until, not including, `valid_to` (open when null).

    `value` is a number in `unit` (VND, percent, days, months, years, fraction, …); `text` is for rules that are words.
    `certainty`: A read in a source or a checkable identity, B to be confirmed before it is relied on. After `review_by`
    the row still counts, and whatever rests on it says that it is stale.
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
    review_by = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["code", "valid_from", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
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


class RuleProposal(models.Model):
    """A new row for a known code, proposed by one person and decided by another. What it says never changes (trigger).

    Approval makes the row (`rule`) and ends the one before it. `decided_by` of a withdrawn one is its proposer.
    """

    code = models.SlugField(max_length=80)
    value = models.DecimalField(_("new value"), max_digits=24, decimal_places=8, null=True, blank=True)
    text = models.TextField(_("new text"), blank=True, max_length=2000)
    valid_from = models.DateField(_("in force from"))
    valid_to = models.DateField(_("in force until, not including"), null=True, blank=True)
    review_by = models.DateField(_("to be reviewed by"))
    source = models.TextField(_("source"), max_length=1000)
    certainty = models.CharField(_("certainty"), max_length=1, choices=Rule.Certainty)
    note = models.TextField(_("note"), blank=True, max_length=2000)
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.PROPOSED, editable=False)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(_("reason"), blank=True, max_length=2000)
    rule = models.OneToOneField(Rule, null=True, blank=True, on_delete=models.PROTECT, related_name="proposal")

    lifecycle = PROPOSAL

    class Meta:
        verbose_name = _("proposed change")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(state=ProposalState.PROPOSED), name="rules_ruleproposal_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.PROPOSED, decided_by__isnull=True, rule__isnull=True)
                | (Q(state=ProposalState.APPROVED, rule__isnull=False) & ~Q(decided_by=F("proposed_by")))
                | (Q(state=ProposalState.REJECTED, rule__isnull=True) & ~Q(decided_by=F("proposed_by")))
                | Q(state=ProposalState.WITHDRAWN, decided_by=F("proposed_by"), rule__isnull=True),
                name="rules_ruleproposal_two_people",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(text=""), name="rules_ruleproposal_says_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} from {self.valid_from} ({self.state})"
