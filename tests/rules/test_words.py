"""Rules in words."""

import csv
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from rules.models import Rule
from rules.words import citation, source_words, value_of


@pytest.mark.parametrize(
    ("source", "vi", "en"),
    [
        (
            "IP Law art. 135 as amended by Law 131/2025/QH15",
            "Luật Sở hữu trí tuệ điều 135 sửa đổi theo Luật 131/2025/QH15",
            "IP Law art. 135 as amended by Law 131/2025/QH15",
        ),
        (
            "VAT Law 48/2024/QH15 art. 5",
            "Luật Thuế giá trị gia tăng 48/2024/QH15 điều 5",
            "VAT Law 48/2024/QH15 art. 5",
        ),
        ("Decree 08/2014/ND-CP ch. 4 (vietjack.me)", "Nghị định 08/2014/NĐ-CP chương 4", "Decree 08/2014/ND-CP ch. 4"),
        (
            "Law 07/2017/QH14 art. 27.3 (luathuythanh.vn); Law 115/2025/QH15 art. 8 as summarised (digitalpolicyalert.org 3)",
            "Luật 07/2017/QH14 điều 27.3; Luật 115/2025/QH15 điều 8",
            "Law 07/2017/QH14 art. 27.3; Law 115/2025/QH15 art. 8",
        ),
        (
            "Law on Prices 11/2012/QH13 art. 32; Law on Prices 16/2023/QH15",
            "Luật Giá 11/2012/QH13 điều 32; Luật Giá 16/2023/QH15",
            "Law on Prices 11/2012/QH13 art. 32; Law on Prices 16/2023/QH15",
        ),
        ("Operating rules of the exchange", "Quy chế hoạt động của sàn", "Operating rules of the exchange"),
        ("", "", ""),
    ],
)
def test_citation_speaks_the_reader_s_language_without_the_address_at_which_it_was_read(
    source: str, vi: str, en: str
) -> None:
    with override("vi"):
        assert citation(source) == vi
    with override("en"):
        assert citation(source) == en


def test_no_source_of_a_rule_comes_out_half_translated() -> None:
    with Path(settings.BASE_DIR, "data", "rules.csv").open(newline="", encoding="utf-8") as rows:
        sources = {row["source"] for row in csv.DictReader(rows)}
    english = re.compile(
        r"\b(Law|Code|Decree|Circular|Labour|standard|arts?|ch|[Aa]nnouncement|Ministry|Resolution|and)\b"
    )
    with override("vi"):
        assert [source for source in sources if english.search(source_words(source))] == []


@pytest.mark.parametrize(("value", "vi", "en"), [(1, "Có", "Yes"), (0, "Không", "No")])
def test_a_switch_says_yes_or_no(value: int, vi: str, en: str) -> None:
    row = Rule(code="appraisal.state_capital.scope", value=value, unit="flag")
    for language, said in (("vi", vi), ("en", en)):
        with override(language):
            assert value_of(row, row.unit) == said
