"""The BM25 indexes of this node: derived data, built from PostgreSQL and kept up by its log of changes.

Under INDEX_DIR there is one folder per kind of document; in it `current` names the generation in use:

    technology/current → "g-1763700000-12"    technology/g-1763700000-12/{vi,en}/…  position.json

Readers (web processes, workers) open the current generation and reload it when its files changed. One writer per
node (`manage.py follow_index`, or `catch_up()` where none runs) holds a lock. It may be killed at any moment: the
position is written after the commits of what it covers, and applying a change twice does no harm. A folder that is
gone, torn, of another database or made by other rules of analysis is built anew beside the old one, then switched.
"""

import fcntl
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from search import damage
from search.damage import IndexDamagedError
from search.lexical import FINGERPRINT, LANGUAGES, IndexWriter, LexicalIndex, make_indexes
from search.models import Document

logger = logging.getLogger(__name__)

BATCH = 500
HEAP_BYTES = 64_000_000
SOUND_CHECK_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Position:
    """What an index holds: every change visible in `snapshot` of that database, by these rules of analysis."""

    snapshot: str
    database: str
    fingerprint: str

    def follows(self, earlier: "Position") -> bool:
        """Tell whether the other is an earlier position of the same database, not of a newer copy of it."""
        return self.database == earlier.database and _xmax(self) >= _xmax(earlier)


# --- the log of changes, in PostgreSQL


def kinds() -> list[str]:
    """Give every kind of document, by jumps through the index rather than a scan."""
    found: list[str] = []
    last = ""
    while True:
        kind = Document.objects.filter(kind__gt=last).order_by("kind").values_list("kind", flat=True).first()
        if kind is None:
            return found
        found.append(kind)
        last = kind


def present_position() -> Position:
    """Give the position of a reader that has seen all that is committed now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_current_snapshot()::text, current_database() || ':' ||"
            " (SELECT oid FROM pg_database WHERE datname = current_database()) || ':' ||"
            " (SELECT system_identifier FROM pg_control_system())"
        )
        snapshot, database = cursor.fetchone()
    return Position(snapshot, database, FINGERPRINT)


def changed_ids(kind: str, since: Position, until: Position) -> list[int]:
    """Give the documents whose last change is visible in `until` and was not in `since`.

    A change that commits late, below numbers already seen, is among the running ones of `since` and so is found.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM search_document WHERE kind = %(kind)s"
            " AND changed_xid >= pg_snapshot_xmin(%(since)s::pg_snapshot)::text::bigint"
            " AND NOT pg_visible_in_snapshot(changed_xid::text::xid8, %(since)s::pg_snapshot)"
            " AND pg_visible_in_snapshot(changed_xid::text::xid8, %(until)s::pg_snapshot) ORDER BY id",
            {"kind": kind, "since": since.snapshot, "until": until.snapshot},
        )
        return [row[0] for row in cursor.fetchall()]


def _in_batches(ids: list[int]) -> Iterator[list[Document]]:
    for start in range(0, len(ids), BATCH):
        yield list(
            Document.objects.filter(pk__in=ids[start : start + BATCH])
            .only("object_id", "language", "title", "body", "public")
            .order_by("pk")
        )


def _all_public(kind: str) -> Iterator[Document]:
    last = 0
    while True:
        rows = list(
            Document.objects.public()
            .filter(kind=kind, pk__gt=last)
            .only("object_id", "language", "title", "body")
            .order_by("pk")[:BATCH]
        )
        if not rows:
            return
        yield from rows
        last = rows[-1].pk


def _add(writer: IndexWriter, document: Document) -> None:
    writer.add(object_id=document.object_id, language=document.language, title=document.title, body=document.body)


# --- reading


class Reader:
    """Gives the present state of one kind's index, reloaded when its files changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._stamp: tuple[str, list[tuple[int, int]]] | None = None
        self._state: LexicalIndex | None = None

    def state(self) -> LexicalIndex | None:
        """Give the index, or None while there is none. Damage is reported to the writer and read as none."""
        try:
            generation = self._folder / (self._folder / "current").read_text()
            metas = [path.stat() for path in _metas(generation)]
            stamp = (generation.name, [(meta.st_mtime_ns, meta.st_ino) for meta in metas])
        except (OSError, ValueError):  # a torn name is none; the writer sees it, too
            return None
        if stamp == self._stamp:
            return self._state
        with self._lock:
            if stamp == self._stamp:
                return self._state
            try:
                self._state = _open(generation)
            except IndexDamagedError:
                logger.exception("The index %s cannot be read; search goes on without words", generation)
                damage.mark(generation)
                self._state = None
            self._stamp = stamp
            return self._state


def _metas(generation: Path) -> list[Path]:
    return [generation / language / "meta.json" for language in LANGUAGES]


def _open(generation: Path) -> LexicalIndex:
    if not all(meta.exists() for meta in _metas(generation)):
        raise IndexDamagedError(f"{generation} holds no index", generation)
    with damage.named(generation):
        return LexicalIndex(make_indexes(generation), generation=generation)


_readers: dict[Path, Reader] = {}
_memory: dict[str, LexicalIndex] | None = None


def lexical(kind: str) -> LexicalIndex | None:
    """Give the index of a kind as this process sees it now; None while there is none."""
    if _memory is not None:
        return _memory.get(kind)
    folder = Path(settings.INDEX_DIR) / kind
    reader = _readers.get(folder)
    if reader is None:
        reader = _readers.setdefault(folder, Reader(folder))
    return reader.state()


@contextmanager
def reporting_damage(kind: str = "") -> Iterator[None]:
    """Ask the writer to build an index anew when reading it in this block fails, and go on after the block.

    What failed names its generation itself; `kind` is for the log.
    """
    try:
        yield
    except IndexDamagedError as error:
        logger.exception("The index %s failed; search goes on without words", error.generation or kind)
        if error.generation is not None:
            damage.mark(error.generation)


# --- writing


class Writer:
    """Keeps one kind's index up. Only one may exist at a time on a node: see `writing()`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._folder = Path(settings.INDEX_DIR) / kind
        self._writer: IndexWriter | None = None
        self._generation: Path | None = None
        self._checked = 0.0

    def follow(self) -> int:
        """Bring the index up to now; rebuild it if it is not sound. Gives the number of changes applied."""
        now = present_position()
        since = self._sound_position(now)
        if since is None:
            return self.rebuild()
        ids = changed_ids(self.kind, since, now)
        if ids:
            self._apply(ids)
        if ids or now.snapshot != since.snapshot:
            self._keep(now, lazily=not ids)
        return len(ids)

    def rebuild(self) -> int:
        """Build the index anew in a folder of its own, then switch to it. Gives the number of documents."""
        self.close()
        now = present_position()
        self._folder.mkdir(parents=True, exist_ok=True)
        generation = self._folder / f"g-{time.time_ns()}-{os.getpid()}"
        generation.mkdir()
        count = 0
        writer = IndexWriter(make_indexes(generation), heap_bytes=HEAP_BYTES)
        for document in _all_public(self.kind):
            _add(writer, document)
            count += 1
        writer.commit()
        writer.close()
        _write(generation / "position.json", json.dumps(asdict(now)))
        _write(self._folder / "current", generation.name)
        for old in self._folder.glob("g-*"):
            if old != generation:
                shutil.rmtree(old, ignore_errors=True)
        logger.info("Built the index of %s: %d documents", self.kind, count)
        return count

    def close(self) -> None:
        """Let go of the files, merges finished."""
        if self._writer is not None:
            self._writer.close()
        self._writer = self._generation = None

    def _sound_position(self, now: Position) -> Position | None:
        """Give the position of the index in use, or None if there is none that can be trusted."""
        try:
            generation = self._folder / (self._folder / "current").read_text()
            since = Position(**json.loads((generation / "position.json").read_text()))
            if damage.is_marked(generation):
                raise IndexDamagedError("a reader says so")
            if (since.database, since.fingerprint) != (now.database, now.fingerprint):
                raise IndexDamagedError("made from another database or by other rules")
            if _xmax(since) > _xmax(now):
                raise IndexDamagedError("ahead of the database: an older copy of it was restored")
            if generation != self._generation or time.monotonic() - self._checked > SOUND_CHECK_SECONDS:
                self._check(generation, since)
            elif not all(meta.exists() for meta in _metas(generation)):
                raise IndexDamagedError("its files are gone")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, IndexDamagedError) as error:
            logger.warning("The index of %s is built anew: %s", self.kind, error)
            return None
        return since

    def _check(self, generation: Path, since: Position) -> None:
        """Open every file and compare the count with the truth."""
        if generation != self._generation:
            for language in LANGUAGES:
                damage.verify(generation / language)
        held = len(_open(generation))
        truth = Document.objects.public().filter(kind=self.kind).count()
        waiting = len(changed_ids(self.kind, since, present_position()))
        if abs(truth - held) > waiting:
            raise IndexDamagedError(f"holds {held} documents of {truth}")
        if generation != self._generation:
            self.close()
            with damage.named(generation):
                self._writer = IndexWriter(make_indexes(generation), heap_bytes=HEAP_BYTES)
            self._generation = generation
        self._checked = time.monotonic()

    def _apply(self, ids: list[int]) -> None:
        assert self._writer is not None
        for batch in _in_batches(ids):
            for document in batch:
                self._writer.remove(document.object_id)
                if document.public:
                    _add(self._writer, document)
        self._writer.commit()

    def _keep(self, position: Position, *, lazily: bool) -> None:
        assert self._generation is not None
        _write(self._generation / "position.json", json.dumps(asdict(position)), sync=not lazily)


def _xmax(position: Position) -> int:
    return int(position.snapshot.split(":")[1])


def _write(path: Path, content: str, *, sync: bool = True) -> None:
    """Replace a small file whole: a reader sees the old one or the new one."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w") as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def writing(*, wait: bool) -> Iterator[bool]:
    """Hold this node's writing lock; gives False if another process has it and `wait` is not set.

    The system lets the lock go when its holder dies, however it dies.
    """
    with _lock(wait=wait) as holds:
        yield holds is not None


@contextmanager
def _lock(*, wait: bool) -> Iterator[Callable[[], bool] | None]:
    """Hold the lock as `writing` does; gives a question whether it still is the one that another writer would meet.

    Where the folder was deleted, it is not: the lock lies on a file that nobody can open any more.
    """
    path = Path(settings.INDEX_DIR) / "writer.lock"
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            file = path.open("w")
        except FileNotFoundError:  # deleted in between
            continue
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield None
                return
            if _is_at(path, file.fileno()):
                yield partial(_is_at, path, file.fileno())
                return


def _is_at(path: Path, descriptor: int) -> bool:
    """Tell whether an open file is the one that stands under a path now."""
    held = os.fstat(descriptor)
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)


def catch_up(*, timeout: float = 30.0) -> None:
    """Return when all that is committed can be found on this node.

    Where a follower runs, wait for it; otherwise do its work. Inside a transaction (as in most tests) the rows may
    never be committed, so this process alone gets an index of what it sees, in memory, until `forget_memory()`.
    Raises TimeoutError.
    """
    global _memory
    if connection.in_atomic_block:
        _memory = {kind: _build_in_memory(_all_public(kind)) for kind in kinds()}
        return
    _memory = None
    goal = present_position()
    give_up = time.monotonic() + timeout
    while True:
        with writing(wait=False) as mine:
            if mine:
                for kind in kinds():
                    writer = Writer(kind)
                    writer.follow()
                    writer.close()
                return
        if all(_covers(kind, goal) for kind in kinds()):
            return
        if time.monotonic() > give_up:
            raise TimeoutError("The follower of the index did not catch up.")
        time.sleep(0.02)


def forget_memory() -> None:
    """Go back to the index on disk."""
    global _memory
    _memory = None


def _build_in_memory(documents: Iterable[Document]) -> LexicalIndex:
    indexes = make_indexes()
    writer = IndexWriter(indexes, heap_bytes=15_000_000)
    for document in documents:
        _add(writer, document)
    writer.commit()
    return LexicalIndex(indexes)


def _covers(kind: str, goal: Position) -> bool:
    folder = Path(settings.INDEX_DIR) / kind
    try:
        generation = (folder / "current").read_text()
        held = Position(**json.loads((folder / generation / "position.json").read_text()))
    except (OSError, ValueError, TypeError):
        return False
    return (held.database, held.fingerprint) == (goal.database, goal.fingerprint) and not changed_ids(kind, held, goal)


def follow_forever(*, wait_for_change: Callable[[], Any], stopping: Callable[[], bool]) -> None:
    """Hold the lock and bring every kind's index up after each change, until told to stop.

    Where the folder is deleted, the lock goes with it: whoever takes the new one writes, this process or another.
    """
    writers: dict[str, Writer] = {}
    while not stopping():
        with _lock(wait=False) as holds:
            if holds is None:
                wait_for_change()
                continue
            try:
                while not stopping() and holds():
                    for kind in kinds():
                        writers.setdefault(kind, Writer(kind)).follow()
                    wait_for_change()
            finally:
                for writer in writers.values():
                    writer.close()
