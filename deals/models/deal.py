"""A deal between two organisations about one technology, its parties and its messages."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.countries import country_name
from accounts.models import Exchange, Organisation, User
from deals.choices import Side, Turn
from deals.effect import LegalFacts
from deals.lifecycle import DEAL, DealState
from deals.tracking_lifecycle import StatementState
from listings.choices import LegalClass
from listings.models import Demand, Technology
from marketplace.kit.validators import plain_text


class DealQuerySet(models.QuerySet["Deal"]):
    """Questions about deals."""

    def with_list_related_data(self) -> "DealQuerySet":
        """Join what a row of a list shows, whether a dispute is open, whether the legal data are complete, and by what
        the law asks (`Deal.is_restricted`, `Deal.uses_state_money`).
        """
        from deals.models.contract import Contract  # noqa: PLC0415 -- contracts hang on deals
        from deals.models.dispute import Dispute  # noqa: PLC0415 -- disputes hang on deals

        standing = Dispute.objects.filter(deal=OuterRef("pk"), closed_at=None)
        complete = Party.objects.complete().filter(deal=OuterRef("pk"))
        drawn_up = Contract.objects.filter(deal=OuterRef("pk"), superseded_at=None)
        funded = Q(technology__state_funding_pct__gt=0, technology__state_funding_pct__isnull=False)
        capital = Q(licensor__has_state_capital=True) | Q(licensee__has_state_capital=True)
        stated = Exists(drawn_up.filter(Q(state_funding_pct__gt=0) | Q(state_capital=True)))
        listed = ExpressionWrapper(Q(technology__legal_class=LegalClass.RESTRICTED), models.BooleanField())
        return self.select_related("technology", "demand", "licensor", "licensee", "exchange").annotate(
            in_dispute=Exists(standing),
            parties_complete=Q(*(Exists(complete.filter(side=side)) for side in Side.values)),
            is_restricted=Coalesce(Subquery(drawn_up.values("restricted")), listed),
            uses_state_money=stated | funded | capital,
        )


class Deal(models.Model):
    """One technology, the organisation that offers it (licensor) and the one that wants it (licensee).

    `turn` says who must act next; services keep it. `match_id` names the match from which the deal came: a plain
    number, for a match may go.
    """

    technology = models.ForeignKey(Technology, on_delete=models.PROTECT, related_name="deals")
    demand = models.ForeignKey(Demand, null=True, blank=True, on_delete=models.PROTECT, related_name="deals")
    match_id = models.PositiveBigIntegerField(null=True, blank=True)
    licensor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="deals_as_licensor")
    licensee = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="deals_as_licensee")
    exchange = models.ForeignKey(Exchange, on_delete=models.PROTECT, related_name="deals")
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=DealState, default=DealState.ENQUIRY, editable=False)
    state_since = models.DateTimeField(default=timezone.now, editable=False)
    turn = models.CharField(max_length=10, choices=Turn, default=Turn.LICENSOR, editable=False)
    ended_reason = models.TextField(max_length=2000, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    is_sample = models.BooleanField(default=False, editable=False)

    lifecycle = DEAL
    objects = DealQuerySet.as_manager()

    class Meta:
        verbose_name = _("deal")
        verbose_name_plural = _("deals")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(licensor=F("licensee")), name="deals_deal_two_organisations"),
            models.UniqueConstraint(
                fields=["technology", "licensee"],
                condition=~Q(
                    state__in=[DealState.COMPLETED, DealState.DECLINED, DealState.LAPSED, DealState.TERMINATED]
                ),
                name="deals_deal_one_running",
            ),
        ]
        indexes = [
            models.Index(fields=["licensor", "-id"], name="deals_deal_licensor"),
            models.Index(fields=["licensee", "-id"], name="deals_deal_licensee"),
            models.Index(fields=["exchange", "state", "-id"], name="deals_deal_board"),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.technology}"

    def get_absolute_url(self) -> str:
        """Give the address of the deal's page."""
        return reverse("deals:deal", args=[self.pk])

    @property
    def code(self) -> str:
        """Give the number that people quote."""
        return f"GD-{self.pk:05d}"

    @property
    def is_over(self) -> bool:
        """Tell whether the deal has ended, well or not."""
        return self.state in DEAL.final

    @cached_property
    def uses_state_money(self) -> bool:
        """Tell whether state money is in the technology or in either party: as listing and organisations have it, or as the
        standing contract states it.
        """
        if self.stated_facts is not None and self.stated_facts.state_money:
            return True
        funded = (self.technology.state_funding_pct or 0) > 0
        return funded or self.licensor.has_state_capital or self.licensee.has_state_capital

    @cached_property
    def is_restricted(self) -> bool:
        """Tell whether the technology is of the restricted class: as the standing contract states it; before there is one,
        and where it was drawn up before the exchange classified the listing, as that is classified now.
        """
        facts = self.stated_facts
        return bool(self.technology.is_restricted if facts is None else facts.restricted)

    @cached_property
    def stated_facts(self) -> LegalFacts | None:
        """Give what the law asks by, as the standing contract states it; None without one. Asked once for an object."""
        contract = self.contracts.filter(superseded_at=None).first()
        return None if contract is None else contract.legal_facts

    @cached_property
    def in_dispute(self) -> bool:
        """Tell whether a dispute about the deal is open. Asked once for an object: services look under the lock."""
        return self.disputes.filter(closed_at=None).exists()

    @cached_property
    def is_questioned(self) -> bool:
        """Tell whether a royalty statement under the deal waits for the buyer's answer to a question. Asked once for an
        object: services look under the lock.
        """
        from deals.models.tracking import RoyaltyStatement  # noqa: PLC0415 -- statements hang on deals

        asked = RoyaltyStatement.objects.filter(contract__deal=self, state=StatementState.QUESTIONED)
        return asked.filter(answered_by__isnull=False).exists()

    @property
    def takes_messages(self) -> bool:
        """Tell whether the sides still write to each other: while the deal runs, and afterwards as long as a dispute about
        it is mediated or a question about a statement is open.
        """
        return not self.is_over or self.in_dispute or self.is_questioned

    @cached_property
    def parties_complete(self) -> bool:
        """Tell whether the legal data of both sides suffice for a contract."""
        return Party.objects.complete().filter(deal=self).count() == len(Side.values)

    def organisation_of(self, side: str) -> Organisation:
        """Give the organisation on a side."""
        return self.licensor if side == Side.LICENSOR else self.licensee


class PartyQuerySet(models.QuerySet["Party"]):
    """Questions about parties."""

    def complete(self) -> "PartyQuerySet":
        """Give those with all that a contract needs of a party."""
        return self.exclude(Q(*((name, "") for name in Party.NEEDED), _connector=Q.OR))


class Party(models.Model):
    """The legal data of one side, as it will stand in the contract. That side writes it."""

    #: What a contract cannot do without.
    NEEDED = ("legal_name", "address", "representative", "position")

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="parties")
    side = models.CharField(max_length=10, choices=Side, editable=False)
    legal_name = models.CharField(_("full legal name"), max_length=250, validators=[plain_text])
    legal_name_en = models.CharField(_("legal name in English"), max_length=250, blank=True, validators=[plain_text])
    tax_code = models.CharField(_("tax or registration number"), max_length=40, blank=True, validators=[plain_text])
    country = models.CharField(
        _("country"), max_length=2, default="VN",
        validators=[RegexValidator(r"^[A-Z]{2}\Z", _("Write the country as two letters, like VN, JP or US."))],
    )  # fmt: skip
    address = models.CharField(_("registered address"), max_length=300, validators=[plain_text])
    representative = models.CharField(_("represented by"), max_length=150, validators=[plain_text])
    position = models.CharField(
        pgettext_lazy("in an organisation", "position"), max_length=150, validators=[plain_text]
    )

    co_owner_consent = models.CharField(
        _("consent of the co-owners"), max_length=300, blank=True, validators=[plain_text],
        help_text=_("Number and date of the paper in which they agree to this transfer."),
    )  # fmt: skip

    objects = PartyQuerySet.as_manager()

    class Meta:
        ordering = ["deal", "side"]
        constraints = [models.UniqueConstraint(fields=["deal", "side"], name="deals_party_one_per_side")]

    def __str__(self) -> str:
        return self.legal_name

    @property
    def shown_name(self) -> str:
        """Give the legal name in the reader's language."""
        return (self.legal_name_en or self.legal_name) if get_language() == "en" else self.legal_name

    @property
    def is_foreign(self) -> bool:
        """Tell whether the party is established outside Viet Nam."""
        return self.country != "VN"

    @property
    def country_name(self) -> str:
        """Give the country in the reader's language."""
        return country_name(self.country)


class Message(models.Model):
    """A message in a deal; never changed. `side` is empty for a note of the exchange (mediation)."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side, blank=True)
    body = models.TextField(_("message"), max_length=4000, validators=[plain_text])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["deal", "pk"]
