"""What of a listing is searched: only what the public may read."""

from typing import Any

from listings.models import Demand, Technology


def document_of(listing: Technology | Demand) -> dict[str, str]:
    """Give language, title and body of the search document. Never a document's content, never a masked name."""
    return {"language": listing.language, "title": listing.title, "body": body_of(listing)}


def body_of(listing: Technology | Demand) -> str:
    """Give the searched text below the title, paragraph by paragraph."""
    parts: list[Any]
    if isinstance(listing, Technology):
        advantages = [
            " ".join(filter(None, [a.claim, a.metric, a.ours, a.unit, a.alternative_name]))
            for a in listing.advantages.all()
        ]
        parts = [
            listing.summary, listing.problem, listing.solution, *advantages, listing.applications,
            ", ".join(listing.keywords), " ".join(listing.ipc),
        ]  # fmt: skip
    else:
        elements = [getattr(listing, name) for name in Demand.ELEMENTS]
        parts = [listing.summary, listing.problem, listing.tried, *elements]
    return "\n\n".join(part for part in parts if part)


def query_of(listing: Technology | Demand) -> str:
    """Give the whole need (or offer) as a query: the title, then the body."""
    return f"{listing.title}\n\n{body_of(listing)}"
