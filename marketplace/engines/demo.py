"""The demo: one supervisor that starts the engines and the site's processes, and outlives none of them.

Everything is kept in var/: data, logs, the secret key, and run.json while the demo is ready. See docs/adr/0002.
"""

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO

from marketplace.engines import process
from marketplace.engines.ports import claim_port, free_port
from marketplace.engines.postgres import DURABLE, Postgres
from marketplace.engines.process import EngineError
from marketplace.engines.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent.parent
VAR = ROOT / "var"
PATIENCE = 60  # seconds for an earlier run of the folder to stop
STOPPING = 10  # seconds for each of its processes to end by itself
POSTGRES_PORT, VALKEY_PORT = 54318, 63791
LOG_BYTES = 10 * 2**20
MANAGE = (sys.executable, "-W", "ignore::RuntimeWarning", str(ROOT / "manage.py"))
CELERY = (sys.executable, "-m", "celery", "-A", "marketplace")
QUIET = ("--without-gossip", "--without-mingle")
# Vectors are made in a process of their own (one, without a pool: half the memory), so that nobody waits behind them.
WORKERS = {
    "worker": ("--queues=default,matching", "--hostname=worker@%h", "--concurrency=2"),
    "embedder": ("--queues=vectors", "--hostname=embedder@%h", "--pool=solo"),
}


class StopRequested(BaseException):
    """Ctrl-C, `kill`, or a closed terminal."""


class Demo:
    """Everything that `make demo` runs."""

    stopping: float = STOPPING

    def __init__(self, *, host: str, port: int, folder: Path = VAR):
        self.folder = folder.resolve()
        self.host = host
        self.port = port
        self.started = time.monotonic()
        self.postgres = Postgres(
            self.folder, settings=DURABLE, port=free_port(POSTGRES_PORT), log=self._log("postgres")
        )
        self.valkey = Valkey(self.folder, durable=True, port=free_port(VALKEY_PORT), log=self._log("valkey"))
        self.claim: socket.socket | None = None
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.failures: dict[str, list[float]] = {}

    @property
    def url(self) -> str:
        """Give the address of the home page."""
        return f"http://{self.host}:{self.port}/"

    @property
    def run_file(self) -> Path:
        """Give the place of run.json."""
        return self.folder / "run.json"

    def run(self) -> int:
        """Start everything, tell the address, watch over it, and stop it all at the end. 0 after Ctrl-C."""
        with self._alone():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, _request_stop)
            try:
                self._start()
                self._announce()
                self._watch()
            except StopRequested:
                pass
            finally:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)
                self._stop()
        return 0

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock, which the kernel frees however this process ends."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "demo.lock").open("a") as handle:
            self._lock(handle)
            yield

    def _lock(self, handle: IO[str]) -> None:
        """Take the lock; wait for a run that is stopping, or that has just started, to end or to tell its address."""
        deadline = time.monotonic() + PATIENCE
        waiting = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                pass
            with contextlib.suppress(OSError, ValueError, KeyError):
                running = json.loads(self.run_file.read_text())
                holder = f"at {running['url']} (process {running['pids']['supervisor']})"
                raise EngineError(f"the demo of this folder already runs {holder}.")
            if time.monotonic() > deadline:
                raise EngineError("another demo of this folder is still starting or stopping; try again later.")
            if not waiting:
                self._say(f"another demo of this folder is starting or stopping; waiting for it, at most {PATIENCE} s")
                waiting = True
            time.sleep(0.2)

    def _start(self) -> None:
        self.run_file.unlink(missing_ok=True)
        if ended := process.end_leftovers(self.folder, seconds=4):
            self._say(f"ended {ended} processes of an earlier run")
        if not (self.folder / "secret_key").exists():
            process.write_secret(self.folder / "secret_key", secrets.token_urlsafe(64))
        self.valkey.start()
        self._say("Valkey answers")
        new = self.postgres.start()
        self._say(f"PostgreSQL answers{' in a new data folder' if new else ''}")
        sources = self._fingerprint()
        if new or not self._stamp.exists() or self._stamp.read_text() != sources:
            self._stamp.unlink(missing_ok=True)
            self._prepare()
            self._stamp.write_text(sources)
        self._start_web()
        self._start_others()
        self._wait_for_web()

    @property
    def _stamp(self) -> Path:
        return self.folder / "prepared"

    def _fingerprint(self) -> str:
        """Sum up every file that the preparation depends on: code, data, static files, translations, versions."""
        folders = (path for path in ROOT.iterdir() if path.is_dir() and path.name not in {"var", ".venv", ".git"})
        found = {path for folder in folders for path in folder.rglob("*.py") if "tests" not in path.parts}
        for name in ("data", "static", "locale"):
            found |= {path for path in (ROOT / name).rglob("*") if path.is_file() and path.suffix != ".mo"}
        digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
        for path in sorted(found):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def _start_others(self) -> None:
        for name, command in WORKERS.items():
            self.children[name] = self._child(name, *CELERY, "worker", "--loglevel=INFO", *QUIET, *command)
        self.children["beat"] = self._child("beat", *CELERY, "beat", "--loglevel=INFO", "--pidfile=")
        if any(ROOT.glob("*/management/commands/follow_index.py")):
            self.children["follower"] = self._child("follower", *MANAGE, "follow_index")

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "marketplace.settings.demo",
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "SECRET_KEY": (self.folder / "secret_key").read_text(),
            "PYTHONUNBUFFERED": "1",
        }

    def _child(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        return process.spawn(command, folder=self.folder, log=self._log(name), cwd=ROOT, env=self._environment)

    def _log(self, name: str) -> Path:
        log = self.folder / "log" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log

    def _prepare(self) -> None:
        """Run the steps that need Django in one process, and show its progress."""
        child = process.spawn(
            [*MANAGE, "prepare_demo"], folder=self.folder, log=None, cwd=ROOT, env=self._environment, show=True
        )
        try:
            if child.wait() != 0:
                raise EngineError("the step above failed; nothing is left running.")
        finally:
            process.stop(child, seconds=2)

    def _start_web(self) -> None:
        if self.claim is not None:
            self.claim.close()
        self.port, self.claim = claim_port(self.port, self.host)
        self.children["web"] = self._child("web", *self._web_command())

    def _web_command(self) -> list[str]:
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", self.host]
        command += ["--port", str(self.port), "--workers", "1", "--blocking-threads", "8", "--no-ws"]
        command += ["--respawn-failed-workers", "--workers-kill-timeout", "5", "marketplace.wsgi:application"]
        return command

    def _wait_for_web(self) -> None:
        for _attempt in range(3):
            if self._web_answers(60):
                return
            process.stop(self.children["web"], seconds=5)  # someone else took the port in the meantime
            self._start_web()
        raise EngineError(f"the web server does not answer; see {self._log('web')}.")

    def _web_answers(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.children["web"].poll() is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/", headers={"Host": f"localhost:{self.port}"})
                status = connection.getresponse().status
                if status < 500:
                    return True
                raise EngineError(f"the home page answers {status}; see {self._log('web')}.")
            connection.close()
            time.sleep(0.1)
        return False

    def _announce(self) -> None:
        accounts = self._write_run_file()
        ready = time.monotonic() - self.started
        lines = ["", f"  Nhịp Cầu is ready after {ready:.1f} s:  {self.url}    (English: {self.url}en/)", ""]
        width = max((len(str(row.get("email", ""))) for row in accounts), default=0)
        for row in accounts:
            lines.append(f"    {row.get('role', ''):<17} {row.get('email', ''):<{width}}  {row.get('password', '')}")
        lines += [
            "",
            f"  Logs: {self.folder / 'log'}    Letters: {self.folder / 'mail'}    Ctrl-C ends everything.",
            "",
        ]
        print("\n".join(lines), flush=True)

    def _write_run_file(self) -> list[dict[str, str]]:
        try:
            accounts = json.loads((self.folder / "demo_accounts.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            accounts = []
        content = {
            "url": self.url,
            "pids": {"supervisor": os.getpid(), **{name: child.pid for name, child in self._running().items()}},
            "accounts": accounts,
            "database_url": self.postgres.url,
            "redis_url": self.valkey.url,
        }
        process.write_secret(self.run_file, json.dumps(content, ensure_ascii=False, indent=1))
        return list(accounts)

    def _running(self) -> dict[str, subprocess.Popen[bytes]]:
        engines = {"postgres": self.postgres.process, "valkey": self.valkey.process}
        return {**{name: child for name, child in engines.items() if child is not None}, **self.children}

    def _watch(self) -> None:
        """Start again whatever ends by itself; give up on what ends five times within a minute."""
        while True:
            time.sleep(0.3)
            for name, child in self._running().items():
                if child.poll() is None:
                    continue
                recent = [moment for moment in self.failures.get(name, []) if time.monotonic() - moment < 60]
                self.failures[name] = [*recent, time.monotonic()]
                if len(recent) >= 4:
                    raise EngineError(f"{name} ended five times within a minute; see {self._log(name)}.")
                self._say(f"{name} ended with code {child.returncode}; starting it again")
                self._restart(name, child)
                self._write_run_file()

    def _restart(self, name: str, child: subprocess.Popen[bytes]) -> None:
        process.kill_session(child)
        if name == "postgres":
            self.postgres.kill()
            self.postgres.start()
        elif name == "valkey":
            self.valkey.start()
        else:
            self.children[name] = self._child(name, *(str(part) for part in list(child.args)))  # type: ignore[arg-type]

    def _stop(self) -> None:
        self.run_file.unlink(missing_ok=True)
        if self._running():
            self._say("stopping")
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        for child in self.children.values():
            process.stop(child, seconds=self.stopping)
        self.valkey.stop()
        self.postgres.stop()
        process.end_leftovers(self.folder, seconds=1)
        self._say("stopped")

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone
            print(f"[{time.monotonic() - self.started:5.1f} s] {text}", flush=True)


def _request_stop(number: int, frame: FrameType | None) -> None:
    raise StopRequested
