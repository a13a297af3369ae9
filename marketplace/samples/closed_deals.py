"""Invented closed deals of the years before, so that the demo shows groups and a calibration. Marked as samples.

They were never deals of this exchange: no people, no contracts, and the parties are not the technology's. Each is worth so many times the middle of the range that
stood on its day (`times_middle`), a part of it as a lump sum and the rest as a running royalty.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils import timezone

from listings.models import Demand, Technology
from marketplace.samples import source
from marketplace.samples.clock import clock_at, days_ago
from marketplace.samples.people import People
from valuation.inputs import rebuild
from valuation.methods.backtest import DealTerms, lump_sum_equivalent
from valuation.models import Suggestion
from valuation.services import suggest_for
from valuation.services.closed_deals import ClosedDeal, publish_due_releases, record_closed_deal
from valuation.tasks import suggest_for as suggest_task

#: Numbers far above those of contracts.
FIRST = 10**12
TERM = 8
STEP = Decimal(10_000_000)


def load_closed_deals(people: People, listings: dict[str, Technology | Demand], *, tell: Callable[[str], None]) -> int:
    """Record what is not there yet, publish the quarters that have ended; give how many deals were made now."""
    made = 0
    for place, row in enumerate(source.read("closed_deals")):
        technology: Any = listings[row["technology"]]
        with clock_at(days_ago(row["days_ago"] + 1)):
            suggestion = suggest_for(pk=technology.pk)
        if suggestion is None or not suggestion.is_priced:
            continue
        with clock_at(days_ago(row["days_ago"])):
            score = record_closed_deal(deal=_deal(FIRST + place, row, technology, people, suggestion))
        made += score.contract_id == FIRST + place
        suggest_task.delay("technology", technology.pk)  # the range of today
    releases = publish_due_releases()
    if releases:
        tell(f"{made} invented closed deals, published in {len(releases)} quarters")
    return made


def _deal(
    number: int, row: dict[str, Any], technology: Technology, people: People, suggestion: Suggestion
) -> ClosedDeal:
    assert suggestion.mid is not None
    worth = float(suggestion.mid) * row["times_middle"]
    lump_sum = (Decimal(repr(worth * row["lump_part"])) / STEP).quantize(Decimal(1)) * STEP
    royalty = Decimal(0)
    if row["royalty_base"]:
        unit = lump_sum_equivalent(
            rebuild(suggestion.inputs["parameters"]), DealTerms(lump_sum=0.0, royalty=0.01, term=TERM)
        )
        royalty = Decimal(repr((worth - float(lump_sum)) / unit)).quantize(Decimal("0.25"))
        royalty = min(max(royalty, Decimal("0.25")), Decimal(40))
    return ClosedDeal(
        contract_id=number,
        technology=technology,
        licensor=people.organisations[row["licensor"]],
        licensee=people.organisations[row["licensee"]],
        right=row["right"],
        exclusivity=row["exclusivity"],
        royalty_pct=royalty,
        royalty_base=row["royalty_base"],
        lump_sum=lump_sum,
        paid_at_once=lump_sum,
        minimum_annual=Decimal(0),
        term_years=None if row["right"] == "assignment" else TERM,
        payments=(),
        closed_on=timezone.localdate(),
        is_sample=True,
    )
