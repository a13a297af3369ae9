"""Closed deals as the room of deals hands them down."""

from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import Organisation
from listings.models import Technology
from tests.factories.accounts import OrganisationFactory
from tests.factories.listings import TechnologyFactory
from valuation.services.closed_deals import ClosedDeal

NUMBERS = count(1)


def closed_deal(
    *, technology: Technology | None = None, licensee: Organisation | None = None, **changes: Any
) -> ClosedDeal:
    """A licence closed today, with a lump sum of 500 million VND and no royalty."""
    technology = technology or TechnologyFactory(published=True)
    given: dict[str, Any] = {
        "contract_id": next(NUMBERS), "technology": technology, "licensor": technology.organisation,
        "licensee": licensee or OrganisationFactory(), "right": "licence", "exclusivity": "non_exclusive",
        "royalty_pct": Decimal(0), "royalty_base": "", "lump_sum": Decimal(500_000_000),
        "minimum_annual": Decimal(0), "term_years": 5, "payments": (), "closed_on": timezone.localdate(),
    }  # fmt: skip
    given |= changes
    given.setdefault("paid_at_once", given["lump_sum"])
    return ClosedDeal(**given)
