"""Vectors in PostgreSQL: nearest documents, centred cosines, the means of the languages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from search.embedder import Vectors
from search.models import DIMENSIONS, LanguageMean

MEANS_FILE = Path(__file__).with_name("means.json")
SHRINKAGE = 50  # the shipped mean weighs as much as so many texts of one's own
LANGUAGES = ("vi", "en")

Means = dict[tuple[str, str], Vectors]  # (language, side) → mean


@dataclass(frozen=True, slots=True)
class Candidate:
    """A public document with its centred cosine to the query; None while it has no vector."""

    object_id: int
    language: str
    cosine: float | None


@lru_cache(maxsize=1)
def _shipped() -> dict[str, dict[str, dict[str, list[float]]]]:
    return dict(json.loads(MEANS_FILE.read_text())["means"]) if MEANS_FILE.exists() else {}


def load_means(space: str) -> Means:
    """Give the mean of each language and side: the stock's own, leaning on the shipped one while the stock is small."""
    means: Means = {}
    for language in LANGUAGES:
        for side in LanguageMean.Side.values:
            shipped = _shipped().get(space, {}).get(language, {}).get(side)
            means[language, side] = np.array(shipped or [0.0] * DIMENSIONS, dtype=np.float32)
    for row in LanguageMean.objects.filter(space=space).order_by("pk"):
        own = np.asarray(row.vector.to_list(), dtype=np.float32)
        prior = means[row.language, row.side]
        leaning = SHRINKAGE if prior.any() else 0
        means[row.language, row.side] = (row.count * own + leaning * prior) / (row.count + leaning)
    return means


def literal(vector: NDArray[np.float32]) -> str:
    """Write a vector as PostgreSQL reads it."""
    return "[" + ",".join(f"{value:.6g}" for value in vector.tolist()) + "]"


def nearest(*, space: str, kind: str, centred: Vectors, count: int) -> list[int]:
    """Give the object ids of the public documents nearest to a centred query, `count` of each language.

    Within a language the stored vectors share one mean, so the order by product with the centred query is the order
    of the centred vectors, but for their lengths; callers take exact cosines of the candidates.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT object_id FROM search_nearest(%(q)s::halfvec, %(space)s, 'vi', %(kind)s, %(count)s) UNION ALL "
            "SELECT object_id FROM search_nearest(%(q)s::halfvec, %(space)s, 'en', %(kind)s, %(count)s)",
            {"q": literal(centred), "space": space, "kind": kind, "count": count},
        )
        return [row[0] for row in cursor.fetchall()]


def candidates(
    *, space: str, kind: str, object_ids: Sequence[int] | None, centred: Vectors | None, means: Means
) -> list[Candidate]:
    """Give those of the documents that are public, with their exact centred cosines, by object id.

    Without a centred query, cosines are None. This is also where the truth overrules an index that lags behind.
    """
    narrowed = "AND d.object_id = ANY(%(ids)s)" if object_ids is not None else ""
    parameters: dict[str, object] = {"space": space, "kind": kind, "ids": list(object_ids or ())}
    with connection.cursor() as cursor:
        if centred is None:
            cursor.execute(
                "SELECT d.object_id, d.language FROM search_document d"  # noqa: S608 -- `narrowed` is one of two literals
                f" WHERE d.kind = %(kind)s AND d.public {narrowed} ORDER BY d.object_id",
                parameters,
            )
            return [Candidate(object_id, language, None) for object_id, language in cursor.fetchall()]
        parameters |= {"q": literal(centred)}
        parameters |= {f"mean_{language}": literal(means[language, "passage"]) for language in LANGUAGES}
        cursor.execute(
            "SELECT d.object_id, d.language, -(e.vector <#> %(q)s::halfvec),"  # noqa: S608 -- as above
            " -(e.vector <#> CASE e.language WHEN 'vi' THEN %(mean_vi)s::halfvec ELSE %(mean_en)s::halfvec END)"
            " FROM search_document d LEFT JOIN search_embedding e ON e.document_id = d.id AND e.space = %(space)s"
            f" WHERE d.kind = %(kind)s AND d.public {narrowed} ORDER BY d.object_id",
            parameters,
        )
        rows = cursor.fetchall()
    length = max(float(np.linalg.norm(centred)), 1e-9)
    by_language = {
        language: (
            float(centred @ means[language, "passage"]),
            float(means[language, "passage"] @ means[language, "passage"]),
        )
        for language in LANGUAGES
    }
    found = []
    for object_id, language, product, on_mean in rows:
        cosine = None
        if product is not None:
            query_on_mean, mean_square = by_language[language]
            own = max(1.0 - 2.0 * on_mean + mean_square, 1e-9) ** 0.5
            cosine = (product - query_on_mean) / (length * own)
        found.append(Candidate(object_id, language, cosine))
    return found
