"""The measuring stock: what is written in bulk is found, counted and matched as what the services write."""

import random
import zlib

import numpy as np
import pytest
from django.core.cache import cache

from benchmarks import bench_scale, scale_stock
from benchmarks.bench_real import Clocked
from matching.models import Run
from matching.services import match_listing
from search import embedder, engine, index
from search.models import Document, Embedding

pytestmark = pytest.mark.django_db

SIZE = 300


class Hashed:
    """Gives each text a vector of its own at once, the same in every process."""

    space = "hashed"

    def embed(self, texts: list[str], *, query: bool) -> np.ndarray:
        """Embed."""
        made = np.stack([np.random.default_rng(zlib.crc32(text.encode())).normal(size=384) for text in texts])
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def stock() -> scale_stock.Stock:
    cache.clear()
    embedder.use_embedder(Clocked(Hashed()))
    recombined = scale_stock.Recombined(scale_stock.read_sources(None, embed=100))
    yield scale_stock.Stock(recombined)
    embedder.use_embedder(None)


def test_scale_stock_grows_and_is_measured(stock: scale_stock.Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_scale, "BROWSE", ("trl_min=7",))
    definitions = scale_stock.vector_indexes()
    built = bench_scale.build(stock, definitions, SIZE)
    assert (
        set(built["hnsw"])
        == set(definitions)
        == {
            f"search_embedding_hnsw_{kind}_{language}" for kind in ("technology", "demand") for language in ("vi", "en")
        }
    )
    assert Document.objects.public().filter(kind="technology").count() == SIZE
    assert Embedding.objects.count() == SIZE + SIZE // bench_scale.SHARE_OF_DEMANDS
    assert scale_stock.vector_indexes() == definitions

    questions = bench_scale.Questions(stock.recombined, count=2)
    figures = bench_scale.ranking(questions) | bench_scale.pages(questions)
    for name in ("short_query", "whole_need", "page"):
        assert 0 < figures[name]["p50"] <= figures[name]["p95"] <= figures[name]["max"]
    assert bench_scale.recall(questions)["mean"] > 0.95
    assert bench_scale.sweeps()["stock_mark"] > 0
    assert bench_scale.memory()["postgresql"] > 0


def test_scale_stock_is_found_by_its_own_words_and_matched(stock: scale_stock.Stock) -> None:
    stock.grow("technology", 60)
    stock.grow("demand", 20)
    index.catch_up()
    wanted = Document.objects.get(kind="technology", object_id=42)
    assert engine.rank(wanted.title, kind="technology", limit=5).object_ids[0] == 42
    stock.grow("technology", 61)
    match_listing(kind="technology", pk=61)
    assert Run.objects.get(technology=61).content_version == 1


def test_scale_stock_is_the_same_each_time(stock: scale_stock.Stock) -> None:
    rows, vectors = stock.recombined.batch("technology", 1, 5)
    again, same = stock.recombined.batch("technology", 1, 5)
    assert rows == again
    assert all(np.array_equal(vectors[name][1], same[name][1]) for name in vectors)
    _title, need, _language = stock.recombined.needs(400, chance=random.Random(1))
    assert len(need.split()) == 400
