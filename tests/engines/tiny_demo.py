"""The demo's supervisor with small children instead of the site: `python -m tests.engines.tiny_demo FOLDER PORT`."""

import json
import sys
from pathlib import Path

from marketplace.engines.demo import Demo
from marketplace.engines.process import EngineError

#: Shares its port, as granian does.
SERVER = """
import http.server, sys
http.server.ThreadingHTTPServer.allow_reuse_port = True
handler = http.server.SimpleHTTPRequestHandler
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), handler).serve_forever()
"""


class TinyDemo(Demo):
    """Real engines and supervision; the web server is Python's own, the worker sleeps.

    Nobody is killed for being late: a test stops the worker until the second demo, however slow its start, waits for it.
    """

    stopping = 120

    def _prepare(self) -> None:
        accounts = [{"role": "operator", "email": "a@example.org", "password": "p", "token": "t", "name": "A"}]
        (self.folder / "demo_accounts.json").write_text(json.dumps(accounts))

    def _fingerprint(self) -> str:
        return "unchanged"

    def _web_command(self) -> list[str]:
        return [sys.executable, "-c", SERVER, self.host, str(self.port)]

    def _start_others(self) -> None:
        self.children["worker"] = self._child("worker", "sleep", "1000")


if __name__ == "__main__":
    try:
        sys.exit(TinyDemo(host="127.0.0.1", port=int(sys.argv[2]), folder=Path(sys.argv[1])).run())
    except EngineError as error:
        sys.exit(f"Stopped: {error}")
