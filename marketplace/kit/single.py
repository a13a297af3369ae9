"""One at a time across all workers, by an advisory lock of PostgreSQL that a dead worker cannot keep."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def single(name: str) -> Iterator[bool]:
    """Give True to the one that holds `name`, False to whoever comes meanwhile (who should do nothing)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 11))", [name])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 11))", [name])
