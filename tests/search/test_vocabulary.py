"""Spelling and suggestions come from what the index holds now, in both languages, marks minded but never demanded."""

from functools import partial

import pytest

from search import accents, embedder, index, services, text, vocabulary
from search.models import Document, Phrase
from search.telex import decode
from tests.factories.search import uncommitted

pytestmark = pytest.mark.django_db

TEXTS = {
    1: ("vi", "Lọc nước mặn bằng màng", "Lọc nước mặn thành nước ngọt, tiết kiệm điện năng cho hộ dân ven biển."),
    2: ("vi", "Xử lý nước thải chăn nuôi", "Hầm biogas và bể lọc sinh học xử lý nước thải của trại heo."),
    3: ("en", "Desalination membrane", "A membrane for the desalination of brackish water."),
    4: ("vi", "Tài lộc", "Phần mềm chúc tài lộc."),
}


@pytest.fixture
def stock():
    for object_id, (language, title, body) in TEXTS.items():
        services.put_document(kind="technology", object_id=object_id, title=title, body=body, language=language)
    index.catch_up()
    vocabulary.rebuild(
        given={
            Phrase.Kind.KEYWORD: [("lọc nước", 2), ("Lọc sinh học", 1), ("desalination", 1), ("bí mật quân sự", 1)],
            Phrase.Kind.TOPIC: [("Công nghệ môi trường", 0)],
        }
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("loc nuoc", None), ("lọc nước", None), ("Lọc NƯỚC mặn", None),
        ("membrnae", "membrane"), ("desalinaton membrane", "desalination membrane"), ("water membrane", None),
        ("lộc nước", "lọc nước"), ("lọcc nước", "lọc nước"), ("lọc nuwowcs", "lọc nước"), ("xuwr lys nuwowcs thair", "xử lý nước thải"),
        ("màng lợc", "màng lọc"), ("nước thảI", None), ("tài lộc", None), ("zzzzqq", None), ("", None), ("123 456", None), ("lọc nuoc", None),
        ("membrnae lọc nước", "membrane lọc nước"),
    ],
)  # fmt: skip
def test_correct_mends_what_no_text_holds(stock, typed, meant):
    assert vocabulary.correct(typed, kind="technology") == meant


SALT = "Thiết bị khử mặn cho vùng nhiễm mặn, rửa mặn và lọc mặn."


def test_a_bare_query_gets_the_marks_with_which_the_stock_writes_its_words(stock, django_assert_num_queries):
    assert accents.restore("loc nuoc nhiem man") != "lọc nước nhiễm mặn"  # the shipped counts do not know it
    services.put_document(kind="technology", object_id=9, title="Khử mặn", body=SALT, language="vi")
    vocabulary.rebuild(given={})
    with django_assert_num_queries(1):
        assert vocabulary.with_marks("Loc nuoc nhiem man", "vi") == "Lọc nước nhiễm mặn"
    services.put_document(kind="demand", object_id=9, title="Nuoc", body="Tôi tin dùng nước nhiệm mạn.", language="vi")
    vocabulary.rebuild(given={}, kinds=["demand"])
    assert vocabulary.with_marks("loc nuoc nhiem man", "vi").endswith("nhiệm mạn")
    services.remove_document(kind="demand", object_id=9)
    vocabulary.rebuild(given={})
    assert vocabulary.with_marks("loc nuoc nhiem man", "vi") == "lọc nước nhiễm mặn"


@pytest.mark.parametrize("said", ["lọc nước nhiễm mặn", "", "   ", "2026", "lọc"])
def test_what_has_marks_or_no_neighbours_is_left_to_the_shipped_counts(stock, said):
    assert vocabulary.with_marks(said, "vi") == accents.restore(said)


def test_signs_that_stand_for_letters_and_bare_texts_teach_nothing(stock):
    for number in range(20, 24):
        services.put_document(kind="technology", object_id=number, title="Hóa chất nhóm Ⅵ", body=SALT, language="vi")
        bare = "Loc nuoc nhiem man cho vung ven bien, may loc nuoc nhiem man."
        services.put_document(kind="demand", object_id=number, title="Can loc nuoc", body=bare, language="vi")
    vocabulary.rebuild(given={})
    assert vocabulary.with_marks("hoa chat nhom vi", "vi") == "hóa chất nhóm vi"
    assert vocabulary.with_marks("loc nuoc nhiem man", "vi") == "lọc nước nhiễm mặn"


def test_a_word_that_is_written_without_marks_stays_so(stock):
    for number in range(20, 40):
        body = "Giống khoai lang tím, dây khoai lang sạch bệnh, củ khoai lang sấy dẻo."
        services.put_document(kind="technology", object_id=number, title="Khoai lang", body=body, language="vi")
    vocabulary.rebuild(given={})
    marked = vocabulary.with_marks("khoai lang", "vi")
    assert marked == "khoai lang"
    assert embedder.query_text(marked, is_marked=True) == "khoai lang"
    assert embedder.query_text(marked) != "khoai lang"  # by the shipped counts alone


def test_correct_puts_no_marks_that_only_a_withdrawn_text_had(stock):
    services.put_document(kind="technology", object_id=9, title="Khử mặn", body=SALT, language="vi")
    for number in range(20, 24):
        body = "Lọc nước nhiệm mạn, máy lọc nước nhiệm mạn."
        services.put_document(kind="technology", object_id=number, title="Nhiệm mạn", body=body, language="vi")
    index.catch_up()
    vocabulary.rebuild(given={})
    assert vocabulary.correct("loc nuoc nhiem mann", kind="technology") == "lọc nước nhiệm mạn"
    for number in range(20, 24):
        services.remove_document(kind="technology", object_id=number)
    index.catch_up()
    mended = vocabulary.correct("loc nuoc nhiem mann", kind="technology")
    assert mended is not None
    assert "nhiệm mạn" not in mended


def test_english_is_left_as_it_is(stock, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert vocabulary.with_marks("loc nuoc nhiem man", "en") == "loc nuoc nhiem man"


def test_english_words_of_the_stock_put_no_marks_off(stock):
    for number in range(20, 40):
        body = f"A pump to man so long an hour, number {number}: to man, so to man."
        services.put_document(kind="technology", object_id=number, title="Man to so", body=body, language="en")
    services.put_document(kind="technology", object_id=9, title="Khử mặn", body=SALT, language="vi")
    vocabulary.rebuild(given={})
    assert vocabulary.with_marks("loc nuoc nhiem man", "vi") == "lọc nước nhiễm mặn"


def test_correct_never_names_a_word_that_left_the_index(stock):
    services.remove_document(kind="technology", object_id=3)
    index.catch_up()
    assert vocabulary.correct("membrnae", kind="technology") is None


@pytest.mark.parametrize(("typed", "queries"), [("lọc nước", 1), ("lộc nước membrnae desalinaton", 2), ("water", 0)])
def test_correct_asks_the_database_once_and_once_more_for_what_it_puts(
    stock, django_assert_num_queries, typed, queries
):
    with django_assert_num_queries(queries):
        vocabulary.correct(typed, kind="technology")


def test_what_was_withdrawn_is_not_named_while_the_index_lags(stock):
    assert vocabulary.complete("desal", kind="technology") == ["desalination"]
    services.put_document(kind="technology", object_id=9, title="Lọc", body="Lọc sinh học cho ao cá.", language="vi")
    index.catch_up()
    services.remove_document(kind="technology", object_id=3)
    services.remove_document(kind="technology", object_id=2)
    assert index.lexical("technology").documents_with("membran") == 1  # nothing told the index
    assert vocabulary.complete("desal", kind="technology") == []
    assert vocabulary.complete("loc s", kind="technology") == ["lọc sinh học"]  # another text holds it
    assert vocabulary.correct("membrnae", kind="technology") is None
    assert vocabulary.correct("nhỏ water membrnae", kind="technology") is None


def test_correct_puts_a_stop_word_that_no_index_holds(stock):
    services.put_document(kind="technology", object_id=9, title="Pump", body="Pumps with filters.", language="en")
    index.catch_up()
    vocabulary.rebuild(given={})
    assert vocabulary.correct("desalination witth membrane", kind="technology") == "desalination with membrane"


@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_late_changes_the_mark_of_the_stock():
    put = partial(services.put_document, kind="technology", body="", language="vi")
    put(object_id=1, title="Một")
    with uncommitted(partial(put, object_id=2, title="Chậm")):
        put(object_id=3, title="Nhanh")
        mark = vocabulary.stock_mark()
        assert vocabulary.stock_mark(mark) == mark  # though other transactions ran
    numbers = dict(Document.objects.values_list("object_id", "changed_xid"))
    assert numbers[2] < numbers[3]
    later = vocabulary.stock_mark(mark)
    assert later != mark
    assert vocabulary.stock_mark(later) == later
    services.remove_document(kind="technology", object_id=1)
    assert vocabulary.stock_mark(later) != later
    assert vocabulary.stock_mark(later | {"fingerprint": "of other rules"})["fingerprint"] == later["fingerprint"]
    later = vocabulary.stock_mark()
    Document.objects.filter(object_id=3).update(changed_xid=10**12)  # a restored row of a server that was ahead
    assert vocabulary.stock_mark(later) == later
    ahead = later | {"snapshot": "999999999:999999999:"}  # of a newer copy of this database
    assert vocabulary.stock_mark(ahead) != ahead


@pytest.mark.parametrize("letter", ["İ", "ﬃ", "ẞ", "ŉ", "ǰ", "Ⅵ", "a\u0303\u0327", "ﷺ"])
def test_letters_that_change_their_length_fail_nothing(stock, letter):
    said = f"D{letter}CH VU xu ly nuoc thai cong nghiep"
    long = letter * 60
    services.put_document(kind="technology", object_id=21, title=said, body=said)
    body = f"Dịch vụ d{letter}ch vụ xử lý nước thải công nghiệp, {long} vụ nước."
    services.put_document(kind="technology", object_id=22, title=f"Dịch vụ {long}", body=body, language="vi")
    index.catch_up()
    vocabulary.rebuild(given={Phrase.Kind.KEYWORD: [(long, 1), (f"d{letter}ch vụ", 1)]})
    assert vocabulary.with_marks(said, "vi").endswith("xử lý nước thải công nghiệp")
    assert vocabulary.with_marks(letter, "vi") == text.clean(letter)
    for typed in (said, f"{said}g", f"dịch vuj d{letter}chh", f"dích vu {letter}", long):
        vocabulary.correct(typed, kind="technology")
    for typed in (f"d{letter}ch v", long):
        vocabulary.complete(typed, kind="technology")
    assert decode(f"nu{letter}owcs") == f"nu{letter}owcs".lower()


def test_a_slip_of_the_keyboard_is_taught_to_nobody(stock):
    body = "Dİch vụ xử lý nước thải, dİch vụ lọc nước của chúng tôi."
    services.put_document(kind="technology", object_id=21, title="Dİch vụ", body=body, language="vi")
    index.catch_up()
    vocabulary.rebuild(given={})
    assert not Phrase.objects.filter(text__contains="\u0307").exists()
    assert not Phrase.objects.filter(text__startswith="di ch").exists()
    assert vocabulary.correct("dích vụ xử lý", kind="technology") is None


@pytest.mark.parametrize(
    ("typed", "phrases"),
    [
        ("loc", ["lọc nước", "lọc sinh học"]), ("lọc n", ["lọc nước"]), ("DESAL", ["desalination"]),
        ("cong nghe", ["công nghệ môi trường"]), ("bi mat", []), ("%", []), ("_", []), ("", []),
    ],
)  # fmt: skip
def test_complete_gives_phrases_that_a_live_text_holds(stock, typed, phrases):
    assert vocabulary.complete(typed, kind="technology") == phrases


def test_documents_beginning_finds_unfinished_words(stock):
    assert set(vocabulary.documents_beginning("loc nu", kind="technology")) == {1, 2}
    assert vocabulary.documents_beginning("desalinatio", kind="technology") == [3]
    assert vocabulary.documents_beginning("nuoc zzz", kind="technology") == []


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("nuwowcs", "nước"), ("xuwr", "xử"), ("luongwj", "lượng"), ("ddieenj", "điện"), ("quys", "quý"),
        ("nghieepj", "nghiệp"), ("water", "water"), ("nước", "nước"), ("khoa", "khoa"), ("", ""),
    ],
)  # fmt: skip
def test_telex_is_read(typed, read):
    assert decode(typed) == read


@pytest.mark.parametrize(
    ("one", "other", "slips"), [("membrnae", "membrane", 1), ("loc", "loc", 0), ("", "ab", 2), ("water", "wter", 1)]
)
def test_distance_counts_slips(one, other, slips):
    assert vocabulary.distance(one, other) == slips
