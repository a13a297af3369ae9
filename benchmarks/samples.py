"""How well the ranking answers the sample needs, by the product's own code path: `make bench-samples`.

Each published demand of `data/samples` is asked as a whole need and by its title alone, with marks and typed without,
against the published technologies of both languages; `judgements.json` grades the answers (0-3). Prints JSON:

- `ndcg@10` by languages (`vi→en`: Vietnamese needs, of the ranking only the English technologies) and `mixed`;
- `exact_first`, `exact_in_3`: of the needs that have an exact answer (grade 3), where it stands;
- `said_none`: of the needs without any answer, how many get `no good match`; `said_some`: of those with an exact
  answer, how many do not;
- `query_ms`: a query whole, its embedding included, when nothing is cached; `processor` is this
  process's own work, which says more on a busy machine.

The judgements measure; nothing is learned from them.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import metrics, stand
from benchmarks.stand import Collection, Text

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
FORMS = ("need", "need without marks", "title", "title without marks")
EXACT = 3  # the grade of what is exactly needed
FITS = 2  # from this grade on something answers the need


@dataclass(frozen=True)
class Answer:
    """The ranking that one form of one demand got."""

    demand: Text
    form: str
    ranked: tuple[str, ...]
    good: bool
    best: float


def records(kind: str) -> Iterator[dict[str, Any]]:
    """Give the published ones of `technologies` or `demands`, in both languages."""
    for language in ("vi", "en"):
        for row in json.loads((SAMPLES / f"{kind}-{language}.json").read_text(encoding="utf-8")):
            if row["stage"] == "published":
                yield row


def read() -> Collection:
    """Read published technologies as documents and published demands as queries."""
    documents = [Text(row["id"], row["title"], _offer(row), row["language"]) for row in records("technologies")]
    needs = [Text(row["id"], row["title"], _need(row), row["language"]) for row in records("demands")]
    judged: dict[str, dict[str, int]] = {}
    for row in json.loads((SAMPLES / "judgements.json").read_text(encoding="utf-8")):
        judged.setdefault(row["demand"], {})[row["technology"]] = row["grade"]
    return Collection("samples", documents, [need for need in needs if judged.get(need.key)], judged)


def _offer(row: dict[str, Any]) -> str:
    """Give what `listings.search_text` gives of a technology."""
    names = ("claim", "metric", "ours", "unit", "alternative_name")
    advantages = [" ".join(filter(None, (each[name] for name in names))) for each in row["advantages"]]
    parts = [row["summary"], row["problem"], row["solution"], *advantages, row["applications"]]
    return "\n\n".join(filter(None, [*parts, ", ".join(row["keywords"]), " ".join(row["ipc"])]))


def _need(row: dict[str, Any]) -> str:
    """Give what `listings.search_text` gives of a demand."""
    return "\n\n".join(filter(None, [row["problem"], row["tried"], *row["elements"].values()]))


def ask(collection: Collection) -> list[Answer]:
    """Ask each demand in each form. The collection has been put into the exchange."""
    from search.engine import rank  # noqa: PLC0415 -- after Django is set up
    from search.text import fold  # noqa: PLC0415 -- as above

    found = []
    for demand in collection.queries:
        for form in FORMS:
            title, body = demand.title, demand.body
            if "without marks" in form:
                if demand.language != "vi":
                    continue
                title, body = fold(title), fold(body)
            whole = form.startswith("need")
            ranking = rank(
                body if whole else title, title=title if whole else "", kind=collection.kind, limit=100, floor=0.0
            )
            keys = tuple(collection.keys[object_id] for object_id in ranking.object_ids)
            best = ranking.hits[0].probability if ranking.hits else 0.0
            found.append(Answer(demand, form, keys, ranking.has_good_match, round(best, 3)))
    return found


def summary(collection: Collection, answers: list[Answer]) -> dict[str, Any]:
    """Sum the answers up, form by form."""
    languages = {text.key: text.language for text in collection.documents}
    return {form: _figures(collection, [a for a in answers if a.form == form], languages) for form in FORMS}


def _figures(collection: Collection, answers: list[Answer], languages: dict[str, str]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    by_direction: dict[str, list[float]] = {}
    for answer in answers:
        judged = collection.judged[answer.demand.key]
        for target in ("vi", "en", None):
            kept = {key: grade for key, grade in judged.items() if target in (None, languages[key])}
            if max(kept.values(), default=0) < FITS:
                continue
            ranked = [key for key in answer.ranked if target in (None, languages[key])]
            name = f"{answer.demand.language}→{target or 'mixed'}"
            by_direction.setdefault(name, []).append(metrics.ndcg(ranked, kept))
    figures["ndcg@10"] = {name: _mean(values) for name, values in sorted(by_direction.items())}
    figures["needs"] = {name: len(values) for name, values in sorted(by_direction.items())}
    exact = [(a, {k for k, grade in collection.judged[a.demand.key].items() if grade == EXACT}) for a in answers]
    exact = [(answer, right) for answer, right in exact if right]
    figures["exact_first"] = _mean([bool(right.intersection(answer.ranked[:1])) for answer, right in exact])
    figures["exact_in_3"] = _mean([bool(right.intersection(answer.ranked[:3])) for answer, right in exact])
    figures["said_some"] = _mean([answer.good for answer, _ in exact])
    none = [answer for answer in answers if max(collection.judged[answer.demand.key].values()) < FITS]
    figures["said_none"] = _mean([not answer.good for answer in none])
    figures["best_without_answer"] = {answer.demand.key: answer.best for answer in none}
    return figures


def _mean(values: list[float] | list[bool]) -> float | None:
    return round(statistics.fmean(values), 4) if values else None


def main() -> None:
    """Put the samples into a throwaway exchange, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--detail", action="store_true", help="list where each exact answer stands")
    options = parser.parse_args()
    with stand.running():
        from django.core.cache import cache  # noqa: PLC0415 -- after Django is set up

        from search import embedder, vocabulary  # noqa: PLC0415 -- as above
        from search.engine import rank  # noqa: PLC0415 -- as above

        stored = stand.install_stored_embedder()
        collection = read()
        stand.put([collection])
        vocabulary.rebuild(given={})
        answers = ask(collection)
        report: dict[str, Any] = {
            "technologies": len(collection.documents),
            "demands": len(collection.queries),
            "vectors_made_now": stored.made,
            **summary(collection, answers),
        }
        embedder.use_embedder(None)
        times, work = [], []
        for query in collection.queries * 2:
            cache.clear()
            start, used = time.perf_counter(), time.process_time()
            rank(" ".join(query.title.split()[:8]), kind=collection.kind)
            times.append(1000 * (time.perf_counter() - start))
            work.append(1000 * (time.process_time() - used))
        del times[:5], work[:5]
        report["query_ms"] = {
            "median": round(statistics.median(times), 1),
            "p95": round(statistics.quantiles(times, n=20)[-1], 1),
            "processor_median": round(statistics.median(work), 1),
            "processor_p95": round(statistics.quantiles(work, n=20)[-1], 1),
        }
        if options.detail:
            report["detail"] = [
                f"{answer.form}: {answer.demand.title} [{answer.demand.key}] best {answer.best}: "
                + ", ".join(
                    f"{key}={grade} at {answer.ranked.index(key) + 1 if key in answer.ranked else '-'}"
                    for key, grade in sorted(collection.judged[answer.demand.key].items(), key=lambda item: -item[1])
                    if grade >= FITS
                )
                + f"; first {answer.ranked[:3]}"
                for answer in answers
            ]
    print(json.dumps(report, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
