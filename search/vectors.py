"""Vectors in PostgreSQL: nearest documents, centred cosines, the means of the languages."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from search.embedder import Vectors, current_embedder
from search.models import DIMENSIONS

MEANS_FILE = Path(__file__).with_name("means.json")
SHRINKAGE = 50  # the shipped mean weighs as much as so many texts of one's own
LANGUAGES = ("vi", "en")
SIDES = ("passage", "query", "need")

Means = dict[tuple[str, str], Vectors]  # (language, side) → mean


class Candidate(NamedTuple):
    """A public document, its length, and its cosines to the query, centred and raw; None while it has no vector."""

    object_id: int
    language: str
    characters: int = 0
    cosine: float | None = None
    raw: float | None = None


@lru_cache(maxsize=1)
def _shipped() -> dict[str, dict[str, dict[str, list[float]]]]:
    return dict(json.loads(MEANS_FILE.read_text())["means"]) if MEANS_FILE.exists() else {}


def serving() -> tuple[str, Means]:
    """Give the space in which queries are asked now, with its means: that which serves, else the wanted one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.space, m.language, m.count, m.vector::text FROM (SELECT coalesce("
            "(SELECT space FROM search_vectorspace WHERE serving), %s) AS space) s"
            " LEFT JOIN search_languagemean m ON m.space = s.space AND m.side = 'passage' ORDER BY m.id",
            [current_embedder().space],
        )
        rows = cursor.fetchall()
    space = rows[0][0]
    own = [
        (language, count, np.array(json.loads(mean), dtype=np.float32)) for _, language, count, mean in rows if language
    ]
    return space, _means(space, own)


def _means(space: str, own_means: Sequence[tuple[str, int, Vectors]]) -> Means:
    """Give the mean of each language for passages, queries (a few words) and needs (long texts).

    The mean of the passages is the stock's own, leaning on the shipped one while the stock is small. Queries and
    needs keep the distance from it that they had when the shipped means were taken.
    """
    shipped = _shipped().get(space, {})
    zero = [0.0] * DIMENSIONS
    means: Means = {
        (language, side): np.array(shipped.get(language, {}).get(side, zero), dtype=np.float32)
        for language in LANGUAGES
        for side in SIDES
    }
    for language, count, own in own_means:
        prior = means[language, "passage"]
        leaning = SHRINKAGE if prior.any() else 0
        moved = (count * own + leaning * prior) / (count + leaning) - prior
        for side in SIDES:
            means[language, side] = (means[language, side] + moved).astype(np.float32)
    return means


def literal(vector: NDArray[np.float32]) -> str:
    """Write a vector as PostgreSQL reads it."""
    return "[" + ",".join(f"{value:.6g}" for value in vector.tolist()) + "]"


def nearest(*, space: str, kind: str, wanted: Mapping[str, Vectors], count: int) -> list[int]:
    """Give the object ids of the documents nearest to a query, `count` of each language that is wanted.

    `wanted` holds the query's vector for each language of documents. Within a language the stored vectors share one
    mean, so the order by product with the centred query is the order of the centred vectors, but for their lengths;
    callers take exact cosines of the candidates.
    """
    asked = sorted(wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT object_id FROM search_nearest(%(q_{language})s::halfvec, %(space)s, '{language}', %(kind)s,"  # noqa: S608 -- of LANGUAGES
                " %(count)s)"
                for language in LANGUAGES
                if language in asked
            ),
            {f"q_{language}": literal(wanted[language]) for language in asked}
            | {"space": space, "kind": kind, "count": count},
        )
        return [row[0] for row in cursor.fetchall()]


def candidates(
    *, space: str, kind: str, object_ids: Sequence[int], query: Vectors | None, mean: Vectors | None, means: Means
) -> list[Candidate]:
    """Give those of the documents that are public, with their exact cosines to the query, by object id.

    `mean` is the mean of the query's language and side. Without a query, cosines are None. This is also where the
    truth overrules an index that lags behind.
    """
    parameters: dict[str, Any] = {"space": space, "kind": kind, "ids": list(object_ids)}
    with connection.cursor() as cursor:
        if query is None or mean is None:
            cursor.execute(
                "SELECT object_id, language, char_length(title) + char_length(body) FROM search_document"
                " WHERE kind = %(kind)s AND public AND object_id = ANY(%(ids)s) ORDER BY object_id",
                parameters,
            )
            return [Candidate(*row) for row in cursor.fetchall()]
        parameters |= {"q": literal(query), "mean": literal(mean)}
        parameters |= {f"mean_{language}": literal(means[language, "passage"]) for language in LANGUAGES}
        cursor.execute(
            "SELECT d.object_id, d.language, char_length(d.title) + char_length(d.body), -(e.vector <#> %(q)s::halfvec), -(e.vector <#> %(mean)s::halfvec),"
            " -(e.vector <#> CASE e.language WHEN 'vi' THEN %(mean_vi)s::halfvec ELSE %(mean_en)s::halfvec END)"
            " FROM search_document d LEFT JOIN search_embedding e ON e.document_id = d.id AND e.space = %(space)s"
            " WHERE d.kind = %(kind)s AND d.public AND d.object_id = ANY(%(ids)s) ORDER BY d.object_id",
            parameters,
        )
        rows = cursor.fetchall()
    centred = query - mean
    length = max(float(np.linalg.norm(centred)), 1e-9)
    passage_means = {language: means[language, "passage"] for language in LANGUAGES}
    shares = {language: (float(centred @ own), float(own @ own)) for language, own in passage_means.items()}
    found = []
    for object_id, language, characters, raw, on_query_mean, on_own_mean in rows:
        if raw is None:
            found.append(Candidate(object_id, language, characters))
            continue
        query_on_mean, mean_square = shares[language]
        own_length = max(1.0 - 2.0 * on_own_mean + mean_square, 1e-9) ** 0.5
        cosine = (raw - on_query_mean - query_on_mean) / (length * own_length)
        found.append(Candidate(object_id, language, characters, cosine, raw))
    return found
