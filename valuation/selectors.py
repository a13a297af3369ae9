"""Reads of suggested ranges. Narrowing is the listings': a range is seen by whoever sees its technology."""

from django.db.models import Exists, OuterRef, QuerySet

from listings import selectors as listing_selectors
from listings.models import Technology
from listings.policies import Viewer
from valuation.models import RoyaltyRate, Suggestion


def visible_technologies(viewer: Viewer) -> QuerySet[Technology]:
    """Give the technologies whose range the viewer may see."""
    return listing_selectors.visible_technologies(viewer)


def current_suggestion(technology: Technology) -> Suggestion | None:
    """Give the newest suggestion for the technology's present content, or None."""
    return (
        Suggestion.objects.filter(technology=technology, content_version=technology.content_version)
        .order_by("-pk")
        .first()
    )


def unpriced() -> QuerySet[Technology]:
    """Give the published technologies whose present content nobody has computed a range for, oldest first."""
    done = Suggestion.objects.filter(technology=OuterRef("pk"), content_version=OuterRef("content_version"))
    return Technology.objects.published().filter(~Exists(done)).order_by("pk")


def royalty_rates() -> list[RoyaltyRate]:
    """Give the published rates that the exchange uses, in a fixed order."""
    return list(RoyaltyRate.objects.exclude(group="").order_by("industry", "segment", "source", "pk"))
