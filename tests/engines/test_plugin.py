"""The servers of a test session."""

import pytest
from django.core.cache import cache
from django.db import connection

from marketplace.celery import app


@pytest.mark.django_db
def test_database_is_postgresql_18_with_the_extensions_at_hand() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) // 10000 == 18
        cursor.execute("SELECT name FROM pg_available_extensions")
        assert {"vector", "unaccent", "pg_trgm", "btree_gist"} <= {row[0] for row in cursor.fetchall()}


@pytest.mark.django_db
def test_database_knows_vietnamese_letters() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower('ĐẶNG THUỲ'), upper('đặng thuỳ'), 'Đ' ~ '\\w'")
        assert cursor.fetchone() == ("đặng thuỳ", "ĐẶNG THUỲ", True)


def test_cache_starts_empty() -> None:
    assert cache.get("left-over") is None
    cache.set("left-over", 1)


def test_cache_of_the_test_before_is_gone() -> None:
    assert cache.get("left-over") is None
    cache.set("left-over", 1)


@pytest.mark.django_db(transaction=True)
def test_real_worker_takes_a_task(real_worker) -> None:  # type: ignore[no-untyped-def]
    app.send_task("celery.backend_cleanup")
    real_worker.wait_for(
        lambda: "celery.backend_cleanup" in real_worker.output() and "succeeded" in real_worker.output()
    )


@pytest.mark.django_db(transaction=True)
def test_broker_keeps_a_task_while_no_worker_runs(real_worker) -> None:  # type: ignore[no-untyped-def]
    real_worker.kill()
    app.send_task("celery.backend_cleanup")
    real_worker.start()
    real_worker.wait_for(lambda: "succeeded" in real_worker.output())
