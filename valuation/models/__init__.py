"""The rows of the room, split by noun."""

from valuation.models.appraisals import Appraisal, Certificate, Granted
from valuation.models.closed_deals import (
    SCORED,
    DealGroup,
    DealGroupMember,
    DealObservation,
    DealScore,
    Level,
    Outcome,
    Release,
    ScoreGroup,
    ScoreGroupMember,
)
from valuation.models.interviews import Disclosure, Interview, InterviewRevision
from valuation.models.rates import RoyaltyRate
from valuation.models.reports import Report, ReportFile
from valuation.models.runs import Run
from valuation.models.suggestions import Reason, Suggestion

__all__ = [
    "SCORED",
    "Appraisal",
    "Certificate",
    "DealGroup",
    "DealGroupMember",
    "DealObservation",
    "DealScore",
    "Disclosure",
    "Granted",
    "Interview",
    "InterviewRevision",
    "Level",
    "Outcome",
    "Reason",
    "Release",
    "Report",
    "ReportFile",
    "RoyaltyRate",
    "Run",
    "ScoreGroup",
    "ScoreGroupMember",
    "Suggestion",
]  # fmt: skip
