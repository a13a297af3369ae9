"""The rows of the room, split by noun. What follows the signature lies in `tracking`."""

from deals.models.contract import Contract, ContractAcceptance, Permit, Registration, SignedCopy
from deals.models.deal import Deal, Message, Party
from deals.models.nda import NDA, NDAAcceptance
from deals.models.offer import Offer
from deals.models.terms import Milestone, Terms

__all__ = [
    "NDA",
    "Contract",
    "ContractAcceptance",
    "Deal",
    "Message",
    "Milestone",
    "NDAAcceptance",
    "Offer",
    "Party",
    "Permit",
    "Registration",
    "SignedCopy",
    "Terms",
]
