"""Learning from what a demand's company did with its matches: Rocchio on the vectors and words of the technologies.

What was shortlisted, introduced or contracted draws its like forward; what was declined for what it is (not for its
price, its rights or the moment) pushes its like back. The weights are in `feedback.json`; `make replay-feedback`
replays them offline and says whether others would do better.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp
from pathlib import Path

from matching import layer
from matching.choices import Act, DeclineReason, Side
from matching.models import Feedback
from search.closeness import closeness, shared_words
from search.engine import Hit

FILE = Path(__file__).with_name("feedback.json")
OF_THE_TEXT = {DeclineReason.OTHER_PROBLEM, DeclineReason.CONDITIONS, DeclineReason.OTHER}
TAKEN = {Act.SHORTLIST, Act.INTRODUCTION, Act.CONTRACT}


@dataclass(frozen=True, slots=True)
class Taste:
    """The technologies that a demand's company took up, and those it declined for what they are."""

    liked: tuple[int, ...] = ()
    disliked: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:  # of one demand's own answers; those of the whole exchange are `layer.Weights`
    """What a cosine of one, and the same words, add to the log-odds for likeness; what a cosine takes off against it."""

    liked: float
    words: float
    disliked: float


@dataclass(frozen=True, slots=True)
class Learned:
    """A hit after learning: `shift` (the demand's own answers) and `exchange_shift` (the answers of the whole exchange)
    were added to its log-odds, `probability` is what came of it."""

    hit: Hit
    shift: float
    probability: float
    exchange_shift: float = 0.0

    @property
    def score(self) -> float:
        """The log-odds."""
        return self.hit.score + self.shift + self.exchange_shift


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Give the weights in force."""
    stored = json.loads(FILE.read_text())
    return Weights(stored["liked"], stored["words"], stored["disliked"])


def taste_of(demand_id: int) -> tuple[Taste, int]:
    """Give what a demand's company likes, and how many acts that was read from. The last word on each counts."""
    acts = list(
        Feedback.objects.filter(demand_id=demand_id)
        .order_by("pk")
        .values_list("technology_id", "act", "side", "reason")
    )
    last: dict[int, bool] = {}
    for technology_id, act, side, reason in acts:
        if side != Side.DEMAND:
            continue
        last.pop(technology_id, None)
        if act in TAKEN:
            last[technology_id] = True
        elif reason in OF_THE_TEXT:
            last[technology_id] = False
    liked = tuple(pk for pk, is_liked in last.items() if is_liked)
    return Taste(liked, tuple(pk for pk, is_liked in last.items() if not is_liked)), len(acts)


def shifts(
    taste: Taste, object_ids: Collection[int], *, kind: str = "technology", by: Weights | None = None
) -> Mapping[int, float]:
    """Give what the taste adds to the log-odds of each document; nothing without a vector."""
    by = by or weights()
    towards = closeness(kind=kind, object_ids=object_ids, to=taste.liked) if taste.liked and by.liked else {}
    words = shared_words(kind=kind, object_ids=object_ids, to=taste.liked) if taste.liked and by.words else {}
    away = closeness(kind=kind, object_ids=object_ids, to=taste.disliked) if taste.disliked else {}
    return {
        object_id: by.liked * towards.get(object_id, 0.0)
        + by.words * words.get(object_id, 0.0)
        - by.disliked * away.get(object_id, 0.0)
        for object_id in {*towards, *words, *away}
    }


def rerank(hits: Sequence[Hit], taste: Taste, *, kind: str = "technology", by: Weights | None = None) -> list[Learned]:
    """Put hits in the order that the taste gives them, best first."""
    moved = shifts(taste, [hit.object_id for hit in hits], kind=kind, by=by) if taste.liked or taste.disliked else {}
    learned = [
        Learned(hit, shift, 1.0 / (1.0 + exp(-(hit.score + shift))) if shift else hit.probability)
        for hit in hits
        for shift in [moved.get(hit.object_id, 0.0)]
    ]
    return _in_order(learned)


def _in_order(rows: Iterable[Learned]) -> list[Learned]:
    return sorted(rows, key=lambda row: (-row.score, row.hit.object_id))


def by_layer(rows: Sequence[Learned], weights: layer.Weights, facts: Mapping[int, Mapping[str, str]]) -> list[Learned]:
    """Put them in the order that the answers of the whole exchange give them; `facts`: verdicts of each by its id.

    What has no facts here, since it is no longer published, keeps its place by its text.
    """
    known = [row for row in rows if row.hit.object_id in facts]
    table = layer.features((row.hit.score, facts[row.hit.object_id]) for row in known)
    moved = dict(zip([row.hit.object_id for row in known], weights.shifts(table).tolist(), strict=True))
    return _in_order(
        replace(row, exchange_shift=shift, probability=1.0 / (1.0 + exp(-(row.score + shift))))
        for row in rows
        for shift in [moved.get(row.hit.object_id, 0.0)]
    )
