"""Offers and counter-offers, numbered by round."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from deals.choices import Side
from deals.lifecycle import OFFER, OfferState
from deals.models.deal import Deal
from marketplace.kit.validators import plain_text


class Offer(models.Model):
    """What one side offers in one round. Its terms never change; another offer answers it.

    `valid_until`: the last day on which it may be accepted.
    """

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="offers")
    round = models.PositiveSmallIntegerField()
    side = models.CharField(max_length=10, choices=Side)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    message = models.TextField(_("message"), max_length=4000, blank=True, validators=[plain_text])
    valid_until = models.DateField(_("open until"), null=True, blank=True)
    state = models.CharField(max_length=12, choices=OfferState, default=OfferState.OPEN, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    lifecycle = OFFER

    class Meta:
        verbose_name = _("offer")
        ordering = ["deal", "round"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "round"], name="deals_offer_one_per_round"),
            models.UniqueConstraint(fields=["deal"], condition=Q(state=OfferState.OPEN), name="deals_offer_one_open"),
            models.UniqueConstraint(
                fields=["deal"], condition=Q(state=OfferState.ACCEPTED), name="deals_offer_one_accepted"
            ),
            models.CheckConstraint(condition=Q(round__gte=1), name="deals_offer_round_from_one"),
        ]
