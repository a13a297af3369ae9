"""The audit history of a listing in words."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from listings import policies, selectors

TITLES = {
    "create": gettext_noop("Draft started"),
    "edit": gettext_noop("Edited"),
    "submit": gettext_noop("Submitted to the exchange"),
    "submit_to_owner": gettext_noop("Submitted to the TTO"),
    "approve_by_owner": gettext_noop("Approved by the TTO"),
    "return_by_owner": gettext_noop("Returned by the TTO"),
    "claim": gettext_noop("Review begun"),
    "release": gettext_noop("Given back to the queue"),
    "publish": gettext_noop("Published"),
    "request_changes": gettext_noop("Changes requested"),
    "reject": gettext_noop("Rejected"),
    "take_back": gettext_noop("Taken back by its author"),
    "withdraw": gettext_noop("Withdrawn"),
    "import_published": gettext_noop("Published by import"),
    "import_changed": gettext_noop("Changed at its source"),
    "add_document": gettext_noop("Document added"),
    "remove_document": gettext_noop("Document removed"),
    "destroy_document": gettext_noop("File of a removed document destroyed"),
    "trim_record": gettext_noop("Columns of its source removed that nothing is made of"),
    "grant_disclosure": gettext_noop("Documents opened to a partner"),
    "revoke_disclosure": gettext_noop("Documents closed to a partner"),
    "ask_price": gettext_noop("Suggested range asked for"),
    "suggest_price": gettext_noop("Suggested range computed"),
}
TONES = {
    "publish": "verified", "approve_by_owner": "verified", "reject": "danger", "request_changes": "waiting",
    "return_by_owner": "waiting", "submit": "info", "submit_to_owner": "info",
}  # fmt: skip


def events_of(listing: Any, viewer: Any) -> list[dict[str, Any]]:
    """Give the history as rows of the timeline, newest first; saves in a row by one person are one row.

    Why a review was given back to the queue is said to the exchange's people alone.
    """
    untold = set() if policies.can_review(viewer, listing) else {"release"}
    rows: list[dict[str, Any]] = []
    last: tuple[str, Any] | None = None
    for event in selectors.listing_history(listing):
        verb = event.tag.partition(".")[2]
        if verb == "edit" and last == (verb, event.actor_id):
            rows[-1]["when"] = event.at
            continue
        last = (verb, event.actor_id)
        rows.append({
            "when": event.at,
            "title": _(TITLES[verb]) if verb in TITLES else verb,
            "actor": str(event.actor) if event.actor else _("The system"),
            "body": (event.data.get("reason") or event.data.get("note") or "") if verb not in untold else "",
            "tone": TONES.get(verb, "neutral"),
        })  # fmt: skip
    return rows[::-1]
