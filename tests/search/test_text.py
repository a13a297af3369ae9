"""Analysis: the same at index and query time, in two languages, with and without marks."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search import accents, text
from search.lexical import IndexWriter, LexicalIndex, frequencies, make_indexes

ALPHABET = (
    "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạấầẩẫậéèẻẽẹíìỉĩịóòỏõọúùủũụýỳỷỹỵABCĐÊ0123456789.,;-_/'\"<>&\n\t \u0301\u200b€ßﬁ²中"
)
BARE_VIETNAMESE = [
    "loc nuoc nhiem man", "may say thanh long", "xu ly nuoc thai det nhuom", "mang loc", "phan bon vi sinh", "may say",
    "pin mat troi", "keo dan", "son chong ri", "men vi sinh", "nuoi tom", "thuoc tru sau", "be tong nhe", "may bom",
    "bao quan trai cay", "cam bien", "tui nhua tu huy", "gach khong nung", "nhan dien khuon mat", "den led", "an toan",
    "may in 3D", "hat dieu", "ca phe", "tach muoi khoi nuoc gieng", "can loai mui hoi o xuong che bien ca", "lam mat",
]  # fmt: skip
ENGLISH = [
    "salt water membrane", "pump", "dryer", "sensor", "water", "heat", "drug", "solar dryer for fruit", "drone", "tea",
    "battery", "lidar", "coating", "cocoa", "coffee", "fish feed", "gas sensor", "bio gas", "hot air gun", "rotor",
    "lithium ion", "paint", "a lens", "ion beam", "phone app", "thermal pump", "quantum dot", "paper mill", "gel",
]  # fmt: skip
accents.bare_pairs()  # read once, outside the time that one example may take
phrases = st.text(alphabet=ALPHABET, max_size=120)


def index_of(document: str, language: str) -> LexicalIndex:
    """Index one document."""
    indexes = make_indexes()
    writer = IndexWriter(indexes, heap_bytes=15_000_000)
    writer.add(object_id=1, language=language, title="", body=document)
    writer.commit()
    return LexicalIndex(indexes)


@given(phrases, st.sampled_from(["vi", "en"]))
@example("Máy bơm nước 2,5 kW – hiệu suất cao", "vi")
@example("TiO2-coated micro_filter's", "en")
def test_analysis_agrees_between_index_and_query(phrase: str, language: str) -> None:
    analysis = text.analyse(phrase, language)
    state = index_of(phrase, language)
    assert state.weigh(frequencies(analysis)) == frequencies(analysis)
    query = state.query(frequencies(analysis), {})
    if query is None:
        assert not analysis.terms
    else:
        assert [hit.object_id for hit in state.search(query, limit=5)] == [1]


@given(phrases, st.sampled_from(["vi", "en"]))
def test_analysis_gives_terms_that_the_index_keeps_whole(phrase: str, language: str) -> None:
    analysis = text.analyse(phrase, language)
    for term in [*analysis.terms, *analysis.exact]:
        assert term
        assert not any(character.isspace() for character in term)
        assert len(term) <= 2 * text.MAX_TERM + 1


@given(phrases, st.sampled_from(["vi", "en"]))
@example("Máy-bơm (nước) 2,5 kW. Điện\u00a0mặt trời: a nghiênǵ 1.2.3", "vi")
def test_terms_of_the_index_are_those_of_the_analysis(phrase: str, language: str) -> None:
    analysis = text.analyse(phrase, language)
    assert text.terms_of(phrase, language) == (analysis.terms, analysis.exact)


@given(phrases)
@example("1.2,3 4. 5 ,6 a.1 1.a x\u0301\u0302y \u0301z")
def test_words_are_letters_and_digits_with_their_marks_and_decimals(phrase: str) -> None:
    one_by_one = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f]|(?<=\d)[.,](?=\d))*")
    assert [match.span() for match in text.words(phrase)] == [match.span() for match in one_by_one.finditer(phrase)]


@given(st.text(max_size=60) | phrases)
def test_clean_text_holds_no_control_and_no_invisible_characters(phrase: str) -> None:
    cleaned = text.clean(phrase)
    assert cleaned == "".join(map(text._clean_character, unicodedata.normalize("NFC", phrase)))
    assert not {unicodedata.category(c) for c in cleaned if c not in "\n\t"} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(phrases)
def test_analysis_is_blind_to_case_marks_and_unicode_form(phrase: str) -> None:
    terms = text.analyse(phrase, "vi").terms
    assert text.analyse(unicodedata.normalize("NFD", phrase), "vi").terms == terms


@pytest.mark.parametrize(
    "phrase", ["Máy Bơm NƯỚC tự động", "Xử lý nước thải dệt nhuộm", "đồ điện gia dụng", "ĐỒNG BẰNG"]
)
def test_vietnamese_without_marks_has_the_same_terms(phrase: str) -> None:
    bare = text.fold(phrase)
    assert bare.isascii()
    assert text.analyse(bare, "vi").terms == text.analyse(phrase, "vi").terms
    assert text.analyse(bare, "vi").exact == []


@given(phrases)
def test_positions_point_at_the_words(phrase: str) -> None:
    cleaned = text.clean(phrase)
    for token in text.analyse(phrase).tokens:
        assert 0 <= token.start < token.end <= len(cleaned)
        if token.pair:
            assert token.end <= token.pair_end <= len(cleaned)


def test_pairs_do_not_cross_a_full_stop() -> None:
    assert text.analyse("máy bơm. nước sạch", "vi").terms == ["may", "bom", "nuoc", "sach", "may_bom", "nuoc_sach"]


def test_foreign_words_in_vietnamese_meet_english() -> None:
    assert "enzym" in text.analyse("xử lý bằng enzyme", "vi").terms
    assert text.analyse("enzymes", "en").terms == ["enzym"]


def test_decimals_stay_whole() -> None:
    assert text.analyse("2,5 kW", "vi").terms[0] == "2.5"
    assert text.analyse("2.5 kW", "en").terms[0] == "2.5"


@pytest.mark.parametrize(
    ("phrase", "language"),
    [
        ("máy bơm nước", "vi"),
        ("may bom nuoc", "vi"),
        ("xu ly nuoc thai det nhuom", "vi"),
        ("che pham sinh hoc cho cay trong", "vi"),
        ("cam bien do am dat", "vi"),
        ("water pump", "en"),
        ("heat pump", "en"),
        ("soil moisture sensor", "en"),
        ("drug delivery", "en"),
        ("IoT sensor cho nông nghiệp", "vi"),
        *((bare, "vi") for bare in BARE_VIETNAMESE),
        *((english, "en") for english in ENGLISH),
    ],
)
def test_language_is_detected_with_and_without_marks(phrase: str, language: str) -> None:
    assert text.detect_language(phrase) == language


def test_hint_decides_where_words_do_not() -> None:
    assert text.detect_language("", hint="en") == "en"
    assert text.detect_language("2026", hint="vi") == "vi"


def test_clean_drops_what_no_one_sees() -> None:
    assert text.clean("a\x00b\u200bc\x07 d\nđ") == "a bc  d\nđ"


def test_highlight_marks_original_accents_and_escapes_html() -> None:
    found = text.highlight("Xử lý nước thải <script>alert(1)</script>", "xu ly nuoc thai")
    assert found == "<mark>Xử lý nước thải</mark> &lt;script&gt;alert(1)&lt;/script&gt;"


def test_highlight_marks_other_forms_of_english_words() -> None:
    assert text.highlight("Water pumps for farms", "pump farming") == "Water <mark>pumps</mark> for <mark>farms</mark>"


def test_highlight_does_not_mark_lone_syllables_of_pairs() -> None:
    assert text.highlight("Công nghệ của công ty", "công nghệ") == "<mark>Công nghệ</mark> của công ty"


def test_snippet_finds_the_place_where_words_meet() -> None:
    body = (
        "Một câu mở đầu không liên quan. " * 20 + "Máy bơm chạy bằng điện mặt trời cho ruộng lúa." + " Kết thúc." * 20
    )
    found = text.snippet(body, "bom dien mat troi", size=100)
    assert "<mark>bơm</mark>" in found
    assert "<mark>điện mặt trời</mark>" in found
    assert found.startswith("… ")
    assert found.endswith(" …")


@given(phrases, phrases, st.integers(20, 200))
def test_snippet_is_safe_html(document: str, query: str, size: int) -> None:
    found = str(text.snippet(document, query, size=size))
    bare = found.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in bare
    assert found.count("<mark>") == found.count("</mark>")
