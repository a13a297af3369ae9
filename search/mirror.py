"""What ranking asks of each candidate, mirrored on this node: language, length and vector, for a thousand in one gather.

Derived data like the BM25 index, kept by the same process (`search.generations`). Beside each kind's index:

    technology/vectors/current → "g-…"    technology/vectors/g-…/{base,ids,sums.json,tail,extent.json,position.json}

`base` holds the records of the build by object id and `ids` their object ids; neither changes. What changed since is
appended to `tail`, a later record over an earlier one, and `extent.json` says how far it goes: what a killed writer
left behind that is not read, and is written over. Readers map the files, so all processes of a node share the pages.

A mirror only saves time. It is true as of its position, and each search asks PostgreSQL what changed after that
(`Mirror.recent`); of those documents, and of those it does not hold, PostgreSQL is asked everything.
"""

import json
import os
import threading
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from search import changes, damage
from search.changes import DATABASE, Position, changed_ids
from search.damage import IndexDamagedError
from search.generations import Keeper, in_use, position_of, write_whole
from search.models import DIMENSIONS, Document, Embedding, VectorSpace

FORMAT = "1"
LANGUAGES = ("", "vi", "en")  # by the number in a record; the first is of what is not there
RECORD = np.dtype(
    [
        ("object_id", "<i8"),
        ("characters", "<i4"),
        ("language", "<i2"),  # of the text; of what is not public any more, the first
        ("vector_language", "<i2"),  # of the text of which the vector is; where there is none, the first
        ("vector", "<f2", (DIMENSIONS,)),
    ]
)
ID = np.dtype("<i8")
#: A row of COPY in binary form: the number of columns, then each with its size before it.
COPIED = np.dtype(
    [
        ("columns", ">i2"),
        *(("object_size", ">i4"), ("object_id", ">i8")),
        *(("characters_size", ">i4"), ("characters", ">i4")),
        *(("language_size", ">i4"), ("language", "S2")),
        *(("vector_language_size", ">i4"), ("vector_language", "S2")),
        *(("vector_size", ">i4"), ("dimensions", ">i2"), ("unused", ">i2"), ("vector", ">u2", (DIMENSIONS,))),
    ]
)
#: Every column of the same width in every row, so that numpy reads them whole.
COPY = (
    "COPY (SELECT d.object_id, d.characters, d.language, coalesce(e.language, '--'),"
    " coalesce(e.vector, array_fill(0::real, ARRAY[%(dimensions)s])::halfvec)"
    " FROM (SELECT id, object_id, characters, language FROM search_document"
    " WHERE kind = %(kind)s AND public AND {which}) d"
    " LEFT JOIN search_embedding e ON e.document_id = d.id AND e.space = %(space)s ORDER BY d.object_id)"
    " TO STDOUT (FORMAT BINARY)"
)
#: What is numbered so or higher has not been committed here, nor is it of the present transaction.
NEXT = (
    "greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint,"
    " pg_current_xact_id_if_assigned()::text::bigint + 1)"
)
COPY_HEADER, COPY_TRAILER = 19, 2  # bytes
BATCH = 10_000
MOST_RECENT = 1000  # changes since the position; of a mirror further behind, nothing is taken
LEAST_TAIL = 20_000  # so many records, and a quarter of the base, are appended before all is built anew
CHECKED_AT_ONCE = 1 << 20  # bytes

Records = NDArray[Any]


class Mirror:
    """One generation, open for reading, as of a position."""

    def __init__(self, generation: Path) -> None:
        """Open it. Raises IndexDamagedError."""
        self.generation = generation
        self.position = Position("0:0:", "", "")
        self._tail_count = 0
        self._latest: dict[int, int] = {}  # object id → its last record in the tail
        with damage.named(generation):
            sums = sums_of(generation)
            count, self._with_vector = sums["count"], sums["with_vector"]
            self._base = _mapped(generation / "base", RECORD, count)
            self._ids = _mapped(generation / "ids", ID, count)
            self._tail = np.zeros(0, dtype=RECORD)

    def advance(self) -> "Mirror":
        """Take in what was appended. Raises IndexDamagedError."""
        with damage.named(self.generation):
            position = position_of(self.generation)  # first: what it covers was appended before it was written
            count = extent_of(self.generation)["count"]
            if count != self._tail_count:
                tail = _mapped(self.generation / "tail", RECORD, count)
                fresh = tail["object_id"][self._tail_count :].tolist()
                self._tail = tail  # before the numbers of its records, for who reads meanwhile
                self._latest.update(zip(fresh, range(self._tail_count, count), strict=True))
                self._tail_count = count
            self.position = position
        return self

    @property
    def is_long(self) -> bool:
        """Whether so much was appended that it is time to build anew."""
        return self._tail_count > max(LEAST_TAIL, len(self._base) // 4)

    def counts(self) -> tuple[int, int]:
        """Give how many documents there are and how many of them have a vector."""
        changed = len(self._latest)
        places = self._find(np.fromiter(self._latest, dtype=ID, count=changed))
        before = self._base[places[places >= 0]]
        now = self._tail[np.fromiter(self._latest.values(), dtype=ID, count=changed)]
        with_vector = (now["vector_language"] > 0).sum() - (before["vector_language"] > 0).sum()
        return (
            len(self._base) - len(before) + int((now["language"] > 0).sum()),
            self._with_vector + int(with_vector),
        )

    def look_up(self, object_ids: NDArray[np.int64]) -> Records:
        """Give the record of each document, empty where none is held. Raises IndexDamagedError."""
        places = self._find(object_ids)
        given = self._base.take(np.maximum(places, 0)) if len(self._base) else np.zeros(len(object_ids), dtype=RECORD)
        if self._latest:
            late = np.array([self._latest.get(object_id, -1) for object_id in object_ids.tolist()], dtype=ID)
            given[late >= 0] = self._tail.take(late[late >= 0])
            places = np.maximum(places, late)
        if (given["object_id"] != object_ids)[places >= 0].any():
            raise IndexDamagedError("a record is not that of its document", self.generation)
        given["language"][places < 0] = given["vector_language"][places < 0] = 0
        if max(given["language"].max(initial=0), given["vector_language"].max(initial=0)) >= len(LANGUAGES):
            raise IndexDamagedError("a record names no language", self.generation)
        return given

    def _find(self, object_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the place of each document's record in the base, or -1."""
        if not len(self._ids):
            return np.full(len(object_ids), -1, dtype=ID)
        places = np.minimum(np.searchsorted(self._ids, object_ids), len(self._ids) - 1)
        return np.where(self._ids[places] == object_ids, places, -1)

    def recent(self, *, kind: str, space: str) -> set[int] | None:
        """Give the documents that changed, or whose vectors did, after the position.

        None if the mirror is of no use: of another space or database, ahead of an older copy of it, or far behind.
        Numbers that this server has not reached are of rows restored from another one, and no changes.
        """
        held = self.position
        parameters: dict[str, Any] = {"kind": kind, "space": space, "most": MOST_RECENT + 1}
        parameters |= {"oldest": held.xmin, "snapshot": held.snapshot}
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {DATABASE}, {NEXT},"  # noqa: S608 -- a constant
                " (SELECT id FROM search_vectorspace WHERE space = %(space)s), ARRAY("
                " SELECT CASE WHEN pg_visible_in_snapshot(changed_xid::text::xid8, %(snapshot)s::pg_snapshot)"
                " THEN NULL ELSE object_id END FROM ("
                "(SELECT object_id, changed_xid FROM search_embedding"
                f" WHERE kind = %(kind)s AND space = %(space)s AND changed_xid >= %(oldest)s AND changed_xid < {NEXT} LIMIT %(most)s)"
                " UNION ALL (SELECT object_id, changed_xid FROM search_document"
                f" WHERE kind = %(kind)s AND changed_xid >= %(oldest)s AND changed_xid < {NEXT} LIMIT %(most)s)) changed)",
                parameters,
            )
            database, xmax, number, recent = cursor.fetchone()
        if held.xmax > xmax or (held.database, held.fingerprint) != (database, fingerprint(space, number)):
            return None
        return None if len(recent) > MOST_RECENT else set(filter(None, recent))


def fingerprint(space: str, number: int | None) -> str:
    """Name the form of the files and the space, with the number of its row: a space that was dropped and is made anew has another."""
    return f"{FORMAT}:{number}:{space}"


def sums_of(generation: Path) -> dict[str, int]:
    """Give how many documents were built in, how many of them with a vector, and the checksums."""
    return _stated(generation / "sums.json", "count", "with_vector", "base", "ids")


def extent_of(generation: Path) -> dict[str, int]:
    """Give how many records of the tail count, and their checksum."""
    return _stated(generation / "extent.json", "count", "tail")


def _stated(path: Path, *names: str) -> dict[str, int]:
    """Read numbers. Raises OSError, or ValueError where one is missing."""
    content = json.loads(path.read_text())
    if not isinstance(content, dict) or not all(isinstance(content.get(name), int) for name in names):
        raise ValueError(f"{path.name} does not state {', '.join(names)}")
    return content


def _mapped(path: Path, form: np.dtype[Any], count: int) -> Records:
    """Map the first records of a file. Raises OSError or ValueError of one that is shorter."""
    if not count:
        return np.zeros(0, dtype=form)
    return np.asarray(np.memmap(path, dtype=form, mode="r", shape=(count,)))


# --- reading


class Reader:
    """Gives the present state of one kind's mirror."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._mirror: Mirror | None = None
        self._advanced: tuple[int, int] | None = None  # which position.json it has taken in
        self._failed: Path | None = None

    def state(self) -> Mirror | None:
        """Give the mirror, or None while there is none. Damage is reported to the writer and read as none."""
        try:
            generation = in_use(self._folder)
        except (OSError, ValueError):
            return None
        with self._lock:
            if generation == self._failed:
                return None
            try:
                if self._mirror is None or self._mirror.generation != generation:
                    self._mirror, self._advanced = Mirror(generation), None
                with damage.named(generation):
                    position = (generation / "position.json").stat()  # before it is read
                if (present := (position.st_ino, position.st_mtime_ns)) != self._advanced:
                    self._mirror.advance()
                    self._advanced = present
                return self._mirror
            except IndexDamagedError:
                damage.mark(generation)
                self._mirror, self._failed = None, generation
                return None


_readers: dict[Path, Reader] = {}


def of(kind: str) -> Mirror | None:
    """Give the mirror of a kind on this node; None while there is none."""
    folder = folder_of(kind)
    reader = _readers.get(folder)
    if reader is None:
        reader = _readers.setdefault(folder, Reader(folder))
    return reader.state()


def folder_of(kind: str) -> Path:
    """Give the folder of a kind's mirror."""
    return Path(settings.INDEX_DIR) / kind / "vectors"


# --- writing


class Writer(Keeper):
    """Keeps the mirror of one kind up, of the space that serves."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind, folder_of(kind), called="mirror of the vectors")
        self._mirror: Mirror | None = None
        self._space: tuple[int, str] | None = None

    def follow(self) -> int:
        """Bring the mirror up to now. While no space serves there is nothing to mirror."""
        if not self._has_space():
            return 0
        done = super().follow()
        if self._mirror is not None and self._mirror.is_long:
            self.rebuild()
        return done

    def rebuild(self) -> int:
        """Build the mirror anew; nothing while no space serves."""
        return super().rebuild() if self._has_space() else 0

    def _has_space(self) -> bool:
        self._space = VectorSpace.objects.filter(serving=True).values_list("pk", "space").first()
        return self._space is not None

    def present(self) -> Position:
        """Give the position of a mirror of all vectors that are committed now."""
        number, space = self._space or (None, "")
        return changes.present_position(fingerprint(space, number))

    def changed(self, since: Position, until: Position) -> list[int]:
        """Give the documents that changed, or whose vectors did, between two positions."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT document_id FROM search_embedding WHERE kind = %(kind)s AND space = %(space)s"
                " AND changed_xid >= %(oldest)s"
                " AND NOT pg_visible_in_snapshot(changed_xid::text::xid8, %(since)s::pg_snapshot)"
                " AND pg_visible_in_snapshot(changed_xid::text::xid8, %(until)s::pg_snapshot)",
                self._named | {"oldest": since.xmin, "since": since.snapshot, "until": until.snapshot},
            )
            by_vector = {row[0] for row in cursor.fetchall()}
        return sorted(by_vector.union(changed_ids(self.kind, since, until)))

    def build(self, generation: Path) -> int:
        """Copy all public documents with their vectors; give their number."""
        last, count = -1, 0
        sums = {"with_vector": 0, "base": 0, "ids": 0}
        with (generation / "base").open("wb") as base, (generation / "ids").open("wb") as ids:
            while len(records := self._copied(f"object_id > {last} ORDER BY object_id LIMIT {BATCH}")):
                last, count = int(records["object_id"][-1]), count + len(records)
                sums["with_vector"] += int((records["vector_language"] > 0).sum())
                for name, file, content in (("base", base, records), ("ids", ids, records["object_id"])):
                    file.write(written := content.tobytes())
                    sums[name] = zlib.crc32(written, sums[name])
            _sync(base)
            _sync(ids)
        write_whole(generation / "sums.json", json.dumps(sums | {"count": count}))
        write_whole(generation / "extent.json", json.dumps({"count": 0, "tail": 0}))
        return count

    def is_whole(self, generation: Path) -> bool:
        """Tell whether the files still stand."""
        extent = extent_of(generation)
        names = ["base", "ids", "sums.json", *(["tail"] if extent["count"] else [])]
        return all((generation / name).exists() for name in names)

    def verify(self, generation: Path) -> None:
        """Compare each file with its checksum."""
        with damage.named(generation):
            sums = sums_of(generation)
            for name, form, stated in (
                ("base", RECORD, sums),
                ("ids", ID, sums),
                ("tail", RECORD, extent_of(generation)),
            ):
                size = stated["count"] * form.itemsize
                if _checksum(generation / name, size) != stated[name]:
                    raise IndexDamagedError(f"{name} is not as it was written", generation)

    def held(self, generation: Path) -> tuple[int, ...]:
        """Open the files and count the documents, and those with a vector."""
        return Mirror(generation).advance().counts()

    def truth(self) -> tuple[int, ...]:
        """Count the same in PostgreSQL."""
        vectors = Embedding.objects.filter(kind=self.kind, space=self._named["space"])
        return Document.objects.public().filter(kind=self.kind).count(), vectors.count()

    def open(self, generation: Path) -> None:
        """Open what is held, to know what a change replaces."""
        self._mirror = Mirror(generation).advance()

    def apply(self, ids: list[int]) -> None:
        """Append what the documents have now."""
        assert self._mirror is not None
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            of_all = Document.objects.filter(pk__in=some).order_by("pk").values_list("object_id", flat=True)
            object_ids = np.array(of_all, dtype=np.int64)
            present = self._copied("id = ANY(%(ids)s::bigint[])", ids=some)
            gone = np.zeros(len(object_ids), dtype=RECORD)
            gone["object_id"] = object_ids
            gone = gone[~np.isin(object_ids, present["object_id"]) & (self._mirror.look_up(object_ids)["language"] > 0)]
            self._append(np.concatenate([present, gone]))

    def let_go(self) -> None:
        """Close the files."""
        self._mirror = None

    @property
    def _named(self) -> dict[str, Any]:
        return {"kind": self.kind, "space": self._space[1] if self._space else "", "dimensions": DIMENSIONS}

    def _append(self, records: Records) -> None:
        assert self._mirror is not None
        if not len(records):
            return
        generation = self._mirror.generation
        extent = extent_of(generation)
        (generation / "tail").touch()
        with (generation / "tail").open("r+b") as file:
            file.seek(extent["count"] * RECORD.itemsize)
            file.write(content := records.tobytes())
            _sync(file)
        extent = {"count": extent["count"] + len(records), "tail": zlib.crc32(content, extent["tail"])}
        write_whole(generation / "extent.json", json.dumps(extent))
        self._mirror.advance()

    def _copied(self, which: str, **parameters: Any) -> Records:
        """Give the records of some public documents, as they are in PostgreSQL."""
        with connection.cursor() as cursor, cursor.copy(COPY.format(which=which), self._named | parameters) as copy:
            content = b"".join(copy)
        count, rest = divmod(len(content) - COPY_HEADER - COPY_TRAILER, COPIED.itemsize)
        rows = np.frombuffer(content, dtype=COPIED, count=count, offset=COPY_HEADER)
        if rest or (rows["dimensions"] != DIMENSIONS).any():
            raise ValueError("PostgreSQL sends vectors in an unknown form")
        records = np.zeros(count, dtype=RECORD)
        for name in ("object_id", "characters"):
            records[name] = rows[name]
        for name in ("language", "vector_language"):
            for number, language in enumerate(LANGUAGES):
                records[name][rows[name] == language.encode()] = number
        records["vector"] = rows["vector"].astype("<u2").view("<f2")
        return records


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _checksum(path: Path, size: int) -> int:
    """Give the checksum of the first bytes of a file, fewer if it is shorter."""
    checksum = 0
    if not size:
        return checksum
    with path.open("rb") as file:
        while size > 0 and (part := file.read(min(size, CHECKED_AT_ONCE))):
            checksum = zlib.crc32(part, checksum)
            size -= len(part)
    return checksum
