"""Data that a node derives from PostgreSQL, kept in generations: each is a folder, `current` names the one in use.

    technology/current → "g-1763700000-12"    technology/g-1763700000-12/…  position.json

Readers open the generation in use. One writer per node holds a lock (`writing`). It may be killed at any moment: the
position is written after what it covers, and applying a change twice does no harm. A generation that is gone, torn, of
another database or made by other rules is built anew beside the old one, then switched.
"""

import fcntl
import json
import logging
import os
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from django.conf import settings

from search import damage
from search.changes import Position
from search.damage import IndexDamagedError

logger = logging.getLogger(__name__)

SOUND_CHECK_SECONDS = 300


def in_use(folder: Path) -> Path:
    """Give the generation in use. Raises OSError or, of a torn name, ValueError."""
    return folder / (folder / "current").read_text()


def position_of(generation: Path) -> Position:
    """Give what a generation holds. Raises OSError or ValueError."""
    try:
        return Position(**json.loads((generation / "position.json").read_text()))
    except TypeError as error:
        raise ValueError(str(error)) from error


class Keeper(ABC):
    """Keeps one kind of derived data up. Only one may exist at a time on a node: see `writing()`.

    What it is, says the subclass: `present`, `changed`, `build`, `verify`, `is_whole`, `held`, `truth`, `open`,
    `apply`, `let_go`.
    """

    def __init__(self, kind: str, folder: Path, *, called: str) -> None:
        self.kind = kind
        self.called = called  # for the log
        self._folder = folder
        self._generation: Path | None = None  # that which is open for writing
        self._checked = 0.0

    @abstractmethod
    def present(self) -> Position:
        """Give the position of what holds all that is committed now, by the present rules."""

    @abstractmethod
    def changed(self, since: Position, until: Position) -> list[int]:
        """Give what changed between two positions."""

    @abstractmethod
    def build(self, generation: Path) -> int:
        """Fill a new folder with all there is; give how many documents that are."""

    @abstractmethod
    def is_whole(self, generation: Path) -> bool:
        """Tell whether the files still stand."""

    @abstractmethod
    def verify(self, generation: Path) -> None:
        """Compare each file with its checksum. Raises IndexDamagedError."""

    @abstractmethod
    def held(self, generation: Path) -> tuple[int, ...]:
        """Open the files for reading and count what they hold. Raises IndexDamagedError."""

    @abstractmethod
    def truth(self) -> tuple[int, ...]:
        """Give the same counts of what they ought to hold."""

    @abstractmethod
    def open(self, generation: Path) -> None:
        """Open the files for writing."""

    @abstractmethod
    def apply(self, ids: list[int]) -> None:
        """Bring what changed into the open generation."""

    @abstractmethod
    def let_go(self) -> None:
        """Close what is open for writing."""

    def follow(self) -> int:
        """Bring the data up to now; build them anew if they are not sound. Gives the number of changes applied."""
        now = self.present()
        since = self._sound_position(now)
        if since is None:
            return self.rebuild()
        ids = self.changed(since, now)
        if ids:
            self.apply(ids)
        if ids or now.snapshot != since.snapshot:
            self._keep(now, lazily=not ids)
        return len(ids)

    def rebuild(self) -> int:
        """Build the data anew in a folder of their own, then switch to it. Gives the number of documents."""
        self.close()
        now = self.present()
        self._folder.mkdir(parents=True, exist_ok=True)
        generation = self._folder / f"g-{time.time_ns()}-{os.getpid()}"
        generation.mkdir()
        count = self.build(generation)
        write_whole(generation / "position.json", json.dumps(asdict(now)))
        write_whole(self._folder / "current", generation.name)
        for old in self._folder.glob("g-*"):
            if old != generation:
                shutil.rmtree(old, ignore_errors=True)
        logger.info("Built the %s of %s: %d documents", self.called, self.kind, count)
        return count

    def close(self) -> None:
        """Let go of the files."""
        self.let_go()
        self._generation = None

    def _sound_position(self, now: Position) -> Position | None:
        """Give the position of the generation in use, or None if there is none that can be trusted."""
        try:
            generation = in_use(self._folder)
            since = position_of(generation)
            if damage.is_marked(generation):
                raise IndexDamagedError("a reader says so")
            if (since.database, since.fingerprint) != (now.database, now.fingerprint):
                raise IndexDamagedError("made from another database or by other rules")
            if since.xmax > now.xmax:
                raise IndexDamagedError("ahead of the database: an older copy of it was restored")
            if generation != self._generation or time.monotonic() - self._checked > SOUND_CHECK_SECONDS:
                self._check(generation, since)
            elif not self.is_whole(generation):
                raise IndexDamagedError("its files are gone")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, IndexDamagedError) as error:
            logger.warning("The %s of %s is built anew: %s", self.called, self.kind, error)
            return None
        return since

    def _check(self, generation: Path, since: Position) -> None:
        """Open every file and compare the count with the truth."""
        if generation != self._generation:
            self.verify(generation)
        held, truth = self.held(generation), self.truth()
        waiting = len(self.changed(since, self.present()))
        if any(abs(there - here) > waiting for there, here in zip(truth, held, strict=True)):
            raise IndexDamagedError(f"holds {held} of {truth}")
        if generation != self._generation:
            self.close()
            self.open(generation)
            self._generation = generation
        self._checked = time.monotonic()

    def _keep(self, position: Position, *, lazily: bool) -> None:
        assert self._generation is not None
        write_whole(self._generation / "position.json", json.dumps(asdict(position)), sync=not lazily)


def write_whole(path: Path, content: str, *, sync: bool = True) -> None:
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
    with lock(wait=wait) as holds:
        yield holds is not None


@contextmanager
def lock(*, wait: bool) -> Iterator[Callable[[], bool] | None]:
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
