"""Writes of the room, split by noun: published rates, suggested ranges."""

from valuation.services.rates import load_royalty_rates
from valuation.services.suggesting import request_suggestion, suggest_for, sweep

__all__ = ["load_royalty_rates", "request_suggestion", "suggest_for", "sweep"]
