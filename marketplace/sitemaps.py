"""What search engines are told of: published listings, verified organisations, fixed pages. Nothing else is public."""

from datetime import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap
from django.db.models import Max
from django.urls import reverse

from accounts.models import Organisation
from listings import selectors
from listings.models import Demand, Technology


class Pages(Sitemap):
    """The fixed pages."""

    def items(self) -> list[str]:
        """Name them."""
        return ["home", "how_it_works", "listings:technology_list", "listings:demand_list", "listings:organisations"]

    def location(self, item: str) -> str:
        """Give the address."""
        return reverse(item)


class Listings(Sitemap):
    """Published listings of a kind."""

    limit = 5000

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def items(self) -> Any:
        """Give them, oldest first: in the order of the index of the newest, read backwards."""
        rows: Any = selectors.published_technologies() if self.kind == "technology" else selectors.published_demands()
        return rows.select_related(None).only("pk", "published_at").order_by("published_at", "pk")

    def get_latest_lastmod(self) -> datetime | None:
        """Give the time of the newest publication without reading the others, as the index asks on each visit."""
        newest: datetime | None = self.items().order_by().aggregate(newest=Max("published_at"))["newest"]
        return newest

    def lastmod(self, item: Technology | Demand) -> datetime | None:
        """Give the time of publication."""
        return item.published_at


class Organisations(Sitemap):
    """Verified organisations."""

    limit = 5000

    def items(self) -> Any:
        """Give them."""
        return selectors.verified_organisations().order_by("pk")

    def location(self, item: Organisation) -> str:
        """Give the address."""
        return reverse("listings:organisation", args=[item.pk])


SITEMAPS: dict[str, Sitemap] = {
    "pages": Pages(),
    "technologies": Listings("technology"),
    "demands": Listings("demand"),
    "organisations": Organisations(),
}
