"""Ranking: which documents of a kind answer a text, and how probably.

Words (BM25) and meaning (vectors) each propose candidates; `search.fusion` turns their scores into a probability.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from tantivy import Query

from search import embedder, fusion, index, lexical, text, vectors
from search.embedder import EmbeddingError, Vectors
from search.fusion import Floats
from search.lexical import LexicalHit, LexicalIndex, MatchedTerm
from search.vectors import Candidate

logger = logging.getLogger(__name__)

DENSE_CANDIDATES = 200  # of each language
LEXICAL_CANDIDATES = 200  # at least; more if more hits are wanted
TITLE_WEIGHT = 3.0  # the title of a need counts three times (measured: +.013 nDCG@10)
TITLE_WORDS = 25
LISTED_BY_WORDS = 0.3  # of the best BM25 score: so much of a few words and a document is listed, however improbable
EXACT_SCAN = 2000  # so few documents are compared one by one rather than through the vector index


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that answers, best first by `score` (log-odds of `probability`).

    `lexical` is its BM25 score (0 without a shared word), `cosine` its centred cosine (None without a vector).
    """

    object_id: int
    language: str
    score: float
    probability: float
    lexical: float
    cosine: float | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The answer to one query. `truncated`: there were more candidates than asked for, so counts are lower bounds."""

    hits: tuple[Hit, ...]
    language: str
    dense: bool
    truncated: bool
    _state: LexicalIndex | None = field(default=None, repr=False, compare=False)
    _query: Query | None = field(default=None, repr=False, compare=False)

    @property
    def object_ids(self) -> list[int]:
        """The documents, best first."""
        return [hit.object_id for hit in self.hits]

    @property
    def has_good_match(self) -> bool:
        """Whether the best hit is probable enough to be called a match."""
        return bool(self.hits) and self.hits[0].probability >= fusion.good()

    def matched_terms(self, object_id: int) -> list[MatchedTerm]:
        """Take the BM25 score of a hit apart: folded terms and pairs, the weightiest first. Exact."""
        if self._state is None or self._query is None:
            return []
        return self._state.explain(self._query, object_id)


@dataclass(frozen=True, slots=True)
class Examined:
    """The candidates of one query with their features, before the fusion: what it is trained on."""

    language: str
    rows: list[Candidate]
    lexical: Floats
    table: Floats
    cross: NDArray[np.bool_]
    known: NDArray[np.bool_]
    best_possible: float
    long: bool
    truncated: bool
    state: LexicalIndex | None
    query: Query | None


def rank(
    query: str,
    *,
    kind: str,
    title: str = "",
    language: str | None = None,
    hint: str | None = None,
    limit: int = 1000,
    restrict_to: Collection[int] | None = None,
    exclude: Collection[int] = (),
    query_vector: Vectors | None = None,
    query_space: str | None = None,
    dense: bool = True,
    floor: float | None = None,
) -> Ranking:
    """Rank the public documents of a kind by how probably they answer a text: a few words, or a whole need.

    Words are joined by OR and keep their frequency. `title` is the need's own title, if it is apart from the text.
    `language` is detected unless given; `hint` decides where the words do not. `restrict_to` ranks only those
    objects. `query_vector` saves embedding the text again, if `query_space` (unless None) serves. With `dense=False`, or while there are no vectors, words
    alone rank. Hits below the floor (by default that of `fusion.json`) are left out, but for
    those that hold a good part of a short query's words.
    """
    floor = fusion.floor() if floor is None else floor
    found = examine(
        query,
        kind=kind,
        title=title,
        language=language,
        hint=hint,
        depth=max(limit, LEXICAL_CANDIDATES),
        restrict_to=restrict_to,
        exclude=exclude,
        query_vector=query_vector,
        query_space=query_space,
        dense=dense,
    )
    if not found.rows:
        return Ranking((), found.language, dense=False, truncated=False)
    logits, probabilities = fusion.probabilities(found.table, cross=found.cross, known=found.known)
    by_words = 0.0 if found.long else LISTED_BY_WORDS * float(found.lexical.max())
    hits = [
        Hit(row.object_id, row.language, float(logit), float(probability), float(score), row.cosine)
        for row, logit, probability, score in zip(found.rows, logits, probabilities, found.lexical, strict=True)
        if probability >= floor or (by_words and score >= by_words)
    ]
    hits.sort(key=lambda hit: (-hit.score, hit.object_id))
    return Ranking(
        tuple(hits[:limit]),
        found.language,
        dense=bool(found.known.any()),
        truncated=found.truncated or len(hits) > limit,
        _state=found.state,
        _query=found.query,
    )


def examine(
    query: str,
    *,
    kind: str,
    title: str = "",
    language: str | None = None,
    hint: str | None = None,
    depth: int = LEXICAL_CANDIDATES,
    restrict_to: Collection[int] | None = None,
    exclude: Collection[int] = (),
    query_vector: Vectors | None = None,
    query_space: str | None = None,
    dense: bool = True,
) -> Examined:
    """Propose candidates and take their features; parameters as in `rank`, `depth` for the candidates by words."""
    said = text.clean(f"{title.strip().rstrip('.')}. {query}" if title.strip() else query)
    language = language or text.detect_language(said, hint=hint)
    title, is_long = _headline(title, said, language)
    asked, exact = _weights(said, title, language)
    state = index.lexical(kind)
    lexical_query = state.query(asked, exact) if state is not None else None
    found = _by_words(state, lexical_query, kind=kind, limit=depth, only=restrict_to, without=exclude)
    wanted = {hit.object_id for hit in found}
    space, mean, means = "", None, {}
    if not dense or not said.strip():
        query_vector = None
    else:
        space, means = vectors.serving()
        if query_vector is None or query_space not in {None, space}:
            query_vector = _vector(said, language, space)
    if query_vector is not None:
        mean = means[language, "need" if is_long else "query"]
        if restrict_to is not None and len(restrict_to) <= EXACT_SCAN:
            wanted.update(restrict_to)
        else:
            near = vectors.nearest(space=space, kind=kind, centred=query_vector - mean, count=DENSE_CANDIDATES)
            wanted.update(near if restrict_to is None else set(near).intersection(restrict_to))
        wanted.difference_update(exclude)
    rows = vectors.candidates(
        space=space, kind=kind, object_ids=sorted(wanted), query=query_vector, mean=mean, means=means
    )
    by_words = {hit.object_id: hit.score for hit in found}
    lexical_scores = np.array([by_words.get(row.object_id, 0.0) for row in rows])
    cosines = np.array([np.nan if row.cosine is None else row.cosine for row in rows])
    cross = np.array([row.language != language for row in rows], dtype=bool)
    best_possible = state.best_possible(asked) if state is not None else 0.0
    table = fusion.features(
        lexical=lexical_scores,
        cosine=cosines,
        raw=np.array([np.nan if row.raw is None else row.raw for row in rows]),
        cross=cross,
        best_possible=best_possible,
        long=is_long,
    )
    known = ~np.isnan(cosines)
    truncated = len(found) >= depth
    return Examined(
        language=language,
        rows=rows,
        lexical=lexical_scores,
        table=table,
        cross=cross,
        known=known,
        best_possible=best_possible,
        long=is_long,
        truncated=truncated,
        state=state,
        query=lexical_query,
    )


def _headline(title: str, said: str, language: str) -> tuple[str, bool]:
    """Give the title of a long need (its first sentence, if it is short) and whether the need is long."""
    is_long = sum(1 for _ in text.words(said)) > fusion.LONG_QUERY_WORDS
    if title or not is_long:
        return title, is_long
    first = text.sentences(said, limit=1)
    if first and sum(1 for _ in text.words(first[0])) <= TITLE_WORDS:
        return first[0], is_long
    return "", is_long


def _weights(said: str, title: str, language: str) -> tuple[dict[str, float], dict[str, float]]:
    """Give each folded term and each accented word of the query its weight."""
    whole = text.analyse(said, language)
    asked = lexical.frequencies(whole)
    if title:
        for term, count in text.analyse(title, language).frequencies().items():
            asked[term] = asked.get(term, 0.0) + (TITLE_WEIGHT - 1) * count
    exact: dict[str, float] = {}
    for word in whole.exact:
        exact[word] = exact.get(word, 0.0) + 1.0
    return asked, exact


def _by_words(
    state: LexicalIndex | None,
    query: Query | None,
    *,
    kind: str,
    limit: int,
    only: Collection[int] | None,
    without: Collection[int],
) -> list[LexicalHit]:
    if state is None or query is None:
        return []
    try:
        return state.search(query, limit=limit, only=only, without=without)
    except (ValueError, OSError):
        logger.exception("The index of %s failed; search goes on without words", kind)
        index.report_damage(kind)
        return []


def _vector(said: str, language: str, space: str) -> Vectors | None:
    try:
        return embedder.embed_query(said, language=language, space=space)
    except EmbeddingError as error:
        logger.warning("No vector for the query, words alone rank: %s", error)
        return None
