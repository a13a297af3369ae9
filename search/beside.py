"""What a search has done beside its own thread: words, which ask no database, and half of what PostgreSQL is asked."""

import logging
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

T = TypeVar("T")
CONNECTIONS = 2  # of each process, beside those of the threads that search

_reckoners: ThreadPoolExecutor
_askers: "_Askers"


def reckon(work: Callable[[], T]) -> Future[T]:
    """Begin work that needs no database."""
    return _reckoners.submit(work)


def ask(work: Callable[[], T]) -> Callable[[], T] | None:
    """Begin work that asks the database, in a thread with a connection of its own; give what waits for the answer.

    None, and nothing is begun, while all such threads are busy, and inside a transaction, which may hold what no other
    connection sees. What fails beside, for want of a connection or by its end, is done again by who waits.
    """
    began = None if connection.in_atomic_block else _askers.begin(work)
    if began is None:
        return None

    def answer() -> T:
        try:
            return began.result()
        except Error as error:
            logger.warning("Asked again, since the connection beside failed: %s", error)
            return work()

    return answer


class _Askers:
    """So many threads, each with a connection, which it keeps as long as CONN_MAX_AGE says."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="search-asks")
        self._free = BoundedSemaphore(CONNECTIONS)
        self._connections: set[BaseDatabaseWrapper] = set()

    def begin(self, work: Callable[[], T]) -> Future[T] | None:
        """Begin work if a thread is free."""
        return self._threads.submit(self._do, work) if self._free.acquire(blocking=False) else None

    def _do(self, work: Callable[[], T]) -> T:
        try:
            self._connections.add(connections[DEFAULT_DB_ALIAS])
            connection.close_if_unusable_or_obsolete()
            return work()
        finally:
            connection.close_if_unusable_or_obsolete()
            self._free.release()

    def end(self) -> None:
        """End the threads and close their connections."""
        self._threads.shutdown()
        for kept in self._connections:
            kept.inc_thread_sharing()  # its thread is gone
            kept.close()


def end() -> None:
    """Let go of every connection: who drops a database wants it alone."""
    global _askers
    former, _askers = _askers, _Askers()
    former.end()


def _begin() -> None:
    global _reckoners, _askers
    _reckoners, _askers = ThreadPoolExecutor(thread_name_prefix="search-words"), _Askers()


_begin()
os.register_at_fork(after_in_child=_begin)  # threads do not live on in a child
