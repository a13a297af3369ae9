"""Congestion control: which of the found are put forward, so that a few do not take every first place.

A listing is put forward to at most `match.push.cap` others within `match.push.days`; some of the first places are kept
for new listings. The numbers are dated rules; `make measure-congestion` prints their effect. Only good matches are told
by mail. Nothing is hidden: what is not put forward stands behind, and a search shows everything by its fit.
"""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from matching.choices import Side
from matching.models import Match
from rules.selectors import numbers

CODES = (
    "match.push.places", "match.push.cap", "match.push.days", "match.push.new_places", "match.push.new_days",
    "match.push.least",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """Places put forward; how often one listing may be within `days`; places kept for listings up to `new_days` old;
    the least probability (0-1) with which something is put forward."""

    places: int
    cap: int
    days: int
    new_places: int
    new_days: int
    least: float

    @property
    def since(self) -> datetime.datetime:
        """Where the present period begins."""
        return timezone.now() - datetime.timedelta(days=self.days)

    @property
    def new_since(self) -> datetime.datetime:
        """What was published after this is new."""
        return timezone.now() - datetime.timedelta(days=self.new_days)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A found listing, in the order of its fit: how often it was put forward to others in the period, and what it is."""

    object_id: int
    pushes: int
    is_new: bool
    probability: float


def limits() -> Limits:
    """Give the rules in force today."""
    found = numbers(*CODES)
    places, cap, days, new_places, new_days = (int(found[code]) for code in CODES[:-1])
    return Limits(places, cap, days, new_places, new_days, float(found[CODES[-1]]) / 100)


def pushes(side: Side, object_ids: Collection[int], *, but: int, since: datetime.datetime) -> dict[int, int]:
    """Count how often listings found by searches of `side` were put forward since then, not counting the listing `but`."""
    found, own = ("technology_id", "demand_id") if side == Side.DEMAND else ("demand_id", "technology_id")
    rows = Match.objects.filter(found_from=side, pushed_at__gte=since, **{f"{found}__in": list(object_ids)})
    counted = rows.exclude(**{own: but}).order_by().values(found).annotate(times=Count("pk"))
    return {row[found]: row["times"] for row in counted}


def choose(candidates: Sequence[Candidate], by: Limits) -> list[Candidate]:
    """Choose what is put forward, best first: the first under the cap, some places kept for new ones.

    A place kept for which no new listing is found goes to the next in order.
    """
    free = [row for row in candidates if row.probability >= by.least and row.pushes < by.cap]
    kept = [row for row in free if row.is_new][: min(by.new_places, by.places)]
    others = [row for row in free if row not in kept][: by.places - len(kept)]
    chosen = {row.object_id for row in (*kept, *others)}
    return [row for row in candidates if row.object_id in chosen]
