"""Marks put back: nothing but marks changes, what has marks stays, common technical phrases come back right."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search import accents, embedder
from search.text import clean, fold

accents.bare_pairs()  # read once, outside the time that one example may take
ODD = "İıßẞŉǰẖẗﬁﬃⅥⅵĳſªᴬΐΰ\u0303\u0307"  # one letter that is two in small letters, in capitals or folded; marks alone
BARE = st.text(alphabet=f"abcdeghiklmnopqrstuvxyABCDEGHNTX 0123456789.,;-/()\n€{ODD}", max_size=200)
SYLLABLES = st.lists(
    st.sampled_from(["dich", "vu", "xu", "ly", "NUOC", "Thai", "cong", "nghiep"]), min_size=4, max_size=12
)
MARKED = st.lists(
    st.sampled_from(
        [
            "xử",
            "lý",
            "nước",
            "thải",
            "dệt",
            "nhuộm",
            "màng",
            "lọc",
            "của",
            "nhiễm",
            "mặn",
            "Sấy",
            "THANH",
            "phân",
            "bón",
            "vi",
            "sinh",
        ]
    ),
    min_size=6,
)


@given(SYLLABLES, st.sampled_from(ODD), st.integers(0, 40))
@example(["dch", "vu", "xu", "ly", "nuoc", "thai", "cong", "nghiep"], "İ", 1)
def test_syllables_with_an_odd_letter_differ_in_marks_alone(syllables: list[str], letter: str, place: int) -> None:
    said = " ".join(syllables)
    said = clean(f"{said[:place]}{letter}{said[place:]}")
    back = accents.restore(said)
    assert fold(back) == fold(said)
    assert len(back) == len(said)


@given(BARE)
@example("DİCH vu xu ly nuoc thai cong nghiep")
def test_restored_text_differs_in_marks_alone(text: str) -> None:
    back = accents.restore(text)
    assert fold(back) == fold(clean(text))
    assert len(back) == len(clean(text))
    assert [one.isupper() for one in back] == [one.isupper() for one in clean(text)]


@given(MARKED)
def test_marked_text_stays_as_it_is(syllables: list[str]) -> None:
    text = " ".join(syllables)
    if not accents.is_bare(text):
        assert accents.restore(text) == text


def test_the_few_marks_of_a_bare_text_are_kept() -> None:
    assert accents.restore("xu ly nuoc thai det nhuộm").endswith(" nhuộm")


@pytest.mark.parametrize(
    "phrase",
    [
        "máy sấy thanh long",
        "xử lý nước thải dệt nhuộm",
        "màng lọc",
        "phân bón vi sinh",
        "cảm biến độ ẩm đất",
        "thiết bị sấy nông sản",
        "vật liệu cách nhiệt",
        "Bảo quản trái cây sau thu hoạch",
        "thuốc trừ sâu sinh học",
        "chế phẩm sinh học cho lúa",
    ],
)
def test_technical_phrases_come_back(phrase: str) -> None:
    bare = "".join(fold(letter).upper() if letter.isupper() else fold(letter) for letter in phrase)
    assert bare.isascii()
    assert accents.restore(bare) == phrase


def test_what_the_stock_writes_adds_to_the_shipped_counts() -> None:
    seen = accents.Seen.of([("nhiễm", "mặn", 2), ("hoá", "lỏng", 1), ("hóa", "lỏng", 1)])
    assert accents.restore("nuoc nhiem man", seen=seen) == "nước nhiễm mặn"
    assert seen.follows["hóa"] == {"lỏng": 2}  # one tone mark, wherever it is put
    assert accents.restore("khi hoa long", seen=seen) == "khí hóa lỏng"
    assert accents.restore("nuoc thai det nhuom", seen=accents.Seen()) == accents.restore("nuoc thai det nhuom")


@given(
    st.text(alphabet="abcdeghiklmnopqrstuvxy ", max_size=60),
    st.lists(st.sampled_from(["mặn", "màn", "nước", "hóa", "ⅵ", "vi", "ﬁ", "di̇ch", "ŉa"]), min_size=2),
)
def test_with_the_stock_too_only_marks_are_added(bare: str, written: list[str]) -> None:
    seen = accents.Seen.of([(left, right, 3.0) for left, right in pairwise(written)])
    assert fold(accents.restore(bare, seen=seen)) == fold(bare)


def test_words_that_are_no_syllables_stay() -> None:
    assert accents.restore("cam bien IoT ESP32 cho may say") == "cảm biến IoT ESP32 cho máy sấy"


def test_tones_stand_where_most_texts_have_them() -> None:
    assert [accents.standard(one) for one in ("hoà", "thuý", "khoẻ", "quý", "hoàn")] == [
        "hòa", "thúy", "khỏe", "quý", "hoàn",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "embedded"),
    [
        ("xu ly nuoc thai", "xử lý nước thải"),
        ("xử lý nước thải", "xử lý nước thải"),
        ("salt water membrane", "salt water membrane"),
    ],
)
def test_only_bare_vietnamese_is_embedded_with_other_letters(query: str, embedded: str) -> None:
    assert embedder.query_text(query) == embedded
