"""Documents of a technology, and to whom the confidential ones are open."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from listings.choices import Tier
from listings.models.technology import Technology
from marketplace.kit.validators import plain_text


def document_path(document: "Document", filename: str) -> str:
    """Store under a random name: the name that was uploaded is kept in the row only."""
    return f"documents/{uuid.uuid4().hex}"


class Document(models.Model):
    """A file with its tier. The file lies outside the web root; a view asks who may before it opens it.

    Of one that was removed the file is kept, of one that was destroyed only its hash.
    """

    technology = models.ForeignKey(Technology, on_delete=models.PROTECT, related_name="documents")
    title = models.CharField(_("title"), max_length=200, validators=[plain_text])
    tier = models.CharField(_("open to"), max_length=12, choices=Tier, default=Tier.NDA)
    file = models.FileField(_("file"), upload_to=document_path, max_length=200)
    filename = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["technology", "tier", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="listings_document_not_empty"),
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=True) | Q(removed_at__isnull=False),
                name="listings_document_destroyed_was_removed",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DisclosureGrant(models.Model):
    """An organisation may open the documents under NDA of a technology since `granted_at`.

    `basis` names the act that opened them, like "nda:12", or "appraisal:7" for a firm at work.
    """

    OF_APPRAISAL = "appraisal:"

    technology = models.ForeignKey(Technology, on_delete=models.PROTECT, related_name="disclosures")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="disclosures")
    basis = models.CharField(max_length=60)
    granted_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["technology", "organisation"],
                condition=Q(revoked_at__isnull=True),
                name="listings_disclosure_once",
            )
        ]
