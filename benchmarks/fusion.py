"""Learn `search/fusion.json` and `search/means.json` from the open data, by the product's own code path.

`python -m benchmarks.fusion FOLDER … [--means] [--sample N] [--write]`. With --means, the shipped means are taken first
(they are among the features). Each query is learned from twice: as it is, and with all that answers it taken away, so
that the probability also tells when nothing fits. Whole needs are also asked by their titles alone, and mixed
collections by whole needs. What stands for the own language where a stock holds nothing in it is learned last, from
whole needs on collections in the other language alone, thinned to a few documents too; --absent learns nothing else.
Prints the cross-validated quality (5 folds by query, translations together); --write stores.

The same command gives the same figures: neighbours are sought exactly, not by the index, and vectors are stored first.
The weights agree to about 1 in 100.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import learning, metrics, stand
from benchmarks.learning import Asked

if TYPE_CHECKING:
    from search.engine import Examined

FOLDS = 5
FLOOR = 0.01
GOOD = 0.52  # of answered queries some 70 % then have a good match (94 % of these right), of unanswered ones some 17 %
UNANSWERED = 0.5  # the weight of a query without its answers, against 1 with them
STOCKS = (1, 3, 10, 30)  # documents of a young exchange
STOCKS_SEED = 1


def take_means(collections: list[stand.Collection]) -> dict[str, dict[str, list[float]]]:
    """Take the mean passage, query (short) and need (long) of each language; a missing one by analogy."""
    from search.embedder import current_embedder, passage_text, query_text  # noqa: PLC0415 -- after Django is set up
    from search.fusion import LONG_QUERY_WORDS  # noqa: PLC0415 -- as above
    from search.text import words  # noqa: PLC0415 -- as above

    texts: dict[tuple[str, str], set[str]] = {}
    for one in collections:
        if not _has_marks(one):
            continue
        for text in one.documents:
            texts.setdefault((text.language, "passage"), set()).add(passage_text(text.title, text.body))
        for text in one.queries:
            said = f"{text.title.rstrip('.')}. {text.body}" if text.title else text.body
            side = "need" if sum(1 for _ in words(said)) > LONG_QUERY_WORDS else "query"
            texts.setdefault((text.language, side), set()).add(query_text(said))
    means = {}
    for (language, side), found in sorted(texts.items()):
        made = current_embedder().embed(sorted(found), query=side != "passage")
        means[language, side] = made.mean(axis=0)
    if ("vi", "need") not in means:
        means["vi", "need"] = means["vi", "passage"] + means["en", "need"] - means["en", "passage"]
    return {
        language: {side: [round(float(x), 5) for x in means[language, side]] for side in ("passage", "query", "need")}
        for language in ("vi", "en")
    }


def with_needs(collections: list[stand.Collection]) -> list[stand.Collection]:
    """Add whole needs to the mixed collections.

    Long needs of the open data are English, and so are their answers; a marketplace of two languages has others.
    """
    return [*collections, *(whole_needs(one) for one in collections if "->mixed" in one.name and _has_marks(one))]


def needs_abroad(collections: list[stand.Collection]) -> list[stand.Collection]:
    """Give whole needs on the collections that hold nothing in their language."""
    return [whole_needs(one) for one in collections if one.name in {"vi->en", "en->vi"}]


def _has_marks(one: stand.Collection) -> bool:
    return "diacritics" not in one.name


def whole_needs(one: stand.Collection) -> stand.Collection:
    """Give the same documents with all questions on one of them asked at once."""
    asked: dict[str, list[stand.Text]] = {}
    for query in one.queries:
        asked.setdefault(min(one.judged[query.key]), []).append(query)
    needs = [
        stand.Text(f"need:{document}", "", " ".join(query.body for query in queries), queries[0].language)
        for document, queries in sorted(asked.items())
        if len(queries) > 1
    ]
    judged = {need.key: {need.key.removeprefix("need:"): 1} for need in needs}
    return stand.Collection(f"{one.name}, whole needs", one.documents, needs, judged)


def with_titles(collections: list[stand.Collection]) -> list[stand.Collection]:
    """Add the titles of whole needs as short queries: the few words of a trade, rather than a question."""
    from search.fusion import LONG_QUERY_WORDS  # noqa: PLC0415 -- after Django is set up
    from search.text import clean, sentences, words  # noqa: PLC0415 -- as above

    found = list(collections)
    for one in collections:
        if "whole needs" in one.name or not one.queries:
            continue
        long = [query for query in one.queries if sum(1 for _ in words(query.body)) > LONG_QUERY_WORDS]
        if 2 * len(long) > len(one.queries):
            titles = [replace(q, title="", body=q.title or sentences(clean(q.body), limit=1)[0]) for q in long]
            found.append(stand.Collection(f"{one.name}, titles", one.documents, titles, one.judged))
    return found


def gather(collections: list[stand.Collection], sample: int, *, stocks: Sequence[int] = ()) -> list[Asked]:
    """Examine queries as the engine does and keep the features of their candidates.

    With `stocks`, also as if there were but so many documents, with an answer and without.
    """
    from search import vocabulary  # noqa: PLC0415 -- after Django is set up
    from search.engine import embed, examine  # noqa: PLC0415 -- as above

    chance = np.random.default_rng(STOCKS_SEED)
    asked = []
    for one in collections:
        chosen = one.queries[:: max(1, len(one.queries) // sample)]
        print(f"{one.name}: {len(chosen)} queries", file=sys.stderr, flush=True)
        vocabulary.rebuild(given={}, kinds=[one.kind])  # as of an exchange that holds this collection alone
        for query in chosen:
            said = f"{query.title.rstrip('.')}. {query.body}" if query.title else query.body
            found = examine(query.body, title=query.title, kind=one.kind, query_vector=embed(said))
            if not found.rows:
                continue
            keys = [one.keys[row.object_id] for row in found.rows]
            full = _asked(one, query, found, keys, np.ones(len(keys), dtype=bool), weight=1 / len(chosen))
            right = full.relevant > 0
            asked.append(full.trimmed())
            if right.any() and not right.all():
                asked.append(_asked(one, query, found, keys, ~right, weight=UNANSWERED / len(chosen)).trimmed())
            for stock in stocks:
                others = chance.permutation(np.flatnonzero(~right))
                answer = chance.permutation(np.flatnonzero(right))[:1]
                for kept in ([*answer, *others[: stock - len(answer)]], others[:stock]):
                    stay = np.isin(np.arange(len(keys)), kept)
                    if stay.any():
                        part = 1.0 if right[stay].any() else UNANSWERED
                        asked.append(_asked(one, query, found, keys, stay, weight=part / len(chosen)))
    return asked


def _asked(
    one: stand.Collection,
    query: stand.Text,
    found: "Examined",
    keys: Sequence[str],
    stay: NDArray[np.bool_],
    *,
    weight: float,
) -> Asked:
    """Give a query with the candidates that stay."""
    from search import fusion  # noqa: PLC0415 -- after Django is set up

    scores = found.scores.without(~stay)
    judged = one.judged[query.key]
    held = [key for key, kept in zip(keys, stay, strict=True) if kept]
    answered = any(judged.get(key, 0) > 0 for key in held)
    return Asked(
        collection=one.name if answered or stay.all() else f"{one.name}, answers taken away",
        about=min(judged),
        kind=found.kind,
        keys=held,
        judged=judged,
        table=fusion.features(scores),
        cross=scores.cross,
        weight=weight,
    )


def validate(asked: list[Asked]) -> dict[str, Any]:
    """Cross-validate: all queries that one document answers, translations included, are in one fold."""
    folds = {key: number % FOLDS for number, key in enumerate(sorted({one.about for one in asked}))}
    quality: dict[str, list[float]] = {}
    shown: dict[str, list[tuple[float, bool]]] = {}
    best: dict[str, list[bool]] = {}
    for fold in range(FOLDS):
        models = learning.fit([one for one in asked if folds[one.about] != fold], words=False)
        for one in asked:
            if folds[one.about] != fold:
                continue
            odds = learning.logits(one, models)
            order = np.argsort(-odds, kind="stable")[:10]
            ranked = [one.keys[place] for place in order]
            quality.setdefault(one.collection, []).append(metrics.ndcg(ranked, one.judged))
            best.setdefault(one.collection, []).append(bool(odds.max() >= np.log(GOOD / (1 - GOOD))))
            for name in (one.collection, f"all {one.kind}"):
                shown.setdefault(name, []).extend(
                    (float(1 / (1 + np.exp(-odds[place]))), bool(one.relevant[place])) for place in order
                )
    report: dict[str, Any] = {
        name: {
            "ndcg@10": None if "taken away" in name else round(float(np.mean(values)), 4),
            "best_is_good": round(float(np.mean(best[name])), 4),
            "calibration_error": round(metrics.calibration_error(*zip(*shown[name], strict=True)), 4),
        }
        for name, values in quality.items()
    }
    for name in sorted(shown.keys() - quality.keys()):
        report[name] = {"calibration_error": round(metrics.calibration_error(*zip(*shown[name], strict=True)), 4)}
    return report


def learn(asked: list[Asked]) -> dict[str, Any]:
    """Fit the models, as they are stored."""
    from search import fusion  # noqa: PLC0415 -- after Django is set up

    return {
        situation: {
            "bias": round(bias, 3),
            "weights": {
                name: round(float(value), 3)
                for name, value in zip(fusion.FEATURES, weights, strict=True)
                if abs(value) >= 5e-4
            },
        }
        for situation, (bias, weights) in sorted(learning.fit(asked).items())
    }


def learn_absent(abroad: list[Asked], models: dict[str, Any], *, known: set[str]) -> dict[str, float]:
    """Fit what stands for the own language where a stock holds nothing in it, but for kinds that have learned of it."""
    from search import fusion  # noqa: PLC0415 -- after Django is set up

    read = {
        name: (model["bias"], np.array([model["weights"].get(feature, 0.0) for feature in fusion.FEATURES]))
        for name, model in models.items()
    }
    return learning.fit_absent([one for one in abroad if one.kind not in known], read)


def main() -> None:
    """Gather, validate, fit, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--means", action="store_true")
    parser.add_argument("--absent", action="store_true", help="keep the models; learn what stands for the own language")
    parser.add_argument("--sample", type=int, default=10**9, help="queries of each collection, evenly taken")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    command = "python -m benchmarks.fusion " + " ".join(
        [
            *(f"../shared/data/{folder.name}" for folder in options.folders),
            *(["--means"] if options.means else []),
            *(["--absent"] if options.absent else []),
            *([f"--sample {options.sample}"] if options.sample < 10**9 else []),
        ]
    )
    with stand.running():
        from search import fusion, vectors  # noqa: PLC0415 -- after Django is set up
        from search.embedder import current_embedder  # noqa: PLC0415 -- as above

        stand.install_stored_embedder()
        plain = [one for folder in options.folders for one in stand.read_folder(folder)]
        abroad = needs_abroad(plain)
        collections = [] if options.absent else with_titles(with_needs(plain))
        if options.means:
            stored = {"made_by": command, "means": {current_embedder().space: take_means(collections)}}
            vectors.MEANS_FILE.write_text(json.dumps(stored) + "\n")
        stand.put([*collections, *abroad], exact=True)
        if options.absent:
            document = json.loads(fusion.FILE.read_text())
        else:
            asked = gather(collections, options.sample)
            print(json.dumps(validate(asked), indent=2), file=sys.stderr)
            document = {"made_by": f"{command} --write", "floor": FLOOR, "good": GOOD, "models": learn(asked)}
        # Questions and titles were learned on such stocks; whole needs were not.
        found = learn_absent(gather(abroad, 10**9, stocks=STOCKS), document["models"], known={"vi", "en"})
        models = document.pop("models")
        document |= {"absent": {"made_by": f"{command} --write", **found}, "models": models}
        print(json.dumps(document, indent=2))
        if options.write:
            fusion.FILE.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
