"""Reasons: shared words as the document spells them, and the nearest sentences of both sides."""

import pytest

from search.lexical import MatchedTerm
from search.reasons import explain

DOCUMENT = "Công ty thành lập năm 2012. Màng lọc gốm xử lý nước thải dệt nhuộm với chi phí thấp. Giao hàng toàn quốc."


def test_words_are_spelled_as_in_the_document() -> None:
    reasons = explain("xu ly nuoc thai", DOCUMENT, dense=False)
    assert reasons.sentences is None
    assert {word for word, _ in reasons.words} == {"xử lý", "lý nước", "nước thải"}
    assert sum(weight for _, weight in reasons.words) == pytest.approx(1)


def test_words_carry_the_contributions_of_the_index() -> None:
    terms = [MatchedTerm("gom", 3.0), MatchedTerm("mang_loc", 1.0), MatchedTerm("không có", 9.0)]
    reasons = explain("màng lọc gốm", DOCUMENT, terms=terms, dense=False)
    assert reasons.words == (("gốm", 0.75), ("màng lọc", 0.25))


def test_of_translated_words_lone_syllables_are_not_told() -> None:
    terms = [MatchedTerm("nuoc_thai", 3.0), MatchedTerm("nuoc", 1.0), MatchedTerm("nam", 2.0)]
    asked = "We need to treat the wastewater of our textile dyeing mill every year."
    assert [word for word, _ in explain(asked, DOCUMENT, terms=terms, dense=False).words] == ["nước thải"]
    assert [word for word, _ in explain(asked, DOCUMENT, terms=terms[2:], dense=False).words] == ["năm"]


def test_what_both_languages_write_alike_is_told() -> None:
    terms = [MatchedTerm("mang_loc", 1.0), MatchedTerm("graphen", 2.0), MatchedTerm("cho", 1.0)]
    said = "Màng lọc graphene cho nước sạch."
    found = explain("A graphene membrane for clean water in every home.", said, terms=terms, dense=False)
    assert [word for word, _ in found.words] == ["graphene", "màng lọc"]


def test_nothing_shared_gives_no_words() -> None:
    assert explain("quantum", DOCUMENT, dense=False).words == ()


def test_nearest_sentences_meet_across_languages() -> None:
    reasons = explain("We dye fabrics. We need to treat the wastewater of our textile dyeing mill.", DOCUMENT)
    assert reasons.sentences is not None
    assert "wastewater" in reasons.sentences.query
    assert "nước thải" in reasons.sentences.document
    assert -1 <= reasons.sentences.cosine <= 1
