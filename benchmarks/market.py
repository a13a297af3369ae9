"""Does learning from the answers of a whole exchange help? A simulated market on the samples: `make simulate-answers`.

The texts of the samples are put into an exchange and each published demand is ranked by the product's own code path;
facts come from the fields of the samples, by `matching.facts`. A demand of the market is one of them at random with its level,
budget, day and way of cooperation drawn anew, so its facts differ while its text stays; each technology is offered by
three owners, two of them with level, price and rights drawn anew and a text nearly as good. Whether a company wants a
technology is drawn from what the judgements say of the two texts and from a **known truth** of how much a fact that does
not fit puts off. It sees the first ten by the order of the texts, looks at a place with a chance that falls
from place to place, and takes up what it wants of what it looked at. Only places and answers are learned from
(`matching.layer`), as the exchange does.

Prints JSON: for each market and number of demands, over several draws: how many pairs were taken up; how often the rule
promotes; the gain that the replay held out (its mean, and the interval of the first draw); the **true gain**, nDCG@10 of
what is wanted on 400 further demands whose companies look at every place, with its 95 % interval on the first draw; and
how much of the gain of the true weights that is. In the market `texts alone` facts put nobody off: what is left to find there
is that the samples' fields go with their judgements. In the others places are looked at less or more than
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

from benchmarks import metrics, samples, stand

CANDIDATES = 15  # technologies of a need, of which each has so many owners where there are several:
OWNERS = 3
ALIKE = 0.5  # log-odds by which the texts of several owners differ
WANTS = {3: 1.0, 2: 0.0, 1: -2.0, 0: -4.0, None: -5.0}  # log-odds by the grade of the two texts
TRUTH = {"price not": -1.5, "rights not": -1.0, "trl not": -1.0, "time not": -0.5, "place fits": 0.3}
TESTED = 400
VARIANTS = 32  # of each sample demand; a fourth of them only to test on
SIZES = (200, 400)


@dataclass(frozen=True)
class Market:
    """What puts companies off, how fast places are looked at less, how many they see, and how many offer the same."""

    truth: Mapping[str, float]
    slope: float
    listed: int = 10
    owners: int = OWNERS


MARKETS = {
    "facts count": Market(TRUTH, 1.0),
    "facts count half as much": Market({name: value / 2 for name, value in TRUTH.items()}, 1.0),
    "facts count, lower places looked at more": Market(TRUTH, 0.5),
    "facts count, lower places looked at less": Market(TRUTH, 1.5),
    "facts count, one owner of each technology": Market(TRUTH, 1.0, owners=1),
    "texts alone": Market({}, 1.0),
}


@dataclass(frozen=True)
class Need:
    """A sample demand with what was found for it: log-odds, grades, and the facts of each in each variant of the demand.
    The first `own` are the technologies as the samples offer them; then those of other owners."""

    own: int
    odds: tuple[float, ...]
    grades: tuple[int | None, ...]
    variants: tuple[tuple[Mapping[str, str], ...], ...]


def load(*, variants: int = VARIANTS) -> list[Need]:
    """Put the samples into the exchange, and rank the technologies for each published demand that has an answer."""
    from django.core.management import call_command  # noqa: PLC0415 -- after Django is set up

    from accounts.models import Province  # noqa: PLC0415 -- as above
    from listings.models import Demand, Field, Technology  # noqa: PLC0415 -- as above
    from matching.facts import launch_delays, verdicts  # noqa: PLC0415 -- as above
    from search.engine import rank  # noqa: PLC0415 -- as above

    call_command("load_reference", verbosity=0)
    collection = samples.read()
    stand.put([collection])
    fields, provinces = Field.objects.in_bulk(field_name="nr"), Province.objects.in_bulk()

    def row_of(model: Any, row: Mapping[str, Any], place: str, names: Sequence[str]) -> Any:
        """Make the row with what its facts need; it is not stored."""
        made = model(pk=1, province=provinces.get(row[place]), **{name: row[name] for name in names})
        made._prefetched_objects_cache = {"fields": [fields[nr] for nr in row["fields"]]}
        return made

    offered = ("trl", "rights_offered", "price_min", "price_max", "legal_class")
    asked = ("trl_min", "cooperation", "masked")
    technologies = {row["id"]: row_of(Technology, row, "province", offered) for row in samples.records("technologies")}
    demands = {row["id"]: row_of(Demand, row, "place", asked) for row in samples.records("demands")}
    chance, delays, needs = np.random.default_rng(0), launch_delays(), []
    for query in collection.queries:
        graded = collection.judged[query.key]
        if max(graded.values()) < samples.FITS:
            continue
        ranking = rank(query.body, title=query.title, kind=collection.kind, limit=CANDIDATES, floor=0.0)
        keys = [collection.keys[object_id] for object_id in ranking.object_ids]
        offers = [(technologies[key], hit.score, graded.get(key)) for key, hit in zip(keys, ranking.hits, strict=True)]
        offers += [
            (reoffered(row, chance), odds + chance.normal(0, ALIKE), grade)
            for row, odds, grade in offers
            for _ in range(OWNERS - 1)
        ]
        rows, odds, grades = zip(*offers, strict=True)
        facts = [
            tuple(verdicts(row, demand, delays) for row in rows)
            for demand in (changed(demands[query.key], chance) for _ in range(variants))
        ]
        needs.append(Need(len(keys), odds, grades, tuple(facts)))
    return needs


def reoffered(technology: Any, chance: np.random.Generator) -> Any:
    """Give the technology as another owner may offer it: level, price and rights are drawn anew."""
    other = copy.copy(technology)
    other.trl = int(chance.integers(4, 10))
    other.price_min, other.price_max = Decimal(int(10 ** chance.uniform(8, 9.7))), None
    rights = ["assignment", "exclusive_licence", "nonexclusive_licence", "trial"]
    other.rights_offered = [right for right in rights if chance.random() < 0.4] or [str(chance.choice(rights))]
    return other


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
        offers = need.own if market.owners == 1 else len(need.odds)
        best = sorted(range(offers), key=lambda offer: -need.odds[offer])[: offers if looks else market.listed]
        for place, offer in enumerate(best, 1):
            odds, grade, facts = need.odds[offer], need.grades[offer], facts_of[offer]
            wants = WANTS[grade] + sum(market.truth.get(f"{fact} {verdict}", 0.0) for fact, verdict in facts.items())
            is_wanted = chance.random() < 1 / (1 + np.exp(-wants))
            is_seen = looks or chance.random() < place**-market.slope
            became = int(chance.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))
            rows.append(Shown(number, offer, odds, 0.0, facts, place, became if is_wanted and is_seen else 0))
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
    parser.add_argument("--draws", type=int, default=5)
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
