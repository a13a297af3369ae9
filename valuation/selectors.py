"""Reads of suggested ranges. Narrowing is the listings': a range is seen by whoever sees its technology."""

from django.db.models import Exists, OuterRef, QuerySet

from listings import selectors as listing_selectors
from listings.models import Technology
from listings.policies import Viewer
from valuation.closed_selectors import closed_rates
from valuation.inputs import VERSION
from valuation.models import Interview, InterviewRevision, RoyaltyRate, Suggestion


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


def is_of_these_methods(suggestion: Suggestion) -> bool:
    """Tell whether a range was computed with the methods of this release; pages and reports explain these."""
    return bool(suggestion.versions.get("methods") == VERSION)


def interview_of(technology: Technology) -> Interview | None:
    """Give the owner's answers about a technology, or None."""
    return Interview.objects.filter(technology=technology).first()


def revisions(interview: Interview) -> list[InterviewRevision]:
    """Give the versions of an interview with who saved them, newest first, at most 20."""
    if interview.pk is None:
        return []
    return list(InterviewRevision.objects.filter(interview=interview).select_related("actor").order_by("-pk")[:20])


def unpriced() -> QuerySet[Technology]:
    """Give the published technologies whose present content nobody has computed a range for with these methods, oldest
    first.
    """
    done = Suggestion.objects.filter(
        technology=OuterRef("pk"), content_version=OuterRef("content_version"), versions__methods=VERSION
    )
    return Technology.objects.published().filter(~Exists(done)).order_by("pk")


def royalty_rates() -> list[RoyaltyRate]:
    """Give the published rates that the exchange uses, in a fixed order; its own groups of closed deals come last."""
    rates = RoyaltyRate.objects.exclude(group="").order_by("industry", "segment", "source", "pk")
    return [*rates, *closed_rates()]
