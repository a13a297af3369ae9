"""Matches, what was searched, what people said and what became of it."""

from math import exp, log

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from listings.models import Demand, Technology
from marketplace.kit.validators import plain_text
from matching.choices import Act, Answer, DeclineReason, Side

TIE = 1e-9  # probabilities are kept so far from 0 and 1


class Match(models.Model):
    """A technology that may answer a demand.

    `score` (0-1) puts lists in order, `chance` is what is shown; `lexical` the BM25 score, `cosine` the centred cosine of
    the vectors, null without a vector. `found_from` is the side whose text was the query. `position` counts from 1
    within that search.
    `reasons` = {"words": [[text, share], …], "sayings": {"query", "document", "share"} | null,
    "sentences": {"query", "document", "cosine"} | null}; facts are computed when shown, from the present listings.
    `shift` is what earlier answers to this demand added to the log-odds of `score`, `exchange_shift` what the answers of
    the whole exchange added by the serving `Layer`. `front`: what was found is put forward, first in the list and told
    by mail; `pushed_at` when that began. `is_new`: it had a place kept for newcomers.
    """

    technology = models.ForeignKey(Technology, on_delete=models.CASCADE, related_name="matches")
    demand = models.ForeignKey(Demand, on_delete=models.CASCADE, related_name="matches")
    score = models.FloatField()
    lexical = models.FloatField()
    cosine = models.FloatField(null=True)
    found_from = models.CharField(max_length=6, choices=Side)
    position = models.PositiveIntegerField()
    shift = models.FloatField(default=0)
    exchange_shift = models.FloatField(default=0, db_default=0)
    front = models.BooleanField(default=False)
    pushed_at = models.DateTimeField(null=True)
    is_new = models.BooleanField(default=False)
    reasons = models.JSONField(default=dict)
    explained = models.BooleanField(default=False)
    technology_version = models.PositiveIntegerField()
    demand_version = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    refreshed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")
        ordering = ["-score", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["technology", "demand"], name="matching_match_once"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=1), name="matching_match_score"),
        ]
        indexes = [
            models.Index(fields=["demand", "-score", "id"], name="matching_match_demand"),
            models.Index(fields=["technology", "-score", "id"], name="matching_match_technology"),
            models.Index(fields=["technology", "pushed_at"], name="matching_match_pushed"),
            models.Index(fields=["demand", "pushed_at"], name="matching_match_pushed_demand"),
        ]

    def __str__(self) -> str:
        return f"{self.technology} ↔ {self.demand}"

    def get_absolute_url(self) -> str:
        """Give the address of the match's page."""
        return reverse("matching:match", args=[self.pk])

    @property
    def pair(self) -> tuple[int, int]:
        """The keys of the technology and of the demand."""
        return self.technology_id, self.demand_id

    @property
    def odds(self) -> float:
        """The log-odds by the texts alone."""
        probability = min(max(self.score, TIE), 1 - TIE)
        return log(probability / (1 - probability)) - self.shift - self.exchange_shift

    @property
    def chance(self) -> float:
        """The probability that is shown, by the texts alone: what was answered before moves the order only.

        Otherwise an owner would read off it that the buyer took this very technology up.
        """
        return 1 / (1 + exp(-self.odds)) if self.shift or self.exchange_shift else self.score


class Response(models.Model):
    """What one side says to a match; a later word of the same side replaces it (the log keeps all)."""

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="responses")
    side = models.CharField(max_length=6, choices=Side)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer)
    reason = models.CharField(_("reason"), max_length=20, choices=DeclineReason, blank=True)
    note = models.TextField(_("note"), blank=True, max_length=2000, validators=[plain_text])
    position_shown = models.PositiveIntegerField(null=True, blank=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["match", "side"], name="matching_response_one_per_side"),
            models.CheckConstraint(
                condition=Q(answer=Answer.SHORTLIST, reason="") | (Q(answer=Answer.DECLINE) & ~Q(reason="")),
                name="matching_response_decline_has_reason",
            ),
        ]


class Feedback(models.Model):
    """What somebody did with a pair, with what he was shown: a log that only grows (a trigger refuses the rest).

    `position` is the place in the list where the pair was shown, from 1; `probability` what was shown beside it.
    `shown` (null where nothing is known of it) is what the linear layer learns from: {"version", "pairs": [the pair
    itself, then those of the same demand on the pages up to its own that nobody had answered yet]}, each
    {"technology", "place", "odds" of the texts, "shift", "facts": {code: verdict}}.
    """

    technology = models.ForeignKey(Technology, on_delete=models.PROTECT, related_name="feedback")
    demand = models.ForeignKey(Demand, on_delete=models.PROTECT, related_name="feedback")
    act = models.CharField(max_length=12, choices=Act)
    side = models.CharField(max_length=6, choices=Side)
    reason = models.CharField(max_length=20, choices=DeclineReason, blank=True)
    position = models.PositiveIntegerField(null=True)
    probability = models.FloatField(null=True)
    shown = models.JSONField(null=True)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["demand", "id"], name="matching_feedback_demand")]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason="") | Q(act=Act.DECLINE), name="matching_feedback_only_a_decline_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.technology_id} ↔ {self.demand_id}"


class Run(models.Model):
    """The other side was searched for a listing's content `content_version`; `dense` when vectors took part.

    `feedback` is how many acts on the demand's matches were known to that search, `layer` which one took part.
    """

    technology = models.OneToOneField(Technology, null=True, on_delete=models.CASCADE, related_name="matching_run")
    demand = models.OneToOneField(Demand, null=True, on_delete=models.CASCADE, related_name="matching_run")
    content_version = models.PositiveIntegerField(default=0)
    published_at = models.DateTimeField(null=True)
    dense = models.BooleanField(default=False)
    feedback = models.PositiveIntegerField(default=0)
    layer = models.ForeignKey(
        "matching.Layer", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # fmt: skip
    found = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(technology__isnull=False, demand__isnull=True)
                | Q(technology__isnull=True, demand__isnull=False),
                name="matching_run_of_one_listing",
            ),
        ]
