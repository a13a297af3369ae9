"""Files of an index that cannot be read: they are told from other errors, named, and marked for the writer.

The mark lies in the folder of the generation that failed. So the writer builds anew what is in use and damaged, and
not once more because a search in an earlier state met files that are gone.
"""

import json
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

MARK = "damaged"
CHECKED_AT_ONCE = 1 << 20  # bytes

Method = TypeVar("Method", bound=Callable[..., Any])


class IndexDamagedError(Exception):
    """The files of an index cannot be read; the writer builds them anew. `generation`: their folder, where known."""

    def __init__(self, said: str, generation: Path | None = None):
        super().__init__(said)
        self.generation = generation


@contextmanager
def named(generation: Path | None = None) -> Iterator[None]:
    """Raise IndexDamagedError for whatever tantivy says of files that it cannot read: errors, and panics in Rust."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexDamagedError(str(error), generation) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of pyo3: it has no module to import it from
            raise
        raise IndexDamagedError(str(error), generation) from error


def reading(method: Method) -> Method:
    """Let a method that reads an index raise IndexDamagedError where it fails, with the `generation` of its object."""

    @wraps(method)
    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        with named(self.generation):
            return method(self, *args, **kwargs)

    return cast("Method", read)


def mark(generation: Path) -> None:
    """Ask the writer to build an index anew. A generation that is gone needs no mark."""
    with suppress(OSError):
        (generation / MARK).touch()


def is_marked(generation: Path) -> bool:
    """Tell whether a reader could not read this generation."""
    return (generation / MARK).exists()


def verify(folder: Path) -> None:
    """Compare each file with the checksum that tantivy wrote at its end: payload, {"crc", …}, length, magic number.

    Raises IndexDamagedError. Files that a killed writer left without an end belong to no segment and are passed by.
    """
    meta = json.loads((folder / "meta.json").read_text())
    names = {segment["segment_id"].replace("-", "") for segment in meta["segments"]}
    for path in sorted(folder.iterdir()):
        if path.name.split(".")[0] not in names or path.suffix == ".del":
            continue
        size = path.stat().st_size
        with path.open("rb") as file, named():
            file.seek(-8, os.SEEK_END)
            length = int.from_bytes(file.read(4), "little")
            file.seek(size - 8 - length)
            stated = json.loads(file.read(length))["crc"]
            file.seek(0)
            left, checksum = size - 8 - length, 0
            while left > 0:
                part = file.read(min(left, CHECKED_AT_ONCE))
                checksum = zlib.crc32(part, checksum)
                left -= len(part)
        if checksum != stated:
            raise IndexDamagedError(f"{path.name} is not as it was written")
