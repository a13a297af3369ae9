"""Suggested ranges as they were computed."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from listings.models import Technology


class Reason(models.TextChoices):
    """Why no price is suggested."""

    NO_REVENUE = "no_revenue", _("The owner has not stated what a licensee may earn.")
    NO_TRL = "no_trl", _("The readiness level is not stated.")
    NOT_POSITIVE = "not_positive", _("On these inputs the technology earns nothing in its remaining life.")
    SIGN_UNCERTAIN = "sign_uncertain", _("It may earn something or lose something; a single price would mislead.")
    METHODS_DISAGREE = "methods_disagree", _("The methods lie too far apart for one range.")
    NO_METHOD = "no_method", _("No method can be used with these inputs.")


class Suggestion(models.Model):
    """A suggested range for a technology, or the reason why there is none; a row is never changed (trigger).

    `low`, `mid`, `high` are P10, P50, P90 in VND to two significant digits, a lump sum for the whole remaining life.
    `inputs` and `result` are described in docs/adr/0020; `result` is what `suggest_range` gave for
    `inputs["parameters"]` with `seed` and `paths`, and can be computed again from them. `input_hash` is the SHA-256 of
    what went in; answers or rules that go back to what they were give a new row with the hash of an older one, since the
    newest row of the present content is the one that stands. `interview_version` is the version of the owner's answers
    that it rests on, 0 without an interview.
    """

    technology = models.ForeignKey(Technology, on_delete=models.PROTECT, related_name="suggestions")
    content_version = models.PositiveIntegerField()
    interview_version = models.PositiveIntegerField(default=0)
    inputs = models.JSONField(encoder=DjangoJSONEncoder)
    seed = models.BigIntegerField()
    paths = models.PositiveIntegerField()
    versions = models.JSONField()
    result = models.JSONField(null=True)
    low = models.DecimalField(max_digits=24, decimal_places=0, null=True)
    mid = models.DecimalField(max_digits=24, decimal_places=0, null=True)
    high = models.DecimalField(max_digits=24, decimal_places=0, null=True)
    no_price = ArrayField(models.CharField(max_length=20, choices=Reason), default=list, blank=True)
    grade = models.CharField(max_length=1, blank=True)
    input_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("suggested range")
        verbose_name_plural = _("suggested ranges")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(low__isnull=True, mid__isnull=True, high__isnull=True, no_price__len__gt=0)
                | Q(low__isnull=False, mid__gte=F("low"), high__gte=F("mid"), no_price__len=0),
                name="valuation_suggestion_price_or_reason",
            ),
        ]
        indexes = [models.Index(fields=["technology", "content_version", "-id"], name="valuation_suggestion_current")]

    def __str__(self) -> str:
        return f"{self.technology_id} v{self.content_version}"

    @property
    def is_priced(self) -> bool:
        """Tell whether a range is named."""
        return self.mid is not None
