"""Compute suggested ranges and store them."""

import logging
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
from valuation.models import RoyaltyRate, Suggestion

logger = logging.getLogger(__name__)

ENDS = ("low", "mid", "high")
SWEPT = 500  # technologies of one sweep


def suggest_for(*, kind: str = "technology", pk: int) -> Suggestion | None:
    """Compute and store the range of a technology from its present content and the defaults of today; safe to repeat.

    The same inputs give the stored row again, without computing. None for another kind or a technology that is gone.
    Nobody's permission is asked: the result is seen only by who sees the technology.
    """
    if kind != "technology":
        return None
    return _suggest(pk, Defaults.on(timezone.localdate()), selectors.royalty_rates())


def sweep() -> int:
    """Compute the ranges of published technologies that have none for their present content; give how many.

    One sweep at a time; a technology that cannot be computed is logged and does not stop the others.
    """
    done = 0
    with single("valuation.sweep") as held:
        if not held:
            return 0
        defaults, rates = Defaults.on(timezone.localdate()), selectors.royalty_rates()
        for pk in selectors.unpriced().values_list("pk", flat=True)[:SWEPT]:
            try:
                done += _suggest(pk, defaults, rates) is not None
            except Exception:
                logger.exception("No range could be computed for technology %s", pk)
    return done


def _suggest(pk: int, defaults: Defaults, rates: list[RoyaltyRate]) -> Suggestion | None:
    for _attempt in range(3):
        technology = (
            Technology.objects.select_related("organisation").prefetch_related("ip_rights").filter(pk=pk).first()
        )
        if technology is None:
            return None
        interview = selectors.interview_of(technology)
        answers = Answers(interview.answers) if interview is not None else None
        version = interview.version if interview is not None else 0
        prepared = prepare(technology, defaults=defaults, rates=rates, answers=answers)
        input_hash = prepared.hash(technology)
        stored = Suggestion.objects.filter(technology=technology, input_hash=input_hash).first()
        if stored is None:
            result = None
            if prepared.parameters is not None:
                result = suggest_range(prepared.parameters, seed=seed_of(input_hash), paths=PATHS)
            stored = _store(technology, prepared, input_hash, result, version)
        if stored is not None:
            return stored
    return None  # edited again and again while it was read; the sweep comes back


@transaction.atomic
def _store(
    technology: Technology, prepared: Prepared, input_hash: str, result: SuggestionResult | None, version: int
) -> Suggestion | None:
    """Store a row unless another worker did; None when the content changed while it was read."""
    unchanged = Technology.objects.select_for_update(of=("self",), no_key=True).filter(
        pk=technology.pk, content_version=technology.content_version
    )
    if not unchanged.exists():
        return None
    values: dict[str, Any] = {
        "content_version": technology.content_version,
        "interview_version": version,
        "inputs": prepared.as_json(),
        "seed": seed_of(input_hash),
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
    suggestion, created = Suggestion.objects.get_or_create(
        technology=technology, input_hash=input_hash, defaults=values
    )
    if created and result is not None:
        data = {"suggestion": suggestion.pk, "input_hash": input_hash, "grade": suggestion.grade}
        record(tag="technology.suggest_price", subject=technology, actor=None, data=data)
    return suggestion
