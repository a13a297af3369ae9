"""The rows of the room, split by noun."""

from listings.models.base import Listing
from listings.models.demand import Demand
from listings.models.documents import DisclosureGrant, Document
from listings.models.reference import Field, FieldIpc
from listings.models.review import Review
from listings.models.rights import IPRight, RightOwner
from listings.models.technology import Advantage, Technology

__all__ = [
    "Advantage",
    "Demand",
    "DisclosureGrant",
    "Document",
    "Field",
    "FieldIpc",
    "IPRight",
    "Listing",
    "Review",
    "RightOwner",
    "Technology",
]
