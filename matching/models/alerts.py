"""Saved searches, and the mails in which their finds are told, each find once."""

import datetime

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from listings.models import Demand, Technology
from matching.choices import Often


class SavedSearch(models.Model):
    """A search that a person keeps: what of a list's address finds (words and filters, in a fixed order).

    `flooded_at`: when a mail last found more than it could name. It gave their number and the list's address, so all that
    was published until then is told; the next mail at once comes a day later.
    """

    class Kind(models.TextChoices):
        """What is searched."""

        TECHNOLOGY = "technology", _("Technologies")
        DEMAND = "demand", _("Demands")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="saved_searches")
    kind = models.CharField(max_length=10, choices=Kind)
    query = models.CharField(max_length=3000, blank=True)
    name = models.CharField(_("name"), max_length=200)
    often = models.CharField(_("mail"), max_length=8, choices=Often, default=Often.WEEKLY)
    checked_at = models.DateTimeField(null=True, blank=True)
    flooded_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "kind", "query"], name="matching_saved_search_once")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Give the address of the list that it finds now."""
        return reverse(f"listings:{self.kind}_list") + (f"?{self.query}" if self.query else "")


class Digest(models.Model):
    """One mail to one person. `period` names the week of a weekly one, so that there is one a week.

    `more`: how many finds of a search (its pk as text) it counts beside those that it names. `tried`: how often it did not
    leave, `tried_at` when last.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="digests")
    period = models.CharField(max_length=10, blank=True)
    more = models.JSONField(default=dict, db_default={})
    created_at = models.DateTimeField(auto_now_add=True)
    mailed_at = models.DateTimeField(null=True)
    tried = models.PositiveSmallIntegerField(default=0, db_default=0)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "period"], condition=~Q(period=""), name="matching_digest_one_a_week"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.period}"

    @staticmethod
    def period_of(week: datetime.datetime) -> str:
        """Name the week that begins then, as 2030-W02."""
        return "{}-W{:02}".format(*week.isocalendar()[:2])


class DigestItem(models.Model):
    """A listing that a saved search found and a digest tells; never told twice for that search."""

    digest = models.ForeignKey(Digest, on_delete=models.CASCADE, related_name="items")
    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="items")
    technology = models.ForeignKey(Technology, null=True, on_delete=models.CASCADE, related_name="+")
    demand = models.ForeignKey(Demand, null=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["search", "technology"], name="matching_digest_item_technology_once"),
            models.UniqueConstraint(fields=["search", "demand"], name="matching_digest_item_demand_once"),
            models.CheckConstraint(
                condition=Q(technology__isnull=False, demand__isnull=True)
                | Q(technology__isnull=True, demand__isnull=False),
                name="matching_digest_item_of_one_listing",
            ),
        ]
