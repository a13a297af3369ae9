"""Forms of the room, split by noun."""

from deals.forms.contract import AcceptContractForm, PartyForm, PermitForm, RegistrationForm, SignedCopyForm
from deals.forms.enquiry import EnquiryForm, MessageForm, ReasonForm
from deals.forms.offer import MilestoneFormSet, OfferForm

__all__ = [
    "AcceptContractForm",
    "EnquiryForm",
    "MessageForm",
    "MilestoneFormSet",
    "OfferForm",
    "PartyForm",
    "PermitForm",
    "ReasonForm",
    "RegistrationForm",
    "SignedCopyForm",
]
