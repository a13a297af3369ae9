"""The contract of a deal, who accepted it, its signed copy, its permit and its registration."""

import uuid
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Province, User
from deals.choices import CertificateKind, Flow, Side
from deals.effect import LegalFacts
from deals.models.deal import Deal
from deals.models.offer import Offer
from deals.models.terms import Terms
from marketplace.kit.validators import plain_text


def contract_path(row: Any, filename: str) -> str:
    """Store under a random name."""
    return f"deals/contract/{uuid.uuid4().hex}.pdf"


class Contract(models.Model):
    """A version of the contract, made from the accepted offer. What it states never changes: a trigger refuses it.

    A new version supersedes the last one; one version per deal is current. `signed_on` and `effective_on` are dates
    in Viet Nam. What the law asks by is stored as the text states it, and not asked of the listing again: `restricted`,
    `must_register` (before a permit frees from it), `state_funding_pct` and `state_capital`. Only where the technology was
    not classified when the contract was drawn up (`restricted` None) its class is asked of the listing. `text_hash`:
    SHA-256 (hex) of the canonical text in both languages; `sha256` of the PDF's bytes.
    """

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="contracts")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="contracts")
    version = models.PositiveSmallIntegerField()
    number = models.CharField(max_length=40, unique=True)
    flow = models.CharField(max_length=10, choices=Flow)
    restricted = models.BooleanField(null=True)
    must_register = models.BooleanField(db_default=False)
    state_funding_pct = models.DecimalField(max_digits=7, decimal_places=4, db_default=Decimal(0))
    state_capital = models.BooleanField(db_default=False)
    text = models.JSONField()
    text_hash = models.CharField(max_length=64)
    file = models.FileField(upload_to=contract_path, max_length=200)
    sha256 = models.CharField(max_length=64)
    generated_at = models.DateTimeField()
    generated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    superseded_at = models.DateTimeField(null=True, blank=True)
    signed_on = models.DateField(null=True, blank=True)
    effective_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("contract")
        ordering = ["deal", "version"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "version"], name="deals_contract_one_per_version"),
            models.UniqueConstraint(
                fields=["deal"], condition=Q(superseded_at__isnull=True), name="deals_contract_one_current"
            ),
            models.CheckConstraint(
                condition=Q(effective_on__isnull=True) | Q(signed_on__isnull=False, effective_on__gte=F("signed_on")),
                name="deals_contract_signed_before_effect",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def legal_facts(self) -> LegalFacts:
        """Give what the law asks by, as the contract states it; a class that it leaves open as the listing has it now."""
        restricted = self.deal.technology.is_restricted if self.restricted is None else self.restricted
        return LegalFacts(restricted, self.must_register, self.state_funding_pct, self.state_capital)

    @property
    def terms(self) -> Terms:
        """Give the terms that the contract states."""
        return self.offer.terms


class ContractAcceptance(models.Model):
    """Who accepted which PDF for which side, when, in which role: `agreed`, not `signed`. Never changed."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="acceptances")
    side = models.CharField(max_length=10, choices=Side)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    typed_name = models.CharField(max_length=150, validators=[plain_text])
    sha256 = models.CharField(max_length=64)
    accepted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["contract", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "side"], name="deals_contractacceptance_one_per_side")
        ]


class SignedCopy(models.Model):
    """A scan or file of the signed contract: one side records it, the other confirms or refuses it."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="signed_copies")
    side = models.CharField(max_length=10, choices=Side)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    signed_on = models.DateField(_("signed on"))
    file = models.FileField(_("signed copy"), upload_to=contract_path, max_length=200)
    filename = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_reason = models.TextField(max_length=2000, blank=True, validators=[plain_text])

    class Meta:
        ordering = ["contract", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract"], condition=Q(refused_at__isnull=True), name="deals_signedcopy_one_standing"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(refused_at__isnull=True),
                name="deals_signedcopy_confirmed_or_refused",
            ),
        ]


class Permit(models.Model):
    """The permit for a restricted technology (articles 29 and 30)."""

    contract = models.OneToOneField(Contract, on_delete=models.PROTECT, related_name="permit")
    number = models.CharField(_("permit number"), max_length=80, validators=[plain_text])
    issued_on = models.DateField(_("issued on"))
    authority = models.CharField(_("issued by"), max_length=200, validators=[plain_text])
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)


class Registration(models.Model):
    """A certificate of registration of the contract (article 31), as the yearly report of a province counts them."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="registrations")
    kind = models.CharField(_("kind"), max_length=10, choices=CertificateKind, default=CertificateKind.NEW)
    certificate_no = models.CharField(_("certificate number"), max_length=80, validators=[plain_text])
    issued_on = models.DateField(_("issued on"))
    value_vnd = models.DecimalField(
        _("registered value (VND)"), max_digits=18, decimal_places=0, validators=[MinValueValidator(0)]
    )
    province = models.ForeignKey(Province, on_delete=models.PROTECT, related_name="+", verbose_name=_("province"))
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["contract", "issued_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract"], condition=Q(kind=CertificateKind.NEW), name="deals_registration_one_first"
            ),
            models.UniqueConstraint(fields=["contract", "certificate_no"], name="deals_registration_one_per_number"),
            models.CheckConstraint(condition=Q(value_vnd__gte=0), name="deals_registration_value_not_negative"),
        ]
