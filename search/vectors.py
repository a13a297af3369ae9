"""Vectors in PostgreSQL: nearest documents, centred cosines, the means of the languages."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from search import index, mirror
from search.embedder import Vectors, current_embedder
from search.models import DIMENSIONS

MEANS_FILE = Path(__file__).with_name("means.json")
SHRINKAGE = 50  # the mean that one's own leans on weighs as much as so many texts
LEAST_LENGTH = 0.01  # squared: what is left of a vector so near to its mean is the rounding of half numbers
LANGUAGES = ("vi", "en")
SIDES = ("passage", "query", "need")

Means = Mapping[tuple[str, str], Vectors]  # (language, side) → mean

#: What was read last: each stored mean by its mark (a mark is of one mean at one time), and the means made of them.
_read: tuple[dict[str, tuple[str, int, Vectors]], tuple[str, Means] | None] = ({}, None)
_WRITTEN = "[" + ",".join(["%.6g"] * DIMENSIONS) + "]"


class Candidate(NamedTuple):
    """A public document, its length, and its cosines to the query, centred and raw; None while it has no vector."""

    object_id: int
    language: str
    characters: int = 0
    cosine: float | None = None
    raw: float | None = None


class _Products(NamedTuple):
    """Public documents by object id, and the products of their vectors with the query, its mean and the mean of the vector's own language; NaN where there is no vector."""

    object_ids: Sequence[int]
    languages: Sequence[str]
    characters: Sequence[int]
    on_query: NDArray[np.float64]
    on_query_mean: NDArray[np.float64]
    on_own_mean: NDArray[np.float64]


@lru_cache(maxsize=1)
def _shipped() -> dict[str, dict[str, dict[str, list[float]]]]:
    return dict(json.loads(MEANS_FILE.read_text())["means"]) if MEANS_FILE.exists() else {}


def serving() -> tuple[str, Means]:
    """Give the space in which queries are asked now, with its means: that which serves, else the wanted one.

    PostgreSQL sends a mean once, and again when it was taken anew.
    """
    global _read
    known, made = _read
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.space, m.mark, m.language, m.count, CASE WHEN m.mark = ANY(%s) THEN NULL ELSE m.vector::text END"
            " FROM (SELECT coalesce((SELECT space FROM search_vectorspace WHERE serving), %s) AS space) s"
            " LEFT JOIN (SELECT *, concat_ws('@', id, computed_at, count) AS mark FROM search_languagemean"
            " WHERE side = 'passage') m ON m.space = s.space ORDER BY m.id",
            [list(known), current_embedder().space],
        )
        rows = cursor.fetchall()
    space = str(rows[0][0])
    own = {
        mark: (language, count, known[mark][2] if sent is None else np.array(json.loads(sent), dtype=np.float32))
        for _, mark, language, count, sent in rows
        if mark
    }
    if made is None or own.keys() != known.keys() or made[0] != space:
        made = (space, _means(space, list(own.values())))
        _read = (own, made)
    return made


def _means(space: str, own_means: Sequence[tuple[str, int, Vectors]]) -> Means:
    """Give the mean of each language for passages, queries (a few words) and needs (long texts).

    The mean of the passages is the stock's own, leaning on the shipped one while the stock is small. Queries and
    needs keep the distance from it that they had when the shipped means were taken. Of a model without a shipped mean
    it leans on those of the stock's other languages, which lean on zero.
    """
    shipped = _shipped().get(space, {})
    zero = np.zeros(DIMENSIONS, dtype=np.float32)
    taken = {language: (count, own) for language, count, own in own_means}
    means = {}
    for language in LANGUAGES:
        count, own = taken.get(language, (0, zero))
        given = {side: np.array(mean, dtype=np.float32) for side, mean in shipped.get(language, {}).items()}
        others = [row for other, row in taken.items() if other != language]
        around = sum((number * mean for number, mean in others), zero) / (sum(row[0] for row in others) + SHRINKAGE)
        prior = given.get("passage", around)
        passage = (count * own + SHRINKAGE * prior) / (count + SHRINKAGE)
        for side in SIDES:
            means[language, side] = (passage + (given[side] - prior if side in given else 0)).astype(np.float32)
    return means


def literal(vector: NDArray[np.float32]) -> str:
    """Write a vector as PostgreSQL reads it."""
    return _WRITTEN % tuple(vector.tolist())


def nearest(*, space: str, kind: str, wanted: Mapping[str, Vectors], count: int) -> dict[int, str]:
    """Give the documents nearest to a query, `count` of each language that is wanted: object id → language.

    `wanted` holds the query's vector for each language of documents. Within a language the stored vectors share one
    mean, so the order by product with the centred query is the order of the centred vectors, but for their lengths;
    callers take exact cosines of the candidates.
    """
    asked = sorted(wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT object_id, '{language}' FROM search_nearest(%(q_{language})s::halfvec, %(space)s, '{language}', %(kind)s,"  # noqa: S608 -- of LANGUAGES
                " %(count)s)"
                for language in LANGUAGES
                if language in asked
            ),
            {f"q_{language}": literal(wanted[language]) for language in asked}
            | {"space": space, "kind": kind, "count": count},
        )
        return dict(cursor.fetchall())


def candidates(
    *, space: str, kind: str, object_ids: Sequence[int], query: Vectors | None, mean: Vectors | None, means: Means
) -> list[Candidate]:
    """Give those of the documents that are public, with their exact cosines to the query, by object id.

    `mean` is the mean of the query's language and side. Without a query, cosines are None. This is also where the
    truth overrules an index that lags behind: what changed after the position of the mirror is asked of PostgreSQL.
    """
    if query is None or mean is None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT object_id, language, characters FROM search_document"
                " WHERE kind = %s AND public AND object_id = ANY(%s::bigint[]) ORDER BY object_id",
                [kind, _listed(object_ids)],
            )
            return [Candidate(*row) for row in cursor.fetchall()]
    found, left = _mirrored(space, kind, object_ids, query, mean, means)
    if found is None or left:
        asked = _asked(space, kind, left, query, mean, means)
        found = asked if found is None else _together(found, asked)
    return _scored(found, query, mean, means)


def _scored(found: _Products, query: Vectors, mean: Vectors, means: Means) -> list[Candidate]:
    """Take the centred cosines of the products."""
    languages = found.languages
    centred = query - mean
    length = max(float(np.linalg.norm(centred)), LEAST_LENGTH**0.5)
    own = {language: means[language, "passage"] for language in LANGUAGES}
    query_on_mean = {language: float(centred @ passage) for language, passage in own.items()}
    square = {language: float(passage @ passage) for language, passage in own.items()}
    own_square = 1.0 - 2.0 * found.on_own_mean + np.array([square[name] for name in languages])
    own_length = np.maximum(own_square, LEAST_LENGTH) ** 0.5
    cosine = found.on_query - found.on_query_mean - np.array([query_on_mean[name] for name in languages])
    cosine /= length * own_length
    cosine[own_square < LEAST_LENGTH] = 0.0
    cosines, raw = cosine.tolist(), found.on_query.tolist()
    for place in np.flatnonzero(np.isnan(found.on_query)).tolist():
        cosines[place] = raw[place] = None
    return list(map(Candidate, found.object_ids, languages, found.characters, cosines, raw))


def _together(one: _Products, other: _Products) -> _Products:
    order = np.argsort(np.array([*one.object_ids, *other.object_ids], dtype=np.int64), kind="stable")
    texts = [[*mine, *theirs] for mine, theirs in zip(one[:3], other[:3], strict=True)]
    sorted_texts: list[Any] = [[column[place] for place in order] for column in texts]
    numbers = [np.concatenate(pair)[order] for pair in zip(one[3:], other[3:], strict=True)]
    return _Products(*sorted_texts, *numbers)


def _asked(space: str, kind: str, object_ids: Sequence[int], query: Vectors, mean: Vectors, means: Means) -> _Products:
    """Ask PostgreSQL."""
    parameters: dict[str, Any] = {"space": space, "kind": kind, "ids": _listed(object_ids)}
    parameters |= {"q": literal(query), "mean": literal(mean)}
    parameters |= {f"mean_{language}": literal(means[language, "passage"]) for language in LANGUAGES}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.object_id, d.language, d.characters, -(e.vector <#> %(q)s::halfvec), -(e.vector <#> %(mean)s::halfvec),"
            " -(e.vector <#> CASE e.language WHEN 'vi' THEN %(mean_vi)s::halfvec ELSE %(mean_en)s::halfvec END)"
            " FROM search_document d LEFT JOIN search_embedding e ON e.document_id = d.id AND e.space = %(space)s"
            " WHERE d.kind = %(kind)s AND d.public AND d.object_id = ANY(%(ids)s::bigint[]) ORDER BY d.object_id",
            parameters,
        )
        rows = cursor.fetchall()
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * 6
    numbers = [np.array(column, dtype=np.float64) for column in columns[3:]]  # None becomes NaN
    return _Products(*columns[:3], *numbers)


def _mirrored(
    space: str, kind: str, object_ids: Sequence[int], query: Vectors, mean: Vectors, means: Means
) -> tuple[_Products | None, Sequence[int]]:
    """Take what the mirror of this node holds and is still true, and give of whom PostgreSQL has to be asked.

    The products are those of PostgreSQL, which rounds the query and the means to half numbers, too.
    """
    held = index.mirrored(kind)
    recent = held.recent(kind=kind, space=space) if held is not None else None
    if held is None or recent is None:
        return None, object_ids
    ids = np.unique(np.array(object_ids, dtype=np.int64))
    with index.reporting_damage(kind):
        records = held.look_up(ids)
        known = records["language"] > 0
        if recent:
            known &= ~np.isin(ids, list(recent))
        records = records if known.all() else records[known]
        sides = np.stack([query, mean, means["vi", "passage"], means["en", "passage"]])
        rounded = sides.astype(np.float16).astype(np.float32)
        # Not by BLAS: its threads wait for each other where a machine has other things to do.
        products = np.einsum("ij,kj->ik", records["vector"].astype(np.float32), rounded).astype(np.float64)
        of_vector = records["vector_language"]
        products[of_vector == 0] = np.nan
        own = np.where(of_vector == mirror.LANGUAGES.index("vi"), products[:, 2], products[:, 3])
        languages = [mirror.LANGUAGES[number] for number in records["language"].tolist()]
        taken = records["object_id"].tolist(), languages, records["characters"].tolist()
        return _Products(*taken, products[:, 0], products[:, 1], own), ids[~known].tolist()
    return None, object_ids


def _listed(object_ids: Sequence[int]) -> str:
    return "{" + ",".join(map(str, object_ids)) + "}"  # text: a list would be written number by number
