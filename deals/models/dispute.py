"""Disputes about a deal, which an operator of the exchange mediates."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from deals.choices import Side
from deals.lifecycle import DISPUTE, DisputeState
from deals.models.deal import Deal
from marketplace.kit.validators import plain_text


class Dispute(models.Model):
    """What a side (or the exchange, where `side` is empty) disputes, who mediates, and the outcome. One open per deal.

    While it is open the acts of `deals.acts.PAUSED` wait; every day that runs goes on running.
    """

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="disputes")
    side = models.CharField(max_length=10, choices=Side, blank=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    reason = models.TextField(_("what is in dispute"), max_length=2000, validators=[plain_text])
    state = models.CharField(max_length=10, choices=DisputeState, default=DisputeState.OPEN, editable=False)
    mediator = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_up_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(_("outcome"), max_length=2000, blank=True, validators=[plain_text])
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    lifecycle = DISPUTE

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["deal"], condition=Q(closed_at__isnull=True), name="deals_dispute_one_open"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, state__in=[DisputeState.OPEN, DisputeState.MEDIATING])
                | (
                    Q(closed_at__isnull=False)
                    & ~Q(state__in=[DisputeState.OPEN, DisputeState.MEDIATING])
                    & ~Q(outcome="")
                ),
                name="deals_dispute_closed_has_outcome",
            ),
        ]

    @property
    def is_open(self) -> bool:
        """Tell whether it still waits for its outcome."""
        return self.closed_at is None
