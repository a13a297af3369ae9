"""A match as its page, its list and the API show it to one person."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from listings.policies import can_see_organisation_of
from matching import facts, policies, selectors
from matching.choices import Answer, Side
from matching.models import Match
from search.fusion import good

WORD_LIMIT = 6
SHOWN_SHIFT = 0.05  # log-odds; less is not worth a line


def reason_rows(match: Match, viewer: User, delays: facts.Delays) -> list[dict[str, Any]]:
    """Give rows of the component `match_reasons`: sentences, words, what was learned from answers, facts.

    What was learned from the demand's own answers is told to its side alone; what was learned from the answers of the
    whole exchange, in which no company's can be recognised, to both.

    The weight of a word is its exact part of the score by words; that of sentences by words, the part which stands in
    both; that of sentences by meaning, their cosine; that of learning, what it moved the log-odds of the order by. A
    fact has no weight of its own, but a verdict: fits, near, not.
    """
    rows = _said(match) if _is_of_present_texts(match) else []
    if abs(match.shift) >= SHOWN_SHIFT and Side.DEMAND in policies.sides_of(viewer, match):
        label = _("Like what you chose before") if match.shift > 0 else _("Like what you declined before")
        rows.append({"kind": "answer", "label": label, "weight": max(-1.0, min(1.0, match.shift)), "detail": ""})
    if abs(match.exchange_shift) >= SHOWN_SHIFT:
        label = (
            _("Pairs whose facts fit like these are taken up more often")
            if match.exchange_shift > 0
            else _("Pairs whose facts fit like these are taken up less often")
        )
        weight = max(-1.0, min(1.0, match.exchange_shift))
        rows.append({"kind": "exchange", "label": label, "weight": weight, "detail": ""})
    return rows + facts.as_rows(facts.facts(match.technology, match.demand, delays))


def _is_of_present_texts(match: Match) -> bool:
    """Tell whether a match was made of what both listings say now: what was taken out of a text is not shown any more."""
    versions = (match.technology.content_version, match.demand.content_version)
    return (match.technology_version, match.demand_version) == versions


def _said(match: Match) -> list[dict[str, Any]]:
    """Give the rows of sentences and words."""
    rows: list[dict[str, Any]] = []
    pair = match.reasons.get("sentences")
    if pair:
        label = f"“{pair['query']}” ↔ “{pair['document']}”"
        rows.append(
            {"kind": "meaning", "label": label, "weight": max(-1.0, min(1.0, float(pair["cosine"]))), "detail": ""}
        )
    said = match.reasons.get("sayings")
    if said:
        label = f"“{said['query']}” ↔ “{said['document']}”"
        if pair and (pair["query"], pair["document"]) == (said["query"], said["document"]):
            label = _("The same two sentences")
        detail = _("The two sentences that share most; the words below are parts of them.")
        rows.append({"kind": "word", "label": label, "weight": min(1.0, float(said["share"])), "detail": detail})
    for word, share in match.reasons.get("words", [])[:WORD_LIMIT]:
        rows.append({"kind": "word", "label": word, "weight": min(1.0, float(share)), "detail": ""})
    return rows


def demander(match: Match, viewer: User) -> str:
    """Give the name of the company that demands, or that it is masked."""
    if can_see_organisation_of(viewer, match.demand):
        return str(match.demand.organisation)
    return _("A company that hides its name")


def present(match: Match, viewer: User, delays: facts.Delays, *, place: int | None = None) -> dict[str, Any]:
    """Give everything that templates need of a match, for this viewer; `place` is where a list shows it, from 1."""
    answers = []
    shown = match.chance
    for side in policies.sides_of(viewer, match):
        response = selectors.answered(match, side)
        answers.append(
            {
                "side": side,
                "response": response,
                "shortlisted": response is not None and response.answer == Answer.SHORTLIST,
                "declined": response is not None and response.answer == Answer.DECLINE,
                "can_answer": policies.can_answer(viewer, match, side),
                "tone": "waiting" if response is None else "plain",
                "shortlist_url": reverse("matching:shortlist", args=[match.pk]),
                "decline_url": reverse("matching:decline", args=[match.pk]),
            }
        )
    url, shown_at = match.get_absolute_url(), {"position": place} if place else {}
    return {
        "match": match,
        "url": f"{url}?{urlencode(shown_at)}" if shown_at else url,
        "decline_url": f"{url}?{urlencode(shown_at | {'decline': 'yes'})}#decline",
        "chance": shown,
        "demander": demander(match, viewer),
        "place": place,
        "reasons": reason_rows(match, viewer, delays),
        "left_open": facts.left_open(match.technology, match.demand, delays),
        "answers": answers,
        "is_new": match.is_new,
        "is_pushed": match.pushed_at is not None,
        "is_good": shown >= good(),
        "is_mutual": selectors.is_mutual(match),
        "responses": list(match.responses.all()),
    }
