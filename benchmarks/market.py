"""Does learning from the answers of a whole exchange help? A simulated market on the samples: `make simulate-answers`.

The sample technologies and demands are put into an exchange and each published demand is ranked by the product's own
code path; facts come from the rows, by `matching.facts`. A demand of the market is one of them at random with its level,
budget, day and way of cooperation drawn anew, so its facts differ while its text stays. Whether a company wants a
technology is drawn from what the judgements say of the two texts and from a **known truth** of how much a fact that does
not fit puts off. It sees the first ten or twenty by the order of the texts, looks at a place with a chance that falls
from place to place, and takes up what it wants of what it looked at. Only places and answers are learned from
(`matching.layer`), as the exchange does.

Prints JSON: for each market and number of demands, over several draws: how many pairs were taken up; how often the rule
promotes; the gain that the replay held out (its mean, and the interval of the first draw); the **true gain**, nDCG@10 of
what is wanted on 400 further demands whose companies look at every place, with its 95 % interval on the first draw; and
how much of the gain of the true weights that is. In the market `texts alone` facts put nobody off: there is nothing
to find, and whatever the rule promotes there it promotes wrongly. In the others places are looked at less or more than
`match.learn.place_slope` says.
"""

import argparse
import copy
import datetime
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from django.utils import timezone

from benchmarks import metrics, stand
from benchmarks.samples import SAMPLES

CANDIDATES = 30
WANTS = {3: 1.0, 2: 0.0, 1: -2.0, 0: -4.0, None: -5.0}  # log-odds by the grade of the two texts
TRUTH = {"price not": -1.5, "rights not": -1.0, "trl not": -1.0, "time not": -0.5, "place fits": 0.3}
TESTED = 400
VARIANTS = 40  # of each sample demand; a fourth of them only to test on
SIZES = (100, 200, 400, 800)


@dataclass(frozen=True)
class Market:
    """What puts companies off, how fast places are looked at less, and how many they see."""

    truth: Mapping[str, float]
    slope: float
    listed: int = 10


MARKETS = {
    "facts count": Market(TRUTH, 1.0),
    "facts count, twenty seen": Market(TRUTH, 1.0, listed=20),
    "facts count half as much": Market({name: value / 2 for name, value in TRUTH.items()}, 1.0),
    "facts count, lower places looked at more": Market(TRUTH, 0.5),
    "facts count, lower places looked at less": Market(TRUTH, 1.5),
    "texts alone": Market({}, 1.0),
}


@dataclass(frozen=True)
class Need:
    """A sample demand with the technologies found for it, best first: ids, log-odds, grades, and their facts in each
    variant of the demand."""

    found: tuple[int, ...]
    odds: tuple[float, ...]
    grades: tuple[int | None, ...]
    variants: tuple[tuple[Mapping[str, str], ...], ...]


def load(*, variants: int = VARIANTS) -> list[Need]:
    """Bring the samples into the exchange, index and embed them, and rank the technologies for each published demand."""
    from django.core.management import call_command  # noqa: PLC0415 -- after Django is set up

    from listings.models import Demand, Technology  # noqa: PLC0415 -- as above
    from listings.search_text import body_of  # noqa: PLC0415 -- as above
    from listings.services.publication import index_listing  # noqa: PLC0415 -- as above
    from marketplace.samples.listings import load_listings  # noqa: PLC0415 -- as above
    from marketplace.samples.people import load_people  # noqa: PLC0415 -- as above
    from marketplace.samples.quiet import without_letters  # noqa: PLC0415 -- as above
    from matching.facts import launch_delays, verdicts  # noqa: PLC0415 -- as above
    from search import embeddings, engine, index  # noqa: PLC0415 -- as above

    call_command("load_reference", verbosity=0)
    with without_letters():
        listings = load_listings(load_people(), tell=lambda text: None)
    for listing in listings.values():
        if listing.state == "published":
            index_listing(listing)
    index.catch_up(timeout=600)
    while embeddings.embed_documents():
        pass
    embeddings.recompute_means()
    judged: dict[str, dict[str, int]] = {}
    for row in json.loads((SAMPLES / "judgements.json").read_text(encoding="utf-8")):
        judged.setdefault(row["demand"], {})[row["technology"]] = row["grade"]
    rows = Technology.objects.published().select_related("province").prefetch_related("fields").in_bulk()
    chance, delays, needs = np.random.default_rng(0), launch_delays(), []
    for demand in Demand.objects.published().select_related("province").prefetch_related("fields").order_by("pk"):
        ranking = engine.rank(
            body_of(demand),
            title=demand.title,
            kind="technology",
            language=demand.language,
            limit=CANDIDATES,
            floor=0.0,
        )
        graded = judged.get(demand.source_id, {})
        if max(graded.values(), default=0) < 2:
            continue
        hits = [hit for hit in ranking.hits if hit.object_id in rows]
        found = tuple(rows[hit.object_id] for hit in hits)
        grades = tuple(graded.get(row.source_id) for row in found)
        facts = [
            tuple(verdicts(row, other, delays) for row in found)
            for other in (changed(demand, chance) for _ in range(variants))
        ]
        ids = tuple(row.pk for row in found)
        needs.append(Need(ids, tuple(hit.score for hit in hits), grades, tuple(facts)))
    return needs


def changed(demand: Any, chance: np.random.Generator) -> Any:
    """Give the demand with other wishes: its text and fields stay."""
    other = copy.copy(demand)
    other.trl_min = int(chance.integers(4, 10))
    other.budget_min, other.budget_max = None, Decimal(int(10 ** chance.uniform(8, 9.7)))
    other.needed_by = timezone.localdate() + datetime.timedelta(days=int(chance.integers(60, 1500)))
    ways = ["buy", "licence", "trial"]
    other.cooperation = [way for way in ways if chance.random() < 0.5] or [str(chance.choice(ways))]
    return other


def draw(needs: Sequence[Need], count: int, market: Market, *, seed: int, looks: bool = False) -> list[Any]:
    """Draw so many demands and what became of what was shown.

    With `looks`, everybody sees and looks at everything, of the variants that are kept for that.
    """
    from matching.layer import Shown  # noqa: PLC0415 -- after Django is set up

    chance, rows = np.random.default_rng(seed), []
    for number in range(count):
        need = needs[int(chance.integers(len(needs)))]
        kept = len(need.variants) // 4
        facts_of = need.variants[int(chance.integers(kept) if looks else chance.integers(kept, len(need.variants)))]
        listed = CANDIDATES if looks else market.listed
        for place, (pk, odds, grade, facts) in enumerate(
            zip(need.found, need.odds, need.grades, facts_of, strict=True), 1
        ):
            if place > listed:
                break
            wants = WANTS[grade] + sum(market.truth.get(f"{fact} {verdict}", 0.0) for fact, verdict in facts.items())
            is_wanted = chance.random() < 1 / (1 + np.exp(-wants))
            is_seen = looks or chance.random() < place**-market.slope
            became = int(chance.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))
            rows.append(Shown(number, pk, odds, 0.0, facts, place, became if is_wanted and is_seen else 0))
    return rows


def gain(rows: Sequence[Any], weights: Any) -> tuple[float, float, float]:
    """Give how much nDCG@10 of what is wanted rises with the weights, demand by demand, with its interval."""
    from matching import layer  # noqa: PLC0415 -- after Django is set up

    differences = []
    for group in layer.told(rows):
        base = np.array([row.odds for row in group])
        wanted = np.array([float(row.grade > 0) for row in group])
        after = base + weights.shifts(layer.features((row.odds, row.facts) for row in group))
        ideal = layer.dcg(wanted, wanted)
        differences.append((layer.dcg(after, wanted) - layer.dcg(base, wanted)) / ideal)
    return (statistics.fmean(differences), *metrics.interval(differences))


def known(truth: Mapping[str, float]) -> Any:
    """Give the true weights as a layer."""
    from matching import layer  # noqa: PLC0415 -- after Django is set up

    values = tuple(truth.get(name, 0.0) for name in layer.FEATURES)
    return layer.Weights(values, (0.0,) * len(values), -99.0, 99.0)


def simulate(
    needs: Sequence[Need], market: Market, *, sizes: Sequence[int], draws: int, slope: float
) -> dict[str, Any]:
    """Run one market at several sizes."""
    from matching import layer  # noqa: PLC0415 -- after Django is set up

    test = draw(needs, TESTED, market, seed=10_000, looks=True)
    most = gain(test, known(market.truth))[0] if market.truth else 0.0
    report: dict[str, Any] = {"gain_of_the_true_weights": round(most, 4)}
    for size in sizes:
        runs = []
        for seed in range(draws):
            rows = draw(needs, size, market, seed=seed)
            told = [row for group in layer.told(rows) for row in group]
            made, replayed = layer.fit(told, slope=slope), layer.replay(told, slope=slope)
            runs.append((sum(row.grade > 0 for row in told), replayed, gain(test, made)))
        first = runs[0]
        report[f"{size} demands"] = {
            "taken_up": round(statistics.fmean(taken for taken, _, _ in runs)),
            "promoted": round(statistics.fmean(replayed.promote for _, replayed, _ in runs), 2),
            "held_out_gain": round(statistics.fmean(r.with_it - r.without for _, r, _ in runs), 4),
            "held_out_interval_of_first": [round(first[1].low, 4), round(first[1].high, 4)],
            "calibration_error": [
                round(statistics.fmean(r.calibration_without for _, r, _ in runs), 4),
                round(statistics.fmean(r.calibration_with for _, r, _ in runs), 4),
            ],
            "true_gain": round(statistics.fmean(true[0] for _, _, true in runs), 4),
            "true_gain_interval_of_first": [round(end, 4) for end in first[2][1:]],
            "true_gain_where_promoted": _mean([true[0] for _, replayed, true in runs if replayed.promote]),
        }
    return report


def _mean(values: Sequence[float]) -> float | None:
    return round(statistics.fmean(values), 4) if values else None


def main() -> None:
    """Load the samples into a throwaway exchange, simulate, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=lambda text: tuple(map(int, text.split(","))), default=SIZES)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--market", choices=sorted(MARKETS), nargs="*", help="only these")
    parser.add_argument("--json", type=Path, help="write there, too")
    options = parser.parse_args()
    with stand.running():
        stand.install_stored_embedder()
        needs = load()
        from matching.answers import terms  # noqa: PLC0415 -- after Django is set up

        slope = terms().place_slope
        report: dict[str, Any] = {"needs": len(needs), "place_slope": slope}
        for name in options.market or MARKETS:
            report[name] = simulate(needs, MARKETS[name], sizes=options.sizes, draws=options.draws, slope=slope)
    text = json.dumps(report, indent=2, ensure_ascii=False)
    print(text)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
