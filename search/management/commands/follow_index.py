"""Keep this node's search index up with PostgreSQL."""

import logging
import signal
import time
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from search import index
from search.services import CHANNEL

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0


class Command(BaseCommand):
    """Follow the log of changes: woken by NOTIFY, and each second in case a message was lost."""

    help = "Keep this node's search index up with the database. Runs until it is told to stop (SIGTERM, Ctrl-C)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --once."""
        parser.add_argument("--once", action="store_true", help="catch up and end")
        parser.add_argument("--rebuild", action="store_true", help="build every index anew first")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if options["rebuild"]:
            with index.writing(wait=False) as mine:
                if not mine:
                    self.stderr.write("A follower is running on this node; stop it first, or delete its folder.")
                    raise SystemExit(1)
                for keep in index.KEEPERS:
                    for keeper in map(keep, index.kinds()):
                        self.stdout.write(f"{keeper.called} of {keeper.kind}: {keeper.rebuild()}")
        if options["once"]:
            index.catch_up()
            return
        self._stopping = False
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        pause = 0.5
        while not self._stopping:
            try:
                self._listen()
                self.stdout.write("following")
                self.stdout.flush()
                pause = 0.5
                index.follow_forever(wait_for_change=self._wait, stopping=lambda: self._stopping)
            except (OperationalError, InterfaceError, psycopg.Error) as error:
                logger.warning("The database is away: %s", str(error).strip())
                connection.close()
                time.sleep(pause)
                pause = min(pause * 2, 10)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _listen(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")

    def _wait(self) -> None:
        """Return at the first message, or after a second. Messages of one transaction come together."""
        waiting = connection.connection
        if waiting is None or waiting.closed:
            raise OperationalError("connection lost")
        for _ in waiting.notifies(timeout=POLL_SECONDS, stop_after=1):
            pass
