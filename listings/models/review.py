"""Review decisions are rows: who, when, what was checked, what was decided and why."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from listings.choices import LegalClass
from listings.models.demand import Demand
from listings.models.technology import Technology
from marketplace.kit.validators import plain_text


class Review(models.Model):
    """One look at a listing: by the owner's TTO or by the exchange. Open until `decided_at`."""

    class Stage(models.TextChoices):
        OWNER = "owner", _("TTO")
        OPERATOR = "operator", _("Exchange")

    class Decision(models.TextChoices):
        APPROVE = "approve", _("Approved")
        REQUEST_CHANGES = "request_changes", _("Changes requested")
        REJECT = "reject", _("Rejected")
        RELEASE = "release", _("Given back to the queue")

    technology = models.ForeignKey(Technology, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    demand = models.ForeignKey(Demand, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    stage = models.CharField(max_length=10, choices=Stage)
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reviews")
    content_version = models.PositiveIntegerField()
    claimed_at = models.DateTimeField(auto_now_add=True)
    legal_class = models.CharField(_("legal class"), max_length=12, choices=LegalClass, default=LegalClass.UNKNOWN)
    legal_class_reason = models.TextField(
        _("ground for the legal class"), blank=True, max_length=2000, validators=[plain_text]
    )
    ip_checked = models.BooleanField(_("IP rights checked against the register"), default=False)
    is_complete = models.BooleanField(_("complete and understandable"), default=False)
    no_secrets = models.BooleanField(_("no trade secret or personal data in public fields"), default=False)
    decision = models.CharField(max_length=20, choices=Decision, blank=True)
    reason = models.TextField(_("reason"), blank=True, max_length=4000, validators=[plain_text])
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(technology__isnull=False, demand__isnull=True) | Q(technology__isnull=True, demand__isnull=False),
                name="listings_review_of_one_listing",
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True) | (~Q(decision="") & Q(decided_at__isnull=False)),
                name="listings_review_decided_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=["request_changes", "reject"]) | ~Q(reason=""),
                name="listings_review_refusal_has_reason",
            ),
            models.UniqueConstraint(
                fields=["technology"], condition=Q(decided_at__isnull=True, technology__isnull=False),
                name="listings_review_one_open_technology",
            ),
            models.UniqueConstraint(
                fields=["demand"], condition=Q(decided_at__isnull=True, demand__isnull=False),
                name="listings_review_one_open_demand",
            ),
        ]  # fmt: skip

    @property
    def listing(self) -> Technology | Demand:
        """Give the listing under review."""
        listing = self.technology or self.demand
        assert listing is not None
        return listing
