"""The real follower, in a process of its own: quick, and back after being killed."""

import shutil
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from search import services
from search.engine import rank
from tests.factories.search import put
from tests.search.conftest import Follower, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def found(words: str) -> list[int]:
    """Search by words alone."""
    return rank(words, kind="technology", dense=False).object_ids


def test_published_is_found_and_withdrawn_is_gone_within_two_seconds(follower: Follower) -> None:
    first = put("Máy bơm nước")
    wait_for(lambda: found("máy bơm") == [first.object_id], seconds=2, what="the first is found")
    second = put("Máy bơm dầu")
    wait_for(lambda: len(found("máy bơm")) == 2, seconds=2, what="the second is found")
    services.remove_document(kind="technology", object_id=second.object_id)
    wait_for(lambda: found("máy bơm") == [first.object_id], seconds=2, what="the second is gone")


@pytest.mark.faults
def test_killed_follower_catches_up_when_started_again(follower: Follower) -> None:
    first = put("Máy bơm nước")
    wait_for(lambda: found("máy bơm"), seconds=2, what="the first is found")
    follower.kill()
    second = put("Máy bơm dầu")
    services.remove_document(kind="technology", object_id=first.object_id)
    follower.start()
    wait_for(lambda: found("máy bơm") == [second.object_id], seconds=5, what="what was missed is found")


@pytest.mark.faults
def test_follower_builds_a_deleted_index_anew(follower: Follower, index_dir: Path) -> None:
    document = put("Máy bơm nước")
    wait_for(lambda: found("máy bơm"), seconds=2, what="found at first")
    shutil.rmtree(index_dir / "technology")
    wait_for(lambda: found("máy bơm") == [document.object_id], seconds=5, what="found again")


@pytest.mark.faults
def test_follower_survives_a_lost_connection(follower: Follower) -> None:
    put("Máy bơm nước")
    wait_for(lambda: found("máy bơm"), seconds=2, what="found at first")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    document = put("Quạt điện")
    wait_for(lambda: found("quạt điện") == [document.object_id], seconds=5, what="found after the connection was lost")


def test_follower_ends_when_asked(follower: Follower) -> None:
    assert follower.stop() == 0


def test_second_follower_waits_and_catch_up_waits_for_the_first(follower: Follower) -> None:
    document = put("Máy bơm nước")
    call_command("follow_index", once=True)
    assert found("máy bơm") == [document.object_id]
