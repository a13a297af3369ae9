"""Mending what real texts hold."""

import time

import pytest

from listings.importer.mapping import load_mapping
from listings.importer.texts import calm, cut, first_sentences, mend


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("AT&amp;T &lt; 5 &#8211; ok &unknown; A&B;", "AT&T < 5 – ok &unknown; A&B;"),
        ("CH.sub.4 at 3000.degree. F., 10.sup.-3", "CH₄ at 3000° F., 10⁻³"),
        ("see Fig.sub and sub. text", "see Fig.sub and sub. text"),
        ("<p>Một</p><p>hai &amp; <b>ba</b></p><script>alert(1)</script>", "Một\nhai & ba"),
        ("a<STYLE x='>'>p{}</style >b<script>c</SCRIPT\n>d", "a b d"),
        ("a<script>b<style>c</style>d", "a<script>b d"),
        ("x<5 and y>3 <not a tag>", "x<5 and y>3 <not a tag>"),
        ("company\x92s \x93best\x94 \uf0b7 bullet", "company’s “best” • bullet"),
        ("companyâ€™s cafÃ©", "company’s café"),
        ("null\x00 bell\x07 \u202egnp\u202c", "null bell gnp"),
        ("a\r\nb\rc\n\n\n\nd   e\u00a0f", "a\nb\nc\n\nd e f"),
        ("Đi\u0300nh", "Đình"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("Thiết bị đo độ ẩm – 95 %", "Thiết bị đo độ ẩm – 95 %"),
    ],
)
def test_real_texts_are_mended(given, wanted):
    assert mend(given) == wanted


@pytest.mark.parametrize("text", ["<script>" * 8_000, "<style " * 8_000, "<style>" + "<script>" * 8_000])
def test_tags_that_never_end_are_passed_at_once(text):
    started = time.process_time()
    assert mend(text) == text.strip()
    assert time.process_time() - started < 1


def test_shipped_rules_read_a_long_run_of_marks_at_once():
    started = time.process_time()
    title = load_mapping("sbir_awards").listing["title"]
    assert title.apply({"title": "Dryer" + " -." * 10_000 + "x"}).startswith("Dryer -.")
    assert title.apply({"title": "A dryer. - Phase II"}) == "A dryer"
    assert time.process_time() - started < 1


def test_long_text_is_cut_at_a_word():
    assert cut("một hai ba bốn", 9) == "một hai…"
    assert cut("một hai", 7) == "một hai"
    assert len(cut("x" * 300, 250)) == 250


def test_first_sentences_fit_whole():
    text = "This is the first sentence of it. This is the second one of it. And the third goes on for long."
    assert first_sentences(text, 70) == "This is the first sentence of it. This is the second one of it."
    assert first_sentences("word " * 100, 22) == "word word word word…"


@pytest.mark.parametrize(
    ("title", "body", "wanted"),
    [
        ("NOVEL ASSAY TO DETECT CHRONIC KIDNEY DISEASE", "A novel test of Kidney disease.",
         "Novel assay to detect chronic Kidney disease"),
        ("NATIONAL INSTITUTE OF DIABETES (NIDDK)", "The NIDDK, a National Institute, studies diabetes.",
         "National Institute of diabetes (NIDDK)"),
        ("2D/3D HYBRID CT SYSTEM FOR THE USAF", "", "2D/3D hybrid CT system for the usaf"),
        ("MÁY SẤY LÚA CHO ĐỒNG BẰNG", "Máy sấy ở Đồng Tháp", "Máy sấy lúa cho Đồng bằng"),
        ("STATIC-2", "", "STATIC-2"), ("LiDAR FOR ALL OF US", "", "LiDAR FOR ALL OF US"), ("", "", ""),
    ],
)  # fmt: skip
def test_title_in_capitals_is_calmed(title, body, wanted):
    assert calm(title, body) == wanted
