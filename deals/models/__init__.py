"""The rows of the room, split by noun. What follows the signature lies in `tracking`."""

from deals.models.contract import Contract, ContractAcceptance, Permit, Registration, SignedCopy
from deals.models.deal import Deal, Message, Party
from deals.models.dispute import Dispute
from deals.models.nda import NDA, NDAAcceptance
from deals.models.offer import Offer
from deals.models.terms import Milestone, Terms
from deals.models.tracking import (
    AnnualReport,
    Deduction,
    Invoice,
    Obligation,
    Payment,
    Payout,
    Reminder,
    RoyaltyShare,
    RoyaltyStatement,
    SharePlan,
)

__all__ = [
    "NDA",
    "AnnualReport",
    "Contract",
    "ContractAcceptance",
    "Deal",
    "Deduction",
    "Dispute",
    "Invoice",
    "Message",
    "Milestone",
    "NDAAcceptance",
    "Obligation",
    "Offer",
    "Party",
    "Payment",
    "Payout",
    "Permit",
    "Registration",
    "Reminder",
    "RoyaltyShare",
    "RoyaltyStatement",
    "SharePlan",
    "SignedCopy",
    "Terms",
]
