"""A stock of plausible listings of any size, written in bulk: texts recombined, vectors mixed.

A listing takes its sentences from two real texts of one language and its vector from the vectors of the same two, in
the same shares, with a little noise; a word of its own lets the vocabulary grow with the stock. The rows are copied
straight into the tables, so they cost seconds rather than the days of embedding and of services; what is found is
plausible, but not judged.
"""

import gzip
import hashlib
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_search import SAMPLES

BATCH = 5000
SENTENCES = (4, 8)  # of a listing
NOISE = 0.01
LANGUAGES = ("vi", "en")
MODIFIED = "2026-01-01 00:00:00+00"
BUILD_MEMORY = "2GB"  # of PostgreSQL, while a vector index is built

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """A real text with its vector."""

    title: str
    sentences: tuple[str, ...]
    language: str
    vector: Floats = field(repr=False)


def say(message: str) -> None:
    """Tell how far it is, on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {message}", file=sys.stderr, flush=True)


def real_texts(data: Path | None) -> list[tuple[str, str, str]]:
    """Give title, text and language of the samples and, if there is a folder, of its judged collections."""
    from search.text import detect_language  # noqa: PLC0415 -- after Django is set up

    rows = []
    for name in ("technologies-vi", "technologies-en", "demands-vi", "demands-en"):
        for row in json.loads((SAMPLES / f"{name}.json").read_text()):
            body = " ".join([row["problem"], row.get("solution", ""), row.get("summary", "")])
            rows.append((row["title"], body, name[-2:]))
    for folder in ("sbir", "xquad") if data else ():
        for path in sorted((data / folder).glob("[cd]*.jsonl.gz")):  # type: ignore[operator] -- data is a folder here
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for row in map(json.loads, lines):
                    rows.append(("", row["text"], detect_language(row["text"][:500])))
    return rows


def read_sources(data: Path | None, *, embed: int) -> list[Source]:
    """Give the real texts that have a stored vector, and up to `embed` more that are embedded now."""
    from benchmarks.stand import StoredEmbedder  # noqa: PLC0415 -- after Django is set up
    from search import embedder, text  # noqa: PLC0415 -- as above

    stored = embedder.current_embedder()
    found, waiting = [], []
    for title, body, language in real_texts(data):
        sentences = tuple(s.strip() for s in text.sentences(text.clean(body), limit=40) if 20 < len(s) < 600)
        if len(sentences) < 2:
            continue
        passage = embedder.passage_text(title, body)
        vector = stored.known(passage, query=False) if isinstance(stored, StoredEmbedder) else None
        (waiting if vector is None else found).append((title, sentences, language, passage, vector))
    random.Random(7).shuffle(waiting)
    short = [language for language in LANGUAGES if sum(row[2] == language for row in found) < embed / 2]
    waiting = [row for row in waiting if row[2] in short][:embed]
    if waiting:
        say(f"embedding {len(waiting)} texts")
        made = np.concatenate([stored.embed([row[3]], query=False) for row in waiting])
        found += [(*row[:4], vector) for row, vector in zip(waiting, made, strict=True)]
    return [
        Source(title, sentences, language, np.asarray(v, dtype=np.float32))
        for title, sentences, language, _, v in found
    ]


class Recombined:
    """Makes listings out of sources. The same numbers give the same listings."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._by_language = {
            language: [source for source in sources if source.language == language] for language in LANGUAGES
        }
        self._vectors = {
            name: np.stack([source.vector for source in own]) for name, own in self._by_language.items() if own
        }
        self.languages = tuple(self._vectors)

    def needs(self, words: int, *, chance: random.Random, language: str | None = None) -> tuple[str, str, str]:
        """Give a whole need of so many words: title, text, language."""
        language = language or chance.choice(self.languages)
        said: list[str] = []
        while len(said) < words:
            said += " ".join(chance.choice(self._by_language[language]).sentences).split()
        return " ".join(said[:8]).rstrip(",.;:"), " ".join(said[:words]), language

    def phrase(self, *, chance: random.Random) -> str:
        """Give what somebody may type: two to five neighbouring words."""
        words = chance.choice(chance.choice(self._by_language[chance.choice(self.languages)]).sentences).split()
        start = chance.randrange(max(1, len(words) - 4))
        return " ".join(words[start : start + chance.randint(2, 5)]).strip(',.;:()"“”')

    def batch(self, kind: str, first: int, count: int) -> tuple[list[tuple[int, str, str, str]], dict[str, Any]]:
        """Give rows (object id, language, title, body) and, by language, object ids with their vectors."""
        chance = random.Random(f"{kind}-{first}")
        noise = np.random.default_rng([ord(kind[0]), first])
        rows, mixed = [], {language: ([], [], [], []) for language in self.languages}  # type: ignore[var-annotated]
        for object_id in range(first, first + count):
            language = self.languages[chance.random() < 0.55] if len(self.languages) > 1 else self.languages[0]
            own = self._by_language[language]
            one, other = chance.randrange(len(own)), chance.randrange(len(own))
            share = chance.uniform(0.3, 0.7)
            length = chance.randint(*SENTENCES)
            said = chance.sample(own[one].sentences, min(round(share * length) or 1, len(own[one].sentences)))
            rest = chance.sample(own[other].sentences, min(length - len(said), len(own[other].sentences)))
            title = own[one].title or " ".join(said[0].split()[:10]).rstrip(",.;:")
            code = _code(object_id)
            rows.append((object_id, language, f"{title} {code}"[:250], " ".join([*said, *rest, f"{code}."])))
            ids, ones, others, shares = mixed[language]
            ids.append(object_id)
            ones.append(one)
            others.append(other)
            shares.append(share)
        vectors = {}
        for language, (ids, ones, others, shares) in mixed.items():
            if not ids:
                continue
            real, share = self._vectors[language], np.array(shares, dtype=np.float32)[:, None]
            made = share * real[ones] + (1 - share) * real[others]
            made += noise.normal(0, NOISE, made.shape).astype(np.float32)
            made /= np.linalg.norm(made, axis=1, keepdims=True)
            vectors[language] = (np.array(ids, dtype=np.int64), made.astype(np.float16))
        return rows, vectors


def _code(number: int) -> str:
    letters = ""
    while number:
        number, place = divmod(number, 20)
        letters += "bcdfghklmnpqrstvwxyz"[place]
    return f"{letters}x"


def batches(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Give first number and count of each batch of first..last."""
    for start in range(first, last + 1, BATCH):
        yield start, min(BATCH, last + 1 - start)


# --- the tables


class Stock:
    """Technologies and demands in the tables, with documents and vectors; grows to the sizes asked for."""

    def __init__(self, recombined: Recombined) -> None:
        from search.embedder import current_embedder  # noqa: PLC0415 -- after Django is set up
        from search.models import VectorSpace  # noqa: PLC0415 -- as above
        from tests.factories.accounts import OrganisationFactory, person, province  # noqa: PLC0415 -- as above

        self.recombined = recombined
        self.space = current_embedder().space
        VectorSpace.objects.update_or_create(space=self.space, defaults={"serving": True})
        self.held = {"technology": 0, "demand": 0}
        chance = random.Random(2026)
        self._provinces = [chance.choice(["01", "79", "92", "48", "31", "08", "22", "75"]) for _ in range(40)]
        self._organisations = [
            OrganisationFactory(university=n % 3 == 0, province=province(code))
            for n, code in enumerate(self._provinces)
        ]
        self._authors = [person(role="researcher", organisation=one) for one in self._organisations]

    def grow(self, kind: str, count: int) -> None:
        """Add listings of a kind until there are so many."""
        first = self.held[kind] + 1
        with _unchecked():
            self._fill(kind, first, count)
        self.held[kind] = max(count, self.held[kind])
        self._move_sequences()

    def _fill(self, kind: str, first: int, count: int) -> None:
        for start, many in batches(first, count):
            rows, vectors = self.recombined.batch(kind, start, many)
            self._copy_documents(kind, rows)
            self._copy_vectors(kind, vectors)
            self._insert_listings(kind, start, start + many - 1)
            if start // 100_000 != (start + many) // 100_000:
                say(f"{kind}: {start + many - 1:,}")

    def _document_id(self, kind: str, object_id: int) -> int:
        return 2 * object_id + (kind == "demand")

    def _copy_documents(self, kind: str, rows: list[tuple[int, str, str, str]]) -> None:
        from django.db import connection  # noqa: PLC0415 -- after Django is set up

        with connection.cursor() as cursor, cursor.cursor.copy(
            "COPY search_document (id, key, kind, object_id, language, title, body, source_hash, text_hash, public,"
            " changed_at) FROM STDIN"
        ) as copy:  # fmt: skip
            for object_id, language, title, body in rows:
                key = f"{kind}:{object_id}"
                name = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
                copy.write_row(
                    (self._document_id(kind, object_id), key, kind, object_id, language, title, body, name, name, True, MODIFIED)
                )  # fmt: skip

    def _copy_vectors(self, kind: str, vectors: dict[str, tuple[NDArray[np.int64], NDArray[np.float16]]]) -> None:
        """Copy in PostgreSQL's binary form: every column of a batch has the same width, so numpy writes it whole."""
        from django.db import connection  # noqa: PLC0415 -- after Django is set up

        for language, (ids, made) in vectors.items():
            columns: list[tuple[str, str, Any]] = [
                ("document_id", ">i8", 2 * ids + (kind == "demand")),
                ("kind", f"S{len(kind)}", kind.encode()),
                ("object_id", ">i8", ids),
                ("space", f"S{len(self.space)}", self.space.encode()),
                ("text_hash", "S40", [hashlib.sha1(f"{kind}:{n}".encode()).hexdigest().encode() for n in ids.tolist()]),  # noqa: S324 -- a name
                ("language", "S2", language.encode()),
                ("created_at", ">i8", np.zeros(len(ids))),
                ("vector", f"S{4 + 2 * made.shape[1]}", None),
            ]  # fmt: skip
            layout: list[Any] = [("n", ">i2")]
            for name, form, _ in columns:
                layout += [(f"{name}_size", ">i4"), (name, (">u2", 2 + made.shape[1]) if name == "vector" else form)]
            table = np.zeros(len(ids), dtype=layout)
            table["n"] = len(columns)
            for name, form, values in columns:
                table[f"{name}_size"] = np.dtype(form).itemsize
                if name == "vector":
                    table[name][:, 0] = made.shape[1]
                    table[name][:, 2:] = made.view(np.uint16)
                else:
                    table[name] = values
            names = ", ".join(name for name, _, _ in columns)
            with connection.cursor() as cursor, cursor.cursor.copy(
                f"COPY search_embedding ({names}) FROM STDIN (FORMAT BINARY)"
            ) as copy:  # fmt: skip
                copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8) + table.tobytes() + b"\xff\xff")

    def _insert_listings(self, kind: str, first: int, last: int) -> None:
        """Make the listings of the documents first..last, with fields, rights, places and prices spread over them."""
        from listings.choices import Cooperation, IPKind, Right  # noqa: PLC0415 -- after Django is set up
        from listings.models import Demand, IPRight, Technology  # noqa: PLC0415 -- as above

        model: Any = Technology if kind == "technology" else Demand
        values = {
            "id": "d.object_id", "language": "d.language", "title": "left(d.title, 250)",
            "summary": "left(d.body, 300)", "published_at": "now() - interval '1 second' * (9000000 - d.object_id)",
            "exchange_id": _pick(sorted({one.exchange_id for one in self._organisations}), 1),
            "organisation_id": _pick([one.pk for one in self._organisations], 2),
            "author_id": _pick([one.pk for one in self._authors], 2),
            "province_id": _pick(self._provinces, 2), "main_field_id": _pick(range(1, 36), 3), "state": "'published'",
            "legal_class": _pick(["none", "none", "none", "encouraged", "restricted"], 4),
        }  # fmt: skip
        if kind == "technology":
            values |= {
                "solution": "d.body", "trl": _pick([*range(1, 10)], 5), "price_min": f"{_pick(range(1, 91), 6)} * 1e8",
                "rights_offered": f"ARRAY[{_pick(Right.values, 7)}]",
            }  # fmt: skip
        else:
            values |= {
                "problem": "d.body", "trl_min": _pick([4, 6, 8], 5), "budget_max": f"{_pick(range(1, 91), 6)} * 1e8",
                "masked": f"{_pick(range(5), 8)} = 0", "cooperation": f"ARRAY[{_pick(Cooperation.values, 7)}]",
            }  # fmt: skip
        source = f"search_document d WHERE d.kind = '{kind}' AND d.object_id BETWEEN {first} AND {last}"
        _insert(model, values, source)
        own = {f"{kind}_id": "d.object_id"}
        _insert(model.fields.through, own | {"field_id": _pick(range(1, 36), 3)}, source)
        _insert(
            model.fields.through, own | {"field_id": f"1 + ({_pick(range(1, 36), 3)} + {_pick(range(30), 9)}) % 35"},
            f"{source} AND {_pick(range(2), 10)} = 0",
        )  # fmt: skip
        if kind == "technology":
            right = own | {"kind": _pick(IPKind.values, 11), "number": "d.object_id::text", "status": "'granted'"}
            _insert(IPRight, right, f"{source} AND {_pick(range(3), 12)} > 0")

    def _move_sequences(self) -> None:
        from django.db import connection  # noqa: PLC0415 -- after Django is set up

        with connection.cursor() as cursor:
            for table in ("search_document", "listings_technology", "listings_demand"):
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {table}))"  # noqa: S608 -- our own tables
                )


@contextmanager
def without_time_limit() -> Iterator[None]:
    """Let statements take as long as they need: building is not serving."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")


@contextmanager
def _unchecked() -> Iterator[None]:
    """Leave out the triggers, those of foreign keys among them: the rows are made to fit."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("RESET session_replication_role")


def _pick(choices: Any, salt: int) -> str:
    """Write SQL that draws one of the choices for a document, the same one each time."""
    choices = list(choices)
    form, quote = ("text", "'") if isinstance(choices[0], str) else ("bigint", "")
    listed = ", ".join(f"{quote}{choice}{quote}" for choice in choices)
    drawn = f"1 + (hashint8extended(d.object_id, {salt}) & 1073741823) % {len(choices)}"
    return f"(ARRAY[{listed}]::{form}[])[{drawn}]"


def _insert(model: Any, values: dict[str, str], source: str) -> None:
    """Insert a row of a model for each row of the source: columns by SQL, the others by the model's defaults."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    columns, written, parameters = [], [], []
    for each in model._meta.concrete_fields:
        if each.column in values:
            written.append(values[each.column])
        elif each.primary_key or each.has_db_default():
            continue
        elif getattr(each, "auto_now", False) or getattr(each, "auto_now_add", False):
            written.append(f"'{MODIFIED}'")
        else:
            written.append("%s")
            parameters.append(each.get_db_prep_save(each.get_default(), connection))
        columns.append(each.column)
    statement = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {', '.join(written)} FROM {source}"  # noqa: S608 -- our own columns
    if parameters:
        free = [name for name, text in zip(columns, written, strict=True) if text == "%s"]
        assert len(free) == len(parameters)
        statement = statement.replace(" % ", " %% ")
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


# --- the vector indexes


def vector_indexes() -> dict[str, str]:
    """Give the definition of every HNSW index of the vectors, by name."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'search_embedding' AND indexdef LIKE '%% USING hnsw %%'"
            " ORDER BY indexname"
        )
        return dict(cursor.fetchall())


def drop_vector_indexes(names: Sequence[str]) -> None:
    """Drop them, for loading."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP INDEX IF EXISTS {name}")


def build_vector_indexes(definitions: dict[str, str], *, processes: int) -> dict[str, Any]:
    """Build them by so many processes; give seconds and bytes of each."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    report = {}
    with connection.cursor() as cursor:
        cursor.execute(f"SET maintenance_work_mem = '{BUILD_MEMORY}'")
        cursor.execute(f"SET max_parallel_maintenance_workers = {max(processes - 1, 0)}")
        for name, definition in definitions.items():
            start = time.perf_counter()
            cursor.execute(definition)
            seconds = time.perf_counter() - start
            cursor.execute("SELECT pg_relation_size(%s::regclass)", [name])
            report[name] = {"seconds": round(seconds, 1), "mb": round(cursor.fetchone()[0] / 1e6, 1)}
        cursor.execute("RESET maintenance_work_mem")
        cursor.execute("RESET max_parallel_maintenance_workers")
    return report
