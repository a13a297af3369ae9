"""Does learning from answers help? An offline replay: `make replay-feedback` (DATA=FOLDER for a folder of judged texts).

Each judged need is ranked by the product's own code path. A company goes through the first ten places: it shortlists
one technology that answers (as the judgements say) and declines up to three above it that do not. The rest is ranked
again with what was learned from that (`matching.learning`), and compared with the ranking without it on what was not
answered yet. Each technology in the first ten that answers is shortlisted in its turn, and the need counts by the mean.
Needs of which nothing relevant is left then are no case. Where nothing in the first ten answers, only the declines are
learned from.

Prints JSON: nDCG@10 and MRR without and with learning (the weights of `matching/feedback.json`, or `--liked`,
`--words`, `--disliked`), the 95 % bootstrap interval of the difference and a paired test. `promote` is true only if the interval of
the difference to the weights in force (to no learning, if none are given) lies above zero. With `--sweep`, a table of
weights, each chosen on one half of the needs and measured on the other.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import metrics, samples, stand
from benchmarks.stand import Collection

SEEN = 10  # places that a person goes through
DECLINED = 3  # of those that do not answer, so many are declined
DEPTH = 100
GRID = [
    (liked, words, disliked) for liked in (0.0, 3.0, 6.0) for words in (0.0, 4.0, 8.0, 16.0) for disliked in (0.0, 2.0)
]
NOTHING = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Case:
    """A need after one way in which its company may answer: the first ranking, what was answered, what is left."""

    need: str
    hits: tuple[Any, ...]
    liked: tuple[int, ...]
    disliked: tuple[int, ...]
    left: dict[str, int]


def cases_of(collection: Collection, *, least: int) -> list[Case]:
    """Rank every need and let its company answer; `least` is the grade from which something answers."""
    from search.engine import rank  # noqa: PLC0415 -- after Django is set up

    found = []
    for query in collection.queries:
        judged = {key: grade for key, grade in collection.judged[query.key].items() if grade >= least}
        ranking = rank(query.body, title=query.title, kind=collection.kind, limit=DEPTH, floor=0.0)
        first = [(hit.object_id, collection.keys[hit.object_id] in judged) for hit in ranking.hits[:SEEN]]
        places: list[int | None] = [number for number, (_, answers) in enumerate(first) if answers]
        for place in places or [None]:
            liked = () if place is None else (first[place][0],)
            declined = tuple(pk for pk, answers in first[:place] if not answers)[:DECLINED]
            answered = {collection.keys[pk] for pk in (*liked, *declined)}
            left = {key: grade for key, grade in judged.items() if key not in answered}
            if left and (liked or declined):
                found.append(Case(query.key, ranking.hits, liked, declined, left))
    return found


def scores(collection: Collection, cases: Sequence[Case], *by: float) -> dict[str, list[float]]:
    """Rank what is left of each case with these weights; give the measures need by need."""
    from matching.learning import Taste, Weights, rerank  # noqa: PLC0415 -- after Django is set up

    found: dict[str, dict[str, list[float]]] = {"ndcg@10": {}, "mrr": {}}
    for case in cases:
        learned = rerank(case.hits, Taste(case.liked, case.disliked), kind=collection.kind, by=Weights(*by))
        answered = {*case.liked, *case.disliked}
        ranked = [collection.keys[row.hit.object_id] for row in learned if row.hit.object_id not in answered]
        found["ndcg@10"].setdefault(case.need, []).append(metrics.ndcg(ranked, case.left))
        found["mrr"].setdefault(case.need, []).append(metrics.reciprocal_rank(ranked, case.left))
    return {name: [statistics.fmean(values) for values in by_need.values()] for name, by_need in found.items()}


def compared(ours: dict[str, list[float]], theirs: dict[str, list[float]]) -> dict[str, Any]:
    """Give both means of each measure, the interval of the difference and its test."""
    report: dict[str, Any] = {}
    for name, values in ours.items():
        low, high = metrics.interval([a - b for a, b in zip(values, theirs[name], strict=True)])
        report[name] = {
            "without": round(statistics.fmean(theirs[name]), 4),
            "with": round(statistics.fmean(values), 4),
            "difference_interval": [round(low, 4), round(high, 4)],
            "p": round(metrics.paired_p(values, theirs[name]), 4),
        }
    return report


def cross_fitted(collection: Collection, cases: Sequence[Case]) -> dict[str, Any]:
    """Choose the weights on one half of the cases, measure them on the other; and give the whole table."""
    table = {weights: scores(collection, cases, *weights) for weights in GRID}
    needs = len(table[NOTHING]["mrr"])
    halves = [list(range(0, needs, 2)), list(range(1, needs, 2))]
    chosen, ours = [], {"ndcg@10": [0.0] * needs, "mrr": [0.0] * needs}
    for own, other in (halves, halves[::-1]):
        best = max(GRID, key=lambda w: statistics.fmean(table[w]["ndcg@10"][place] for place in other))
        chosen.append(best)
        for name, values in ours.items():
            for place in own:
                values[place] = table[best][name][place]
    return {
        "chosen_on_each_half": chosen,
        "cross_fitted": compared(ours, table[NOTHING]),
        "table_ndcg@10": {
            f"liked {liked:g}, words {words:g}, disliked {disliked:g}": round(statistics.fmean(found["ndcg@10"]), 4)
            for (liked, words, disliked), found in table.items()
        },
    }


def main() -> None:
    """Put the judged texts into a throwaway exchange, replay, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="a folder of judged texts; without it the samples")
    parser.add_argument("--liked", type=float)
    parser.add_argument("--words", type=float)
    parser.add_argument("--disliked", type=float)
    parser.add_argument("--pool", type=Path, nargs="*", default=[], help="more texts as distractors")
    parser.add_argument("--sweep", action="store_true")
    options = parser.parse_args()
    with stand.running():
        from matching.learning import weights  # noqa: PLC0415 -- after Django is set up

        stand.install_stored_embedder()
        collections = stand.read_folder(options.folder, pool=options.pool) if options.folder else [samples.read()]
        stand.put(collections)
        now = weights()
        in_force = (now.liked, now.words, now.disliked)
        given = (options.liked, options.words, options.disliked)
        tried = tuple(old if new is None else new for old, new in zip(in_force, given, strict=True))
        report: dict[str, Any] = {"weights": dict(zip(("liked", "words", "disliked"), tried, strict=True))}
        for collection in collections:
            cases = cases_of(collection, least=1 if options.folder else samples.FITS)
            if not cases:
                continue
            with_it, without = scores(collection, cases, *tried), scores(collection, cases, *NOTHING)
            part: dict[str, Any] = {
                "needs": len(collection.queries),
                "needs_replayed": len({case.need for case in cases}),
                "cases": len(cases),
                "against_no_learning": compared(with_it, without),
            }
            basis = part["against_no_learning"]
            if tried != in_force:
                basis = part["against_the_weights_in_force"] = compared(with_it, scores(collection, cases, *in_force))
            part["promote"] = basis["ndcg@10"]["difference_interval"][0] > 0
            if options.sweep:
                part["sweep"] = cross_fitted(collection, cases)
            report[collection.name] = part
    print(json.dumps(report, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
