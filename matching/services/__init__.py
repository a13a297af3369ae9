"""Writes of the room."""

from matching.services.alerts import change_search, delete_search, mail_digest, save_search, sweep_alerts, unsubscribe
from matching.services.answering import answer_match, note_feedback
from matching.services.layers import Lesson, learn_from_answers, promote_layer, propose_layer, withdraw_layer
from matching.services.searching import explain, match_listing, sweep

__all__ = [
    "Lesson",
    "answer_match",
    "change_search",
    "delete_search",
    "explain",
    "learn_from_answers",
    "mail_digest",
    "match_listing",
    "note_feedback",
    "promote_layer",
    "propose_layer",
    "save_search",
    "sweep",
    "sweep_alerts",
    "unsubscribe",
    "withdraw_layer",
]
