"""The content of a report in the words of one language: a document of sections for the PDF.

{"language", "title", "subject", "kicker", "number", "dated", "headline": {"label", "range", "sentence", "priced"},
 "notice", "sections": [{"heading", "blocks": [{"kind", …}]}], "footer", "hash_label", "hash"}
Blocks: text, small, warning, code {text}; list {items}; facts {rows of (label, words)}; table {head, rows, widths,
align of l or r}; svg {svg, caption, alt}; signatures {columns of (who, what)}. The order is the report's skeleton.
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext

from marketplace.kit import money
from valuation.notice import notice
from valuation.reporting import sections
from valuation.reporting.words import amount, day, place

Content = dict[str, Any]


def document(content: Content, *, number: str, content_hash: str, made_at: datetime.datetime) -> dict[str, Any]:
    """Write a report's content in the active language."""
    language = money.language_of(get_language())
    valued_on = day(content["inputs"]["valued_on"])
    return {
        "language": language,
        "title": gettext("Report on a suggested price"),
        "subject": content["technology"]["title"],
        "kicker": content["technology"]["exchange"][place()],
        "number": number,
        "dated": gettext("drawn up on %(made)s, figures as of %(valued)s")
        % {"made": date_format(timezone.localtime(made_at), "SHORT_DATE_FORMAT"), "valued": valued_on},
        "headline": headline(content["suggestion"]),
        "notice": notice(),
        "sections": [
            {"heading": heading, "blocks": blocks}
            for heading, blocks in sections.all_of(content, number=number, content_hash=content_hash)
            if blocks
        ],
        "footer": gettext("Suggested price, for negotiation only; not a certificate · %(number)s") % {"number": number},
        "hash_label": "SHA-256",
        "hash": content_hash,
    }


def headline(suggestion: dict[str, Any]) -> dict[str, Any]:
    """Give the range first and the middle second, or that none is named."""
    if suggestion["mid"] is None:
        return {
            "label": gettext("Suggested price"),
            "range": gettext("No single price is suggested"),
            "sentence": gettext("The reasons stand in the section on the range, with what may be agreed instead."),
            "priced": False,
        }
    grade = gettext("Confidence %(letter)s of A to D.") % {"letter": suggestion["grade"]}
    paths = money.number(suggestion["paths"], money.language_of(get_language()))
    sentence = ngettext(
        "80%% of %(paths)s simulation lie in it; %(mid)s in the middle.",
        "80%% of %(paths)s simulations lie in it; %(mid)s in the middle.",
        suggestion["paths"],
    ) % {"paths": paths, "mid": amount(suggestion["mid"])}
    return {
        "label": gettext("Suggested price"),
        "range": f"{amount(suggestion['low'])} – {amount(suggestion['high'])}",
        "sentence": f"{sentence} {grade}",
        "priced": True,
    }
