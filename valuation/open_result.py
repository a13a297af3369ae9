"""A range explained without the answers that are never disclosed: what outsiders read in place of the stored result.

Dropping the secret rows is not enough. Their weight stands in the weights of the others, their values in the percentiles,
the drivers and the grade, and the seed of every draw is made of a hash over them. So the methods run again on what is
open alone, with a seed of its own. The range itself, and its grade, are what the owner lets everybody read.
"""

from dataclasses import replace
from typing import Any, Final

from django.core.cache import cache

from valuation.inputs import VERSION, rebuild, seed_of
from valuation.methods.agreement import payment_forms, propose
from valuation.methods.ladder import prepare_case
from valuation.methods.statement import SuggestionInputs
from valuation.methods.suggest import suggest_range
from valuation.methods.types import MethodError, digest, jsonable
from valuation.models import Suggestion

OWNERS: Final = "owner"  # source of a comparable that the owner named
KEPT_SECONDS: Final = 3600


def _open_inputs(suggestion: Suggestion) -> SuggestionInputs:
    inputs = rebuild(suggestion.inputs["parameters"])
    known = tuple(one for one in inputs.comparables if one.source != OWNERS)
    return replace(inputs, comparables=known, sunk_cost_floor=None)


def _digest(suggestion: Suggestion, inputs: SuggestionInputs) -> str:
    return digest({"inputs": inputs, "paths": suggestion.paths, "version": VERSION})


def is_kept(suggestion: Suggestion) -> bool:
    """Tell whether `open_result` need not simulate."""
    return cache.get(f"valuation.open:{_digest(suggestion, _open_inputs(suggestion))}") is not None


def open_result(suggestion: Suggestion) -> dict[str, Any] | None:
    """Give the result as JSON, computed from the open inputs, with payment forms worth the middle of the stored range.

    None when nothing can be computed from these.
    """
    inputs = _open_inputs(suggestion)
    digested = _digest(suggestion, inputs)
    key = f"valuation.open:{digested}"
    try:
        found: dict[str, Any] | None = cache.get(key)
        if found is None:
            found = suggest_range(inputs, seed=seed_of(digested), paths=suggestion.paths).as_dict()
            cache.set(key, found, KEPT_SECONDS)
        forms = proposal = None
        if inputs.plan is not None:
            case, _warnings = prepare_case(inputs)
            if suggestion.mid is not None:
                forms = payment_forms(case, float(suggestion.mid), inputs.plan)
            else:
                medians = {bar["method"]: bar["p50"] for bar in found["bars"] if bar["weight"] > 0}
                proposal = propose(case, medians, inputs.plan)
    except MethodError:
        return None
    return {**found, "equivalents": jsonable(forms), "proposal": jsonable(proposal)}
