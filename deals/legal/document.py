"""A text that binds, in Vietnamese and English side by side, and its PDF.

The text is plain data (JSON), so that the page, the PDF and the hash come from the same words:
{"kind", "number", "title": [vi, en], "preamble": [[vi, en], …],
 "parties": [{"title": [vi, en], "lines": [[vi, en], …]}, …],
 "articles": [{"no", "heading": [vi, en], "paragraphs": [[vi, en], …]}, …],
 "closing": [[vi, en], …], "signatures": [{"title": [vi, en], "name", "position"}, …], "footer": [vi, en]}
A pair whose two texts agree is what a party typed: it is set once, across both columns.
"""

import datetime
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import fontpkg_be_vietnam_pro
import typst
from django.utils.translation import get_language

Text = dict[str, Any]
TEMPLATE = Path(__file__).with_name("document.typ")


def canonical(text: Text) -> str:
    """Give the text as canonical JSON: sorted keys, no spaces, UTF-8 letters as they are."""
    return json.dumps(text, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(text: Text) -> str:
    """SHA-256 (hex) of the canonical text."""
    return hashlib.sha256(canonical(text).encode()).hexdigest()


@cache
def _fonts() -> typst.Fonts:
    folder = Path(fontpkg_be_vietnam_pro.__path__[0]) / "files"
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])


def render_pdf(text: Text, *, at: datetime.datetime, text_hash: str) -> bytes:
    """Set the text as a PDF (A4, two columns). The same text, moment and hash give the same bytes.

    `at` (aware) becomes the creation date. Everything typed by people goes in as data, never as markup.
    """
    compiler = typst.Compiler(
        TEMPLATE.read_bytes(),
        font_paths=_fonts(),
        sys_inputs={"text": json.dumps(text, ensure_ascii=False), "hash": text_hash},
    )
    pdf = compiler.compile(format="pdf", timestamp=int(at.timestamp()))
    assert isinstance(pdf, bytes)
    return pdf


def in_reading_language(text: Text) -> dict[str, Any]:
    """Give a bilingual text in the reader's language, for the page; the PDF holds both."""
    place = 1 if get_language() == "en" else 0
    return {
        "title": text["title"][place],
        "preamble": [pair[place] for pair in text["preamble"]],
        "parties": [
            {"title": party["title"][place], "lines": [pair[place] for pair in party["lines"]]}
            for party in text["parties"]
        ],
        "articles": [
            {
                "no": article["no"],
                "heading": article["heading"][place],
                "paragraphs": [{"text": pair[place], "typed": pair[0] == pair[1]} for pair in article["paragraphs"]],
            }
            for article in text["articles"]
        ],
        "closing": [pair[place] for pair in text["closing"]],
    }
