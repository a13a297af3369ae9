"""Ranking on real vectors: across languages, with and without marks, words alone, filters, constant queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from search import embeddings, engine, index
from search.engine import rank
from search.lexical import LexicalHit
from search.models import Embedding
from tests.factories.search import put

pytestmark = pytest.mark.django_db

TECHNOLOGIES = {
    1: ("Hệ thống tưới nhỏ giọt tự động", "Tưới tiết kiệm nước cho vườn cà phê, điều khiển bằng cảm biến độ ẩm đất."),
    2: (
        "Solar powered irrigation pump",
        "A pump for drip irrigation of coffee gardens, driven by photovoltaic panels.",
    ),
    3: ("Màng lọc xử lý nước thải dệt nhuộm", "Màng gốm loại bỏ phẩm màu và kim loại nặng khỏi nước thải."),
    4: ("Ceramic membrane for textile wastewater", "Removes dyes and heavy metals from the effluent of dyeing mills."),
    5: ("Vắc xin phòng bệnh tai xanh ở lợn", "Vắc xin nhược độc, bảo hộ trên 90 % sau hai mũi tiêm."),
    6: ("Lithium battery pack for motorbikes", "Swappable battery with a management system and fast charging."),
}


@pytest.fixture
def stock() -> None:
    for object_id, (title, body) in TECHNOLOGIES.items():
        put(title, body, object_id=object_id)
    index.catch_up()


@pytest.fixture
def embedded(stock: None) -> None:
    embeddings.embed_documents()
    embeddings.recompute_means()


def test_rank_finds_both_languages(embedded: None) -> None:
    for query in ("xử lý nước thải dệt nhuộm", "textile wastewater treatment"):
        assert set(rank(query, kind="technology").object_ids[:2]) == {3, 4}


def test_rank_without_marks_equals_rank_with_marks_by_words(stock: None) -> None:
    marked = rank("cảm biến độ ẩm đất", kind="technology", dense=False)
    bare = rank("cam bien do am dat", kind="technology", dense=False)
    assert bare.language == marked.language == "vi"
    assert bare.object_ids == marked.object_ids
    assert bare.object_ids[0] == 1


def test_rank_without_vectors_uses_words(stock: None) -> None:
    found = rank("màng lọc nước thải", kind="technology")
    assert found.object_ids[0] == 3
    assert not found.dense
    assert found.hits[0].cosine is None


def test_rank_without_index_uses_vectors(embedded: None) -> None:
    index._memory = {}
    found = rank("xử lý nước thải dệt nhuộm", kind="technology")
    assert set(found.object_ids[:2]) == {3, 4}
    assert found.hits[0].lexical == 0


def test_rank_survives_an_embedder_that_is_away(embedded: None, settings) -> None:
    settings.EMBEDDER = {"BACKEND": "openai", "URL": "http://127.0.0.1:9/v1", "MODEL": "m", "RETRIES": 0}
    assert rank("màng lọc nước thải", kind="technology").object_ids[0] == 3


def test_restrict_and_exclude(embedded: None) -> None:
    whole = rank("nước thải dệt nhuộm", kind="technology", floor=0.0).object_ids
    assert set(whole[:2]) == {3, 4}
    assert rank("nước thải dệt nhuộm", kind="technology", restrict_to=[1, 4, 5], floor=0.0).object_ids[0] == 4
    assert set(rank("nước thải dệt nhuộm", kind="technology", restrict_to=[1, 5], floor=0.0).object_ids) == {1, 5}
    assert 3 not in rank("nước thải dệt nhuộm", kind="technology", exclude=[3], floor=0.0).object_ids
    assert rank("nước thải dệt nhuộm", kind="technology", restrict_to=[]).object_ids == []


def test_hits_are_ordered_and_probable(embedded: None) -> None:
    hits = rank("pin xe máy điện", kind="technology", floor=0.0).hits
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 < hit.probability < 1 for hit in hits)
    assert hits[0].object_id == 6


def test_nothing_fits_is_said(embedded: None) -> None:
    assert not rank("vé máy bay giá rẻ đi Paris", kind="technology").has_good_match
    assert rank("hệ thống tưới nhỏ giọt tự động", kind="technology").has_good_match


ABROAD = {
    "vi": (
        "Cần xử lý nước thải dệt nhuộm",
        "Xưởng nhuộm của chúng tôi xả nước thải còn nhiều phẩm màu và kim loại nặng, vượt quy chuẩn. Chúng tôi cần màng"
        " lọc hoặc công nghệ tương đương để loại bỏ phẩm màu, chạy liên tục hai ca và chi phí vận hành thấp.",
        [2, 4, 6],
    ),
    "en": (
        "Treatment of effluent of a dyeing mill",
        "Our dyeing mill discharges wastewater that still holds dyes and heavy metals above the limits of the permit. We"
        " need a membrane or something like it that removes the dyes, runs in two shifts and costs little to operate.",
        [1, 3, 5],
    ),
}


@pytest.mark.parametrize("language", sorted(ABROAD))
def test_a_whole_need_is_answered_by_a_stock_of_the_other_language_alone(embedded: None, language: str) -> None:
    title, body, stock = ABROAD[language]
    right = next(iter({3, 4} & set(stock)))
    found = rank(body, title=title, kind="technology", restrict_to=stock)
    assert found.language == language
    assert found.object_ids[0] == right
    assert found.hits[0].probability > 0.3
    alone = rank(body, title=title, kind="technology", restrict_to=[right])
    assert alone.object_ids == [right]  # above the floor; few texts are told apart less surely
    without = rank(body, title=title, kind="technology", restrict_to=[pk for pk in stock if pk != right])
    assert all(hit.probability < 0.1 for hit in without.hits)


def test_matched_terms_explain_the_lexical_score(embedded: None) -> None:
    found = rank("màng lọc nước thải", kind="technology")
    terms = found.matched_terms(3)
    assert sum(term.contribution for term in terms) == pytest.approx(found.hits[0].lexical, rel=1e-4)
    assert {"mang_loc", "nuoc_thai"} <= {term.term for term in terms}
    assert found.matched_terms(10**9) == []


@pytest.mark.parametrize("query", ["", "   ", "\x00", "'; DROP TABLE", "a" * 5000, "🚀 🚀", "%_\\", "nước " * 3000])
def test_any_text_can_be_asked(embedded: None, query: str) -> None:
    assert rank(query, kind="technology").truncated is False


def test_more_that_lie_as_near_as_the_last_of_the_nearest_may_be_missing(
    embedded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by meaning alone: no words tell how many there are."""
    asked = {"kind": "technology", "floor": 0.0, "query_vector": engine.embed("water")}
    monkeypatch.setattr(engine, "DENSE_CANDIDATES", 2)
    found = rank("qqqq", **asked)
    assert found.truncated
    assert len(found.hits) < len(TECHNOLOGIES)
    monkeypatch.setattr(engine, "DENSE_CANDIDATES", len(TECHNOLOGIES))
    every = rank("qqqq", **asked)
    assert not every.truncated
    assert len(every.hits) == len(TECHNOLOGIES)


def test_unknown_kind_has_no_hits(embedded: None) -> None:
    assert rank("nước", kind="nothing").hits == ()


def test_query_count_does_not_grow(embedded: None) -> None:
    def count(query: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            rank(query, kind="technology")
        return len(seen)

    assert count("pin lithium") == count("nước tưới cà phê màng lọc vắc xin battery pump") == 3


def test_words_alone_take_one_query(embedded: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        rank("nước", kind="technology", dense=False)


def test_vector_of_a_former_text_is_still_used(embedded: None) -> None:
    put("Tên mới hoàn toàn", object_id=3)
    assert Embedding.objects.filter(document__object_id=3).count() == 1
    assert 3 in rank("xử lý nước thải dệt nhuộm", kind="technology", floor=0.0).object_ids


def test_words_alone_find_the_other_language_by_the_lexicon(stock: None) -> None:
    found = rank("màng gốm", kind="technology", dense=False, floor=0.0)
    assert set(found.object_ids[:2]) == {3, 4}
    assert {term.term for term in found.matched_terms(4)} >= {"membran"}
    assert sum(term.contribution for term in found.matched_terms(4)) == pytest.approx(
        next(hit.lexical for hit in found.hits if hit.object_id == 4), rel=1e-4
    )


def test_first_answers_speak_for_others_of_their_kind(stock: None) -> None:
    put("Membrane cleaning with ozone", "Cleans the effluent of dyeing mills.", object_id=7)
    index.catch_up()
    examined = engine.examine("textile wastewater", kind="technology", dense=False)
    by_id = dict(zip((row.object_id for row in examined.rows), examined.scores.feedback, strict=True))
    assert by_id[4] > 0


def test_all_candidates_have_their_lexical_score(embedded: None) -> None:
    with connection.cursor() as cursor:  # the graph, which holds what other tests left, may miss one of the nearest
        cursor.execute("SET LOCAL enable_indexscan = off")
    narrow = engine.examine("nước thải dệt nhuộm", kind="technology", depth=1)
    wide = engine.examine("nước thải dệt nhuộm", kind="technology")
    assert [row.object_id for row in narrow.rows] == [row.object_id for row in wide.rows]
    assert narrow.scores.lexical.tolist() == pytest.approx(wide.scores.lexical.tolist())


def test_candidates_of_two_languages_share_the_places() -> None:
    def hits(language: str, count: int) -> list[LexicalHit]:
        return [LexicalHit(place, language, 1 / (1 + place)) for place in range(count)]

    def left(vi: int, en: int) -> tuple[list[int], bool]:
        kept, cut = engine._best_of_both({"vi": hits("vi", vi), "en": hits("en", en)})
        return [len(found) for found in kept.values()], cut

    assert left(1000, 1000) == ([300, 300], True)
    assert left(1000, 100) == ([500, 100], True)
    assert left(400, 200) == ([400, 200], False)
    assert engine._best_of_both({"vi": hits("vi", 1000)})[1] is False
    assert engine._best_of_both({}) == ({}, False)
