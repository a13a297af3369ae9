"""The figures of an exchange full of real records: import, search page, publication, matching.

`python -m benchmarks.bench_real DATA [--embed 300] [--queries 50] [--json FILE]`, DATA with `supply/*.jsonl.gz` and
`demand/*.jsonl.gz`. Starts engines of its own and a real `follow_index` process, brings in NASA's patents, SBIR awards
and SBIR topics with `import_listings`, and prints JSON:

- import: records per second of each file, and of the same file again (nothing to do);
- search: milliseconds of the whole page in this process (middleware, database, template), once per query, `wall` and
  `cpu` (of this process, without PostgreSQL); `first` embeds the query in earnest, `again` has its vector cached;
- findable: seconds from the commit of a publication until the search page shows it;
- match: seconds of `match_listing` for a demand that was not there, in all and without the embedding.

Bench-only: embedding every record takes about half an hour of processor time, so `--embed` of them, drawn at random,
are embedded in earnest (kept in benchmarks/out/ between runs) and the others get a mix of two of those vectors with
noise. That costs the same to store, index and compare; what is found by meaning is not judged here.
"""

import argparse
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import stand

ROOT = Path(__file__).resolve().parent.parent
FILES = (
    ("supply/nasa_patents", "technology"),
    ("supply/sbir_awards-1", "technology"),
    ("demand/sbir_topics", "demand"),
)
WORDS = (
    "carbon nanotube", "battery electrode", "cảm biến nhiệt độ", "water treatment membrane", "laser", "xu ly nuoc thai",
    "vaccine against dengue", "unmanned aerial vehicle navigation", "pin mặt trời", "heat exchanger", "ceramic coating",
    "gene therapy", "robot arm gripper", "machine learning for image processing", "fuel cell stack", "sấy nông sản",
    "non destructive inspection of composite", "antenna phased array", "biodiesel from algae", "vật liệu composite",
    "hearing aid", "cryogenic cooling", "drug delivery nanoparticles", "wind turbine blade", "infrared detector",
)  # fmt: skip
PLAIN = (
    "", "page=2", "page=50", "page=200", "field=10", "field=9&field=3", "sort=newest&page=7", "ip=patent", "language=en",
    "sector=chemistry", "sector=electrical-engineering", "rights=exclusive_licence", "organisation_kind=institute",
    "field=13&language=en", "sort=trl", "sort=price", "legal_class=unknown", "field=32&page=3", "ip=patent&field=20",
    "trl_min=4", "province=01", "region=red-river-delta", "field=6&organisation_kind=company", "sort=oldest",
    "rights=nonexclusive_licence&field=27",
)  # fmt: skip


def timed(act: Callable[[], Any]) -> tuple[float, float, Any]:
    """Give wall seconds, processor seconds of this process, and the result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = act()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def spread(seconds: list[float], *, digits: int = 1, factor: float = 1000) -> dict[str, float]:
    """Give median, 95th percentile and the longest (milliseconds by default)."""
    values = sorted(factor * one for one in seconds)
    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    return {
        "p50": round(statistics.median(values), digits),
        "p95": round(p95, digits),
        "max": round(values[-1], digits),
    }


def bring_in(data: Path) -> dict[str, Any]:
    """Import the files, then the first again."""
    from django.core.management import call_command  # noqa: PLC0415 -- after Django is set up

    report: dict[str, Any] = {}
    for name, kind in (*FILES, FILES[0]):
        path = data / f"{name}.jsonl.gz"
        with gzip.open(path, "rb") as lines:
            count = sum(1 for _ in lines)
        wall, cpu, _ = timed(
            lambda path=path, kind=kind: call_command(
                "import_listings", str(path), "--kind", kind, "--exchange", "BENCH", stdout=sys.stderr
            )
        )
        label = f"{name} again" if name in report else name
        report[label] = {
            "records": count,
            "seconds": round(wall, 1),
            "cpu_s": round(cpu, 1),
            "per_s": round(count / wall),
        }
    return report


def give_vectors(count: int) -> dict[str, int]:
    """Embed `count` documents in earnest and give the others mixed vectors (see above)."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up
    from pgvector import HalfVector  # noqa: PLC0415 -- as above

    from search import embeddings  # noqa: PLC0415 -- as above
    from search.embedder import current_embedder  # noqa: PLC0415 -- as above
    from search.models import Document, Embedding  # noqa: PLC0415 -- as above

    chance = random.Random(7)
    keys = list(Document.objects.public().order_by("pk").values_list("pk", flat=True))
    chosen = chance.sample(keys, min(count, len(keys)))
    for start in range(0, len(chosen), embeddings.BATCH):
        embeddings.embed_documents(document_ids=chosen[start : start + embeddings.BATCH])
    space = current_embedder().space
    made = np.array([row.vector for row in Embedding.objects.order_by("pk")], dtype=np.float32)
    noise = np.random.default_rng(7)
    rest = Document.objects.without_vector(space).order_by("pk")
    rows = []
    for document in rest.only("kind", "object_id", "language", "text_hash"):
        first, second = noise.integers(0, len(made), 2)
        share = noise.uniform(0.3, 0.7)
        vector = share * made[first] + (1 - share) * made[second] + noise.normal(0, 0.01, made.shape[1])
        rows.append(
            Embedding(
                document=document, kind=document.kind, object_id=document.object_id, space=space,
                text_hash=document.text_hash, language=document.language,
                vector=HalfVector(vector / np.linalg.norm(vector)),
            )
        )  # fmt: skip
    Embedding.objects.bulk_create(rows, batch_size=500)
    embeddings.recompute_means()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_document, search_embedding")
    return {"embedded": len(made), "mixed": len(rows)}


def search_pages(queries: int) -> dict[str, Any]:
    """Time the list pages: with words (first and again) and without."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up
    from django.test import Client  # noqa: PLC0415 -- as above
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 -- as above

    import marketplace.wsgi  # noqa: F401, PLC0415 -- this process is set up as a web process is

    client = Client()
    half = queries // 2
    addresses = {
        "words_first": [f"/{'technologies' if n % 3 else 'demands'}/?q={WORDS[n % len(WORDS)]}" for n in range(half)],
        "plain": [f"/technologies/?{PLAIN[n % len(PLAIN)]}" for n in range(queries - half)],
    }
    addresses["words_again"] = addresses["words_first"]
    for address in ("/technologies/?q=warm", "/demands/?q=warm", "/technologies/", "/demands/"):
        client.get(address)
    report: dict[str, Any] = {}
    for name, asked in addresses.items():
        walls, cpus, counts = [], [], set()
        for address in asked:
            wall, cpu, response = timed(lambda address=address: client.get(address))
            assert response.status_code == 200, address
            walls.append(wall)
            cpus.append(cpu)
        for address in asked[:8]:
            with CaptureQueriesContext(connection) as captured:
                client.get(address)
            counts.add(len(captured))
        report[name] = {
            "pages": len(asked), "wall_ms": spread(walls), "cpu_ms": spread(cpus), "database_queries": sorted(counts),
        }  # fmt: skip
    return report


def _record(number: int, title: str, body: str, kind: str) -> dict[str, Any]:
    text = "solution" if kind == "technology" else "problem"
    return {
        "id": f"bench-{kind}-{number}",
        "title": title,
        text: body,
        "organisation": "Bench Institute",
        "fields": "10",
    }


def publish_one(record: dict[str, Any], kind: str) -> int:
    """Publish a record through the import service; give its key."""
    from django.utils import timezone  # noqa: PLC0415 -- after Django is set up

    from accounts.models import Exchange, User  # noqa: PLC0415 -- as above
    from listings.importer.mapping import load_mapping  # noqa: PLC0415 -- as above
    from listings.importer.reading import Row  # noqa: PLC0415 -- as above
    from listings.models import Demand, Technology  # noqa: PLC0415 -- as above
    from listings.services.imports import Import, import_records  # noqa: PLC0415 -- as above

    mapping = load_mapping("technologies" if kind == "technology" else "demands")
    operator = User.objects.get(email="operator@bench.example")
    run = Import(
        kind=kind, exchange=Exchange.objects.get(code="BENCH"), source="bench", author=operator, actor=operator
    )
    outcomes = import_records(run=run, records=[mapping.record(Row(1, record), today=timezone.localdate())])
    assert outcomes[0].status == "added", outcomes
    model = Technology if kind == "technology" else Demand
    return int(model.objects.get(source_name="bench", source_id=record["id"]).pk)


def findable(times: int) -> dict[str, Any]:
    """Publish, then open the search page until it shows the new one."""
    from django.test import Client  # noqa: PLC0415 -- after Django is set up

    client = Client()
    seconds = []
    for number in range(times):
        word = f"zyx{'abcdefghij'[number % 10]}qvk{number}"
        pk = publish_one(_record(number, f"Device {word}", f"Text on {word}.", "technology"), "technology")
        start = time.perf_counter()
        while f"/technologies/{pk}/" not in client.get(f"/technologies/?q={word}").content.decode():
            assert time.perf_counter() - start < 30, "never found"
            time.sleep(0.01)
        seconds.append(time.perf_counter() - start)
    return {"publications": times, "seconds": spread(seconds, digits=3, factor=1)}


class Clocked:
    """An embedder that counts the time spent in it."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.space, self.seconds = inner, inner.space, 0.0

    def embed(self, texts: Any, *, query: bool) -> Any:
        """Embed, and count."""
        start = time.perf_counter()
        try:
            return self.inner.embed(texts, query=query)
        finally:
            self.seconds += time.perf_counter() - start


def matches(data: Path, times: int) -> dict[str, Any]:
    """Publish demands made of the halves of two topics, and find their matches."""
    from matching.models import Match  # noqa: PLC0415 -- after Django is set up
    from matching.services import match_listing  # noqa: PLC0415 -- as above
    from search import embedder  # noqa: PLC0415 -- as above

    with gzip.open(data / "demand/sbir_topics.jsonl.gz", "rt", encoding="utf-8") as lines:
        topics = [json.loads(line) for line in lines][: 2 * times]
    clock = Clocked(embedder.current_embedder())
    embedder.use_embedder(clock)
    whole, without, found = [], [], []
    for number in range(times):
        one, other = topics[2 * number], topics[2 * number + 1]
        body = one["text"][: len(one["text"]) // 2] + " " + other["text"][len(other["text"]) // 2 :]
        pk = publish_one(_record(number, f"{one['title']} ({number})", body, "demand"), "demand")
        clock.seconds = 0.0
        wall, _cpu, count = timed(lambda pk=pk: match_listing(kind="demand", pk=pk))
        assert Match.objects.filter(demand=pk).count() == count
        whole.append(wall)
        without.append(wall - clock.seconds)
        found.append(count)
    return {
        "demands": times, "matches_stored": [min(found), max(found)], "seconds": spread(whole, digits=3, factor=1),
        "seconds_without_embedding": spread(without, digits=3, factor=1),
    }  # fmt: skip


def main() -> None:
    """Set up, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--embed", type=int, default=300)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--times", type=int, default=10, help="publications and matched demands")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report: dict[str, Any] = {"cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 1)}
    with stand.running():
        from django.core.management import call_command  # noqa: PLC0415 -- after Django is set up

        from accounts.models import Exchange, Province, User  # noqa: PLC0415 -- as above
        from accounts.seat_services import seat_at_exchange  # noqa: PLC0415 -- as above
        from listings.models import Demand, Technology  # noqa: PLC0415 -- as above
        from search import embedder, index  # noqa: PLC0415 -- as above

        call_command("load_reference", verbosity=0)
        exchange = Exchange.objects.create(
            code="BENCH", name_vi="Sàn đo", name_en="Bench", province=Province.objects.get(code="01")
        )
        operator = User.objects.create_user("operator@bench.example", full_name="Operator")
        seat_at_exchange(exchange=exchange, user=operator, role="operator")
        report["import"] = bring_in(options.data)
        report["published"] = {model.kind: model.objects.published().count() for model in (Technology, Demand)}
        follower = subprocess.Popen(
            [sys.executable, "-W", "ignore", "manage.py", "follow_index"], cwd=ROOT, stdout=sys.stderr
        )
        try:
            wall, _cpu, _ = timed(lambda: index.catch_up(timeout=300))
            report["index_built_s"] = round(wall, 1)
            inner = embedder.current_embedder()
            stored = stand.install_stored_embedder()
            wall, cpu, report["vectors"] = timed(lambda: give_vectors(options.embed))
            report["vectors"] |= {"made_now": stored.made, "seconds": round(wall, 1), "cpu_s": round(cpu, 1)}
            embedder.use_embedder(inner)
            report["search"] = search_pages(options.queries)
            report["findable"] = findable(options.times)
            report["match"] = matches(options.data, options.times)
        finally:
            follower.terminate()
            follower.wait(timedelta(seconds=20).total_seconds())
    report["load_after"] = round(os.getloadavg()[0], 1)
    text = json.dumps(report, indent=2, ensure_ascii=False)
    print(text)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
