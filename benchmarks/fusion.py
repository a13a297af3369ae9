"""Learn `search/fusion.json` and `search/means.json` from the open data, by the product's own code path.

`python -m benchmarks.fusion FOLDER … [--means] [--sample N] [--write]`. With --means, the shipped means are taken first
(they are among the features). Each query is learned from twice: as it is, and with all that answers it taken away, so
that the probability also tells when nothing fits. Mixed collections are also asked without marks, and whole needs.
Prints the cross-validated quality (5 folds by query, translations together); --write stores.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from benchmarks import metrics, stand

FOLDS = 5
RIDGE = 1e-3
FLOOR, GOOD = 0.01, 0.5
UNANSWERED = 0.5  # the weight of a query without its answers, against 1 with them


def take_means(collections: list[stand.Collection]) -> dict[str, dict[str, list[float]]]:
    """Take the mean passage, query (short) and need (long) of each language; a missing one by analogy."""
    from search.embedder import current_embedder, passage_text, query_text  # noqa: PLC0415 -- after Django is set up
    from search.fusion import LONG_QUERY_WORDS  # noqa: PLC0415 -- as above
    from search.text import words  # noqa: PLC0415 -- as above

    texts: dict[tuple[str, str], set[str]] = {}
    for one in collections:
        if "diacritics" in one.name:
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
    """Add whole needs to the mixed collections: all questions on one document, asked at once.

    Long needs of the open data are English, and so are their answers; a marketplace of two languages has others.
    """
    found = list(collections)
    for one in collections:
        if "->mixed" not in one.name or "diacritics" in one.name:
            continue
        asked: dict[str, list[stand.Text]] = {}
        for query in one.queries:
            asked.setdefault(min(one.judged[query.key]), []).append(query)
        needs = [
            stand.Text(f"need:{document}", "", " ".join(query.body for query in queries), queries[0].language)
            for document, queries in sorted(asked.items())
            if len(queries) > 1
        ]
        judged = {need.key: {need.key.removeprefix("need:"): 1} for need in needs}
        found.append(stand.Collection(f"{one.name}, whole needs", one.documents, needs, judged))
    return found


def gather(collections: list[stand.Collection], sample: int) -> list[dict[str, Any]]:
    """Examine queries as the engine does and keep the features of their candidates."""
    from search import embedder, fusion  # noqa: PLC0415 -- after Django is set up
    from search.engine import examine  # noqa: PLC0415 -- as above

    rows = []
    for one in collections:
        asked = one.queries[:: max(1, len(one.queries) // sample)]
        for query in asked:
            said = f"{query.title.rstrip('.')}. {query.body}" if query.title else query.body
            found = examine(query.body, title=query.title, kind=one.kind, query_vector=embedder.embed_query(said))
            if not found.rows:
                continue
            keys = [one.keys[row.object_id] for row in found.rows]
            judged = one.judged[query.key]
            rows.append(
                {
                    "collection": one.name,
                    "query": query.key,
                    "about": min(judged),
                    "weight": 1 / len(asked),
                    "keys": keys,
                    "judged": judged,
                    "table": found.table,
                    "cross": found.cross,
                    "relevant": np.array([judged.get(key, 0) > 0 for key in keys], dtype=float),
                }
            )
            left = rows[-1]["relevant"] == 0
            if left.any():
                without = fusion.features(
                    lexical=found.lexical[left],
                    cosine=_values(found.rows, "cosine")[left],
                    raw=_values(found.rows, "raw")[left],
                    cross=found.cross[left],
                    best_possible=found.best_possible,
                    long=found.long,
                )
                rows.append(
                    {
                        **rows[-1],
                        "collection": f"{one.name}, answers taken away",
                        "weight": UNANSWERED * rows[-1]["weight"],
                        "keys": [key for key, stays in zip(keys, left, strict=True) if stays],
                        "table": without,
                        "cross": found.cross[left],
                        "relevant": np.zeros(int(left.sum())),
                    }
                )
    return rows


def _values(rows: list[Any], name: str) -> np.ndarray:
    return np.array([np.nan if getattr(row, name) is None else getattr(row, name) for row in rows])


def fit(rows: list[dict[str, Any]], situation: str) -> np.ndarray:
    """Fit a logistic regression by maximum likelihood with a little ridge; each collection weighs the same."""
    from search.fusion import FEATURES  # noqa: PLC0415 -- after Django is set up

    tables, labels, weights = [], [], []
    for row in rows:
        chosen = row["cross"] if situation == "cross" else ~row["cross"]
        tables.append(_seen(row["table"][chosen], situation))
        labels.append(row["relevant"][chosen])
        weights.append(np.full(int(chosen.sum()), 100 * row["weight"]))
    table, label, weight = np.vstack(tables), np.concatenate(labels), np.concatenate(weights)

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        logits = beta[0] + table @ beta[1:]
        error = (1 / (1 + np.exp(-logits)) - label) * weight
        value = float((weight * (np.logaddexp(0, logits) - label * logits)).sum() + RIDGE * (beta[1:] ** 2).sum())
        return value, np.r_[error.sum(), table.T @ error + 2 * RIDGE * beta[1:]]

    return minimize(loss, np.zeros(len(FEATURES) + 1), jac=True, method="L-BFGS-B").x


def _seen(table: np.ndarray, situation: str) -> np.ndarray:
    """Hide from the `words` model what it will not have."""
    from search.fusion import FEATURES  # noqa: PLC0415 -- after Django is set up

    if situation != "words":
        return table
    return table * np.array([name.startswith("lexical") or name == "long" for name in FEATURES])


def logits(row: dict[str, Any], models: dict[str, np.ndarray], *, words: bool = False) -> np.ndarray:
    """Give the log-odds of a query's candidates."""
    table = row["table"]
    if words:
        return models["words"][0] + _seen(table, "words") @ models["words"][1:]
    same, cross = (models[name][0] + table @ models[name][1:] for name in ("same", "cross"))
    return np.where(row["cross"], cross, same)


def validate(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Cross-validate: all queries that one document answers, translations included, are in one fold."""
    folds = {key: number % FOLDS for number, key in enumerate(sorted({row["about"] for row in rows}))}
    quality: dict[str, list[float]] = {}
    shown: dict[str, list[tuple[float, bool]]] = {}
    best: dict[str, list[bool]] = {}
    for fold in range(FOLDS):
        models = {
            name: fit([row for row in rows if folds[row["about"]] != fold], name) for name in ("same", "cross", "words")
        }
        for row in rows:
            if folds[row["about"]] != fold:
                continue
            odds = logits(row, models)
            order = np.argsort(-odds, kind="stable")[:10]
            quality.setdefault(row["collection"], []).append(
                metrics.ndcg([row["keys"][place] for place in order], row["judged"])
            )
            best.setdefault(row["collection"], []).append(bool(odds.max() >= np.log(GOOD / (1 - GOOD))))
            shown.setdefault(row["collection"], []).extend(
                (float(1 / (1 + np.exp(-odds[place]))), bool(row["relevant"][place])) for place in order
            )
    return {
        name: {
            "ndcg@10": None if "taken away" in name else round(float(np.mean(values)), 4),
            "best_is_good": round(float(np.mean(best[name])), 4),
            "calibration_error": round(metrics.calibration_error(*zip(*shown[name], strict=True)), 4),
        }
        for name, values in quality.items()
    }


def main() -> None:
    """Gather, validate, fit, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--means", action="store_true")
    parser.add_argument("--sample", type=int, default=10**9, help="queries of each collection, evenly taken")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    command = "python -m benchmarks.fusion " + " ".join(
        [
            *(f"../shared/data/{folder.name}" for folder in options.folders),
            *(["--means"] if options.means else []),
            *([f"--sample {options.sample}"] if options.sample < 10**9 else []),
        ]
    )
    with stand.running():
        from search import fusion, vectors  # noqa: PLC0415 -- after Django is set up
        from search.embedder import current_embedder  # noqa: PLC0415 -- as above

        stand.install_stored_embedder()
        collections = [one for folder in options.folders for one in stand.read_folder(folder)]
        collections = with_needs([one for one in collections if "diacritics" not in one.name or "mixed" in one.name])
        if options.means:
            stored = {"made_by": command, "means": {current_embedder().space: take_means(collections)}}
            vectors.MEANS_FILE.write_text(json.dumps(stored) + "\n")
        stand.put(collections)
        rows = gather(collections, options.sample)
        print(json.dumps(validate(rows), indent=2), file=sys.stderr)
        models = {}
        for situation in ("same", "cross", "words"):
            beta = fit(rows, situation)
            named = dict(zip(fusion.FEATURES, beta[1:], strict=True))
            models[situation] = {
                "bias": round(float(beta[0]), 3),
                "weights": {name: round(float(value), 3) for name, value in named.items() if abs(value) >= 5e-4},
            }
        document = {"made_by": f"{command} --write", "floor": FLOOR, "good": GOOD, "models": models}
        print(json.dumps(document, indent=2))
        if options.write:
            fusion.FILE.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
