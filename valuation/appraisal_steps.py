"""Where a commission stands in words: the line of its states, what comes next and whose turn it is."""

import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from valuation import appraisal_policies as policies
from valuation.lifecycle import OPEN_APPRAISAL, AppraisalState
from valuation.models import Appraisal

A = AppraisalState
LINE = (A.PROPOSED, A.REQUESTED, A.ACCEPTED, A.CERTIFIED)
#: What whoever has the turn does in a state.
NEXT: dict[str, Any] = {
    A.PROPOSED: gettext_lazy("Consent to the appraisal, or decline"),
    A.REQUESTED: gettext_lazy("Accept the commission, or decline"),
    A.ACCEPTED: gettext_lazy("Appraise, and record the certificate"),
}


#: What is left to whoever has the turn while the firm is not verified.
LAPSED: Any = gettext_lazy("The firm is no longer verified: decline")


def has_lapsed(found: Appraisal) -> bool:
    """Tell whether an open commission cannot go on, for its firm is no longer verified."""
    return found.state in OPEN_APPRAISAL and not found.firm.is_verified


def next_words(found: Appraisal) -> str:
    """Say what is done next in an open commission, whose firm is read, by who has the turn; empty once it has ended."""
    return str(LAPSED if has_lapsed(found) else NEXT.get(found.state, ""))


def steps(found: Appraisal) -> list[dict[str, Any]]:
    """Give the main line with what is done and what is now; the owner's consent only where it is needed."""
    line = LINE if found.client_id != found.technology.organisation_id else LINE[1:]
    if found.state not in line:
        label = AppraisalState(found.state).label
        return [
            *({"label": one.label, "state": "skipped"} for one in line),
            {"label": label, "state": "error", "when": found.state_since},
        ]
    place = line.index(AppraisalState(found.state))
    last = len(line) - 1
    return [
        {
            "label": one.label,
            "state": "done" if index < place or place == last else "current" if index == place else "todo",
        }
        for index, one in enumerate(line)
    ]


def turn(found: Appraisal, actor: User, *, on: datetime.date) -> dict[str, Any]:
    """Give what happens next: `text`, `owner` (whose turn), `due`, `yours` and `href`; empty text when nothing does.

    What a certificate is good for is an offer to its client: it waits for nobody.
    """
    if has_lapsed(found):
        return _turn_of_lapsed(found, actor)
    if found.state == A.PROPOSED:
        yours = policies.can_consent(actor, found)
        return _turn(next_words(found), found.technology.organisation, yours=yours, href="#consent" if yours else "")
    if found.state in {A.REQUESTED, A.ACCEPTED}:
        yours = policies.certifies(actor, found)
        place = "#accept" if found.state == A.REQUESTED else "#certify"
        return _turn(next_words(found), found.firm, due=found.due_on, yours=yours, href=place if yours else "")
    if not policies.can_commission(actor, found.client):
        return _turn("")
    if found.state != A.CERTIFIED:
        return _turn(
            _("Commission another firm if you still need a certificate"), found.client, href=_commission_again(found)
        )
    if not found.certificate.holds_on(on):
        words = _("The certificate has ended. Commission a new one if you need it")
        return _turn(words, found.client, href=_commission_again(found))
    if found.deal_id is not None:
        words = _("Back to the deal: a signature may rest on the certificate while it holds")
        return _turn(
            words, found.client, due=found.certificate.valid_until, href=reverse("deals:deal", args=[found.deal_id])
        )
    words = _("Use the certificate: in a deal before it ends, and beside the suggested range if you want it seen")
    return _turn(words, found.client, due=found.certificate.valid_until, href=reverse("deals:deal_list"))


def _turn_of_lapsed(found: Appraisal, actor: User) -> dict[str, Any]:
    """Nothing can be accepted or certified: the firm declines, or whose commission it is takes it back."""
    if policies.acts_for_firm(actor, found) and found.state != A.PROPOSED:
        words = _("Your firm is no longer verified: decline, or have it verified again")
        return _turn(words, found.firm, yours=True, href="#decline")
    yours = policies.can_cancel(actor, found)
    words = _("The firm is no longer verified: take the commission back and choose another firm, or wait")
    return _turn(words, found.client, yours=yours, href="#cancel" if yours else "")


def _commission_again(found: Appraisal) -> str:
    if found.deal_id is not None:
        return reverse("deals:appraisal", args=[found.deal_id])
    return reverse("valuation:commission", args=[found.technology_id])


def _turn(text: str, owner: Any = "", *, due: Any = None, yours: bool = False, href: str = "") -> dict[str, Any]:
    return {"text": text, "owner": owner, "due": due, "yours": yours, "href": href}
