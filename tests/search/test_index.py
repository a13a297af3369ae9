"""The index follows the log of changes, loses none, and comes back from any damage."""

import json
import re
import shutil
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection, transaction

from search import index, lexical, services
from search.engine import rank
from search.models import Document
from tests.factories.search import put, uncommitted
from tests.search.conftest import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def found(words: str, kind: str = "technology") -> list[int]:
    """Search by words alone."""
    return rank(words, kind=kind, dense=False).object_ids


def current(index_dir: Path, kind: str = "technology") -> Path:
    """Give the folder of the generation in use."""
    return index_dir / kind / (index_dir / kind / "current").read_text()


def test_search_before_any_index_finds_nothing() -> None:
    put("Máy bơm nước")
    assert found("máy bơm") == []


def test_catch_up_makes_puts_edits_and_removals_seen() -> None:
    one, two = put("Máy bơm nước"), put("Máy bơm dầu")
    index.catch_up()
    assert sorted(found("máy bơm")) == [one.object_id, two.object_id]
    services.remove_document(kind="technology", object_id=one.object_id)
    put("Quạt điện", object_id=two.object_id)
    assert one.object_id not in found("máy bơm")
    index.catch_up()
    assert found("máy bơm") == []
    assert found("quạt điện") == [two.object_id]


def test_kinds_are_kept_apart() -> None:
    supply, demand = put("Máy bơm nước"), put("Cần máy bơm nước", kind="demand")
    index.catch_up()
    assert found("máy bơm") == [supply.object_id]
    assert found("máy bơm", "demand") == [demand.object_id]


def test_removed_document_is_not_shown_even_before_the_index_knows() -> None:
    gone = put("Máy bơm nước")
    index.catch_up()
    services.remove_document(kind="technology", object_id=gone.object_id)
    assert found("máy bơm") == []


def test_change_that_commits_late_is_not_skipped() -> None:
    """A slow transaction takes its number first and commits after a quick one that was already followed."""
    put("Máy đầu tiên")
    index.catch_up()
    with uncommitted(lambda: put("Chậm mà chắc", object_id=1)):
        put("Nhanh nhẹn", object_id=2)
        index.catch_up()
        assert found("nhanh nhẹn") == [2]
        assert found("chậm mà chắc") == []
    assert Document.objects.get(object_id=1).changed_xid < Document.objects.get(object_id=2).changed_xid
    index.catch_up()
    assert found("chậm mà chắc") == [1]


def test_rolled_back_change_is_never_found() -> None:
    put("Máy đầu tiên")
    with transaction.atomic():
        put("Bị hủy bỏ")
        transaction.set_rollback(True)
    index.catch_up()
    assert found("hủy bỏ") == []


def test_following_applies_only_what_changed() -> None:
    for number in range(5):
        put(f"Máy số {number}")
    index.catch_up()
    with index.writing(wait=False) as mine:
        assert mine
        writer = index.Writer("technology")
        assert writer.follow() == 0
        put("Máy mới")
        assert writer.follow() == 1
        assert writer.follow() == 0
        writer.close()


def test_deleted_index_comes_back(index_dir: Path) -> None:
    document = put("Máy bơm nước")
    index.catch_up()
    shutil.rmtree(index_dir)
    assert found("máy bơm") == []
    index.catch_up()
    assert found("máy bơm") == [document.object_id]


@pytest.mark.parametrize("ending", ["term", "idx", "fast", "store", "fieldnorm"])
def test_torn_index_is_built_anew(index_dir: Path, ending: str) -> None:
    document = put("Máy bơm nước")
    index.catch_up()
    before = current(index_dir)
    for file in before.rglob(f"*.{ending}"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    index.catch_up()
    assert current(index_dir) != before
    assert found("máy bơm") == [document.object_id]


@pytest.mark.parametrize("ending", ["term", "idx", "fast", "store", "fieldnorm"])
def test_flipped_bytes_are_noticed(index_dir: Path, ending: str) -> None:
    document = put("Máy bơm nước")
    index.catch_up()
    before = current(index_dir)
    for file in before.rglob(f"*.{ending}"):
        content = bytearray(file.read_bytes())
        content[0] ^= 255
        file.write_bytes(content)
    index.catch_up()
    assert current(index_dir) != before
    assert found("máy bơm") == [document.object_id]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_torn_meta_is_built_anew_and_never_fails_a_search(index_dir: Path, language: str) -> None:
    document = put("Máy bơm nước")
    index.catch_up()
    (current(index_dir) / language / "meta.json").write_text('{"segments": [')
    assert found("máy bơm") == []
    index.catch_up()
    assert found("máy bơm") == [document.object_id]


@pytest.mark.parametrize("torn", [b"\xff\xfe", b"g-17\x0012", b"g-17", b""])
def test_torn_name_of_the_generation_never_fails_a_search(index_dir: Path, torn: bytes) -> None:
    document = put("Máy bơm nước")
    index.catch_up()
    (index_dir / "technology" / "current").write_bytes(torn)
    assert found("máy bơm") == []
    index.catch_up()
    assert found("máy bơm") == [document.object_id]


@pytest.mark.parametrize("spoil", ["snapshot", "database", "fingerprint", "json"])
def test_index_that_is_not_of_this_database_is_built_anew(index_dir: Path, spoil: str) -> None:
    put("Máy bơm nước")
    index.catch_up()
    before = current(index_dir)
    stored = json.loads((before / "position.json").read_text())
    stored |= {"snapshot": "999999999:999999999:"} if spoil == "snapshot" else {spoil: "another"}
    (before / "position.json").write_text("{" if spoil == "json" else json.dumps(stored))
    index.catch_up()
    assert current(index_dir) != before
    assert found("máy bơm")


def test_rows_lost_behind_the_logs_back_are_noticed(index_dir: Path) -> None:
    put("Máy bơm nước")
    kept = put("Máy bơm dầu")
    index.catch_up()
    Document.objects.exclude(pk=kept.pk).delete()
    index.catch_up()
    assert len(index.lexical("technology")) == 1
    assert found("máy bơm") == [kept.object_id]


def test_position_is_written_after_what_it_covers(index_dir: Path) -> None:
    """A writer killed between its commit and its position applies the change twice, to no harm."""
    put("Máy đầu tiên")
    index.catch_up()
    old = (current(index_dir) / "position.json").read_text()
    document = put("Máy bơm nước")
    index.catch_up()
    (current(index_dir) / "position.json").write_text(old)
    index.catch_up()
    assert found("bơm nước") == [document.object_id]
    assert len(index.lexical("technology")) == 2


def test_changed_language_moves_a_document() -> None:
    document = put("Pump for water", language="vi")
    index.catch_up()
    put("Pump for water", language="en", object_id=document.object_id)
    index.catch_up()
    state = index.lexical("technology")
    assert (len(state), state.documents_with("pump", language="vi"), state.documents_with("pump", language="en")) == (
        1,
        0,
        1,
    )


@pytest.mark.parametrize("committed", ["vi", "en"])
def test_writer_killed_between_the_commits_of_two_languages_ends_with_the_truth(
    index_dir: Path, committed: str
) -> None:
    """Until it is back, a document that changed its language is in both indexes or in none; afterwards in one."""
    document = put("Pump for water", language="vi")
    index.catch_up()
    put("Pump for water", language="en", object_id=document.object_id)
    half = lexical.IndexWriter(lexical.make_indexes(current(index_dir)), heap_bytes=15_000_000)
    half.remove(document.object_id)
    half.add(object_id=document.object_id, language="en", title="Pump for water", body="")
    half._writers[committed].commit()
    del half
    assert len(index.lexical("technology")) == (0 if committed == "vi" else 2)
    index.catch_up()
    state = index.lexical("technology")
    assert (len(state), state.documents_with("pump", language="en")) == (1, 1)


def test_restored_rows_with_numbers_of_another_server_do_not_loop() -> None:
    document = put("Máy bơm nước")
    Document.objects.filter(pk=document.pk).update(changed_xid=10**12)
    with index.writing(wait=False):
        writer = index.Writer("technology")
        assert writer.follow() == 1
        assert writer.follow() == 0
        writer.close()
    assert found("máy bơm") == [document.object_id]


def test_only_one_writes() -> None:
    with index.writing(wait=False) as first, index.writing(wait=False) as second:
        assert (first, second) == (True, False)


def test_follower_whose_folder_is_deleted_leaves_the_writing_to_who_locks_anew(index_dir: Path) -> None:
    document = put("Máy bơm nước")
    second = ExitStack()
    seen: list[str] = []

    def turn() -> None:
        if not seen:  # the first turn is over: its lock and its index are deleted, and another writer comes
            shutil.rmtree(index_dir)
            assert second.enter_context(index.writing(wait=False))
            index.Writer("technology").rebuild()
        elif len(seen) == 3:
            second.close()
        elif len(seen) == 4:  # the second is gone
            with index.writing(wait=False) as third:
                assert not third
        seen.append(current(index_dir).name)

    with second:
        index.follow_forever(wait_for_change=turn, stopping=lambda: len(seen) > 4)
    assert len(set(seen)) == 1
    assert found("máy bơm") == [document.object_id]
    assert seen[0] == current(index_dir).name


def test_who_waited_for_a_lock_that_was_deleted_takes_the_new_one(index_dir: Path) -> None:
    taken, done = threading.Event(), threading.Event()

    def wait() -> None:
        with index.writing(wait=True):
            taken.set()
            done.wait(20)

    thread = threading.Thread(target=wait)
    with index.writing(wait=False) as mine:
        assert mine
        number = (index_dir / "writer.lock").stat().st_ino
        thread.start()
        locks = Path("/proc/locks")
        wait_for(lambda: re.search(rf"-> FLOCK .*:{number} ", locks.read_text()), seconds=20, what="it waits")
        shutil.rmtree(index_dir)
    assert taken.wait(20)
    with index.writing(wait=False) as second:
        assert not second
    done.set()
    thread.join()


def test_catch_up_inside_a_transaction_stays_in_this_process(index_dir: Path) -> None:
    with transaction.atomic():
        document = put("Máy bơm nước")
        index.catch_up()
        assert found("máy bơm") == [document.object_id]
        transaction.set_rollback(True)
    assert not (index_dir / "technology").exists()
    assert found("máy bơm") == []


def test_kinds_are_listed_in_order() -> None:
    put("a", kind="technology")
    put("b", kind="demand")
    put("c", kind="technology")
    assert index.kinds() == ["demand", "technology"]
    assert connection.in_atomic_block is False
