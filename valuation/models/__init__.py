"""The rows of the room, split by noun."""

from valuation.models.rates import RoyaltyRate
from valuation.models.suggestions import Reason, Suggestion

__all__ = ["Reason", "RoyaltyRate", "Suggestion"]
