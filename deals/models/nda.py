"""The confidentiality agreement of a deal."""

import uuid

from django.db import models

from accounts.models import User
from deals.choices import Side
from deals.models.deal import Deal


def nda_path(nda: "NDA", filename: str) -> str:
    """Store under a random name."""
    return f"deals/nda/{uuid.uuid4().hex}.pdf"


class NDA(models.Model):
    """The text both sides accept, as rendered for this deal from a numbered version of the template.

    `text_hash`: SHA-256 (hex) of the canonical text in both languages; `sha256` of the PDF's bytes.
    """

    deal = models.OneToOneField(Deal, on_delete=models.PROTECT, related_name="nda")
    template_version = models.PositiveSmallIntegerField()
    text = models.JSONField()
    text_hash = models.CharField(max_length=64)
    file = models.FileField(upload_to=nda_path, max_length=200)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]


class NDAAcceptance(models.Model):
    """Who accepted which text for which side, when, in which role. Never changed."""

    nda = models.ForeignKey(NDA, on_delete=models.PROTECT, related_name="acceptances")
    side = models.CharField(max_length=10, choices=Side)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    text_hash = models.CharField(max_length=64)
    accepted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["nda", "pk"]
        constraints = [models.UniqueConstraint(fields=["nda", "side"], name="deals_ndaacceptance_one_per_side")]
