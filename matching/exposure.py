"""How evenly first places are shared out: figures for operators, from what was put forward in a period."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count

from listings.models import Technology
from matching.choices import Side
from matching.models import Match

TOP = 0.1  # the share of listings whose part of all places is shown
NAMED = 10  # the most often put forward are named


@dataclass(frozen=True, slots=True)
class Exposure:
    """`gini` 0 (all alike) to 1 (one takes all), over every published technology; `top_share` is the part of all places
    that the most exposed tenth has; `never` counts those that were not put forward at all."""

    listings: int
    places: int
    gini: float
    top_share: float
    never: int
    new_share: float


def gini(times: Sequence[int]) -> float:
    """Give the Gini coefficient of counts; 0 for none."""
    ordered = sorted(times)
    total, count = sum(ordered), len(ordered)
    if not total:
        return 0.0
    return sum((2 * place - count - 1) * value for place, value in enumerate(ordered, 1)) / (count * total)


def top_share(times: Sequence[int], *, top: float = TOP) -> float:
    """Give the part of the sum that the largest `top` of the counts have."""
    ordered = sorted(times, reverse=True)
    return sum(ordered[: max(1, round(len(ordered) * top))]) / sum(ordered) if any(ordered) else 0.0


def exposure(exchanges: Collection[int], *, since: datetime.datetime) -> tuple[Exposure, list[tuple[Technology, int]]]:
    """Give the figures of the technologies of some exchanges, and the most often put forward with their counts."""
    published = Technology.objects.published().filter(exchange_id__in=exchanges)
    pushed = Match.objects.filter(found_from=Side.DEMAND, pushed_at__gte=since, technology__in=published)
    counted = dict(
        pushed.order_by().values("technology_id").annotate(times=Count("pk")).values_list("technology_id", "times")
    )
    listings = published.count()
    times = [*counted.values(), *[0] * max(0, listings - len(counted))]
    places = sum(times)
    figures = Exposure(
        listings=listings,
        places=places,
        gini=gini(times),
        top_share=top_share(times),
        never=times.count(0),
        new_share=pushed.filter(is_new=True).count() / places if places else 0.0,
    )
    most = sorted(counted, key=lambda pk: (-counted[pk], pk))[:NAMED]
    rows = Technology.objects.select_related("organisation").in_bulk(most)
    return figures, [(rows[pk], counted[pk]) for pk in most]
