"""How long the search page takes, whole, over the HTTP handler, on some 7,000 published listings.

`python -m benchmarks.bench_search [--records DIR] [--json FILE]`. The texts are the records of DIR (JSONL with
`title` and `text`: `supply/*.jsonl.gz`, `demand/*.jsonl.gz`), else the samples over and over. Fields, places, rights
and prices are drawn at random, and so are the vectors of the listings: they cost the same to compare as true ones.
Queries are embedded in earnest; `first` times hold that, `again` times have the query's vector in the cache.
"""

import argparse
import gzip
import json
import random
import statistics
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import stand

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
TECHNOLOGIES, DEMANDS = 5000, 2000
QUERIES = 60
FILTERS = (
    "", "&trl_min=6", "&sector=chemistry&ip=patent", "&region=red-river-delta&rights=exclusive_licence",
    "&price_max=2000000000&sort=price", "&field=24&field=14&language=en&sort=newest&page=2",
)  # fmt: skip


def texts(folder: Path | None, part: str, count: int) -> list[tuple[str, str]]:
    """Give titles and texts of records of a folder, else those of the samples, repeated."""
    rows: list[tuple[str, str]] = []
    for path in sorted((folder / part).glob("*.jsonl.gz")) if folder else []:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows += [(row["title"], row["text"]) for row in map(json.loads, lines)]
    if not rows:
        names = ("technologies-vi", "technologies-en") if part == "supply" else ("demands-vi", "demands-en")
        for name in names:
            for row in json.loads((SAMPLES / f"{name}.json").read_text()):
                rows.append((row["title"], " ".join([row["problem"], row.get("solution", ""), row.get("summary", "")])))
    return [rows[place % len(rows)] for place in range(count)]


def fill(folder: Path | None) -> dict[str, int]:
    """Publish the listings, index them and give them vectors."""
    from django.db import connection, transaction  # noqa: PLC0415 -- after Django is set up
    from django.utils import timezone  # noqa: PLC0415 -- as above

    from listings.choices import Cooperation, IPKind, Right  # noqa: PLC0415 -- as above
    from listings.models import Demand, IPRight, Technology  # noqa: PLC0415 -- as above
    from listings.services import index_listing  # noqa: PLC0415 -- as above
    from listings.services.vocabulary import rebuild_vocabulary  # noqa: PLC0415 -- as above
    from search import index  # noqa: PLC0415 -- as above
    from search.text import detect_language  # noqa: PLC0415 -- as above
    from tests.factories.accounts import OrganisationFactory, person, province  # noqa: PLC0415 -- as above

    chance = random.Random(2026)
    codes = [chance.choice(["01", "79", "92", "48", "31", "08", "22", "75"]) for _ in range(40)]
    organisations = [
        OrganisationFactory(university=n % 3 == 0, province=province(code)) for n, code in enumerate(codes)
    ]
    authors = [person(role="researcher", organisation=organisation) for organisation in organisations]
    now = timezone.now()

    def shared(place: int, row: tuple[str, str]) -> dict[str, Any]:
        author = place % len(authors)
        organisation = organisations[author]
        title, text = row[0][:250], row[1]
        return {
            "title": title, "summary": text[:300], "problem": text[:2000], "language": detect_language(text[:500]),
            "organisation": organisation, "exchange": organisation.exchange, "author": authors[author],
            "province_id": chance.choice(codes), "main_field_id": chance.randint(1, 35), "state": "published",
            "published_at": now - timedelta(minutes=place),
            "legal_class": chance.choice(["none", "none", "none", "encouraged", "restricted"]),
        }  # fmt: skip

    technologies = Technology.objects.bulk_create(
        [
            Technology(
                **shared(place, row), solution=row[1][:3000], trl=chance.choice([None, 2, 3, 4, 5, 6, 7, 8, 9]),
                rights_offered=chance.sample(Right.values, 2), price_min=Decimal(chance.randint(1, 90)) * 10**8,
            )
            for place, row in enumerate(texts(folder, "supply", TECHNOLOGIES))
        ]
    )  # fmt: skip
    demands = Demand.objects.bulk_create(
        [
            Demand(
                **shared(place, row), trl_min=chance.choice([None, 4, 6, 8]), masked=chance.random() < 0.2,
                cooperation=chance.sample(Cooperation.values, 2), budget_max=Decimal(chance.randint(1, 90)) * 10**8,
            )
            for place, row in enumerate(texts(folder, "demand", DEMANDS))
        ]
    )  # fmt: skip
    IPRight.objects.bulk_create(
        IPRight(technology=row, kind=chance.choice(IPKind.values), number=str(row.pk), status="granted")
        for row in technologies
        if chance.random() < 0.7
    )
    for model, rows in ((Technology, technologies), (Demand, demands)):
        through: Any = model.fields.through
        own = f"{model.kind}_id"
        through.objects.bulk_create(
            through(**{own: row.pk, "field_id": nr})
            for row in rows
            for nr in {row.main_field_id, *chance.sample(range(1, 36), chance.randint(0, 2))}
        )
    with transaction.atomic():
        for row in [*technologies, *demands]:
            index_listing(row)
        connection.run_on_commit.clear()
    index.catch_up(timeout=600)
    give_vectors()
    start = time.perf_counter()
    rebuild_vocabulary()
    spent = time.perf_counter() - start
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return {"technologies": len(technologies), "demands": len(demands), "vocabulary_s": round(spent, 1)}


def give_vectors() -> None:
    """Store a random vector for each document, leaning to one side as those of real texts do."""
    from pgvector import HalfVector  # noqa: PLC0415 -- after Django is set up

    from search.embedder import current_embedder  # noqa: PLC0415 -- as above
    from search.models import DIMENSIONS, Document, Embedding  # noqa: PLC0415 -- as above

    chance = np.random.default_rng(2026)
    lean = chance.normal(size=DIMENSIONS)
    space = current_embedder().space
    rows = []
    for document in Document.objects.order_by("pk").iterator():
        vector = chance.normal(size=DIMENSIONS) + 2 * lean
        rows.append(
            Embedding(
                document=document, space=space, text_hash=document.text_hash, language=document.language,
                kind=document.kind, object_id=document.object_id,
                vector=HalfVector((vector / np.linalg.norm(vector)).astype(np.float32)),
            )
        )  # fmt: skip
    Embedding.objects.bulk_create(rows, batch_size=500)


def questions() -> list[str]:
    """Give what people may type: titles of sample demands, and their first words."""
    titles = [
        row["title"] for name in ("demands-vi", "demands-en") for row in json.loads((SAMPLES / f"{name}.json").read_text())
    ]  # fmt: skip
    short = [" ".join(title.split()[:4]) for title in titles]
    return [question for pair in zip(titles, short, strict=True) for question in pair][:QUERIES]


def misspelt(question: str) -> str:
    """Swap the second and third letter of the longest word."""
    word = max(question.split(), key=len)
    return question.replace(word, f"{word[0]}{word[2]}{word[1]}{word[3:]}") if len(word) > 3 else question


def measure(addresses: list[str]) -> dict[str, Any]:
    """Get each page once; milliseconds and queries of each."""
    from django.db import connection  # noqa: PLC0415 -- after Django is set up
    from django.test import Client  # noqa: PLC0415 -- as above
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 -- as above

    client = Client()
    times, work, sizes = [], [], []
    for address in addresses:
        start, used = time.perf_counter(), time.process_time()
        response = client.get(address, headers={"Accept-Encoding": "gzip"})
        times.append(1000 * (time.perf_counter() - start))
        work.append(1000 * (time.process_time() - used))
        assert response.status_code == 200, address
        sizes.append(len(response.getvalue()))
    with CaptureQueriesContext(connection) as queries:
        client.get(addresses[0])
    return {
        "pages": len(times),
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
        "max_ms": round(max(times), 1),
        "processor_p95_ms": round(statistics.quantiles(work, n=20)[-1], 1),
        "queries": len(queries),
        "html_bytes_gzip": round(statistics.median(sizes)),
    }


def main() -> None:
    """Fill an exchange, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=Path, help="folder with supply/ and demand/")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    with stand.running():
        from django.core.management import call_command  # noqa: PLC0415 -- after Django is set up
        from django.test import Client  # noqa: PLC0415 -- as above
        from django.urls import reverse  # noqa: PLC0415 -- as above

        call_command("load_reference", verbosity=0)
        report: dict[str, Any] = fill(options.records)
        lists = [reverse(f"listings:{kind}_list") for kind in ("technology", "demand")]
        asked = [f"{lists[n % 2]}?q={question}" for n, question in enumerate(questions())]
        browsed = [f"{lists[0]}?{filters.lstrip('&')}" for filters in FILTERS * 5] + [lists[1]] * 6
        narrowed = [
            address + FILTERS[n % len(FILTERS)] for n, address in enumerate(asked) if address.startswith(lists[0])
        ]
        Client().get(asked[0])  # templates, the model of the embedder and the index are loaded once
        report |= {
            "search_first": measure(asked[1:]),
            "search_again": measure(asked),
            "search_with_filters": measure(narrowed * 2),
            "misspelt": measure([f"{lists[0]}?q={misspelt(question)}" for question in questions()]),
            "as_one_types": measure(
                [f"{lists[0]}suggest/?q={question[:size]}" for question in questions() for size in (3, 6, 12)]
            ),
            "browse": measure(browsed),
            "csv": measure([f"{lists[0]}?q=lọc nước&format=csv"] * 3),
        }
    text = json.dumps(report, indent=2, ensure_ascii=False)
    print(text)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
