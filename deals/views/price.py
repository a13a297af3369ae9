"""The suggested range beside an offer that is made or answered."""

from typing import Any

from django.urls import reverse

from accounts.models import User
from deals import policies
from deals.choices import Side
from deals.models import Deal
from valuation import selectors as suggestions
from valuation.disclosure import reader_of
from valuation.policies import can_ask_own_maximum
from valuation.presenters import present


def price_beside(deal: Deal, actor: User) -> dict[str, Any]:
    """Give what stands beside an offer: the suggested range as the reader may see it, and the own budget or least."""
    technology = deal.technology
    is_seen = suggestions.visible_technologies(actor).filter(pk=technology.pk).exists()
    found = suggestions.current_suggestion(technology) if is_seen else None
    interview = suggestions.interview_of(technology)
    buys = policies.side_of(actor, deal) == Side.LICENSEE
    shown = present(found, technology, reader_of(actor, technology, interview), interview) if found else {}
    return {
        "shown": shown,
        "forms": [(row["label"], row["value"]) for row in shown.get("forms", [])],
        "budget": deal.demand.budget_max if buys and deal.demand is not None else None,
        "href": reverse("valuation:suggestion", args=[technology.pk]) if is_seen else "",
        "maximum_href": reverse("valuation:my_maximum", args=[technology.pk])
        if is_seen and can_ask_own_maximum(actor, technology)
        else "",
    }
