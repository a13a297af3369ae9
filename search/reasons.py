"""Why a document answers a query, in its own words: the shared terms and the nearest sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from search import text
from search.embedder import embed_sentences
from search.lexical import MatchedTerm

SENTENCES = 4  # of each side: a sentence takes some 30 ms
SENTENCE_CHARACTERS = 300
NO_CHANCE = 6  # letters from which a word of an English text is no Vietnamese syllable by chance ("change" is "chang")


@dataclass(frozen=True, slots=True)
class SentencePair:
    """The two sentences nearest in meaning, one of each side, with their cosine."""

    query: str
    document: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Sayings:
    """One sentence of each side that holds most of the shared words, and the part of their score that stands in both."""

    query: str
    document: str
    share: float


@dataclass(frozen=True, slots=True)
class Reasons:
    """`words`: what both say, as the document writes it, with its part of the shared score (parts sum to 1)."""

    words: tuple[tuple[str, float], ...]
    sentences: SentencePair | None
    sayings: Sayings | None = None


def explain(
    query: str,
    document: str,
    *,
    terms: Sequence[MatchedTerm] = (),
    language: str | None = None,
    limit: int = 8,
    dense: bool = True,
) -> Reasons:
    """Explain a match. `terms` are `Ranking.matched_terms(…)`; without them words are unweighed.

    `language` is that under which the document is indexed; without it, it is detected.
    With `dense`, some sentences are embedded: meant for a task, not for a page. Raises EmbeddingError.
    """
    return Reasons(
        words=tuple(_words(query, document, terms, language)[:limit]),
        sentences=_nearest_sentences(query, document) if dense else None,
        sayings=_sayings(query, document, terms),
    )


def _words(query: str, document: str, terms: Sequence[MatchedTerm], language: str | None) -> list[tuple[str, float]]:
    """Give shared terms as the document spells them first; pairs stand for the syllables that they join."""
    document = text.clean(document)
    analysis = text.analyse(document, language)
    spelled: dict[str, str] = {}
    for token in analysis.tokens:
        spelled.setdefault(token.term, document[token.start : token.end].lower())
        if token.pair:
            spelled.setdefault(token.pair, document[token.start : token.pair_end].lower())
    if terms:
        weights = {term.term: term.contribution for term in terms if term.term in spelled}
    else:
        asked = set(text.analyse(query).terms) | set(text.analyse(query, analysis.language).terms)
        weights = {term: 1.0 for term in sorted(asked) if term in spelled}
    if analysis.language == text.VIETNAMESE and (foreign := _foreign_terms(query)) is not None:
        weights = _telling(weights, foreign)
    total = sum(weights.values()) or 1.0
    in_pairs = {part for term in weights if text.PAIR in term for part in term.split(text.PAIR)}
    found: dict[str, float] = {}
    for term, weight in weights.items():
        if text.PAIR in term or term not in in_pairs:
            found[spelled[term]] = found.get(spelled[term], 0.0) + weight / total
    for part in sorted(in_pairs & weights.keys()):
        pairs = [term for term in weights if text.PAIR in term and part in term.split(text.PAIR)]
        for pair in pairs:
            found[spelled[pair]] = found.get(spelled[pair], 0.0) + weights[part] / total / len(pairs)
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


@lru_cache(maxsize=64)  # one query is explained against many documents
def _foreign_terms(query: str) -> frozenset[str] | None:
    """Give the terms of a query that is not Vietnamese as a Vietnamese text holds them; None of a Vietnamese one."""
    if text.detect_language(query) == text.VIETNAMESE:
        return None
    return frozenset(text.terms_of(query, text.VIETNAMESE)[0])


def _telling(weights: dict[str, float], asked: frozenset[str]) -> dict[str, float]:
    """Leave out lone syllables that a word was translated by: one syllable of Vietnamese is seldom a word of a field.

    Pairs stay, with the syllables that they join, and what both languages write alike, as names of substances. Where
    nothing else is left, all stay.
    """
    joined = {part for term in weights if text.PAIR in term for part in term.split(text.PAIR)}
    alike = {term for term in asked if len(term) >= NO_CHANCE}
    told = {term: weight for term, weight in weights.items() if text.PAIR in term or term in joined | alike}
    return told or weights


def _sayings(query: str, document: str, terms: Sequence[MatchedTerm]) -> Sayings | None:
    """Find the sentence of the document that the shared words weigh most in, and that of the query which answers it."""
    weights = {term.term: term.contribution for term in terms}
    total = sum(weights.values())
    if total <= 0:
        return None

    def heaviest(source: str, wanted: dict[str, float]) -> tuple[str, set[str]]:
        found = [(sentence, wanted.keys() & _terms_of(sentence)) for sentence in text.sentences(source)]
        return max(found, key=lambda row: (sum(wanted[term] for term in row[1]), -len(row[0])), default=("", set()))

    said, held = heaviest(document, weights)
    asked, shared = heaviest(query, {term: weights[term] for term in held})
    if not shared:
        return None
    share = sum(weights[term] for term in shared) / total
    return Sayings(text.shorten(asked, SENTENCE_CHARACTERS), text.shorten(said, SENTENCE_CHARACTERS), share)


@lru_cache(maxsize=1024)  # the sentences of one side come back with every match of a search
def _terms_of(sentence: str) -> frozenset[str]:
    return frozenset(
        term for language in (text.VIETNAMESE, text.ENGLISH) for term in text.terms_of(sentence, language)[0]
    )


def _nearest_sentences(query: str, document: str) -> SentencePair | None:
    asked = _likely(query, document)
    said = _likely(document, query)
    if not asked or not said:
        return None
    made = embed_sentences([*asked, *said])
    cosines = made[: len(asked)] @ made[len(asked) :].T
    row, column = np.unravel_index(int(np.argmax(cosines)), cosines.shape)
    return SentencePair(asked[row], said[column], float(cosines[row, column]))


def _likely(source: str, other: str) -> list[str]:
    """Give the sentences that share most with the other side, then the first ones; in the order of the text."""
    wanted = set(text.analyse(other).terms)
    ranked = [
        (-len(wanted.intersection(text.analyse(sentence).terms)), place, sentence)
        for place, sentence in enumerate(text.sentences(source))
    ]
    kept = sorted(ranked)[:SENTENCES]
    return [text.shorten(sentence, SENTENCE_CHARACTERS) for _, _, sentence in sorted(kept, key=lambda item: item[1])]
