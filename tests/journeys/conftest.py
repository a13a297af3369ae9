import os
import shutil
import time
from collections.abc import Iterator

import pytest
from django.db import connection

from search import beside

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the browser's path, or skip; the ORM may be used beside Playwright's loop."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    return CHROMIUM


@pytest.fixture
def sessions_end(transactional_db: None) -> Iterator[None]:
    """Wait at the end until the threads of the live server and the worker have left the database."""
    yield
    beside.end()
    deadline = time.monotonic() + 20
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(others)
            if cursor.fetchone() == (0,):
                break
        time.sleep(0.05)
