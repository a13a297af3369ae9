"""The deal's history in words, from the audit log."""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit.models import Event
from deals.choices import Side
from deals.models import Deal, Offer
from deals.selectors import history_of_deal

#: tag: (tone, sentence). Sentences are made anew for each reader, in the reader's language.
SENTENCES: dict[str, tuple[str, Callable[[], str]]] = {
    "deal.open_enquiry": ("info", lambda: _("Enquiry sent")),
    "deal.accept_enquiry": ("verified", lambda: _("Enquiry accepted")),
    "deal.decline_enquiry": ("danger", lambda: _("Enquiry declined")),
    "deal.accept_nda": ("neutral", lambda: _("Confidentiality agreement accepted")),
    "deal.conclude_nda": ("verified", lambda: _("Confidentiality agreement concluded; documents under NDA are open")),
    "deal.agree_terms": ("verified", lambda: _("Terms agreed")),
    "deal.reopen_terms": ("waiting", lambda: _("Terms reopened")),
    "deal.save_party": ("neutral", lambda: _("Legal data saved")),
    "deal.draft_contract": ("info", lambda: _("Contract drawn up")),
    "deal.redraft_contract": ("info", lambda: _("New version of the contract drawn up")),
    "deal.accept_contract": ("neutral", lambda: _("Contract accepted")),
    "deal.agree_contract": ("verified", lambda: _("Contract agreed")),
    "deal.upload_signed_copy": ("info", lambda: _("Signed copy recorded")),
    "deal.refuse_signed_copy": ("danger", lambda: _("Signed copy refused")),
    "deal.sign": ("verified", lambda: _("Contract signed")),
    "deal.record_permit": ("verified", lambda: _("Permit recorded")),
    "deal.record_registration": ("verified", lambda: _("Certificate of registration recorded")),
    "deal.take_effect": ("verified", lambda: _("Contract in effect")),
    "deal.complete": ("verified", lambda: _("Deal completed")),
    "deal.break_off": ("danger", lambda: _("Ended without a contract")),
    "deal.terminate": ("danger", lambda: _("Contract ended before its time")),
    "deal.open_dispute": ("danger", lambda: _("Dispute opened")),
    "deal.mediate": ("info", lambda: _("Mediation of the dispute began")),
    "deal.close_dispute": ("verified", lambda: _("Dispute closed")),
    "offer.make": ("info", lambda: _("Offer %(round)d made")),
    "offer.accept": ("verified", lambda: _("Offer %(round)d accepted")),
    "offer.counter": ("neutral", lambda: _("Offer %(round)d answered by a counter-offer")),
    "offer.withdraw": ("neutral", lambda: _("Offer %(round)d withdrawn")),
    "offer.lapse": ("neutral", lambda: _("Offer %(round)d lapsed")),
    "offer.reopen": ("neutral", lambda: _("Offer %(round)d reopened")),
}
#: Acts that each side does for itself: the row says which side it was.
BY_A_SIDE = {"deal.accept_nda", "deal.accept_contract", "deal.save_party"}


def timeline(deal: Deal, offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """Give the rows of the timeline, newest first. Messages are shown elsewhere."""
    events = history_of_deal(deal, offers=offers)
    return [_row(event) for event in events if event.tag in SENTENCES]


def _row(event: Event) -> dict[str, Any]:
    tone, sentence = SENTENCES[event.tag]
    body = str(event.data.get("reason") or "")
    if event.tag == "deal.take_effect":
        body = _("Since %(day)s") % {"day": _day(event.data["effective_on"])}
    elif event.tag in BY_A_SIDE and event.data.get("side"):
        body = str(Side(event.data["side"]).label)
    return {
        "when": event.at,
        "title": sentence() % event.data if "round" in event.data else sentence(),
        "actor": event.actor or _("System"),
        "tone": tone,
        "body": body,
    }


def _day(text: str) -> str:
    return date_format(datetime.date.fromisoformat(text), "SHORT_DATE_FORMAT")
