"""Writes of the room, split by noun: drafts, submission and withdrawal, review, documents, imports."""

from listings.services.documents import (
    add_document,
    destroy_document,
    grant_disclosure,
    log_document_opened,
    remove_document,
    revoke_disclosure,
)
from listings.services.drafts import create_demand, create_technology, save_demand, save_technology
from listings.services.publication import (
    index_listing,
    missing_for_submission,
    submit_listing,
    take_back_listing,
    withdraw_listing,
)
from listings.services.reference import load_fields
from listings.services.review import (
    approve_by_owner,
    claim_review,
    publish_listing,
    reject_listing,
    release_review,
    request_changes,
    return_by_owner,
)

__all__ = [
    "add_document",
    "approve_by_owner",
    "claim_review",
    "create_demand",
    "create_technology",
    "destroy_document",
    "grant_disclosure",
    "index_listing",
    "load_fields",
    "log_document_opened",
    "missing_for_submission",
    "publish_listing",
    "reject_listing",
    "release_review",
    "remove_document",
    "request_changes",
    "return_by_owner",
    "revoke_disclosure",
    "save_demand",
    "save_technology",
    "submit_listing",
    "take_back_listing",
    "withdraw_listing",
]
