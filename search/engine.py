"""Ranking: which documents of a kind answer a text, and how probably.

Words (BM25) and meaning (vectors) each propose candidates; `search.fusion` turns their scores into a probability.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import isnan
from typing import NamedTuple

import numpy as np

from search import beside, embedder, fusion, index, lexical, lexicon, mirror, text, vectors, vocabulary
from search.embedder import EmbeddingError, Vectors
from search.fusion import Scores
from search.lexical import LexicalHit, LexicalIndex, MatchedTerm, Wording
from search.vectors import Candidates

logger = logging.getLogger(__name__)

DENSE_CANDIDATES = 200  # of each language
LEXICAL_CANDIDATES = 200  # at least; more if more hits are wanted
MOST_BY_WORDS = 600  # candidates by words in both languages together, unless more hits of one are wanted
TITLE_WEIGHT = 3.0  # the title of a need counts three times (measured: +.013 nDCG@10)
TITLE_WORDS = 25
PAIR_WEIGHT = 0.5  # of a pair of syllables, beside the syllables themselves (measured: +.007 to +.009 nDCG@10)
LISTED_BY_WORDS = 0.25  # of the best BM25 score: so much of a few words and a document is listed, however improbable
FEEDBACK_TEXTS = 5  # of the first answers, whose typical words are asked for, too
FEEDBACK_RAW = 3.0  # what the cosine weighs, against the lexical ratio, in choosing them
FEEDBACK_TERMS = 60
FEEDBACK_SHARE = 0.6  # of the weight; the rest stays with the query
FEEDBACK_POSTINGS = 400_000  # entries of the index that are read for them: of a large stock, the rarer words
EXACT_SCAN = 2000  # so few documents are compared one by one rather than through the vector index


class Hit(NamedTuple):  # a search makes a thousand: a tuple is made in a third of the time of a dataclass
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
    """The answer to one query. `truncated`: there were more candidates than asked for, or may be more as near as the
    last of the nearest, so counts are lower bounds.

    `by_meaning`: the query had a vector; `dense`: so had something that was found.
    """

    hits: tuple[Hit, ...]
    language: str
    dense: bool
    truncated: bool
    by_meaning: bool = False
    _state: LexicalIndex | None = field(default=None, repr=False, compare=False)
    _queries: dict[str, Wording] = field(default_factory=dict, repr=False, compare=False)

    @property
    def object_ids(self) -> list[int]:
        """The documents, best first."""
        return [hit.object_id for hit in self.hits]

    @property
    def has_good_match(self) -> bool:
        """Whether the best hit is probable enough to be called a match."""
        return bool(self.hits) and self.hits[0].probability >= fusion.good()

    def matched_terms(self, object_id: int) -> list[MatchedTerm]:
        """Take the BM25 score of a hit apart: folded terms and pairs, the weightiest first. Exact.

        Of a hit in the other language, the terms are the translated ones. Empty while the index is damaged.
        """
        language = next((hit.language for hit in self.hits if hit.object_id == object_id), self.language)
        if self._state is None or language not in self._queries:
            return []
        with index.reporting_damage():
            return self._state.explain(self._queries[language], object_id, language=language)
        return []


@dataclass(frozen=True, slots=True)
class Examined:
    """The candidates of one query with their features, before the fusion: what it is trained on."""

    language: str
    rows: Candidates
    scores: Scores
    kind: str
    truncated: bool
    by_meaning: bool
    farthest: list[int]
    state: LexicalIndex | None
    queries: dict[str, Wording]


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
        return Ranking((), found.language, dense=False, truncated=False, by_meaning=found.by_meaning)
    if found.state is None:
        floor = 0.0  # no words to prove anything by, while the index is built
    logits, probabilities = fusion.probabilities(found.scores, kind=found.kind)
    lexical_scores = found.scores.lexical
    shown = probabilities >= floor
    if found.kind != fusion.NEED and lexical_scores.max() > 0:
        shown |= lexical_scores >= LISTED_BY_WORDS * lexical_scores.max()
    places = np.flatnonzero(shown)
    object_ids = found.rows.object_ids
    best = places[np.lexsort((object_ids[places], -logits[places]))][:limit]
    spoken = found.rows.spoken
    hits = map(
        Hit,
        object_ids[best].tolist(),
        [spoken[place] for place in best.tolist()],
        logits[best].tolist(),
        probabilities[best].tolist(),
        lexical_scores[best].tolist(),
        [None if isnan(cosine) else cosine for cosine in found.rows.cosine[best].tolist()],
    )
    return Ranking(
        tuple(hits),
        found.language,
        dense=bool(found.scores.known.any()),
        truncated=found.truncated or len(places) > limit or bool(shown[np.isin(object_ids, found.farthest)].any()),
        by_meaning=found.by_meaning,
        _state=found.state,
        _queries=found.queries,
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
    other = text.ENGLISH if language == text.VIETNAMESE else text.VIETNAMESE
    marked = vocabulary.with_marks(said, language)
    translated = lexicon.translate(marked, language, is_marked=True)
    queries: dict[str, Wording] = {}
    possible = (0.0, 0.0)
    known: dict[str, int] = {}
    if state is not None:
        with index.reporting_damage(kind):
            known, known_there = state.counts(asked, language=language), state.counts(translated, language=other)
            made = {
                language: state.query(asked, exact, known=known, language=language),
                other: state.query(translated, {}, known=known_there, language=other),
            }
            possible = (
                state.best_possible(asked, known=known, language=language),
                state.best_possible(translated, known=known_there, language=other),
            )
            queries = {spoken: wording for spoken, wording in made.items() if wording is not None}
    ask, ask_but = partial(_by_words, state, kind=kind), partial(_by_words, state, kind=kind, without=exclude)
    # PostgreSQL finds the nearest meanwhile.
    looked = beside.reckon(partial(_ask_all, ask_but, queries, depth=depth, only=restrict_to))
    space, mean = "", None
    means: vectors.Means = {}
    nearest: dict[int, str] = {}
    held: vectors.Held | None = None
    if not dense or not said.strip():
        query_vector = None
    else:
        space, means = vectors.serving()
        if query_vector is None or query_space not in {None, space}:
            query_vector = _vector(marked, language, space)
    few = restrict_to is not None and len(restrict_to) <= EXACT_SCAN
    if query_vector is not None:
        mean = means[language, "need" if is_long else "query"]
        held = vectors.hold(kind=kind, space=space)
        if not few:
            asked_for = {language: query_vector, other: query_vector - mean}
            nearest = vectors.nearest(space=space, kind=kind, wanted=asked_for, count=DENSE_CANDIDATES)
    by_words = looked.result()
    if state is not None and language == text.ENGLISH and not is_long and not by_words.get(language):
        # Two or three bare syllables may pass for English: then Vietnamese listings are asked in these very words.
        syllables = lexical.frequencies(text.analyse(said, other))
        with index.reporting_damage(kind):
            wording = state.query(syllables, {}, language=other)
            if wording is not None:
                best_possible = state.best_possible(syllables, language=other)
                queries[other], possible = wording, (possible[0], best_possible)
                by_words[other] = ask_but(wording, limit=depth, only=restrict_to, language=other)
    truncated = any(len(found) >= depth for found in by_words.values())
    by_words, cut = _best_of_both(by_words)
    lexical_scores = {hit.object_id: hit.score for found in by_words.values() for hit in found}
    near = nearest
    if restrict_to is not None:
        near = {object_id: nearest[object_id] for object_id in nearest.keys() & set(restrict_to)}
    wanted = {*lexical_scores, *near}
    if query_vector is not None:
        if restrict_to is not None and few:
            wanted.update(restrict_to)
        wanted.difference_update(exclude)
    unscored = {
        spoken: [pk for pk, told in near.items() if told == spoken and pk in wanted and pk not in lexical_scores]
        for spoken in queries
    }
    scored = beside.reckon(partial(_ask_each, ask, queries, _lengths(unscored), unscored))
    rows = vectors.candidates(
        space=space, kind=kind, object_ids=sorted(wanted), query=query_vector, mean=mean, means=means, held=held
    )
    lexical_scores |= {hit.object_id: hit.score for found in scored.result().values() for hit in found}
    if query_vector is not None:  # those asked for by name, and texts whose vector is still that of another language
        told = zip(rows.object_ids.tolist(), rows.spoken, strict=True)
        left = [(pk, spoken) for pk, spoken in told if pk not in lexical_scores and near.get(pk) != spoken]
        rest = {spoken: [pk for pk, of in left if of == spoken] for spoken in queries}
        found = _ask_each(ask, queries, _lengths(rest), rest)
        lexical_scores |= {hit.object_id: hit.score for hits in found.values() for hit in hits}
    scores = Scores(
        lexical=np.array([lexical_scores.get(pk, 0.0) for pk in rows.object_ids.tolist()]),
        feedback=np.zeros(len(rows)),
        cosine=rows.cosine,
        raw=rows.raw,
        characters=rows.characters.astype(np.float64),
        cross=rows.languages != mirror.LANGUAGES.index(language),
        possible=possible,
        words=sum(1 for _ in text.words(said)),
    )
    if state is not None and rows:
        _ask_again(state, asked, kind=kind, language=language, rows=rows, scores=scores)
    return Examined(
        language=language,
        rows=rows,
        scores=scores,
        kind=fusion.NEED if is_long else language,
        truncated=truncated or cut,
        by_meaning=query_vector is not None,
        farthest=_farthest(nearest),
        state=state,
        queries=queries,
    )


def _farthest(nearest: Mapping[int, str]) -> list[int]:
    """Give the last of the nearest of each language of which there may be more."""
    by_language: dict[str, list[int]] = {}
    for object_id, spoken in nearest.items():
        by_language.setdefault(spoken, []).append(object_id)
    return [listed[-1] for listed in by_language.values() if len(listed) == DENSE_CANDIDATES]


def _ask_again(
    state: LexicalIndex, asked: dict[str, float], *, kind: str, language: str, rows: Candidates, scores: Scores
) -> None:
    """Score the candidates of the query's language by the words of the first of them, too (`scores.feedback`).

    What right answers say beside the words of the query finds others of their kind: pseudo-relevance feedback.
    """
    own = np.flatnonzero(~scores.cross)
    best = scores.lexical[own].max(initial=0.0)
    if best <= 0:
        return
    near = np.where(np.isnan(scores.raw[own]), 0.0, scores.raw[own])
    first = own[np.argsort(-(scores.lexical[own] / best + FEEDBACK_RAW * near), kind="stable")[:FEEDBACK_TEXTS]]
    whole = sum(asked.values()) or 1.0
    weights = {term: (1 - FEEDBACK_SHARE) * weight / whole for term, weight in asked.items()}
    query = None
    with index.reporting_damage(kind):
        nearest = rows.object_ids[first].tolist()
        for term, share in state.typical(nearest, count=FEEDBACK_TERMS, language=language).items():
            weights[term] = weights.get(term, 0.0) + FEEDBACK_SHARE * share
        query = state.query(weights, {}, language=language, postings=FEEDBACK_POSTINGS)
    if query is None:
        return
    listed = rows.object_ids[own].tolist()
    half = len(listed) // 2  # in two threads
    look = partial(_by_words, state, query, kind=kind, limit=len(own), language=language)
    looked = beside.reckon(partial(look, only=listed[half:]))
    found = look(only=listed[:half]) + looked.result()
    by_id = {hit.object_id: hit.score for hit in found}
    scores.feedback[own] = [by_id.get(pk, 0.0) for pk in listed]


def _ask_each(
    ask: Callable[..., list[LexicalHit]],
    queries: Mapping[str, Wording],
    limits: Mapping[str, int],
    only: Mapping[str, Collection[int] | None],
) -> dict[str, list[LexicalHit]]:
    """Ask each language for so many documents, among those given if some are."""
    return {
        spoken: ask(wording, limit=limits[spoken], only=only[spoken], language=spoken) if limits[spoken] else []
        for spoken, wording in queries.items()
    }


def _ask_all(
    ask: Callable[..., list[LexicalHit]],
    queries: Mapping[str, Wording],
    *,
    depth: int,
    only: Collection[int] | None,
) -> dict[str, list[LexicalHit]]:
    """Ask each language for the best documents: one for `depth`, two for as many as `_best_of_both` keeps, and one.

    So where one language holds fewer than its half, the other is asked once more for what is left.
    """
    everywhere = dict.fromkeys(queries, only)
    if len(queries) < 2:
        return _ask_each(ask, queries, dict.fromkeys(queries, depth), everywhere)
    half = min(depth, MOST_BY_WORDS // 2 + 1)
    found = _ask_each(ask, queries, dict.fromkeys(queries, half), everywhere)
    most = min(depth, MOST_BY_WORDS + 1 - min(map(len, found.values())))
    rest = {spoken: most for spoken, hits in found.items() if most > half == len(hits)}
    return found | _ask_each(ask, {spoken: queries[spoken] for spoken in rest}, rest, everywhere)


def _lengths(lists: Mapping[str, Collection[int]]) -> dict[str, int]:
    return {name: len(listed) for name, listed in lists.items()}


def _best_of_both(by_words: dict[str, list[LexicalHit]]) -> tuple[dict[str, list[LexicalHit]], bool]:
    """Leave MOST_BY_WORDS candidates, half of them of each language if both have so many; tell whether any went.

    Each is compared by its vector, which is most of the time of a search in a large stock.
    """
    fewest = min((len(found) for found in by_words.values()), default=0)
    share = max(MOST_BY_WORDS // 2, MOST_BY_WORDS - fewest)
    kept = {language: found[:share] if len(by_words) > 1 else found for language, found in by_words.items()}
    return kept, any(len(kept[language]) < len(found) for language, found in by_words.items())


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
    asked = {term: PAIR_WEIGHT * weight if text.PAIR in term else weight for term, weight in asked.items()}
    exact: dict[str, float] = {}
    for word in whole.exact:
        exact[word] = exact.get(word, 0.0) + 1.0
    return asked, exact


def _by_words(
    state: LexicalIndex | None,
    asked: Wording | None,
    *,
    kind: str,
    limit: int,
    only: Collection[int] | None = None,
    without: Collection[int] = (),
    language: str | None = None,
) -> list[LexicalHit]:
    if state is None or asked is None:
        return []
    with index.reporting_damage(kind):
        return state.search(asked, limit=limit, only=only, without=without, language=language)
    return []


def embed(said: str, *, language: str | None = None, space: str | None = None) -> Vectors:
    """Give the vector of a query as `rank` would make it. Raises EmbeddingError."""
    said = text.clean(said)
    language = language or text.detect_language(said)
    return embedder.embed_query(vocabulary.with_marks(said, language), language=language, space=space, is_marked=True)


def _vector(said: str, language: str, space: str) -> Vectors | None:
    try:
        return embedder.embed_query(said, language=language, space=space, is_marked=True)
    except EmbeddingError as error:
        logger.warning("No vector for the query, words alone rank: %s", error)
        return None
