"""BM25: weights, exact explanations, filters."""

import random
import unicodedata
from importlib.metadata import version

import pytest
from tantivy import Occur, Query

from search import lexical, text
from search.lexical import IndexWriter, LexicalIndex, by_object_id, frequencies, make_indexes

TEXTS = {
    1: ("Máy bơm nước năng lượng mặt trời", "Bơm nước tưới cho vườn cà phê, không cần điện lưới."),
    2: ("Xử lý nước thải dệt nhuộm", "Màng lọc và chế phẩm vi sinh."),
    3: ("Drip irrigation pump", "A pump that waters coffee gardens from solar power."),
}


@pytest.fixture
def state() -> LexicalIndex:
    indexes = make_indexes()
    writer = IndexWriter(indexes, heap_bytes=15_000_000)
    for object_id, (title, body) in TEXTS.items():
        language = text.detect_language(title)
        writer.add(object_id=object_id, language=language, title=title, body=body)
    writer.commit()
    return LexicalIndex(indexes)


def ask(state: LexicalIndex, said: str):
    analysis = text.analyse(said)
    return state.query(frequencies(analysis), dict.fromkeys(analysis.exact, 1.0))


def test_contributions_sum_to_the_score(state: LexicalIndex) -> None:
    query = ask(state, "máy bơm nước tưới cà phê bơm")
    hits = state.search(query, limit=5)
    assert hits[0].object_id == 1
    for hit in hits:
        assert sum(term.contribution for term in state.explain(query, hit.object_id)) == pytest.approx(
            hit.score, rel=1e-4
        )


def test_contributions_are_those_of_the_index_s_own_account() -> None:
    """Several segments, one document taken out, lengths that the index rounds, words with marks and quotes."""
    chance = random.Random(4)
    words = ["máy", "bơm", "nước", "lọc", "cà", "phê", "pump", "o'ring", "ISO9001", "2,5"]
    indexes = make_indexes()
    writer = IndexWriter(indexes, heap_bytes=15_000_000)
    for object_id in range(1, 41):
        body = " ".join(chance.choices(words, k=chance.choice((5, 60, 300, 1100))))
        writer.add(object_id=object_id, language="vi", title=chance.choice(words), body=body)
        if object_id % 10 == 0:
            writer.commit()
    writer.remove(7)
    writer.commit()
    state = LexicalIndex(indexes)
    asked = ask(state, "máy bơm nước lọc cà phê, o'ring pump ISO9001 2,5 bơm")
    assert asked is not None
    searcher = state._searchers["vi"]
    for hit in state.search(asked, limit=50, language="vi"):
        told: dict[str, float] = {}
        for name, weights in (("content", asked.content), ("exact", asked.exact)):
            for term, weight in weights.items():
                clause = lexical._clause(name, term, weight)[1]
                both = [(Occur.Must, clause), (Occur.Must, Query.const_score_query(by_object_id(hit.object_id), 0.0))]
                for score, _address in searcher.search(Query.boolean_query(both), 1).hits:
                    told[term] = told.get(term, 0.0) + score
        parts = {part.term: part.contribution for part in state.explain(asked, hit.object_id)}
        assert parts == pytest.approx(told, rel=1e-4)
        assert sum(parts.values()) == pytest.approx(hit.score, rel=1e-4)
    assert state.explain(asked, 7) == []


def test_a_document_without_a_word_of_the_query_has_no_parts(state: LexicalIndex) -> None:
    query = ask(state, "bơm")
    found = {hit.object_id for hit in state.search(query, limit=len(state))}
    others = set(range(1, len(state) + 1)) - found
    assert found
    assert others
    assert [state.explain(query, object_id) for object_id in sorted(others)] == [[]] * len(others)


def test_repeated_words_of_a_need_weigh_more(state: LexicalIndex) -> None:
    once = {term.term: term.contribution for term in state.explain(ask(state, "bơm nước"), 1)}
    twice = {term.term: term.contribution for term in state.explain(ask(state, "bơm nước, bơm"), 1)}
    assert twice["bom"] == pytest.approx(2 * once["bom"], rel=1e-4)
    assert twice["nuoc"] == pytest.approx(once["nuoc"], rel=1e-4)


def test_marks_add_a_little(state: LexicalIndex) -> None:
    marked = state.search(ask(state, "máy bơm nước"), limit=1)[0]
    bare = state.search(ask(state, "may bom nuoc"), limit=1)[0]
    assert marked.object_id == bare.object_id == 1
    assert bare.score < marked.score < 1.5 * bare.score


def test_filters_keep_scores(state: LexicalIndex) -> None:
    query = ask(state, "nước")
    whole = {hit.object_id: hit.score for hit in state.search(query, limit=5)}
    assert sorted(whole) == [1, 2]
    assert {hit.object_id: hit.score for hit in state.search(query, limit=5, only=[2, 3])} == {2: whole[2]}
    assert {hit.object_id: hit.score for hit in state.search(query, limit=5, without=[2])} == {1: whole[1]}


def test_many_left_out_are_dropped_and_none_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical, "LEFT_OUT_AT_ONCE", 1)
    indexes = make_indexes()
    writer = IndexWriter(indexes, heap_bytes=15_000_000)
    for object_id in range(1, 31):
        writer.add(object_id=object_id, language="en", title="", body="pump " + "water " * object_id)
    writer.commit()
    state = LexicalIndex(indexes)
    query = state.query({"pump": 1.0}, {}, language="en")
    ranked = [hit.object_id for hit in state.search(query, limit=30)]
    for left_out in (ranked[:3], ranked[:25], ranked[::2], ranked[20:], ranked, [*ranked[:7], 99]):
        for limit in (1, 4, 30):
            found = [hit.object_id for hit in state.search(query, limit=limit, without=left_out)]
            assert found == [object_id for object_id in ranked if object_id not in left_out][:limit]


@pytest.mark.parametrize("wanted", [[], [2, 3, 3, 99, 18446744073709551615], range(1, 31)])
def test_documents_are_the_same_one_by_one_and_as_a_set(wanted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    indexes = make_indexes()
    writer = IndexWriter(indexes, heap_bytes=15_000_000)
    for object_id in range(1, 31):
        writer.add(object_id=object_id, language="vi", title="Máy bơm", body="nước " * (object_id % 7))
        if object_id % 9 == 0:
            writer.commit()
    writer.commit()
    state = LexicalIndex(indexes)
    query = ask(state, "máy bơm nước")
    whole = {hit.object_id: hit for hit in state.search(query, limit=30)}
    found = []
    for listed in (100, 0):
        monkeypatch.setattr(lexical, "LISTED", listed)
        found.append(
            (state.search(query, limit=30, only=wanted), state.search(query, limit=30, only=range(20), without=wanted))
        )
    assert found[0] == found[1]
    only, rest = ({hit.object_id: hit for hit in hits} for hits in found[0])
    assert only == {key: whole[key] for key in set(wanted) & whole.keys()}
    assert rest == {key: whole[key] for key in set(range(20)) - set(wanted) if key in whole}


def test_unknown_words_find_nothing(state: LexicalIndex) -> None:

    assert ask(state, "qqqq zzzz") is None


def test_best_possible_bounds_every_score(state: LexicalIndex) -> None:
    asked = frequencies(text.analyse("máy bơm nước"))
    bound = state.best_possible(asked)
    assert all(hit.score <= bound for hit in state.search(state.query(asked, {}), limit=5))


def test_rarity_and_length_are_those_of_a_language() -> None:
    """What is said in the other language changes no score."""

    def scores(texts: dict[int, tuple[str, str]]) -> dict[int, float]:
        indexes = make_indexes()
        writer = IndexWriter(indexes, heap_bytes=15_000_000)
        for object_id, (language, said) in texts.items():
            writer.add(object_id=object_id, language=language, title="", body=said)
        writer.commit()
        state = LexicalIndex(indexes)
        query = state.query({"pump": 1.0, "water": 1.0}, {}, language="en")
        return {hit.object_id: hit.score for hit in state.search(query, limit=5, language="en")}

    alone = {1: ("en", "a water pump"), 2: ("en", "a pump for hot air, driven by the sun")}
    others = {number: ("vi", "máy pump water " * number) for number in range(3, 20)}
    assert len(alone) == len(scores(alone))
    assert scores(alone | others) == scores(alone)


def test_of_a_large_stock_only_the_rarer_words_are_asked_for(
    state: LexicalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "SURE_TERMS", 1)
    asked, exact = {"nuoc": 1.0, "bom": 1.0, "pump": 1.0}, {"nước": 1.0, "lưới": 1.0}
    whole = state.query(asked, exact, language="vi")
    told = {term.term for term in state.explain(whole, 1)}
    assert told == {"nuoc", "bom", "nước", "lưới"}
    monkeypatch.setattr(lexical, "POSTINGS", 2)
    monkeypatch.setattr(lexical, "EXACT_POSTINGS", 2)
    assert state.weigh(asked, language="vi") == {"bom": 1.0}
    assert {term.term for term in state.explain(state.query(asked, exact, language="vi"), 1)} == {"bom", "lưới"}


@pytest.mark.parametrize("changed", ["tantivy", "PyStemmer", "unicode", "entry"])
def test_an_upgrade_of_what_makes_the_terms_names_other_rules(changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lexical._rules() == lexical.FINGERPRINT
    if changed == "unicode":
        monkeypatch.setattr(unicodedata, "unidata_version", "1.1.0")
    elif changed == "entry":
        monkeypatch.setattr(lexical, "make_entry", make_indexes)
    else:
        monkeypatch.setattr(lexical, "version", lambda name: "0" if name == changed else version(name))
    assert lexical._rules() != lexical.FINGERPRINT
