"""Writes of the room, split by noun: the owner's answers, published rates, suggested ranges."""

from valuation.services.interview import save_answers
from valuation.services.rates import load_royalty_rates
from valuation.services.suggesting import suggest_for, sweep

__all__ = ["load_royalty_rates", "save_answers", "suggest_for", "sweep"]
