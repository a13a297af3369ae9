"""How good the ranking is, by the product's own code path, on folders of judged texts.

`python -m benchmarks.matching FOLDER [--pool FILE …] [--no-dense]` prints JSON. Each folder holds `corpus*.jsonl.gz`,
`queries*.jsonl.gz` and `qrels.tsv`, perhaps `distractors*.jsonl.gz`. Vectors are kept in benchmarks/out/.
"""

import argparse
import json
import resource
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks import metrics, stand
from benchmarks.stand import Collection


def measure(collection: Collection, *, dense: bool) -> dict[str, Any]:
    """Rank every query of a collection with words alone and with everything."""
    from search import embedder  # noqa: PLC0415 -- after Django is set up
    from search.engine import rank  # noqa: PLC0415 -- as above

    scores: dict[str, dict[str, list[float]]] = {"bm25": {}, "ours": {}}
    times: list[float] = []
    shown: list[float] = []
    true: list[bool] = []
    for query in collection.queries:
        judged = collection.judged[query.key]
        said = f"{query.title.rstrip('.')}. {query.body}" if query.title else query.body
        vector = embedder.embed_query(said) if dense else None
        for system in scores:
            start = time.perf_counter()
            found = rank(
                query.body,
                title=query.title,
                kind=collection.kind,
                limit=100,
                query_vector=vector,
                dense=dense and system == "ours",
                floor=0.0,
            )
            if system == "ours":
                times.append(1000 * (time.perf_counter() - start))
                shown += [hit.probability for hit in found.hits[:10]]
                true += [judged.get(collection.keys[hit.object_id], 0) > 0 for hit in found.hits[:10]]
            ranked = [collection.keys[object_id] for object_id in found.object_ids]
            for name, measured in (
                ("ndcg@10", metrics.ndcg(ranked, judged)),
                ("recall@100", metrics.recall(ranked, judged)),
                ("mrr", metrics.reciprocal_rank(ranked, judged)),
            ):
                scores[system].setdefault(name, []).append(measured)
    report: dict[str, Any] = {"documents": len(collection.documents), "queries": len(collection.queries)}
    for name, ours in scores["ours"].items():
        low, high = metrics.interval(ours)
        theirs = scores["bm25"][name]
        report[name] = {
            "ours": round(statistics.fmean(ours), 4),
            "interval": [round(low, 4), round(high, 4)],
            "bm25": round(statistics.fmean(theirs), 4),
            "p_against_bm25": round(metrics.paired_p(ours, theirs), 4),
        }
    report["calibration_error"] = round(metrics.calibration_error(shown, true), 4)
    report["query_ms_without_embedding"] = {
        "median": round(statistics.median(times), 1),
        "p95": round(statistics.quantiles(times, n=20)[-1], 1),
    }
    return report


def embedding_ms(collection: Collection, inner: Any, *, sample: int = 20) -> float:
    """Give the median time in which a query becomes a vector."""
    from search.embedder import query_text  # noqa: PLC0415 -- after Django is set up

    times = []
    for query in collection.queries[:sample]:
        start = time.perf_counter()
        inner.embed([query_text(f"{query.title} {query.body}")], query=True)
        times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times), 1)


def main() -> None:
    """Read the folder, put it into a throwaway exchange, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pool", type=Path, nargs="*", default=[], help="more texts as distractors")
    parser.add_argument("--no-dense", action="store_true", help="words alone, no vectors")
    options = parser.parse_args()
    with stand.running():
        stored = stand.install_stored_embedder()
        collections = stand.read_folder(options.folder, pool=options.pool)
        spent = stand.put(collections, dense=not options.no_dense)
        report: dict[str, Any] = {
            "data": options.folder.name,
            **{name: round(seconds, 1) for name, seconds in spent.items()},
            "vectors_made_now": stored.made,
            "collections": {one.name: measure(one, dense=not options.no_dense) for one in collections},
        }
        if not options.no_dense:
            report["embedding_ms"] = embedding_ms(collections[0], stored.inner)
        report["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(report, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
