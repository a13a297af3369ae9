"""What the words of a report make of its content."""

import pytest
from django.utils import translation

from valuation.reporting.words import day


@pytest.mark.parametrize(
    ("text", "said"),
    [("2026-11-29T20:41:00+00:00", "30/11/2026"), ("2026-11-29", "29/11/2026"), ("", "–"), (None, "–")],
)
def test_a_moment_is_told_as_the_day_it_was_here(text: str | None, said: str) -> None:
    with translation.override("vi"):
        assert day(text) == said
