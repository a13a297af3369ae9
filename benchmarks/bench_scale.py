"""How search and matching grow with the stock: figures at 10,000, at 100,000 and at N listings, in one run.

`python -m benchmarks.bench_scale [N] [--sizes 10000,100000] [--records DIR] [--json FILE]` grows one throwaway
exchange to each size in turn (with a tenth as many demands) and prints JSON. See `benchmarks.scale_stock` for what
the listings are. At each size:

- index: seconds and size of the BM25 index, of the mirror of the vectors, of the HNSW indexes, and of the tables;
- short_query, whole_need: `engine.rank` as the search page and matching call it, the vector of the query given;
- match_new_listing: `match_listing` of a new technology against all demands, without the time of embedding;
- match_new_demand: the other way about, against all technologies;
- page: the search page with facets through the Django view, its words embedded before; browse: without words;
- recall_50: how many of the exact 50 nearest of each language HNSW gives among its first 50;
- memory_mb of this process and of PostgreSQL (proportional share, so that shared pages count once);
- beside: PostgreSQL full-text search (`ts_rank`, OR) and bm25s on the same texts and queries.

`goals` says what was reached at the largest size, `growth` how many times slower it is than the size before.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from benchmarks import stand
from benchmarks.bench_real import Clocked, spread
from benchmarks.scale_beside import beside
from benchmarks.scale_recall import recall
from benchmarks.scale_stock import (
    Recombined,
    Stock,
    build_vector_indexes,
    drop_vector_indexes,
    read_sources,
    say,
    vector_indexes,
    without_time_limit,
)

ROOT = Path(__file__).resolve().parent.parent
SHARE_OF_DEMANDS = 10
WHOLE_NEED = 400  # words
GOALS = {"short_query": ("p95", 40), "whole_need": ("p95", 150), "match_new_listing": ("p95", 250)}
MOST_TIMES_SLOWER = 6
GRAPH = re.compile(r"WITH \([^)]*\)")
# What docs/operations.md advises for a large stock: the vector indexes stay in the memory of PostgreSQL.
POSTGRES = {
    "shared_buffers": f"{max(256, psutil.virtual_memory().total // 4_000_000)}MB",
    "effective_cache_size": f"{max(512, psutil.virtual_memory().total // 2_000_000)}MB",
    "max_wal_size": "8GB",
}
PAGES = (
    "",
    "&trl_min=6",
    "&sector=chemistry&ip=patent",
    "&language=en&sort=newest",
    "&region=red-river-delta&sort=price",
)
BROWSE: tuple[str, ...] = (
    "",
    "page=40",
    "trl_min=7",
    "sector=chemistry&ip=patent",
    "field=24&province=01",
    "sort=price",
    "sort=trl",
)


def times(act: Callable[[Any], Any], asked: Sequence[Any], *, clock: Clocked | None = None) -> dict[str, float]:
    """Time an act on each of the asked, the first once before; milliseconds, less those of the clock."""
    act(asked[0])
    seconds = []
    for one in asked:
        if clock:
            clock.seconds = 0.0
        start = time.perf_counter()
        act(one)
        seconds.append(time.perf_counter() - start - (clock.seconds if clock else 0.0))
    return spread(seconds)


# --- building


def build(stock: Stock, definitions: dict[str, str], size: int) -> dict[str, Any]:
    """Bring the stock to a size and build every index anew; give seconds and sizes."""
    with without_time_limit():
        return _build(stock, definitions, size)


def _build(stock: Stock, definitions: dict[str, str], size: int) -> dict[str, Any]:
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    from search import embeddings, index, mirror  # noqa: PLC0415 -- as above

    report: dict[str, Any] = {}
    drop_vector_indexes(list(definitions))
    start = time.perf_counter()
    stock.grow("technology", size)
    stock.grow("demand", max(size // SHARE_OF_DEMANDS, 1))
    report["rows_s"] = round(time.perf_counter() - start, 1)
    say(f"{size:,}: rows stand; building the vector indexes")
    connection.check_constraints()
    report["hnsw"] = build_vector_indexes(definitions, processes=os.cpu_count() or 1)
    start = time.perf_counter()
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute("ANALYZE")
        else:
            cursor.execute("VACUUM ANALYZE")
    report["vacuum_s"] = round(time.perf_counter() - start, 1)
    start = time.perf_counter()
    embeddings.recompute_means()
    report["means_s"] = round(time.perf_counter() - start, 1)
    say(f"{size:,}: building the BM25 indexes")
    start = time.perf_counter()
    if connection.in_atomic_block:
        index.catch_up()
    else:
        with index.writing(wait=True):
            for kind in stock.held:
                index.Writer(kind).rebuild()
    report["bm25"] = {"seconds": round(time.perf_counter() - start, 1), "mb": _megabytes("*/g-*/**/*")}
    start = time.perf_counter()
    if not connection.in_atomic_block:
        with index.writing(wait=True):
            for kind in stock.held:
                mirror.Writer(kind).rebuild()
    report["mirror"] = {"seconds": round(time.perf_counter() - start, 1), "mb": _megabytes("*/vectors/g-*/*")}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relname IN"
            " ('search_document', 'search_embedding', 'listings_technology', 'listings_demand') ORDER BY relname"
        )
        report["tables_mb"] = {name: round(size / 1e6, 1) for name, size in cursor.fetchall()}
    return report


def _megabytes(which: str) -> float:
    from django.conf import settings  # noqa: PLC0415 -- after Django is set up

    found = Path(settings.INDEX_DIR).glob(which)
    return round(sum(path.stat().st_size for path in found if path.is_file()) / 1e6, 1)


@contextmanager
def following() -> Iterator[None]:
    """Run the follower of the index beside, as an exchange does."""
    follower = subprocess.Popen(
        [sys.executable, "-W", "ignore", "manage.py", "follow_index"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert follower.stdout is not None
        for line in follower.stdout:
            if "following" in line:
                break
        yield
    finally:
        follower.terminate()
        follower.wait(timedelta(seconds=60).total_seconds())


# --- measuring


class Questions:
    """What is asked at every size: the same phrases and needs, embedded once."""

    def __init__(self, recombined: Recombined, *, count: int) -> None:
        from search import embedder, text  # noqa: PLC0415 -- after Django is set up

        chance = random.Random(3)
        self.phrases = [recombined.phrase(chance=chance) for _ in range(count)]
        self.needs = [recombined.needs(WHOLE_NEED, chance=chance) for _ in range(max(count // 2, 1))]
        self.vectors = {said: embedder.embed_query(said) for said in self.phrases}
        for _title, body, language in self.needs:
            self.vectors[body] = embedder.embed_query(body, language=language)
        self.languages = {said: text.detect_language(said) for said in self.phrases}
        self.languages |= {body: language for _title, body, language in self.needs}


def ranking(questions: Questions) -> dict[str, Any]:
    """Time the engine, whole and by parts."""
    from listings.finding import RANKED  # noqa: PLC0415 -- after Django is set up
    from matching.services.searching import KEPT  # noqa: PLC0415 -- as above
    from search import engine  # noqa: PLC0415 -- as above

    def phrase(said: str) -> None:
        engine.rank(said, kind="technology", limit=RANKED, query_vector=questions.vectors[said])

    def need(asked: tuple[str, str, str], *, limit: int = KEPT) -> None:
        title, body, language = asked
        vector = questions.vectors[body]
        engine.rank(body, title=title, kind="technology", language=language, limit=limit, query_vector=vector)

    return {
        "short_query": times(phrase, questions.phrases),
        "short_query_of_this": parts(questions, [("", said) for said in questions.phrases], depth=RANKED),
        "whole_need": times(need, questions.needs),
        "whole_need_of_this": parts(questions, [(title, body) for title, body, _ in questions.needs], depth=200),
        "whole_need_on_the_page": times(lambda asked: need(asked, limit=RANKED), questions.needs),
    }


def parts(questions: Questions, asked: list[tuple[str, str]], *, depth: int) -> dict[str, Any]:
    """Time the steps of the engine by themselves: the words, the nearest vectors, the exact cosines."""
    from search import engine, index, lexicon, vectors  # noqa: PLC0415 -- after Django is set up

    space, means = vectors.serving()
    state = index.lexical("technology")
    assert state is not None
    names = ("analysis", "words", "words_translated", "nearest", "words_of_the_nearest", "cosines")
    steps: dict[str, list[float]] = {name: [] for name in names}
    for title, said in asked:
        language, vector = questions.languages[said], questions.vectors[said]
        start = time.perf_counter()
        query = state.query(*engine._weights(said, title, language), language=language)
        steps["analysis"].append(time.perf_counter() - start)
        start = time.perf_counter()
        found = state.search(query, limit=depth, language=language) if query is not None else []
        steps["words"].append(time.perf_counter() - start)
        start = time.perf_counter()
        other = next(spoken for spoken in vectors.LANGUAGES if spoken != language)
        translated = state.query(lexicon.translate(said, language), {}, language=other)
        if translated is not None:
            found += state.search(translated, limit=depth, language=other)
        steps["words_translated"].append(time.perf_counter() - start)
        mean = means[language, "query"]
        start = time.perf_counter()
        wanted_in = {spoken: vector if spoken == language else vector - mean for spoken in vectors.LANGUAGES}
        near = vectors.nearest(space=space, kind="technology", wanted=wanted_in, count=engine.DENSE_CANDIDATES)
        steps["nearest"].append(time.perf_counter() - start)
        start = time.perf_counter()
        unscored = sorted({*near} - {hit.object_id for hit in found})
        if query is not None and unscored:
            state.search(query, limit=len(unscored), only=unscored, language=language)
        steps["words_of_the_nearest"].append(time.perf_counter() - start)
        wanted = sorted({*near, *(hit.object_id for hit in found)})
        start = time.perf_counter()
        vectors.candidates(space=space, kind="technology", object_ids=wanted, query=vector, mean=mean, means=means)
        steps["cosines"].append(time.perf_counter() - start)
    return {name: spread(seconds) for name, seconds in steps.items()}


def matching(stock: Stock, clock: Clocked, *, count: int) -> dict[str, Any]:
    """Publish new listings of both kinds and find their matches."""
    from matching.models import Match  # noqa: PLC0415 -- after Django is set up
    from matching.services import match_listing  # noqa: PLC0415 -- as above
    from search import index  # noqa: PLC0415 -- as above

    report = {}
    for kind, name in (("technology", "match_new_listing"), ("demand", "match_new_demand")):
        before = stock.held[kind]
        stock.grow(kind, before + count)
        index.catch_up(timeout=600)
        keys = list(range(before + 1, before + 1 + count))
        report[name] = times(lambda pk, kind=kind: match_listing(kind=kind, pk=pk), keys, clock=clock)
        stored = Match.objects.filter(**{f"{kind}_id__in": keys}).count()
        report[name]["matches_stored"] = stored
    return report


def pages(questions: Questions) -> dict[str, Any]:
    """Time the search page, with words and without."""
    from django.test import Client  # noqa: PLC0415 -- after Django is set up

    client = Client()

    def get(address: str) -> None:
        assert client.get(address).status_code == 200, address

    asked = [f"/technologies/?q={said}{PAGES[n % len(PAGES)]}" for n, said in enumerate(questions.phrases)]
    for address in asked:
        get(address)  # its words are embedded now
    browsed = {address or "all": times(get, [f"/technologies/?{address}"] * 2)["p50"] for address in BROWSE}
    return {"page": times(get, asked), "browse_p50": browsed}


def sweeps() -> dict[str, float]:
    """Time what runs every minute and finds nothing to do; milliseconds."""
    from listings.models import Technology  # noqa: PLC0415 -- after Django is set up
    from matching import selectors  # noqa: PLC0415 -- as above
    from search import embeddings, vocabulary  # noqa: PLC0415 -- as above

    stock = vocabulary.stock_mark()
    return {
        "embed_pending": times(lambda _: embeddings.embed_missing(), [0])["p50"],
        "stock_mark": times(lambda _: vocabulary.stock_mark(stock), [0])["p50"],
        "searched_by_words_only": times(lambda _: selectors.searched_by_words_only(Technology), [0])["p50"],
        "unmatched": times(lambda _: selectors.unmatched(Technology), [0])["p50"],
    }


def memory() -> dict[str, float]:
    """Give the memory of this process and, shared pages once, of PostgreSQL."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0]).parent()
    assert server is not None
    shares = []
    for one in (server, *server.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # a helper of PostgreSQL ends when it likes
            shares.append(one.memory_full_info().pss)
    return {
        "process": round(psutil.Process().memory_info().rss / 1e6, 1),
        "postgresql": round(sum(shares) / 1e6, 1),
        "machine_total": round(psutil.virtual_memory().total / 1e6, 1),
    }


def measure(stock: Stock, questions: Questions, clock: Clocked, *, count: int) -> dict[str, Any]:
    """Take every figure of the size that stands now."""
    from marketplace import serving  # noqa: PLC0415 -- after Django is set up

    serving.settle()
    report: dict[str, Any] = ranking(questions)
    report |= pages(questions)
    report["recall_50"] = recall(questions)
    report["sweeps_ms"] = sweeps()
    with following():
        report |= matching(stock, clock, count=count)
    report["memory_mb"] = memory()
    return report


def goals(sizes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Compare the largest size with the goals and with the size before it."""
    names = sorted(sizes, key=int)
    last, before = sizes[names[-1]], sizes[names[-2]] if len(names) > 1 else None
    report: dict[str, Any] = {"size": int(names[-1])}
    for name, (figure, most) in GOALS.items():
        value = last[name][figure]
        report[name] = {f"{figure}_ms": value, "goal_ms": most, "reached": value <= most}
        if before is not None:
            growth = round(value / before[name][figure], 2)
            report[name] |= {f"times_{names[-2]}": growth, "reached_growth": growth <= MOST_TIMES_SLOWER}
    return report


def run(
    sizes: Sequence[int], *, data: Path | None, embed: int, count: int, others: bool = True, graph: str | None = None
) -> dict[str, Any]:
    """Grow the exchange to each size and measure; Django and the engines stand."""
    from search import embedder  # noqa: PLC0415 -- after Django is set up

    clock = Clocked(embedder.current_embedder())
    sources = read_sources(data, embed=embed)
    recombined = Recombined(sources)
    embedder.use_embedder(clock)
    stock, questions = Stock(recombined), Questions(recombined, count=count)
    definitions = vector_indexes()
    if graph:
        definitions = {name: GRAPH.sub(f"WITH ({graph})", made) for name, made in definitions.items()}
    report: dict[str, Any] = {
        "cores": os.cpu_count(), "postgres": POSTGRES, "sources": len(sources), "queries": {"short": count, "whole": len(questions.needs)},
        "hnsw": sorted(definitions.values())[-1].split(" WITH ")[1], "sizes": {},
    }  # fmt: skip
    for size in sizes:
        figures: dict[str, Any] = {
            "load_before": round(os.getloadavg()[0], 1),
            "index": build(stock, definitions, size),
        }
        say(f"{size:,}: measuring")
        figures |= measure(stock, questions, clock, count=count)
        if others:
            say(json.dumps({str(size): figures}))
            say(f"{size:,}: the others, beside")
            figures["beside"] = beside(size, questions.phrases, [body for _title, body, _language in questions.needs])
        figures["load_after"] = round(os.getloadavg()[0], 1)
        report["sizes"][str(size)] = figures
        say(json.dumps({str(size): figures}))
    report["goals"] = goals(report["sizes"])
    return report


def main() -> None:
    """Set up, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("n", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--sizes", help="sizes by commas, instead of 10000,100000,N")
    parser.add_argument("--records", type=Path, help="folder with sbir/ and xquad/, else the samples alone")
    parser.add_argument("--embed", type=int, default=300, help="embed so many texts, if fewer have a stored vector")
    parser.add_argument("--queries", type=int, default=40)
    parser.add_argument("--graph", help="build the vector indexes so, instead: 'm=24, ef_construction=128'")
    parser.add_argument("--alone", action="store_true", help="without PostgreSQL full-text search and bm25s")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    listed = [int(size) for size in options.sizes.split(",")] if options.sizes else [10_000, 100_000, options.n]
    sizes = sorted({size for size in listed if options.sizes or size <= options.n})
    started = time.perf_counter()
    with stand.running(postgres=POSTGRES):
        from django.core.management import call_command  # noqa: PLC0415 -- after Django is set up

        call_command("load_reference", verbosity=0)
        stand.install_stored_embedder()
        figures = run(
            sizes,
            data=options.records,
            embed=options.embed,
            count=options.queries,
            others=not options.alone,
            graph=options.graph,
        )
    report = {"command": " ".join(["python -m benchmarks.bench_scale", *sys.argv[1:]]), **figures}
    report["minutes"] = round((time.perf_counter() - started) / 60, 1)
    text = json.dumps(report, indent=2, ensure_ascii=False)
    print(text)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
