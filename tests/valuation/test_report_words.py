"""What the words of a report make of its content."""

import csv
import datetime
import io
import re

import pypdf
import pytest
from django.conf import settings
from django.utils import translation

from valuation import presenters
from valuation.reporting.pdf import render_pdf
from valuation.reporting.sections import payment
from valuation.reporting.words import day
from valuation.words import RATE_NOTES, SOURCES


@pytest.mark.parametrize(
    ("text", "said"),
    [("2026-11-29T20:41:00+00:00", "30/11/2026"), ("2026-11-29", "29/11/2026"), ("", "–"), (None, "–")],
)
def test_a_moment_is_told_as_the_day_it_was_here(text: str | None, said: str) -> None:
    with translation.override("vi"):
        assert day(text) == said


def test_a_milestone_is_told_with_its_time_and_chance_as_on_the_page() -> None:
    proposal = {
        "basis": None, "option_fee": None, "exercise_price": None, "option_years": None, "volatility": None,
        "signing": 1e9, "milestone": 2e9, "milestone_years": 3.0, "milestone_chance": 0.35, "royalty": 0.05,
    }  # fmt: skip
    with translation.override("en"):
        [facts] = payment({"result": {"equivalents": None, "proposal": proposal}})
    assert [label for label, _value in facts["rows"]] == [
        "Or on signing", "and after the first year of sales (in about 3 years, chance 35%)", "and a royalty on net revenue of",
    ]  # fmt: skip


def test_published_figures_are_named_in_the_readers_language() -> None:
    row = {"industry": "ALL", "source": "RoyaltyStat blog, 23 March 2016", "year": 2016}
    said = {}
    for language in ("vi", "en"):
        with translation.override(language):
            said[language] = (presenters.named(row["industry"]), presenters.named("Chemicals"), presenters.cited(row))
    assert said["vi"] == ("Mọi ngành", "Hóa chất", "Blog RoyaltyStat, 23/3/2016")
    assert said["en"] == ("All industries", "Chemicals", "RoyaltyStat blog, 23 March 2016")
    assert presenters.named("") == ""


def test_the_year_of_a_source_stands_once() -> None:
    assert presenters.cited({"source": "Parr, 6th ed.", "year": 2011}) == "Parr, 6th ed., 2011"
    assert presenters.cited({"source": "Parr 2011", "year": 2011}) == "Parr 2011"


@pytest.mark.parametrize("names", [SOURCES, RATE_NOTES])
def test_no_translated_source_keeps_an_english_month_in_vietnamese(names: dict[str, str]) -> None:
    with translation.override("vi"):
        said = [str(words) for words in names.values()]
    assert [
        words for words in said if re.search(r"\b(March|April|December|of the|from memory|order of)\b", words)
    ] == []


def test_every_source_of_a_valuation_default_can_be_said_in_both_languages() -> None:
    with (settings.BASE_DIR / "data" / "rules.csv").open(encoding="utf-8", newline="") as file:
        named = {row["source"] for row in csv.DictReader(file) if row["code"].startswith("valuation.")}
    assert (
        sorted(source for source in named if re.search(r"[a-z]{4,} [a-z]{3,}", source) and source not in SOURCES) == []
    )


@pytest.mark.parametrize("lines", range(22, 34))
def test_the_lines_to_sign_on_stand_with_their_heading(lines: int) -> None:
    document = {
        "language": "en", "title": "Report", "subject": "Filter", "kicker": "Exchange", "number": "GY-1", "dated": "today",
        "headline": {"label": "Price", "range": "1 – 2", "sentence": "In words.", "priced": True}, "notice": "Notice",
        "footer": "Footer", "hash_label": "SHA-256", "hash": "0",
        "sections": [
            {"heading": "Limits", "blocks": [{"kind": "list", "items": [f"line {n}" for n in range(lines)]}]},
            {"heading": "Signatures", "blocks": [
                {"kind": "small", "text": "They may sign here."},
                {"kind": "signatures", "columns": [["Owner", "took note"], ["Company", "took note"]]},
            ]},
        ],
    }  # fmt: skip
    made = render_pdf(document, at=datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC))
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages]
    assert [("Signatures" in page, "Owner" in page) for page in pages] == [(False, False)] * (len(pages) - 1) + [
        (True, True)
    ]
