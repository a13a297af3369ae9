"""Writes of the room, split by noun. What follows the signature lies in `tracking`."""

from deals.services.contracts import accept_contract, draft_of, generate_contract, reopen_terms, save_party
from deals.services.disputes import close_dispute, open_dispute, take_up_dispute, withdraw_dispute
from deals.services.enquiries import accept_enquiry, break_off, decline_enquiry, open_enquiry, post_message
from deals.services.nda import accept_nda
from deals.services.offers import accept_offer, counter_offer, lapse_offer, make_offer, withdraw_offer
from deals.services.signing import (
    confirm_signed_copy,
    record_permit,
    record_registration,
    refuse_signed_copy,
    start_contract,
    terminate_deal,
    upload_signed_copy,
)

__all__ = [
    "accept_contract",
    "accept_enquiry",
    "accept_nda",
    "accept_offer",
    "break_off",
    "close_dispute",
    "confirm_signed_copy",
    "counter_offer",
    "decline_enquiry",
    "draft_of",
    "generate_contract",
    "lapse_offer",
    "make_offer",
    "open_dispute",
    "open_enquiry",
    "post_message",
    "record_permit",
    "record_registration",
    "refuse_signed_copy",
    "reopen_terms",
    "save_party",
    "start_contract",
    "take_up_dispute",
    "terminate_deal",
    "upload_signed_copy",
    "withdraw_dispute",
    "withdraw_offer",
]
