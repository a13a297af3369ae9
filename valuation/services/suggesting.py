"""Compute suggested ranges and store them."""

import logging
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from audit.services import record
from listings.models import Technology
from marketplace.kit.single import single
from valuation import selectors
from valuation.answers import Answers
from valuation.defaults import Defaults
from valuation.inputs import PATHS, VERSION, Prepared, prepare, seed_of
from valuation.methods.suggest import SuggestionResult, suggest_range
from valuation.models import Suggestion

logger = logging.getLogger(__name__)

ENDS = ("low", "mid", "high")
SWEPT = 500  # technologies of one sweep
ATTEMPTS = 3


def suggest_for(*, kind: str = "technology", pk: int) -> Suggestion | None:
    """Compute and store the range of a technology from its present content and the defaults of today; safe to repeat.

    The inputs of the newest row give that row again, without computing; those of an older one are stored anew, so that
    the newest row is what stands. None for another kind or a technology that is gone. Nobody's permission is asked: the
    result is seen only by who sees the technology.
    """
    if kind != "technology":
        return None
    for _attempt in range(ATTEMPTS):
        gathered = _gather(pk)
        if gathered is None:
            return None
        found = _standing(gathered) or _store(gathered, _compute(gathered))
        if found is not None:
            return found
    return None  # changed again and again while it was read; the sweep comes back


def stands(suggestion: Suggestion) -> bool:
    """Tell whether a range is the one that would be computed now: by content, answers, defaults and published rates."""
    gathered = _gather(suggestion.technology_id)
    return gathered is not None and _standing(gathered) == suggestion


def sweep() -> int:
    """Compute the ranges of published technologies that have none for their present content; give how many.

    One sweep at a time; a technology that cannot be computed is logged and neither stops the others nor takes the place of
    one of the `SWEPT`.
    """
    done = last = 0
    with single("valuation.sweep") as held:
        while held and done < SWEPT:
            waiting = list(selectors.unpriced().filter(pk__gt=last).values_list("pk", flat=True)[: SWEPT - done])
            if not waiting:
                break
            last = waiting[-1]
            for pk in waiting:
                try:
                    done += suggest_for(pk=pk) is not None
                except Exception:
                    logger.exception("No range could be computed for technology %s", pk)
    return done


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What a range of a technology rests on, as it was read at one time."""

    technology: Technology
    prepared: Prepared
    interview_version: int
    input_hash: str


def _gather(pk: int) -> _Gathered | None:
    technology = Technology.objects.select_related("organisation").prefetch_related("ip_rights").filter(pk=pk).first()
    if technology is None:
        return None
    interview = selectors.interview_of(technology)
    prepared = prepare(
        technology,
        defaults=Defaults.on(timezone.localdate()),
        rates=selectors.royalty_rates(),
        answers=Answers(interview.answers) if interview is not None else None,
    )
    version = interview.version if interview is not None else 0
    return _Gathered(technology, prepared, version, prepared.hash(technology))


def _standing(gathered: _Gathered) -> Suggestion | None:
    """Give the newest row if it was computed from this."""
    newest = selectors.current_suggestion(gathered.technology)
    return newest if newest is not None and newest.input_hash == gathered.input_hash else None


def _compute(gathered: _Gathered) -> SuggestionResult | None:
    parameters = gathered.prepared.parameters
    return None if parameters is None else suggest_range(parameters, seed=seed_of(gathered.input_hash), paths=PATHS)


@transaction.atomic
def _store(gathered: _Gathered, result: SuggestionResult | None) -> Suggestion | None:
    """Store a row unless another worker did; None when what it rests on changed while it was computed."""
    technology, prepared = gathered.technology, gathered.prepared
    Technology.objects.select_for_update(of=("self",), no_key=True).filter(pk=technology.pk).first()
    now = _gather(technology.pk)  # content and answers change under this lock only; a newer rule computes after it
    if now is None or now.input_hash != gathered.input_hash:
        return None
    if (stored := _standing(now)) is not None:
        return stored
    values: dict[str, Any] = {
        "content_version": technology.content_version,
        "interview_version": now.interview_version,
        "inputs": prepared.as_json(),
        "seed": seed_of(gathered.input_hash),
        "paths": PATHS,
        "versions": {"methods": VERSION, "numpy": np.__version__},
        "no_price": [prepared.reason.value] if prepared.reason is not None else [],
    }
    if result is not None:
        values |= {
            "result": result.as_dict(),
            "no_price": [reason.value for reason in result.no_price],
            "grade": result.grade.letter,
        }
        if result.price is not None:
            values |= {end: Decimal(repr(getattr(result.price, end))).quantize(Decimal(1)) for end in ENDS}
    suggestion = Suggestion.objects.create(technology=technology, input_hash=gathered.input_hash, **values)
    if result is not None:
        data = {"suggestion": suggestion.pk, "input_hash": suggestion.input_hash, "grade": suggestion.grade}
        record(tag="technology.suggest_price", subject=technology, actor=None, data=data)
    return suggestion
