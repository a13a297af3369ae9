"""The real follower, in a process of its own: quick, and back after being killed."""

import contextlib
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from search import index, services
from search.engine import rank
from tests.factories.search import put
from tests.search.conftest import Follower, assert_equals_fresh_build, wait_for

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
def test_follower_holds_the_lock_again_when_it_was_deleted_with_the_whole_folder(
    follower: Follower, index_dir: Path
) -> None:
    document = put("Máy bơm nước")
    wait_for(lambda: found("máy bơm"), seconds=2, what="found at first")
    shutil.rmtree(index_dir)
    wait_for(lambda: found("máy bơm") == [document.object_id], seconds=5, what="found again")
    with index.writing(wait=False) as mine:
        assert not mine


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


NUMBERS = ("hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def stock(first: int, count: int, *, said: str = "Máy bơm nước") -> None:
    """Put many documents in one transaction, no two of them alike in what a query weighs."""
    texts = {
        number: {
            "title": f"{said} {number}",
            "body": " ".join(NUMBERS[: 1 + number % 8]) + " ruộng" * (number % 97),
            "language": "vi",
        }
        for number in range(first, first + count)
    }
    services.put_documents(kind="technology", texts=texts)


def written(index_dir: Path) -> set[tuple[str, int]]:
    """Name the files of the index, each with its time."""
    found = set()
    for path in (index_dir / "technology").rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            found.add((str(path), path.stat().st_mtime_ns))
    return found


@pytest.mark.faults
def test_follower_killed_while_it_builds_and_while_it_follows_ends_with_a_fresh_build(
    resting_follower: Follower, index_dir: Path
) -> None:
    follower = resting_follower
    stock(1, 1500)
    follower.begin()
    folder = index_dir / "technology"
    wait_for(lambda: list(folder.glob("g-*")), seconds=30, what="it builds")
    follower.kill()
    follower.start()
    wait_for((folder / "current").exists, seconds=30, what="it has built")
    before = written(index_dir)
    stock(2000, 600, said="Quạt điện")
    stock(1, 200, said="Bơm dầu")
    services.remove_document(kind="technology", object_id=500)
    wait_for(lambda: written(index_dir) != before, seconds=30, what="it writes")
    follower.kill()
    follower.start()
    index.catch_up()
    assert_equals_fresh_build("technology", ["máy bơm", "quạt điện ruộng", "bơm dầu chín", "ba bốn năm"])
    assert len(list(folder.glob("g-*"))) == 1


@pytest.mark.faults
def test_index_spoiled_while_the_follower_was_dead_is_built_anew(resting_follower: Follower, index_dir: Path) -> None:
    stock(1, 50)
    index.catch_up()
    generation = index_dir / "technology" / (index_dir / "technology" / "current").read_text()
    for path in generation.rglob("*.idx"):
        path.write_bytes(bytes(255 - byte for byte in path.read_bytes()[:-200]) + path.read_bytes()[-200:])
    resting_follower.start()
    wait_for(lambda: not generation.exists(), seconds=10, what="it is built anew")
    index.catch_up()
    assert_equals_fresh_build("technology", ["máy bơm ruộng"])


@pytest.mark.faults
def test_searches_go_on_while_the_index_is_deleted_again_and_again(follower: Follower, index_dir: Path) -> None:
    """A search finds what it found, or nothing by words for a moment, and never fails; changes are seen in time."""
    stock(1, 40)
    wait_for(lambda: len(found("máy bơm")) == 40, seconds=5, what="found at first")
    for round_ in range(3):
        shutil.rmtree(index_dir / "technology", ignore_errors=True)
        services.remove_document(kind="technology", object_id=1 + round_)
        left = 39 - round_
        wait_for(lambda left=left: len(found("máy bơm")) == left, seconds=5, what="found again")  # type: ignore[misc]


def test_follower_ends_when_asked(follower: Follower) -> None:
    assert follower.stop() == 0


def test_second_follower_waits_and_catch_up_waits_for_the_first(follower: Follower) -> None:
    document = put("Máy bơm nước")
    call_command("follow_index", once=True)
    assert found("máy bơm") == [document.object_id]
