"""Vectors in PostgreSQL: nearest documents, centred cosines, the means of the languages."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from search import beside, index, mirror
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


@dataclass(frozen=True, slots=True, eq=False)
class Candidates(Sequence[Candidate]):
    """Candidates by object id, in columns: a search has a thousand. Languages by `mirror.LANGUAGES`, no cosine is NaN."""

    object_ids: NDArray[np.int64]
    languages: NDArray[np.int64]
    characters: NDArray[np.int64]
    cosine: NDArray[np.float64]
    raw: NDArray[np.float64]

    @property
    def spoken(self) -> list[str]:
        """The language of each."""
        return [mirror.LANGUAGES[number] for number in self.languages.tolist()]

    def __len__(self) -> int:
        return len(self.object_ids)

    @overload
    def __getitem__(self, place: int) -> Candidate: ...
    @overload
    def __getitem__(self, place: slice) -> list[Candidate]: ...
    def __getitem__(self, place: int | slice) -> Candidate | list[Candidate]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        cosine, raw = (None if np.isnan(column[place]) else float(column[place]) for column in (self.cosine, self.raw))
        language = mirror.LANGUAGES[self.languages[place]]
        return Candidate(int(self.object_ids[place]), language, int(self.characters[place]), cosine, raw)


class _Products(NamedTuple):
    """Public documents in columns, and the products of their vectors with the query, its mean and the mean of the vector's own language; NaN where there is no vector."""

    object_ids: NDArray[np.int64]
    languages: NDArray[np.int64]
    characters: NDArray[np.int64]
    on_query: NDArray[np.float64]
    on_query_mean: NDArray[np.float64]
    on_own_mean: NDArray[np.float64]


class Held(NamedTuple):
    """The mirror of a kind, and the answer to what it does not hold yet."""

    mirrored: mirror.Mirror
    recent: Callable[[], set[int] | None]


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
    callers take exact cosines of the candidates. Two languages are asked at once, on two connections.
    """
    asked = {language: wanted[language] for language in LANGUAGES if language in wanted}
    look = partial(_nearest, space=space, kind=kind, count=count)
    *_, last = asked
    answer = beside.ask(partial(look, {last: asked[last]})) if len(asked) > 1 else None
    if answer is None:
        return look(asked)
    return look({language: vector for language, vector in asked.items() if language != last}) | answer()


def _nearest(wanted: Mapping[str, Vectors], *, space: str, kind: str, count: int) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT object_id, '{language}' FROM search_nearest(%({language})s::halfvec, %(space)s, '{language}', %(kind)s,"  # noqa: S608 -- of LANGUAGES
                " %(count)s)"
                for language in wanted
            ),
            {language: literal(vector) for language, vector in wanted.items()}
            | {"space": space, "kind": kind, "count": count},
        )
        return dict(cursor.fetchall())


def hold(*, kind: str, space: str) -> Held | None:
    """Take this node's mirror of a kind, and begin to ask what changed after its position. None while there is none."""
    mirrored = index.mirrored(kind)
    if mirrored is None:
        return None
    ask = partial(mirrored.recent, kind=kind, space=space)
    return Held(mirrored, beside.ask(ask) or ask)


def candidates(
    *,
    space: str,
    kind: str,
    object_ids: Sequence[int],
    query: Vectors | None,
    mean: Vectors | None,
    means: Means,
    held: Held | None = None,
) -> Candidates:
    """Give those of the documents that are public, with their exact cosines to the query, by object id.

    `mean` is the mean of the query's language and side. Without a query there are no cosines. This is also where the
    truth overrules an index that lags behind: what changed after the position of the mirror (that which is `held`, or
    the present one) is asked of PostgreSQL.
    """
    if query is None or mean is None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT object_id, language, characters FROM search_document"
                " WHERE kind = %s AND public AND object_id = ANY(%s::bigint[]) ORDER BY object_id",
                [kind, _listed(object_ids)],
            )
            texts = _texts(cursor.fetchall())
        none = np.full(len(texts[0]), np.nan)
        return Candidates(*texts, none, none)
    held = held or hold(kind=kind, space=space)
    found, left = (None, object_ids) if held is None else _mirrored(held, kind, object_ids, query, mean, means)
    if found is None or left:
        asked = _asked(space, kind, left, query, mean, means)
        found = asked if found is None else _together(found, asked)
    return _scored(found, query, mean, means)


def _scored(found: _Products, query: Vectors, mean: Vectors, means: Means) -> Candidates:
    """Take the centred cosines of the products."""
    centred = query - mean
    length = max(float(np.linalg.norm(centred)), LEAST_LENGTH**0.5)
    own = [means[language, "passage"] if language else np.zeros_like(mean) for language in mirror.LANGUAGES]
    query_on_mean = np.array([float(centred @ passage) for passage in own])
    square = np.array([float(passage @ passage) for passage in own])
    own_square = 1.0 - 2.0 * found.on_own_mean + square[found.languages]
    own_length = np.maximum(own_square, LEAST_LENGTH) ** 0.5
    cosine = found.on_query - found.on_query_mean - query_on_mean[found.languages]
    cosine /= length * own_length
    cosine[own_square < LEAST_LENGTH] = 0.0
    return Candidates(*found[:3], cosine, found.on_query)


def _together(one: _Products, other: _Products) -> _Products:
    order = np.argsort(np.concatenate([one.object_ids, other.object_ids]), kind="stable")
    return _Products(*(np.concatenate(pair)[order] for pair in zip(one, other, strict=True)))


def _texts(rows: Sequence[tuple[Any, ...]]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give object id, number of the language and length of each row, in columns."""
    named = [(row[0], mirror.LANGUAGES.index(row[1]), row[2]) for row in rows]
    object_ids, languages, characters = np.array(named, dtype=np.int64).reshape(-1, 3).T
    return object_ids, languages, characters


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
    numbers = np.array([row[3:] for row in rows], dtype=np.float64).reshape(-1, 3).T  # None becomes NaN
    return _Products(*_texts(rows), *numbers)


def _mirrored(
    held: Held, kind: str, object_ids: Sequence[int], query: Vectors, mean: Vectors, means: Means
) -> tuple[_Products | None, Sequence[int]]:
    """Take what the mirror of this node holds and is still true, and give of whom PostgreSQL has to be asked.

    The products are those of PostgreSQL, which rounds the query and the means to half numbers, too.
    """
    recent = held.recent()
    if recent is None:
        return None, object_ids
    ids = np.unique(np.array(object_ids, dtype=np.int64))
    with index.reporting_damage(kind):
        records = held.mirrored.look_up(ids)
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
        public, languages, characters = (
            records[name].astype(np.int64) for name in ("object_id", "language", "characters")
        )
        found = _Products(public, languages, characters, products[:, 0], products[:, 1], own)
        return found, ids[~known].tolist()
    return None, object_ids


def _listed(object_ids: Sequence[int]) -> str:
    return "{" + ",".join(map(str, object_ids)) + "}"  # text: a list would be written number by number
