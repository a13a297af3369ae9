"""What technologies and demands share."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Exchange, Organisation, Province, User
from listings.choices import Language, LegalClass
from listings.lifecycle import EDITABLE, ListingState
from marketplace.kit.validators import plain_text


class ListingQuerySet(models.QuerySet[Any]):
    """Questions about listings of either kind."""

    def published(self) -> "ListingQuerySet":
        """Keep what the public may find."""
        return self.filter(state=ListingState.PUBLISHED)

    def with_list_related_data(self) -> "ListingQuerySet":
        """Join what a row of a list shows; leave the imported record, which none shows, where it is."""
        joined = self.select_related("organisation", "organisation__province", "exchange", "province", "main_field")
        return joined.defer("source_data")


class Listing(models.Model):
    """A technology or a demand: who lists it, where, in which language, and where it stands.

    `version` counts saves; a form sends the version that it showed, and a save on an older one is refused.
    `withdrawn_version` is the `content_version` that was withdrawn: what its side changes after that is a draft again.
    `draft_key` comes with the form (or API request) that starts a draft, so that sending it twice starts one draft.
    (`source_name`, `source_id`) identify an imported record within an exchange.
    """

    exchange = models.ForeignKey(
        Exchange, on_delete=models.PROTECT, related_name="%(class)ss", verbose_name=_("exchange")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="%(class)ss", verbose_name=_("organisation")
    )
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="%(class)ss_written")
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.VI)
    title = models.CharField(_("title"), max_length=250, validators=[plain_text])
    summary = models.TextField(_("summary"), blank=True, max_length=1000, validators=[plain_text])
    problem = models.TextField(_("problem"), blank=True, max_length=20000, validators=[plain_text])
    main_field = models.ForeignKey(
        "listings.Field", null=True, blank=True, on_delete=models.PROTECT, related_name="main_%(class)ss",
        verbose_name=_("main field"),
    )  # fmt: skip
    fields = models.ManyToManyField("listings.Field", blank=True, related_name="%(class)ss", verbose_name=_("fields"))
    province = models.ForeignKey(
        Province, null=True, blank=True, on_delete=models.PROTECT, related_name="%(class)ss", verbose_name=_("province")
    )
    legal_class = models.CharField(_("legal class"), max_length=12, choices=LegalClass, default=LegalClass.UNKNOWN)
    state = models.CharField(max_length=20, choices=ListingState, default=ListingState.DRAFT, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    content_version = models.PositiveIntegerField(default=1, editable=False)
    withdrawn_version = models.PositiveIntegerField(null=True, blank=True, editable=False)
    draft_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    source_name = models.CharField(max_length=60, blank=True, editable=False)
    source_id = models.CharField(max_length=120, blank=True, editable=False)
    source_data = models.JSONField(default=dict, editable=False)
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=ListingState.PUBLISHED) | Q(published_at__isnull=False),
                name="%(app_label)s_%(class)s_published_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(state=ListingState.PUBLISHED) | ~Q(legal_class=LegalClass.BANNED),
                name="%(app_label)s_%(class)s_banned_never_published",
            ),
            models.UniqueConstraint(
                fields=["exchange", "source_name", "source_id"],
                condition=~Q(source_id=""),
                name="%(app_label)s_%(class)s_one_per_source",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-published_at", "-id"], name="%(app_label)s_%(class)s_newest"),
            models.Index(fields=["organisation", "-id"], name="%(app_label)s_%(class)s_org"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_editable(self) -> bool:
        """Tell whether the author's side may edit now."""
        return self.state in EDITABLE

    @property
    def is_imported(self) -> bool:
        """Tell whether it came from a register: then its author is of the exchange, not of the organisation."""
        return bool(self.source_name) and not self.is_sample

    @property
    def is_restricted(self) -> bool | None:
        """Tell whether it is of the class restricted for transfer; None while the exchange has not classified it."""
        return None if self.legal_class == LegalClass.UNKNOWN else self.legal_class == LegalClass.RESTRICTED

    @property
    def is_published(self) -> bool:
        """Tell whether the public may find it."""
        return self.state == ListingState.PUBLISHED
