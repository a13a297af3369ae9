"""The BM25 indexes of this node: derived data, built from PostgreSQL and kept up by its log of changes.

Under INDEX_DIR there is one folder per kind of document; in it `current` names the generation in use:

    technology/current → "g-1763700000-12"    technology/g-1763700000-12/{vi,en}/…  position.json

Readers (web processes, workers) open the current generation and reload it when its files changed. One writer per
node (`manage.py follow_index`, or `catch_up()` where none runs) holds a lock and keeps up the indexes and, beside
them, the mirrors of the vectors (`search.mirror`); how it outlives every damage stands in `search.generations`.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from search import changes, damage, mirror
from search.changes import Position, changed_ids, kinds
from search.damage import IndexDamagedError
from search.generations import Keeper, in_use, lock, position_of, writing
from search.lexical import FINGERPRINT, LANGUAGES, IndexWriter, LexicalIndex, make_indexes
from search.models import Document

logger = logging.getLogger(__name__)

BATCH = 500
HEAP_BYTES = 64_000_000


def present_position() -> Position:
    """Give the position of an index that holds all that is committed now."""
    return changes.present_position(FINGERPRINT)


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
            generation = in_use(self._folder)
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
        logger.exception("The index %s failed; search goes on without it", error.generation or kind)
        if error.generation is not None:
            damage.mark(error.generation)


# --- writing


class Writer(Keeper):
    """Keeps one kind's index up. Only one may exist at a time on a node: see `writing()`."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind, Path(settings.INDEX_DIR) / kind, called="index")
        self._writer: IndexWriter | None = None

    def present(self) -> Position:
        """Give the position of an index that holds all that is committed now."""
        return present_position()

    def changed(self, since: Position, until: Position) -> list[int]:
        """Give the documents that changed between two positions."""
        return changed_ids(self.kind, since, until)

    def build(self, generation: Path) -> int:
        """Build an index of all public documents; give their number."""
        count = 0
        writer = IndexWriter(make_indexes(generation), heap_bytes=HEAP_BYTES)
        for document in _all_public(self.kind):
            _add(writer, document)
            count += 1
        writer.commit()
        writer.close()
        return count

    def is_whole(self, generation: Path) -> bool:
        """Tell whether each language still has its index."""
        return all(meta.exists() for meta in _metas(generation))

    def verify(self, generation: Path) -> None:
        """Compare each file with its checksum."""
        for language in LANGUAGES:
            damage.verify(generation / language)

    def held(self, generation: Path) -> tuple[int, ...]:
        """Open the index and count its documents."""
        return (len(_open(generation)),)

    def truth(self) -> tuple[int, ...]:
        """Count the public documents."""
        return (Document.objects.public().filter(kind=self.kind).count(),)

    def open(self, generation: Path) -> None:
        """Open the index for writing."""
        with damage.named(generation):
            self._writer = IndexWriter(make_indexes(generation), heap_bytes=HEAP_BYTES)

    def apply(self, ids: list[int]) -> None:
        """Put the documents as they are now in place of what the index holds of them."""
        assert self._writer is not None
        for batch in _in_batches(ids):
            for document in batch:
                self._writer.remove(document.object_id)
                if document.public:
                    _add(self._writer, document)
        self._writer.commit()

    def let_go(self) -> None:
        """Close the writer, merges finished."""
        if self._writer is not None:
            self._writer.close()
        self._writer = None


KEEPERS: tuple[Callable[[str], Keeper], ...] = (Writer, mirror.Writer)


def mirrored(kind: str) -> mirror.Mirror | None:
    """Give this node's mirror of what ranking asks of the candidates of a kind; None while there is none.

    Where this process has an index in memory there is none: what it sees may never be committed.
    """
    return None if _memory is not None else mirror.of(kind)


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
                for keeper in [keep(kind) for keep in KEEPERS for kind in kinds()]:
                    keeper.follow()
                    keeper.close()
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
        held = position_of(in_use(folder))
    except (OSError, ValueError):
        return False
    return (held.database, held.fingerprint) == (goal.database, goal.fingerprint) and not changed_ids(kind, held, goal)


def follow_forever(*, wait_for_change: Callable[[], Any], stopping: Callable[[], bool]) -> None:
    """Hold the lock and bring every kind's index up after each change, until told to stop.

    Where the folder is deleted, the lock goes with it: whoever takes the new one writes, this process or another.
    """
    keepers: dict[tuple[Callable[[str], Keeper], str], Keeper] = {}
    while not stopping():
        with lock(wait=False) as holds:
            if holds is None:
                wait_for_change()
                continue
            try:
                while not stopping() and holds():
                    for keep in KEEPERS:
                        for kind in kinds():
                            keepers.setdefault((keep, kind), keep(kind)).follow()
                    wait_for_change()
            finally:
                for keeper in keepers.values():
                    keeper.close()
