"""What the owner answered about a technology, and every version of it."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from listings.models import Technology


class Disclosure(models.TextChoices):
    """What of a suggested range outsiders who see the technology may read."""

    RANGE = "range", _("The range, its grade and what moves it, without the figures I gave")
    BASIS = "basis", _("Everything the range rests on, except what I would settle for")


class Interview(models.Model):
    """The owner's present answers about a technology, by the codes of `valuation.questions`.

    `answers` = {code: {"value": [text, …], "origin": measured | owner | assumption}}; a code that is absent takes its
    default. Numbers are text of decimals: VND, percent 0-100, years. `version` counts saves; a form sends the one that
    it showed, and a save on an older one is refused. Each version stays in `InterviewRevision`.
    """

    technology = models.OneToOneField(Technology, on_delete=models.PROTECT, related_name="interview")
    answers = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    disclosure = models.CharField(_("disclosure"), max_length=10, choices=Disclosure, default=Disclosure.RANGE)
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("interview")
        verbose_name_plural = _("interviews")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.technology_id} v{self.version}"


class InterviewRevision(models.Model):
    """The answers as they stood after a save; a row is never changed (trigger). `changed` names the codes saved."""

    interview = models.ForeignKey(Interview, on_delete=models.PROTECT, related_name="revisions")
    version = models.PositiveIntegerField()
    answers = models.JSONField(encoder=DjangoJSONEncoder)
    disclosure = models.CharField(max_length=10, choices=Disclosure)
    changed = models.JSONField(default=list)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("version of an interview")
        verbose_name_plural = _("versions of an interview")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["interview", "version"], name="valuation_interviewrevision_once")
        ]

    def __str__(self) -> str:
        return f"{self.interview_id} v{self.version}"
