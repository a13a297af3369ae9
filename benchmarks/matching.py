"""How good the ranking is, by the product's own code path, on folders of judged texts.

`python -m benchmarks.matching FOLDER [--pool FILE …] [--sample N] [--no-dense]` prints JSON. Each folder holds
`corpus*.jsonl.gz`, `queries*.jsonl.gz` and `qrels.tsv`, perhaps `distractors*.jsonl.gz`. Corpora that are translations
of each other are asked in every direction and mixed; Vietnamese is asked without diacritics, too. Vectors are kept in
benchmarks/out/.

`bm25` is plain BM25 on the same index in the same run: the words of the whole query, joined by OR. Of a mixed
collection, `by_language` tells the queries apart by the language of what answers them. `lost_without_diacritics` is the
difference in nDCG@10. `calibration_error` is taken over the first ten of every query; `by_kind` tells short queries
(`vi`, `en`) from whole needs.
"""

import argparse
import json
import resource
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks import metrics, stand
from benchmarks.stand import Collection, Text

MEASURES = {"ndcg@10": metrics.ndcg, "recall@100": metrics.recall, "mrr": metrics.reciprocal_rank}


def by_bm25(query: Text, kind: str) -> list[int]:
    """Rank by BM25 alone: no title weight, no translation, no vectors."""
    from search import index, lexical, text  # noqa: PLC0415 -- after Django is set up

    state = index.lexical(kind)
    asked = lexical.frequencies(text.analyse(f"{query.title}. {query.body}" if query.title else query.body))
    said = state.query(asked, {}) if state is not None else None
    return [hit.object_id for hit in state.search(said, limit=100)] if state is not None and said is not None else []


def measure(collection: Collection, *, dense: bool, sample: int) -> dict[str, Any]:
    """Rank the queries of a collection by BM25 and by everything."""
    from search import vocabulary  # noqa: PLC0415 -- after Django is set up
    from search.engine import embed, rank  # noqa: PLC0415 -- as above
    from search.fusion import LONG_QUERY_WORDS, NEED  # noqa: PLC0415 -- as above
    from search.text import words  # noqa: PLC0415 -- as above

    vocabulary.rebuild(given={}, kinds=[collection.kind])  # as of an exchange that holds this collection alone
    scores: dict[str, dict[str, list[float]]] = {"ours": {}, "bm25": {}}
    times: list[float] = []
    shown: dict[str, list[tuple[float, bool]]] = {"": []}
    languages = {text.key: text.language for text in collection.documents}
    answered_in: list[str] = []
    asked = collection.queries[:: max(1, len(collection.queries) // sample)]
    for query in asked:
        judged = collection.judged[query.key]
        said = f"{query.title.rstrip('.')}. {query.body}" if query.title else query.body
        vector = embed(said) if dense else None
        start = time.perf_counter()
        found = rank(
            query.body,
            title=query.title,
            kind=collection.kind,
            limit=100,
            query_vector=vector,
            dense=dense,
            floor=0.0,
        )
        times.append(1000 * (time.perf_counter() - start))
        right = [judged.get(collection.keys[hit.object_id], 0) > 0 for hit in found.hits[:10]]
        kind = NEED if sum(1 for _ in words(said)) > LONG_QUERY_WORDS else found.language
        for name in ("", kind):
            shown.setdefault(name, []).extend(zip((hit.probability for hit in found.hits[:10]), right, strict=True))
        answered_in.append(languages.get(max(judged, key=lambda key: judged[key]), ""))
        for system, ids in (("ours", found.object_ids), ("bm25", by_bm25(query, collection.kind))):
            ranked = [collection.keys[object_id] for object_id in ids]
            for name, of in MEASURES.items():
                scores[system].setdefault(name, []).append(of(ranked, judged))
    report: dict[str, Any] = {"documents": len(collection.documents), "queries": len(asked)}
    for name, ours in scores["ours"].items():
        low, high = metrics.interval(ours)
        theirs = scores["bm25"][name]
        report[name] = {
            "ours": round(statistics.fmean(ours), 4),
            "interval": [round(low, 4), round(high, 4)],
            "bm25": round(statistics.fmean(theirs), 4),
            "p_against_bm25": round(metrics.paired_p(ours, theirs), 4),
        }
    if len(set(answered_in)) > 1:
        report["by_language"] = {
            language: {
                system: round(
                    statistics.fmean(
                        value
                        for value, other in zip(measured["ndcg@10"], answered_in, strict=True)
                        if other == language
                    ),
                    4,
                )
                for system, measured in scores.items()
            }
            for language in sorted(set(answered_in))
        }
    errors = {
        name: round(metrics.calibration_error(*zip(*pairs, strict=True)), 4) for name, pairs in shown.items() if pairs
    }
    report["calibration_error"] = errors.pop("", None)
    report["by_kind"] = errors
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
    parser.add_argument("--sample", type=int, default=10**9, help="queries of each collection, evenly taken")
    parser.add_argument("--no-dense", action="store_true", help="words alone, no vectors")
    options = parser.parse_args()
    with stand.running():
        stored = stand.install_stored_embedder()
        collections = stand.read_folder(options.folder, pool=options.pool)
        spent = stand.put(collections, dense=not options.no_dense)
        measured = {one.name: measure(one, dense=not options.no_dense, sample=options.sample) for one in collections}
        report: dict[str, Any] = {
            "data": options.folder.name,
            **{name: round(seconds, 1) for name, seconds in spent.items()},
            "vectors_made_now": stored.made,
            "collections": measured,
            "lost_without_diacritics": {
                name.partition(",")[0]: round(
                    measured[name.partition(",")[0]]["ndcg@10"]["ours"] - bare["ndcg@10"]["ours"], 4
                )
                for name, bare in measured.items()
                if name.endswith(", no diacritics")
            },
        }
        if not options.no_dense:
            report["embedding_ms"] = embedding_ms(collections[0], stored.inner)
        report["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(report, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
