"""Linear layers: what was learned from the answers of the whole exchange."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from matching.lifecycle import LAYER, LayerState


class Layer(models.Model):
    """Weights on the text's log-odds and on the facts of a pair, with what they were learned from and their replay.

    `model` is `matching.layer.Weights.as_dict`, `version` that of the features, `space` the vectors in which it serves,
    `replay` `matching.layer.Replay.as_dict` against the layer `compared_with` (null: against none). `taken` counts the
    pairs that were taken up, `shown` all pairs learned from. One serves at a time; what was learned never changes.
    """

    state = models.CharField(max_length=10, choices=LayerState, default=LayerState.PROPOSED, editable=False)
    version = models.PositiveIntegerField()
    space = models.CharField(max_length=80)
    model = models.JSONField()
    place_slope = models.FloatField()
    taken = models.PositiveIntegerField()
    shown = models.PositiveIntegerField()
    demands = models.PositiveIntegerField()
    organisations = models.PositiveIntegerField()
    replay = models.JSONField()
    compared_with = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, max_length=2000)

    lifecycle = LAYER

    class Meta:
        verbose_name = _("layer learned from answers")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=LayerState.SERVING), name="matching_layer_one_serves"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({self.state})"
