"""What others do with the same texts and queries: PostgreSQL full-text search and bm25s. For `bench_scale` alone."""

import os
import time
from collections.abc import Sequence
from typing import Any

import psutil

from benchmarks.bench_real import spread
from benchmarks.scale_stock import without_time_limit

FTS_QUERIES = 6
FTS_LIMIT = "20s"
BM25S_BYTES = 7000  # of memory for each text, while it is built
BM25S_MOST = 200_000  # texts; more take longer than the rest of the run


def beside(size: int, phrases: Sequence[str], needs: Sequence[str]) -> dict[str, Any]:
    """Give the figures of both."""
    return {"postgresql_ts_rank": full_text(size, phrases, needs), "bm25s": bm25s(size, phrases, needs)}


def full_text(size: int, phrases: Sequence[str], needs: Sequence[str]) -> dict[str, Any]:
    """Words by OR, ordered by `ts_rank`, from a table of its own with a GIN index."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    start = time.perf_counter()
    with without_time_limit(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_full_text")
        cursor.execute(f"SET max_parallel_workers_per_gather = {os.cpu_count() or 1}")
        cursor.execute(
            "CREATE UNLOGGED TABLE bench_full_text AS SELECT object_id, to_tsvector(CASE language WHEN 'vi' THEN"
            " 'simple'::regconfig ELSE 'english'::regconfig END, title || ' ' || body) AS words"
            " FROM search_document WHERE kind = 'technology' AND object_id <= %s",
            [size],
        )
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute("CREATE INDEX ON bench_full_text USING gin (words)")
        cursor.execute("RESET maintenance_work_mem")
        cursor.execute("RESET max_parallel_workers_per_gather")
        cursor.execute(
            "VACUUM ANALYZE bench_full_text" if not connection.in_atomic_block else "ANALYZE bench_full_text"
        )
        cursor.execute("SELECT pg_total_relation_size('bench_full_text')")
        size_mb = round(cursor.fetchone()[0] / 1e6, 1)
    report: dict[str, Any] = {"index_s": round(time.perf_counter() - start, 1), "mb": size_mb}
    for name, asked in (("short_query", phrases), ("whole_need", needs)):
        report[name] = _asked(asked[:FTS_QUERIES])
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_full_text")
    return report


def _asked(texts: Sequence[str]) -> dict[str, Any]:
    from django.db import connection, transaction  # noqa: PLC0415 -- after Django is set up
    from django.db.utils import OperationalError  # noqa: PLC0415 -- as above

    from search.text import detect_language  # noqa: PLC0415 -- as above

    seconds, stopped = [], 0
    for said in texts:
        config = "simple" if detect_language(said) == "vi" else "english"
        start = time.perf_counter()
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{FTS_LIMIT}'")
                cursor.execute(
                    "WITH q AS (SELECT replace(plainto_tsquery(%s::regconfig, %s)::text, '&', '|')::tsquery AS q)"
                    " SELECT object_id, ts_rank(words, q.q, 1) FROM bench_full_text, q WHERE words @@ q.q"
                    " ORDER BY 2 DESC, 1 LIMIT 100",
                    [config, said],
                )
                cursor.fetchall()
        except OperationalError:
            stopped += 1
            if stopped > 1:
                break
        seconds.append(time.perf_counter() - start)
    return {**spread(seconds), "queries": len(seconds), "stopped_at_20_s": stopped}


def bm25s(size: int, phrases: Sequence[str], needs: Sequence[str]) -> dict[str, Any]:
    """Build bm25s in memory on the product's own terms; skipped where it does not fit, with the reason."""
    from search import text  # noqa: PLC0415 -- after Django is set up
    from search.models import Document  # noqa: PLC0415 -- as above

    try:
        import bm25s as library  # noqa: PLC0415 -- perhaps not installed
    except ImportError:
        return {"skipped": "bm25s is not installed"}
    free = psutil.virtual_memory().available
    if size > BM25S_MOST or size * BM25S_BYTES > free / 2:
        return {"skipped": f"{size:,} texts need about {size * BM25S_BYTES / 1e9:.0f} GB and an hour of building"}
    before, start = psutil.Process().memory_info().rss, time.perf_counter()
    numbers: dict[str, int] = {}
    rows = Document.objects.filter(kind="technology", object_id__lte=size).order_by("pk")
    corpus = [
        [numbers.setdefault(term, len(numbers)) for term in text.terms_of(f"{title} {body}", language)[0]]
        for language, title, body in rows.values_list("language", "title", "body").iterator(chunk_size=2000)
    ]
    analysed = time.perf_counter() - start
    start = time.perf_counter()
    retriever = library.BM25(k1=1.2, b=0.75)
    retriever.index((corpus, numbers), show_progress=False)
    report: dict[str, Any] = {
        "analysis_s": round(analysed, 1), "index_s": round(time.perf_counter() - start, 1),
        "memory_mb": round((psutil.Process().memory_info().rss - before) / 1e6, 1),
    }  # fmt: skip
    del corpus
    for name, asked in (("short_query", phrases), ("whole_need", needs)):
        seconds = []
        for said in asked:
            start = time.perf_counter()
            terms = [t for t in text.analyse(said, text.detect_language(said)).terms if t in numbers]
            if terms:
                retriever.retrieve([terms], k=min(1000, size), show_progress=False)
            seconds.append(time.perf_counter() - start)
        report[name] = spread(seconds)
    return report
