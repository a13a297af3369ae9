"""What the cap on first places costs and gives: `make measure-congestion` (DATA=FOLDER for a folder of judged texts).

The judged needs arrive one after the other, several rounds of them as on a busy exchange, in a shuffled order; each is
ranked by the product's own code path, and `matching.pushing` chooses what is put forward, counting what it put forward
before. A tenth of the technologies counts as new. Prints JSON: for each setting, over all technologies, the Gini
coefficient of the first places, the part that the most exposed tenth has, how many were never put forward, the part
of places that went to new ones; and what it cost: nDCG@10 of the order that is shown (what is put forward first, then
the rest by fit) and how often an answer is among what was put forward.
"""

import argparse
import json
import random
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import metrics, samples, stand
from benchmarks.stand import Collection

SEED = 3
NEW = 0.1
DEPTH = 20
SETTINGS = [
    (0, 0),
    (50, 0),
    (25, 0),
    (10, 0),
    (5, 0),
    (0, 2),
    (25, 2),
    (10, 2),
    (5, 2),
]  # cap (0: none), places for new


def measure(collection: Collection, *, rounds: int, rules: Any, least: int) -> list[dict[str, Any]]:
    """Let the needs arrive under each setting."""
    from matching.exposure import gini, top_share  # noqa: PLC0415 -- after Django is set up
    from matching.pushing import Candidate, choose  # noqa: PLC0415 -- as above
    from search.engine import rank  # noqa: PLC0415 -- as above

    chance = random.Random(SEED)
    new = set(chance.sample(sorted(collection.keys), round(NEW * len(collection.keys))))
    ranked = {
        query.key: rank(query.body, title=query.title, kind=collection.kind, limit=DEPTH).hits
        for query in collection.queries
    }
    arriving = [
        query.key for _ in range(rounds) for query in chance.sample(collection.queries, len(collection.queries))
    ]
    report = []
    for cap, new_places in SETTINGS:
        by = replace(rules, cap=cap or 10**9, new_places=new_places)
        times = dict.fromkeys(collection.keys, 0)
        new_taken, quality, answered = 0, [], []
        for key in arriving:
            hits = ranked[key]
            candidates = [
                Candidate(hit.object_id, times[hit.object_id], hit.object_id in new, hit.probability) for hit in hits
            ]
            front = [row.object_id for row in choose(candidates, by)]
            for pk in front:
                times[pk] += 1
                new_taken += pk in new
            judged = {k: grade for k, grade in collection.judged[key].items() if grade >= least}
            shown = [*front, *(hit.object_id for hit in hits if hit.object_id not in front)]
            if judged:
                quality.append(metrics.ndcg([collection.keys[pk] for pk in shown], judged))
                answered.append(any(collection.keys[pk] in judged for pk in front))
        counts = list(times.values())
        report.append(
            {
                "cap": cap or None,
                "places_for_new": new_places,
                "gini": round(gini(counts), 4),
                "top_tenth": round(top_share(counts), 4),
                "never": counts.count(0),
                "places_of_new": round(new_taken / max(1, sum(counts)), 4),
                "places": sum(counts),
                "ndcg@10": round(statistics.fmean(quality), 4),
                "answer_put_forward": round(statistics.fmean(answered), 4),
            }
        )
    return report


def main() -> None:
    """Put the judged texts into a throwaway exchange, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="a folder of judged texts; without it the samples")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    with stand.running():
        from django.core.management import call_command  # noqa: PLC0415 -- after Django is set up

        from matching.pushing import limits  # noqa: PLC0415 -- as above

        call_command("load_reference", verbosity=0)
        stand.install_stored_embedder()
        collections = stand.read_folder(options.folder) if options.folder else [samples.read()]
        stand.put(collections)
        report = {
            collection.name: {
                "technologies": len(collection.documents),
                "needs_arriving": len(collection.queries) * options.rounds,
                "settings": measure(
                    collection,
                    rounds=options.rounds,
                    rules=limits(),
                    least=1 if options.folder else samples.FITS,
                ),
            }
            for collection in collections
        }
    print(json.dumps(report, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
