"""The demo's supervisor: what it starts, tells, replaces and leaves behind."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from marketplace.engines import process
from marketplace.engines.ports import claim_port
from tests.engines.test_engines import ROOT, is_alive, wait_until_gone


class Supervisor:
    """A tiny demo in a process of its own, in a folder whose name has spaces."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.output = folder.parent / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, port: int = 0) -> dict[str, Any]:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.engines.tiny_demo", self.folder, str(port)],
                cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.wait(lambda: (self.folder / "run.json").exists() and self.run["pids"]["supervisor"] == self.pid)
        return self.run

    @property
    def run(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return content

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def wait(self, condition: Callable[[], object], seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.output.read_text()
            assert self.process is None or self.process.poll() is None, self.output.read_text()
            time.sleep(0.02)

    def end(self, how: int = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(90)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    folder = tmp_path / "a path with spaces" / "var"
    folder.parent.mkdir()
    running = Supervisor(folder)
    yield running
    if running.process is not None and running.process.poll() is None:
        running.end(signal.SIGKILL)
    process.end_leftovers(folder, seconds=0.1)


def page_status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- our own address
        return int(answer.status)


def test_demo_tells_everything_in_run_json_and_removes_it_at_the_end(supervisor: Supervisor) -> None:
    run = supervisor.start()
    assert sorted(run) == ["accounts", "database_url", "pids", "redis_url", "url"]
    assert sorted(run["pids"]) == ["postgres", "supervisor", "valkey", "web", "worker"]
    assert [sorted(account) for account in run["accounts"]] == [["email", "name", "password", "role", "token"]]
    assert page_status(run["url"]) == 200
    with psycopg.connect(run["database_url"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert redis.Redis.from_url(run["redis_url"]).ping()
    for name in ("run.json", "secret_key", "postgres.password", "valkey.password"):
        assert stat.S_IMODE((supervisor.folder / name).stat().st_mode) == 0o600
    assert supervisor.end(signal.SIGINT) == 0
    wait_until_gone(*run["pids"].values())
    assert not (supervisor.folder / "run.json").exists()
    assert list(process.leftovers(supervisor.folder)) == []


def test_demo_takes_a_free_port_for_a_busy_one(supervisor: Supervisor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        busy = holder.getsockname()[1]
        run = supervisor.start(port=busy)
    assert f":{busy}/" not in run["url"]
    assert page_status(run["url"]) == 200
    assert supervisor.end(signal.SIGTERM) == 0


def test_two_demos_that_start_together_take_two_ports(supervisor: Supervisor) -> None:
    wanted, claim = claim_port()
    with claim:  # the other demo: it found the port free and does not listen yet
        run = supervisor.start(port=wanted)
    assert f":{wanted}/" not in run["url"]
    assert page_status(run["url"]) == 200
    supervisor.end()
    assert f":{wanted}/" in supervisor.start(port=wanted)["url"]


def test_killed_demo_does_not_block_the_next_run_and_keeps_its_data(supervisor: Supervisor) -> None:
    first = supervisor.start()
    with psycopg.connect(first["database_url"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    redis.Redis.from_url(first["redis_url"]).rpush("queue", "task")
    supervisor.end(signal.SIGKILL)
    assert (supervisor.folder / "run.json").exists()
    second = supervisor.start()
    assert not any(is_alive(pid) for pid in first["pids"].values())
    with psycopg.connect(second["database_url"]) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)
    assert redis.Redis.from_url(second["redis_url"]).lrange("queue", 0, -1) == [b"task"]


def test_second_demo_of_a_folder_is_refused_with_the_address_of_the_first(supervisor: Supervisor) -> None:
    run = supervisor.start()
    command = [sys.executable, "-m", "tests.engines.tiny_demo", supervisor.folder, "0"]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)
    assert second.returncode == 1
    assert second.stderr.strip() == (
        f"Stopped: the demo of this folder already runs at {run['url']} (process {run['pids']['supervisor']})."
    )
    assert page_status(run["url"]) == 200


def test_second_demo_waits_for_the_first_that_is_stopping(supervisor: Supervisor) -> None:
    run = supervisor.start()
    first = supervisor.process
    assert first is not None
    os.kill(run["pids"]["worker"], signal.SIGSTOP)  # it ends late
    first.send_signal(signal.SIGINT)
    supervisor.wait(lambda: not (supervisor.folder / "run.json").exists())
    with supervisor.output.open("ab") as output:
        command = [sys.executable, "-m", "tests.engines.tiny_demo", supervisor.folder, "0"]
        supervisor.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    supervisor.wait(lambda: "waiting for it" in supervisor.output.read_text())
    os.kill(run["pids"]["worker"], signal.SIGCONT)
    supervisor.wait(lambda: (supervisor.folder / "run.json").exists())
    assert first.wait(90) == 0
    assert page_status(supervisor.run["url"]) == 200


@pytest.mark.parametrize("name", ["postgres", "valkey", "worker"])
def test_what_ends_by_itself_is_started_again_on_its_address(supervisor: Supervisor, name: str) -> None:
    before = supervisor.start()
    os.kill(before["pids"][name], signal.SIGKILL)
    supervisor.wait(lambda: supervisor.run["pids"][name] != before["pids"][name])
    after = supervisor.run
    assert {key: after[key] for key in ("url", "database_url", "redis_url")} == {
        key: before[key] for key in ("url", "database_url", "redis_url")
    }
    with psycopg.connect(after["database_url"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert redis.Redis.from_url(after["redis_url"]).ping()
