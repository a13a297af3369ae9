"""Rows of a JSONL or CSV file, plain or gzipped, one at a time."""

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from listings.importer.problems import Problem, UnreadableError

GZIP = b"\x1f\x8b"
LONGEST = 4_000_000  # characters of one row
DEEPEST = 50  # objects and lists in one another
DELIMITERS = ",;\t|"
_UNDECODED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Row:
    """A row, counted from 1 without the header: its columns or, when it could not be read, the problem."""

    number: int
    columns: dict[str, Any] = field(default_factory=dict)
    problem: Problem | None = None


@contextmanager
def open_rows(path: Path) -> Iterator[tuple[Iterator[Row], Callable[[], int]]]:
    """Give the rows of a file, and how many bytes of it were read so far.

    Raises UnreadableError at once for what is no such file, and from the iterator where a file breaks off.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise UnreadableError(str(error)) from error
    with raw:
        start = raw.read(4)
        raw.seek(0)
        stream: Any = gzip.GzipFile(fileobj=raw) if start.startswith(GZIP) else raw
        name = path.name.lower().removesuffix(".gz")
        size = path.stat().st_size
        yield _reported(_rows(stream, name)), lambda: size if raw.closed else raw.tell()


def _reported(rows: Iterator[Row]) -> Iterator[Row]:
    try:
        yield from rows
    except (EOFError, zlib.error, OSError) as error:
        raise UnreadableError(_("The file breaks off or is damaged: %(error)s") % {"error": error}) from error


def _rows(stream: BinaryIO, name: str) -> Iterator[Row]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    head = text.read(2000)
    text.seek(0)
    if "\x00" in head[:4] or head.startswith(("\udcff\udcfe", "\udcfe\udcff")):
        raise UnreadableError(_("The file is not UTF-8. Save it as UTF-8 and try again."))
    if not head.strip():
        return
    if name.endswith((".csv", ".tsv")):
        yield from _csv_rows(text, head)
    elif head.lstrip().startswith("["):
        raise UnreadableError(_("The file is one JSON list. Write one record on each line (JSONL)."))
    elif name.endswith((".jsonl", ".ndjson", ".json")) or head.lstrip().startswith("{"):
        yield from _json_rows(text)
    else:
        yield from _csv_rows(text, head)


def _json_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    number = 0
    lines = iter(lambda: text.readline(LONGEST), "")
    for line in lines:
        if not line.strip():
            continue
        number += 1
        if len(line) >= LONGEST and not line.endswith(("\n", "\r")):
            while (rest := text.readline(LONGEST)) and not rest.endswith(("\n", "\r")):
                pass
            yield Row(number, problem=Problem.of("", _("The row is too long."), line[:200]))
            continue
        yield _json_row(number, line)


def _json_row(number: int, line: str) -> Row:
    if _UNDECODED.search(line):
        return Row(number, problem=Problem.of("", _("The row is not UTF-8."), _shown(line)))
    try:
        columns = json.loads(line, parse_constant=lambda name: None)
    except (ValueError, RecursionError) as error:
        message = _("The row is not JSON: %(error)s") % {"error": error}
        return Row(number, problem=Problem.of("", message, line[:200]))
    if not isinstance(columns, dict):
        return Row(number, problem=Problem.of("", _("The row is not a JSON object."), line[:200]))
    if _is_deep(columns):
        return Row(number, problem=Problem.of("", _("The row is nested too deeply."), line[:200]))
    return Row(number, columns)


def _is_deep(columns: dict[str, Any]) -> bool:
    level: list[Any] = [columns]
    for _depth in range(DEEPEST):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return False
    return True


def _inner(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _csv_rows(text: io.TextIOWrapper, head: str) -> Iterator[Row]:
    csv.field_size_limit(LONGEST)
    header_line = head.lstrip("\ufeff").splitlines()[0]
    delimiter = max(DELIMITERS, key=header_line.count)
    rows = csv.reader(text, delimiter=delimiter)
    header: list[str] = []
    number = 0
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            yield Row(number, problem=Problem.of("", _("The row is not CSV: %(error)s") % {"error": error}))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            if len(set(header)) < len(header) or "" in header:
                raise UnreadableError(_("The header needs a different name for each column."))
            continue
        number += 1
        if len(cells) != len(header):
            message = _("The row has %(cells)d cells, the header %(columns)d.")
            message %= {"cells": len(cells), "columns": len(header)}
            yield Row(number, problem=Problem.of("", message, _shown(cells[0])))
        elif any(_UNDECODED.search(cell) for cell in cells):
            yield Row(number, problem=Problem.of("", _("The row is not UTF-8."), _shown(cells[0])))
        else:
            yield Row(number, dict(zip(header, cells, strict=True)))


def _shown(text: str) -> str:
    return _UNDECODED.sub("\ufffd", text[:200])
