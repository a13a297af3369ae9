"""The demo's supervisor with small children instead of the site: `python -m tests.engines.tiny_demo FOLDER PORT`."""

import json
import sys
from pathlib import Path

from marketplace.engines.demo import Demo
from marketplace.engines.process import EngineError


class TinyDemo(Demo):
    """Real engines and supervision; the web server is Python's own, the worker sleeps."""

    def _prepare(self) -> None:
        accounts = [{"role": "operator", "email": "a@example.org", "password": "p", "token": "t", "name": "A"}]
        (self.folder / "demo_accounts.json").write_text(json.dumps(accounts))

    def _fingerprint(self) -> str:
        return "unchanged"

    def _web_command(self) -> list[str]:
        return [sys.executable, "-m", "http.server", "--bind", self.host, str(self.port)]

    def _start_others(self) -> None:
        self.children["worker"] = self._child("worker", "sleep", "1000")


if __name__ == "__main__":
    try:
        sys.exit(TinyDemo(host="127.0.0.1", port=int(sys.argv[2]), folder=Path(sys.argv[1])).run())
    except EngineError as error:
        sys.exit(f"Stopped: {error}")
