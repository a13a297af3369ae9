"""Writes of the room."""

from matching.services.alerts import change_search, delete_search, mail_digest, save_search, sweep_alerts, unsubscribe
from matching.services.answering import answer_match, note_feedback
from matching.services.layers import (
    Lesson,
    lacking,
    learn_from_answers,
    try_out,
    withdraw_layer,
)
from matching.services.searching import explain, match_listing, sweep

__all__ = [
    "Lesson",
    "answer_match",
    "change_search",
    "delete_search",
    "explain",
    "lacking",
    "learn_from_answers",
    "mail_digest",
    "match_listing",
    "note_feedback",
    "save_search",
    "sweep",
    "sweep_alerts",
    "try_out",
    "unsubscribe",
    "withdraw_layer",
]
