"""A query said in the other language: phrases first, meanings shared out, names kept."""

import pytest

from search import lexicon
from search.lexicon import ALONE, PART, SHARED, translate

TABLE = lexicon.read(
    [
        "# a remark",
        "nước thải\twastewater|sewage",
        "nước\twater",
        "thải\tdischarge",
        "nhiễm mặn\tsaline",
        "màn\tcurtain",
        "hoà tan\tdissolve",
    ]
)


def test_longest_phrase_wins_and_its_meanings_share_the_weight() -> None:
    assert translate("nước thải", "vi", table=TABLE) == {"wastewat": 0.5, "sewag": 0.5}
    assert translate("nước sông", "vi", table=TABLE) == {"water": ALONE}


def test_marks_decide_between_words_that_fold_alike() -> None:
    table = lexicon.read(["màn\tcurtain", "mặn\tsalty"])
    assert translate("nước mặn", "vi", table=table) == {"salti": ALONE}
    assert translate("màn", "vi", table=table) == {"curtain": ALONE}


def test_place_of_the_tone_does_not_matter() -> None:
    assert translate("hòa tan", "vi", table=TABLE) == translate("hoà tan", "vi", table=TABLE) == {"dissolv": 1.0}


def test_query_without_marks_is_translated_as_with_them() -> None:
    assert translate("nuoc thai", "vi") == translate("nước thải", "vi") != {}


def test_names_and_numbers_are_kept() -> None:
    assert translate("Tesla 1943", "vi", table=TABLE) == {"tesla": SHARED, "1943": SHARED}
    assert translate("Tesla 1943", "en", table=TABLE) == {"tesla": SHARED, "1943": SHARED}


def test_english_becomes_syllables_and_pairs_as_the_index_holds_them() -> None:
    assert translate("saline", "en", table=TABLE) == {
        "nhiem": PART,
        "man": PART,
        "nhiem_man": 1.0,
        "salin": SHARED,
    }
    assert translate("water", "en", table=TABLE) == {"nuoc": ALONE, "water": SHARED}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_anything_can_be_said(language: str) -> None:
    for said in ("", "   ", "?!", "🚀", "nước " * 500):
        assert all(weight > 0 for weight in translate(said, language).values())


def test_shipped_lexicon_knows_the_trade() -> None:
    assert {"patent"} <= translate("bằng sáng chế", "vi").keys()
    assert {"cong_nghe"} <= translate("technology", "en").keys()
