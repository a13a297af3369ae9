"""A throwaway exchange to measure on: engines, tables, and collections put through the product's own services."""

import contextlib
import gzip
import hashlib
import json
import os
import random
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

OUT = Path(__file__).resolve().parent / "out"
MIXED_SEED = 5


@dataclass(frozen=True)
class Text:
    """A document or a query of a collection."""

    key: str
    title: str
    body: str
    language: str


@dataclass
class Collection:
    """Documents, queries and judgements; `kind` once it is put into the exchange, with the key of each object id."""

    name: str
    documents: list[Text]
    queries: list[Text]
    judged: dict[str, dict[str, int]]
    kind: str = ""
    keys: dict[int, str] = field(default_factory=dict)


@contextmanager
def running(*, postgres: Mapping[str, str] | None = None) -> Iterator[None]:
    """Start empty engines, PostgreSQL with these settings, and make Django ready for them; all gone at the end."""
    from marketplace.engines.throwaway import throwaway_engines  # noqa: PLC0415 -- before Django is set up

    with throwaway_engines(postgres_settings=postgres) as engines:
        os.environ |= {
            "DATABASE_URL": engines.postgres.url,
            "REDIS_URL": engines.valkey.url,
            "TEST_SCRATCH": str(engines.scratch),
            "DJANGO_SETTINGS_MODULE": "marketplace.settings.test",
        }
        import django  # noqa: PLC0415 -- its settings need the addresses
        from django.core.management import call_command  # noqa: PLC0415 -- as above

        django.setup()
        call_command("migrate", verbosity=0)
        yield


def read_folder(folder: Path, *, pool: Sequence[Path] = ()) -> list[Collection]:
    """Read `corpus*.jsonl.gz`, `distractors*.jsonl.gz`, `queries*.jsonl.gz` and `qrels.tsv`.

    Corpora with the same keys are translations of each other: they give a collection for each pair of languages, and
    a mixed one in which each document is present in one language at random. Vietnamese queries are also asked
    without diacritics. `pool` adds texts (never titles) as distractors.
    """
    from search.text import detect_language, fold  # noqa: PLC0415 -- after Django is set up

    def texts(path: Path, *, titles: bool = True) -> list[Text]:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return [_text(row, titles=titles, language=row.get("lang") or detect_language(row["text"])) for row in rows]

    judged: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        judged.setdefault(query, {})[document] = int(grade)
    corpora = [texts(path) for path in sorted(folder.glob("corpus*.jsonl.gz"))]
    queries = [texts(path) for path in sorted(folder.glob("queries*.jsonl.gz"))]
    others = [text for path in sorted(folder.glob("distractors*.jsonl.gz")) for text in texts(path)]
    others += [text for path in pool for text in texts(path, titles=False)]
    keys = [{text.key for text in corpus} for corpus in corpora]
    found: list[Collection] = []

    def add(name: str, documents: list[Text], asked: list[Text]) -> None:
        asked = [query for query in asked if judged.get(query.key)]
        found.append(Collection(name, documents, asked, judged))
        if asked and asked[0].language == "vi":
            bare = [Text(query.key, fold(query.title), fold(query.body), "vi") for query in asked]
            found.append(Collection(f"{name}, no diacritics", documents, bare, judged))

    if len(corpora) > 1 and all(one == keys[0] for one in keys):
        by_language = {corpus[0].language: {text.key: text for text in corpus} for corpus in corpora}
        chance = random.Random(MIXED_SEED)
        mixed = [by_language[chance.choice(sorted(by_language))][key] for key in sorted(keys[0])]
        for asked in queries:
            language = asked[0].language
            for target in sorted(by_language):
                same = [text for text in others if text.language == target] if target == language else []
                add(f"{language}->{target}", [*by_language[target].values(), *same], asked)
            add(f"{language}->mixed", mixed, asked)
    else:
        merged = [text for corpus in corpora for text in corpus]
        known = {text.key for text in merged}
        add(folder.name, merged + [text for text in others if text.key not in known], [q for a in queries for q in a])
    return found


def _text(row: dict[str, Any], *, titles: bool, language: str) -> Text:
    title, body = (row.get("title") or "") if titles else "", row["text"]
    if title and body.startswith(title):
        body = body[len(title) :].lstrip(" .:\n")
    return Text(str(row.get("_id", row.get("id"))), title, body, language)


class StoredEmbedder:
    """The product's embedder, its vectors kept in a file between runs of a benchmark (as 16-bit floats)."""

    def __init__(self, inner: Any, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.inner = inner
        self.space = inner.space
        self.made = 0
        self._store = sqlite3.connect(path, timeout=60, check_same_thread=False)
        self._store.execute("CREATE TABLE IF NOT EXISTS v (k TEXT PRIMARY KEY, e BLOB)")

    def known(self, text: str, *, query: bool) -> Any:
        """Give the stored vector of a text, or None."""
        key = hashlib.sha1(f"{'query' if query else 'passage'}\0{text}".encode()).hexdigest()  # noqa: S324 -- a name
        row = self._store.execute("SELECT e FROM v WHERE k = ?", (key,)).fetchone()
        return np.frombuffer(row[0], dtype="<f2").astype(np.float32) if row else None

    def embed(self, texts: Sequence[str], *, query: bool) -> Any:
        """Embed what is not stored yet."""
        keys = [hashlib.sha1(f"{'query' if query else 'passage'}\0{text}".encode()).hexdigest() for text in texts]  # noqa: S324 -- a name
        stored = {}
        for key in keys:
            row = self._store.execute("SELECT e FROM v WHERE k = ?", (key,)).fetchone()
            if row:
                stored[key] = np.frombuffer(row[0], dtype="<f2").astype(np.float32)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in stored}
        if missing:
            for key, vector in zip(missing, self.inner.embed(list(missing.values()), query=query), strict=True):
                stored[key] = vector.astype("<f2").astype(np.float32)
                self._store.execute("INSERT OR REPLACE INTO v VALUES (?, ?)", (key, vector.astype("<f2").tobytes()))
            self._store.commit()
            self.made += len(missing)
        return np.stack([stored[key] for key in keys])


def install_stored_embedder() -> StoredEmbedder:
    """Use stored vectors where there are some. BENCH_VECTORS names another file."""
    from search import embedder  # noqa: PLC0415 -- after Django is set up

    inner = embedder.InProcessEmbedder(threads=os.cpu_count() or 1)
    stored = StoredEmbedder(inner, Path(os.environ.get("BENCH_VECTORS", OUT / "vectors.sqlite")))
    embedder.use_embedder(stored)
    return stored


def put(collections: Sequence[Collection], *, dense: bool = True, exact: bool = False) -> dict[str, float]:
    """Put collections into the exchange, each set of documents once, index and embed them; give the seconds.

    With `exact`, the vector index is dropped: neighbours are then found by comparing all, the same in every run.
    """
    from django.db import connection, transaction  # noqa: PLC0415 -- after Django is set up

    from search import embeddings, index, services  # noqa: PLC0415 -- as above

    spent = {}
    start = time.perf_counter()
    shared: dict[int, Collection] = {}
    for number, collection in enumerate(collections):
        twin = shared.setdefault(id(collection.documents), collection)
        if twin is not collection:
            collection.kind, collection.keys = twin.kind, twin.keys
            continue
        collection.kind = f"bench{number}"
        collection.keys = {place: text.key for place, text in enumerate(collection.documents, start=1)}
        with transaction.atomic():
            for place, text in enumerate(collection.documents, start=1):
                services.put_document(
                    kind=collection.kind, object_id=place, title=text.title, body=text.body, language=text.language
                )
            connection.run_on_commit.clear()
    if exact:
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%%USING hnsw%%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP INDEX "{name}"')
    spent["put_s"] = time.perf_counter() - start
    start = time.perf_counter()
    index.catch_up(timeout=600)
    spent["index_s"] = time.perf_counter() - start
    start = time.perf_counter()
    while dense and embeddings.embed_documents():
        pass
    if dense:
        embeddings.recompute_means()
    spent["embed_s"] = time.perf_counter() - start
    with connection.cursor() as cursor, contextlib.suppress(KeyError):
        cursor.execute("ANALYZE search_document, search_embedding")
    return spent
