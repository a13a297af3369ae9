"""IP rights and who owns them."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from listings.choices import IPKind, IPStatus
from listings.models.technology import Technology
from marketplace.kit.validators import plain_text


class IPRight(models.Model):
    """A patent, utility solution, … that covers a technology. Its owners' shares sum to 100 %."""

    technology = models.ForeignKey(Technology, on_delete=models.CASCADE, related_name="ip_rights")
    kind = models.CharField(_("kind"), max_length=20, choices=IPKind)
    number = models.CharField(_("number"), max_length=60, blank=True, validators=[plain_text])
    office = models.CharField(
        _("office"), max_length=2, default="VN",
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Write the office as two letters, like VN, US, EP or WO."))],
    )  # fmt: skip
    title = models.CharField(_("title of the right"), max_length=300, blank=True, validators=[plain_text])
    filing_date = models.DateField(_("filing date"), null=True, blank=True)
    grant_date = models.DateField(_("grant date"), null=True, blank=True)
    expiry_date = models.DateField(_("expiry date"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=IPStatus, default=IPStatus.PENDING)

    class Meta:
        ordering = ["technology", "filing_date", "pk"]
        indexes = [models.Index(fields=["kind", "technology"], name="listings_ipright_by_kind")]
        constraints = [
            models.CheckConstraint(
                condition=Q(filing_date__isnull=True)
                | Q(grant_date__isnull=True)
                | Q(grant_date__gte=F("filing_date")),
                name="listings_ipright_granted_after_filing",
                violation_error_message=_("The grant date lies before the filing date."),
            ),
            models.CheckConstraint(
                condition=Q(filing_date__isnull=True)
                | Q(expiry_date__isnull=True)
                | Q(expiry_date__gt=F("filing_date")),
                name="listings_ipright_expires_after_filing",
                violation_error_message=_("The expiry date must lie after the filing date."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.office} {self.number}".strip()

    @property
    def was_filed(self) -> bool:
        """Tell whether an application was filed, also where its source gives no date: what was granted was filed."""
        return self.filing_date is not None or self.status != IPStatus.PENDING

    @property
    def is_over(self) -> bool:
        """Tell whether it protects no longer: lapsed, or past its expiry, whatever its status says."""
        past = self.expiry_date is not None and self.expiry_date <= timezone.localdate()
        return self.status == IPStatus.LAPSED or past


class RightOwner(models.Model):
    """An owner of an IP right with a share in percent. A deferred trigger refuses owners whose shares do not sum to 100."""

    right = models.ForeignKey(IPRight, on_delete=models.CASCADE, related_name="owners")
    name = models.CharField(_("owner"), max_length=250, validators=[plain_text])
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    share_pct = models.DecimalField(
        _("share (%)"), max_digits=7, decimal_places=4,
        validators=[MinValueValidator(Decimal("0.0001")), MaxValueValidator(Decimal(100))],
    )  # fmt: skip

    class Meta:
        ordering = ["right", "-share_pct", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(share_pct__gt=0, share_pct__lte=100), name="listings_rightowner_share"),
        ]

    @property
    def shown_name(self) -> str:
        """Give the name in the reader's language where it is that of an organisation here, else as it was typed."""
        one = self.organisation
        names = {name.casefold() for name in (one.name_vi, one.name_en)} if one is not None else set()
        return str(one) if self.name.strip().casefold() in names else self.name
