"""Forms of the room, split by noun."""

from deals.forms.contract import AcceptContractForm, PartyForm, PermitForm, RegistrationForm, SignedCopyForm
from deals.forms.enquiry import DisputeForm, EnquiryForm, MessageForm, OutcomeForm, ReasonForm
from deals.forms.offer import MilestoneFormSet, OfferForm

__all__ = [
    "AcceptContractForm",
    "DisputeForm",
    "EnquiryForm",
    "MessageForm",
    "MilestoneFormSet",
    "OfferForm",
    "OutcomeForm",
    "PartyForm",
    "PermitForm",
    "ReasonForm",
    "RegistrationForm",
    "SignedCopyForm",
]
