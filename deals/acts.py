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
from deals.lifecycle import DEAL, DISPUTABLE, MAIN_LINE
from deals.lifecycle import DealState as S
from deals.models import Deal


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
    return deal.is_restricted and policies.can_record_authority_paper(actor, deal)


def _may_write_message(actor: User, deal: Deal) -> bool:
    """As long as the deal takes messages."""
    return policies.can_write_message(actor, deal) and deal.takes_messages


#: What waits while a dispute about the deal is open: no contract is drawn up, accepted or signed, and the end of one is
#: not recorded. Offers, statements, invoices, payments, papers of authorities and messages go on, and so does every day
#: that runs.
PAUSED: dict[str, Any] = {
    "generate_contract": _("draw up the contract"),
    "accept_contract": _("accept the contract"),
    "upload_signed_copy": _("record the signed copy"),
    "confirm_signed_copy": _("confirm the signed copy"),
    "terminate": _("record that the contract has ended"),
}
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
    "post_message": _on(_may_write_message, states=S.values),
    "open_dispute": _on(policies.can_open_dispute, states=DISPUTABLE),
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


def next_act(deal: Deal, *, may_lack_certificate: bool = True) -> str:
    """Give the next act in a deal in words, without a query for a row of a list; empty when nothing is to be done.

    Whether a certificate lacks before the signature takes queries: lists name it where it may, with state money.
    """
    if deal.state == S.TERMS_AGREED and deal.turn == Turn.BOTH and deal.parties_complete:
        return str(_("Draw up the contract"))
    if deal.state == S.AGREED and deal.turn == Turn.BOTH and deal.uses_state_money and may_lack_certificate:
        return str(_("Sign the contract; with state money, first the valuation certificate"))
    words = _NEXT.get(deal.state, "")
    if isinstance(words, tuple):
        words = words[deal.turn != Turn.BOTH]
    return "" if deal.turn == Turn.NOBODY else str(words)


def _rests(deal: Deal, act: str) -> bool:
    """Tell whether an open dispute holds the act back, or stands where another one would be opened."""
    return (act in PAUSED or act == "open_dispute") and deal.in_dispute


def paused_acts(deal: Deal) -> list[str]:
    """Name the acts that wait for the outcome of a dispute and could still come in the deal."""
    ahead = set(MAIN_LINE[MAIN_LINE.index(S(deal.state)) :]) if deal.state in MAIN_LINE else set()
    return [act for act in PAUSED if ACTS[act].states & ahead]


def can(actor: User, deal: Deal, act: str) -> bool:
    """Tell whether the actor may do this now; a person with a conflict of interest may do nothing."""
    rule = ACTS[act]
    if deal.state not in rule.states or policies.has_conflict(actor, deal) or not rule.permitted(actor, deal):
        return False
    return not _rests(deal, act)


def available_acts(actor: User, deal: Deal) -> list[str]:
    """Name what the actor may do now."""
    return [name for name in ACTS if can(actor, deal, name)]
