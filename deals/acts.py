"""What may be done in a deal now, by whom: the table that buttons, pages and the API ask.

Each act names its policy and the transition that must be legal, or the states in which it makes sense. The services
ask the same policies and transitions.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from deals import policies
from deals.choices import Side, Turn
from deals.lifecycle import DEAL
from deals.lifecycle import DealState as S
from deals.models import Deal
from listings.choices import LegalClass


@dataclass(frozen=True)
class Act:
    """Who may, and in which states."""

    permitted: Callable[[User, Deal], bool]
    states: frozenset[str]


def _on(permitted: Callable[[User, Deal], bool], *transitions: str, states: Iterable[str] = ()) -> Act:
    legal = {source for name in transitions for source in DEAL.transitions[name].sources}
    return Act(permitted, frozenset({*legal, *states}))


def _for_licensor(actor: User, deal: Deal) -> bool:
    return policies.negotiates_for(actor, deal, Side.LICENSOR)


def _may_record_permit(actor: User, deal: Deal) -> bool:
    restricted = deal.technology.legal_class == LegalClass.RESTRICTED
    return restricted and policies.can_record_authority_paper(actor, deal)


RUNNING = frozenset(S.values) - DEAL.final
ACTS: dict[str, Act] = {
    "accept_enquiry": _on(_for_licensor, "accept_enquiry"),
    "decline_enquiry": _on(_for_licensor, "decline_enquiry"),
    "accept_nda": _on(policies.binds, "conclude_nda"),
    "offer": _on(policies.negotiates, "agree_terms"),
    "save_party": _on(policies.acts, states=[S.TERMS_AGREED, S.CONTRACT_DRAFTED]),
    "generate_contract": _on(policies.acts, states=[S.TERMS_AGREED, S.CONTRACT_DRAFTED]),
    "reopen_terms": _on(policies.negotiates, "reopen_terms"),
    "accept_contract": _on(policies.binds, "agree_contract"),
    "upload_signed_copy": _on(policies.acts, "sign"),
    "confirm_signed_copy": _on(policies.binds, "sign"),
    "record_permit": _on(_may_record_permit, states=[S.SIGNED, S.EFFECTIVE]),
    "record_registration": _on(policies.can_record_authority_paper, states=[S.SIGNED, S.EFFECTIVE]),
    "break_off": _on(policies.acts, "break_off"),
    "terminate": _on(policies.binds, "terminate"),
    "post_message": _on(policies.can_write_message, states=RUNNING),
}


#: What is done next in a state, by what waits: the state alone, or the state on both sides or on one.
_NEXT: dict[str, Any] = {
    S.ENQUIRY: _("Accept or decline the enquiry"),
    S.NDA: _("Read and accept the confidentiality agreement"),
    S.NEGOTIATING: (_("Make an offer"), _("Answer the offer")),
    S.TERMS_AGREED: (_("Complete the legal data and draw up the contract"), _("Complete the legal data")),
    S.CONTRACT_DRAFTED: _("Read and accept the contract"),
    S.AGREED: (_("Sign the contract and record the signed copy"), _("Check and confirm the signed copy")),
    S.SIGNED: _("Record what puts the contract into effect"),
}


def next_act(deal: Deal) -> str:
    """Give the next act in a deal in words, without a query; empty when nothing is to be done."""
    words = _NEXT.get(deal.state, "")
    if isinstance(words, tuple):
        words = words[deal.turn != Turn.BOTH]
    return "" if deal.turn == Turn.NOBODY else str(words)


def can(actor: User, deal: Deal, act: str) -> bool:
    """Tell whether the actor may do this now; a person with a conflict of interest may do nothing."""
    rule = ACTS[act]
    return deal.state in rule.states and not policies.has_conflict(actor, deal) and rule.permitted(actor, deal)


def available_acts(actor: User, deal: Deal) -> list[str]:
    """Name what the actor may do now."""
    return [name for name in ACTS if can(actor, deal, name)]
