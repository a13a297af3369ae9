"""The rows of the room, split by noun."""

from valuation.models.interviews import Disclosure, Interview, InterviewRevision
from valuation.models.rates import RoyaltyRate
from valuation.models.suggestions import Reason, Suggestion

__all__ = ["Disclosure", "Interview", "InterviewRevision", "Reason", "RoyaltyRate", "Suggestion"]
