"""The BM25 index (tantivy) of one kind of document: its fields, its queries, and exact explanations.

Each language has an index of its own, in a folder of its own. So rarity and length of a text are those of its
language, and a search in one language is a bare OR of terms, of which tantivy reads only what may be among the best.

Knows nothing of PostgreSQL: `search.index` feeds it. Terms come from `search.text` on both sides.
"""

import hashlib
import inspect
import json
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import accumulate
from math import log
from pathlib import Path
from typing import Any, NamedTuple

import tantivy
from tantivy import Occur, Query

from search import text
from search.damage import reading
from search.text import Analysis

TITLE_REPEATS = 3  # a title's words count three times
EXACT_BOOST = 0.25  # what a word adds that is also accented as it was asked
MAX_QUERY_TERMS = 300  # of a long need, the terms that weigh most: frequency in the need times rarity
POSTINGS = 1_500_000  # a query reads about so many entries: of a large stock, a long need asks for its rarer terms
EXACT_POSTINGS = 500_000  # and so many of accented words, the rarest first
SURE_TERMS = 16  # so many are asked for however frequent they are
LISTED = 2000  # so many documents are asked for one by one (half of the time); more of them as a set
LEFT_OUT_AT_ONCE = 200  # documents to leave out are dropped from a list of hits that is longer by so many, then by more
LANGUAGES = (text.VIETNAMESE, text.ENGLISH)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("object_id", indexed=True, fast=True)
    builder.add_text_field("content", stored=True, tokenizer_name="words", index_option="freq")
    builder.add_text_field("exact", stored=True, tokenizer_name="words", index_option="freq")
    return builder.build()


SCHEMA = _schema()


class LexicalHit(NamedTuple):  # a search makes thousands: a tuple is made in a third of the time of a dataclass
    """One document with its BM25 score, as the index knows it."""

    object_id: int
    language: str
    score: float


@dataclass(frozen=True, slots=True)
class Wording:
    """What is asked: an OR of folded terms and of words with their marks, each with its weight (`exact` boosted)."""

    query: Query
    content: Mapping[str, float]
    exact: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class MatchedTerm:
    """A term of the query that a document holds, and what it gave to the BM25 score."""

    term: str
    contribution: float


Indexes = Mapping[str, tantivy.Index]  # one of each language


def make_indexes(folder: Path | None = None) -> Indexes:
    """Open or create the indexes in a folder, or in memory. Raises ValueError if the folder holds something else."""
    made = {}
    for language in LANGUAGES:
        if folder is None:
            index = tantivy.Index(SCHEMA)
        else:
            (folder / language).mkdir(exist_ok=True)
            index = tantivy.Index(SCHEMA, path=str(folder / language))
        index.register_tokenizer("words", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        made[language] = index
    return made


def make_entry(*, object_id: int, language: str, title: str, body: str) -> tantivy.Document:
    """Give what the index holds of a document."""
    (head, head_exact), (rest, rest_exact) = text.terms_of(title, language), text.terms_of(body, language)
    return tantivy.Document.from_dict(
        {
            "object_id": object_id,
            "content": " ".join(head * TITLE_REPEATS + rest),
            "exact": " ".join(head_exact * TITLE_REPEATS + rest_exact),
        },
        SCHEMA,
    )


def _rules() -> str:
    """Name the rules by which an index is made: our own, and those of the libraries that cut, fold and stem words."""
    own = "".join(inspect.getsource(part) for part in (text, _schema, make_entry))
    made_by = [version("tantivy"), version("PyStemmer"), unicodedata.unidata_version]
    return hashlib.sha1(f"{own}{LANGUAGES}{TITLE_REPEATS}{made_by}".encode(), usedforsecurity=False).hexdigest()


FINGERPRINT = _rules()  # an index made by other rules is rebuilt


def by_object_id(object_id: int) -> Query:
    """Ask for one document."""
    return Query.term_query(SCHEMA, "object_id", object_id, index_option="basic")


def by_object_ids(object_ids: Collection[int]) -> Query:
    """Ask for some documents."""
    listed = sorted(object_ids)
    if len(listed) > LISTED:
        return Query.term_set_query(SCHEMA, "object_id", listed)
    return Query.boolean_query([(Occur.Should, by_object_id(object_id)) for object_id in listed])


class IndexWriter:
    """Writes the indexes of all languages. What it commits is whole in each, one after the other."""

    def __init__(self, indexes: Indexes, *, heap_bytes: int) -> None:
        self._writers = {language: index.writer(heap_bytes, 1) for language, index in indexes.items()}

    def add(self, *, object_id: int, language: str, title: str, body: str) -> None:
        """Add a document that the index does not hold yet."""
        entry = make_entry(object_id=object_id, language=language, title=title, body=body)
        self._writers[language].add_document(entry)

    def remove(self, object_id: int) -> None:
        """Take a document out, in whatever language it was."""
        for writer in self._writers.values():
            writer.delete_documents_by_query(by_object_id(object_id))

    def commit(self) -> None:
        """Make what was added and removed lasting and visible."""
        for writer in self._writers.values():
            writer.commit()

    def close(self) -> None:
        """Let go of the files, merges finished. The writer is of no use afterwards."""
        for writer in self._writers.values():
            writer.wait_merging_threads()


class LexicalIndex:
    """A reader of one state of the index of a kind, in the folder `generation` or in memory. Threads may share it.

    What reads files raises IndexDamagedError where they cannot be read.
    """

    def __init__(self, indexes: Indexes, *, generation: Path | None = None) -> None:
        self.generation = generation
        self._searchers = {}
        for language, index in indexes.items():
            index.reload()
            self._searchers[language] = index.searcher()

    def _of(self, language: str | None) -> dict[str, tantivy.Searcher]:
        return self._searchers if language is None else {language: self._searchers[language]}

    def __len__(self) -> int:
        return sum(searcher.num_docs for searcher in self._searchers.values())

    @reading
    def counts(self, terms: Iterable[str], *, exact: bool = False, language: str | None = None) -> dict[str, int]:
        """Count the documents (of a language) that hold each folded term, or each word with its marks."""
        name = "exact" if exact else "content"
        found = dict.fromkeys(terms, 0)
        for searcher in self._of(language).values():
            for term in found:
                found[term] += searcher.doc_freq(name, term)
        return found

    def weigh(
        self,
        asked: Mapping[str, float],
        *,
        known: Mapping[str, int] | None = None,
        language: str | None = None,
        postings: int | None = None,
    ) -> dict[str, float]:
        """Keep the terms that the index (of a language) knows, at most MAX_QUERY_TERMS of them, the heaviest.

        `known` saves counting the documents of each term again; of a large stock, about `postings` entries are read
        (POSTINGS unless given).
        """
        postings = POSTINGS if postings is None else postings
        known = self.counts(asked, language=language) if known is None else known
        kept = [term for term in asked if known[term]]
        if len(kept) > MAX_QUERY_TERMS or sum(known[term] for term in kept) > postings:
            kept.sort(key=lambda term: (-asked[term] / (1 + known[term]) ** 0.5, term))
            read = list(accumulate(known[term] for term in kept))
            kept = kept[: min(MAX_QUERY_TERMS, max(SURE_TERMS, bisect_right(read, postings)))]
        return {term: asked[term] for term in kept}

    def query(
        self,
        asked: Mapping[str, float],
        exact: Mapping[str, float],
        *,
        known: Mapping[str, int] | None = None,
        language: str | None = None,
        postings: int | None = None,
    ) -> Wording | None:
        """Make the OR of weighted terms, to be asked in one language or in all; None if the index knows none of them.

        `known` and `postings` as in `weigh`.
        """
        weighed = self.weigh(asked, known=known, language=language, postings=postings)
        if not weighed:
            return None
        rarest = self._rarest(list(exact)[:MAX_QUERY_TERMS], language=language)
        boosted = {term: exact[term] * EXACT_BOOST for term in rarest}
        clauses = [_clause("content", term, weight) for term, weight in weighed.items()]
        clauses += [_clause("exact", term, weight) for term, weight in boosted.items()]
        return Wording(Query.boolean_query(clauses), weighed, boosted)

    def _rarest(self, words: list[str], *, language: str | None) -> list[str]:
        """Give the accented words whose entries are worth reading: all of a small stock, the rarest of a large one."""
        known = self.counts(words, exact=True, language=language)
        if sum(known.values()) <= EXACT_POSTINGS:
            return words
        rarest = sorted(words, key=lambda word: (known[word], word))
        read = list(accumulate(known[word] for word in rarest))
        return rarest[: max(1, bisect_right(read, EXACT_POSTINGS))]

    @reading
    def search(
        self,
        asked: Wording,
        *,
        limit: int,
        only: Collection[int] | None = None,
        without: Collection[int] = (),
        language: str | None = None,
    ) -> list[LexicalHit]:
        """Give the best documents, of one language if it is given, best first, equal scores by object id.

        A query of nothing but terms skips what cannot be among the best; one with conditions reads every entry. So
        documents to leave out are asked for and dropped.
        """
        if without and only is None:
            return self._but(frozenset(without), asked, limit, language)
        parts = [(Occur.Must, asked.query)]
        if only is not None:
            parts.append((Occur.Must, Query.const_score_query(by_object_ids(only), 0.0)))
        if without:
            parts.append((Occur.MustNot, by_object_ids(without)))
        whole = Query.boolean_query(parts) if len(parts) > 1 else asked.query
        hits: list[tuple[float, int, str]] = []  # of plain tuples, which sort by themselves: there are a thousand
        for spoken, searcher in self._of(language).items():
            found = searcher.search(whole, limit, count=False).hits
            ids = searcher.fast_field_values("object_id", [address for _, address in found])
            hits += [(-score, int(object_id or 0), spoken) for (score, _), object_id in zip(found, ids, strict=True)]
        hits.sort()
        return [LexicalHit(object_id, spoken, -score) for score, object_id, spoken in hits[:limit]]

    def _but(self, left_out: frozenset[int], asked: Wording, limit: int, language: str | None) -> list[LexicalHit]:
        """Search for more until enough remain without those left out."""
        extra = min(len(left_out), max(limit, LEFT_OUT_AT_ONCE))
        while True:
            more = self.search(asked, limit=limit + extra, language=language)
            kept = [hit for hit in more if hit.object_id not in left_out]
            if len(kept) >= limit or len(more) < limit + extra or extra >= len(left_out):
                return kept[:limit]
            extra = min(len(left_out), 4 * extra)

    def best_possible(
        self, asked: Mapping[str, float], *, known: Mapping[str, int] | None = None, language: str | None = None
    ) -> float:
        """Give a bound for the score of a query: each term at full saturation. `known` as in `weigh`."""
        if language is None:
            return max(self.best_possible(asked, language=spoken) for spoken in self._searchers)
        known = self.counts(asked, language=language) if known is None else known
        count = max(self._searchers[language].num_docs, 1)
        return sum(weight * 2.2 * _idf(known[term], count) for term, weight in asked.items())

    @reading
    def typical(self, object_ids: Collection[int], *, count: int, language: str | None = None) -> dict[str, float]:
        """Give the `count` terms that tell these documents from others, with their part of a text; parts sum to 1."""
        wanted = by_object_ids(object_ids)
        shares: dict[str, float] = {}
        told: dict[str, float] = {}
        for searcher in self._of(language).values():
            own: dict[str, float] = {}
            for _, address in searcher.search(wanted, max(len(object_ids), 1), count=False).hits:
                terms = str(searcher.doc(address).get_first("content") or "").split()
                for term, number in Counter(terms).items():
                    own[term] = own.get(term, 0.0) + number / len(terms)
            documents = max(searcher.num_docs, 1)
            for term, share in own.items():
                shares[term] = shares.get(term, 0.0) + share
                told[term] = told.get(term, 0.0) + share * _idf(searcher.doc_freq("content", term), documents)
        kept = sorted(told, key=lambda term: (-told[term], term))[:count]
        whole = sum(shares[term] for term in kept) or 1.0
        return {term: shares[term] / whole for term in kept}

    @reading
    def explain(self, asked: Wording, object_id: int, *, language: str | None = None) -> list[MatchedTerm]:
        """Take the score of one document (of a language) apart: the terms sum to the score.

        A document that shares no word with the query (found by meaning alone) has no parts.
        """
        parts: dict[str, float] = {}
        for searcher in self._of(language).values():
            found = searcher.search(by_object_id(object_id), 1, count=False).hits
            if not found:
                continue
            address = found[0][1]
            document = searcher.doc(address)
            for name, weights in (("content", asked.content), ("exact", asked.exact)):
                held = Counter(str(document.get_first(name) or "").split())
                shared = [term for term in weights if term in held]
                if shared:
                    score = _scoring(searcher, address, name, shared[0])
                    for term in shared:
                        part = weights[term] * score(held[term], searcher.doc_freq(name, term))
                        parts[term] = parts.get(term, 0.0) + part
            break
        return [MatchedTerm(term, value) for term, value in sorted(parts.items(), key=lambda item: (-item[1], item[0]))]

    @reading
    def known_terms(self, prefix: str, *, limit: int = 10) -> list[tuple[str, int]]:
        """Give indexed terms that begin so, each with the number of documents that hold it."""
        found: Counter[str] = Counter()
        for searcher in self._searchers.values():
            found.update(dict(searcher.terms_with_prefix("content", prefix, limit=limit)))
        return found.most_common(limit)

    def documents_with(self, term: str, *, exact: bool = False, language: str | None = None) -> int:
        """Count the documents (of a language) that hold a folded term, or a word with its marks."""
        return self.counts([term], exact=exact, language=language)[term]

    @reading
    def holding(self, groups: Sequence[Collection[str]], *, limit: int) -> list[int]:
        """Give the documents that hold a term of every group, best first."""
        if not groups or not all(groups):
            return []
        musts = [
            (Occur.Must, Query.boolean_query([_clause("content", term, 1.0) for term in sorted(group)]))
            for group in groups
        ]
        found = []
        for searcher in self._searchers.values():
            hits = searcher.search(Query.boolean_query(musts), limit, count=False).hits
            ids = searcher.fast_field_values("object_id", [address for _, address in hits])
            found += [(-score, int(object_id or 0)) for (score, _), object_id in zip(hits, ids, strict=True)]
        return [object_id for _, object_id in sorted(found)[:limit]]


def _clause(field: str, term: str, weight: float) -> tuple[Occur, Query]:
    query = Query.term_query(SCHEMA, field, term, index_option="freq")
    return Occur.Should, query if weight == 1 else Query.boost_query(query, weight)


def _idf(holding: int, count: int) -> float:
    return log(1 + (count - holding + 0.5) / (holding + 0.5))


def _scoring(
    searcher: tantivy.Searcher, address: tantivy.DocAddress, name: str, held: str
) -> Callable[[int, int], float]:
    """Give the score (BM25) of a term in one field of one document, by how often it stands there and in how many.

    Lengths and counts are the index's own, as its account of one term that is `held` states them: an account of all
    terms of a long need takes some hundred times as long.
    """
    account = _clause(name, held, 1.0)[1].explain(searcher, address)
    told = dict(_told(json.loads(account.to_json())))
    k1, b = told["k1"], told["b"]
    saturation = k1 * (1 - b + b * told["dl"] / told["avgdl"])

    def score(often: int, holding: int) -> float:
        return (k1 + 1) * _idf(holding, int(told["N"])) * often / (often + saturation)

    return score


def _told(node: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Give what an account states, under the name before the comma: ("avgdl", 130.8)."""
    yield str(node["description"]).split(",", 1)[0], float(node["value"])
    for detail in node.get("details") or ():
        yield from _told(detail)


def frequencies(analysis: Analysis, weight: float = 1.0) -> dict[str, float]:
    """Give each term of an analysed query its weight: how often it is said."""
    return {term: weight * count for term, count in analysis.frequencies().items()}
