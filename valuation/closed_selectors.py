"""Reads of closed deals: what waits to be published, what is public, and how often ranges held."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from listings.models import Technology
from valuation.methods.anonymity import MONEY_EDGES, ROYALTY_EDGES
from valuation.methods.backtest import Share, wilson
from valuation.models import (
    SCORED,
    DealGroup,
    DealObservation,
    DealScore,
    Level,
    Release,
    RoyaltyRate,
    ScoreGroup,
    Suggestion,
)

ROYALTY_MEASURES = ("royalty.net_revenue", "royalty.net_selling_price", "royalty.pretax_profit")
SALES_MEASURES = ("royalty.net_revenue", "royalty.net_selling_price")
OF_SELLING_PRICE = "net selling price"  # base of a rate
EDGES = {**dict.fromkeys(ROYALTY_MEASURES, ROYALTY_EDGES), "lump_sum": MONEY_EDGES}
GRADES = ("A", "B", "C", "D")
CLOSED = "closed-deals"  # begins a key
SHOWN = 6  # groups beside one technology


def quarter_number(day: datetime.date) -> int:
    """Count the quarters from year 0 to a day."""
    return day.year * 4 + (day.month - 1) // 3


def quarter_end(day: datetime.date) -> datetime.date:
    """Give the last day of a day's quarter."""
    year, quarter = divmod(quarter_number(day) + 1, 4)
    return datetime.date(year, quarter * 3 + 1, 1) - datetime.timedelta(days=1)


def due_periods(today: datetime.date) -> list[datetime.date]:
    """Give the last days of the quarters to publish: ended, after the last release, from the first observation on."""
    last = Release.objects.order_by("-period_end").values_list("period_end", flat=True).first()
    if last is None:
        first = DealObservation.objects.order_by("observed_on", "pk").values_list("observed_on", flat=True).first()
        if first is None:
            return []
        end = quarter_end(first)
    else:
        end = quarter_end(last + datetime.timedelta(days=1))
    ends = []
    while end < today:
        ends.append(end)
        end = quarter_end(end + datetime.timedelta(days=1))
    return ends


def standing_suggestion(technology: Technology, *, on: datetime.date) -> Suggestion | None:
    """Give the newest suggestion that stood at the end of a day."""
    return Suggestion.objects.filter(technology=technology, created_at__date__lte=on).order_by("-pk").first()


def waiting_observations(until: datetime.date, *, is_sample: bool) -> QuerySet[DealObservation]:
    """Give the deals observed by a day that no group counts yet."""
    return (
        DealObservation.objects.filter(observed_on__lte=until, is_sample=is_sample, membership__isnull=True)
        .select_related("field")
        .order_by("pk")
    )


def waiting_scores(until: datetime.date, *, is_sample: bool) -> QuerySet[DealScore]:
    """Give the scored deals, found by a day, that no group counts yet."""
    return DealScore.objects.filter(
        scored_on__lte=until, is_sample=is_sample, outcome__in=SCORED, membership__isnull=True
    ).order_by("pk")


def recorded_contracts() -> QuerySet[DealScore]:
    """Give the score of every contract that was handed down."""
    return DealScore.objects.order_by("pk")


def groups() -> QuerySet[DealGroup]:
    """Give every published group, the newest release first, the finest cells first."""
    return DealGroup.objects.select_related("release", "field").order_by("-release__period_end", "level", "pk")


def last_release() -> Release | None:
    """Give the newest release."""
    return Release.objects.order_by("-period_end").first()


def groups_for(technology: Technology) -> list[DealGroup]:
    """Give the groups nearest to a technology: those of its field, then those over all fields; the same for everybody."""
    near = Q(level__gt=Level.FIELD)
    if technology.main_field_id is not None:
        near |= Q(field_id=technology.main_field_id)
    return list(groups().filter(near).order_by("level", "-release__period_end", "pk")[:SHOWN])


def closed_group(field_id: int | None) -> str:
    """Name the rates that stand for the closed deals of a field, or of all fields."""
    return f"closed:{field_id or ''}"


def closed_key(kind: str, *parts: Any) -> str:
    """Give a key of something told of closed deals: `cell` (field, right, exclusivity), `release`, or `count`."""
    return ":".join([CLOSED, kind, *map(str, parts)])


def closed_rates() -> list[RoyaltyRate]:
    """Give the royalties of the published groups as rates, never saved: the middle of the middle band, each on
    the base that its contracts name: net sales, or `OF_SELLING_PRICE`, which is no published row's.

    Industry, source and note are keys (`closed_key`), which pages and reports write in the reader's language. They rest
    on what is public, so a suggestion computed from them tells no more than the page of closed deals.
    """
    rates = []
    for group in groups():
        for measure in SALES_MEASURES:
            if (said := group.measures.get(measure)) is None:
                continue
            rates.append(
                RoyaltyRate(
                    industry=closed_key("cell", group.field_id or "", group.right, group.exclusivity),
                    group=closed_group(group.field_id),
                    n=group.count_from,
                    q1=Decimal(repr(said["low"])),
                    median=Decimal(repr((said["middle_from"] + said["middle_to"]) / 2)),
                    q3=Decimal(repr(said["high"])),
                    basis=OF_SELLING_PRICE if measure == "royalty.net_selling_price" else "net sales",
                    segment=measure.removeprefix("royalty."),
                    year=group.last_year,
                    source=closed_key("release", group.release, "samples" if group.is_sample else ""),
                    tag=RoyaltyRate.Tag.A,
                    note=closed_key("count", group.count_from),
                )
            )
    return rates


def base_of(figure: dict[str, Any]) -> str:
    """Give what a figure compared with is a share of, as its stored row names it: net_revenue or net_selling_price.

    Only a group of closed deals may be on the net selling price; what others published is on net sales.
    """
    is_ours = str(figure["source"]).startswith(f"{CLOSED}:")
    return "net_selling_price" if is_ours and figure["segment"] == "net_selling_price" else "net_revenue"


@dataclass(frozen=True)
class Calibration:
    """How often closed prices lay inside the range, over all releases: in all and by grade; misses on either side.

    `mixed` are deals of several grades published together; they count in `total` only. `is_sample`: any of them is.
    """

    total: Share
    below: int
    above: int
    by_grade: list[tuple[str, Share]]
    mixed: int
    releases: list[tuple[datetime.date, Share]]
    k: int
    until: datetime.date | None
    is_sample: bool


def calibration(*, k: Decimal) -> Calibration:
    """Add up what was published; nothing that still waits is counted or told."""
    rows = list(ScoreGroup.objects.select_related("release").order_by("release__period_end", "grade", "pk"))
    graded = [(letter, _share(row for row in rows if row.grade == letter)) for letter in GRADES]
    ends = sorted({row.release.period_end for row in rows})
    last = last_release()
    return Calibration(
        total=_share(rows),
        below=sum(row.below for row in rows),
        above=sum(row.above for row in rows),
        by_grade=[(letter, share) for letter, share in graded if share.count],
        mixed=sum(row.count for row in rows if not row.grade),
        releases=[(end, _share(row for row in rows if row.release.period_end <= end)) for end in ends],
        k=int(k),
        until=last.period_end if last is not None else None,
        is_sample=any(row.is_sample for row in rows),
    )


def _share(rows: Iterable[ScoreGroup]) -> Share:
    found = list(rows)
    return wilson(sum(row.inside for row in found), sum(row.count for row in found))
