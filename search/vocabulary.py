"""The vocabulary of the stock: what was meant by a misspelt word, and how a word that is being typed may go on.

Words and pairs of syllables are counted in the public texts, keywords and topics are handed in by who knows them.
The table is derived and may lag behind the stock by minutes; so whatever leaves this module is checked against the
live index, which forgets a withdrawn text within seconds, and what the index holds against PostgreSQL, which has
forgotten it already: the index of a node may lag, too.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise

from django.db import connection, transaction

from search import accents, index, text
from search.index import Position
from search.lexical import LexicalIndex
from search.models import Document, Phrase
from search.telex import decode

READ = 20_000  # texts, the latest ones: enough for a vocabulary, and bounded
READ_CHARACTERS = 4000  # of each
KEPT = {Phrase.Kind.WORD: 60_000, Phrase.Kind.PAIR: 60_000}
LONGEST = 140
ASKED_WORDS = 12  # a longer query is not corrected: its other words find what is meant
SHORT = 4  # letters; in so short a word one slip is forgiven, else two
SEEN_WEIGHT = 2.0  # of a text of the stock that writes a pair, against one occurrence in the shipped counts
WITNESSES = 20  # of the documents that hold a phrase, of which one must be public now
ALIKE = 0.25  # trigram similarity from which a word is a candidate


def stock_mark(former: dict[str, str] | None = None) -> dict[str, str]:
    """Name the present stock, to be kept as it is: `former` itself where nothing changed since that was given.

    A change that commits late, behind later ones that were seen, is a change, too.
    """
    now = index.present_position()
    if former is not None:
        since = Position(**former)
        known = now.fingerprint == since.fingerprint and now.follows(since)
        if known and not any(index.changed_ids(kind, since, now) for kind in index.kinds()):
            return former
    return asdict(now)


def rebuild(*, given: Mapping[str, Iterable[tuple[str, int]]], kinds: Collection[str] | None = None) -> int:
    """Count the vocabulary anew, of all kinds of documents unless some are named; give how many phrases there are.

    `given` adds (phrase, documents) by kind of phrase.
    """
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    documents = Document.objects.public() if kinds is None else Document.objects.public().filter(kind__in=kinds)
    latest = documents.order_by("-pk").values_list("language", "title", "body")[:READ]
    for language, title, body in latest.iterator(chunk_size=500):
        seen_words, seen_pairs = _parts(f"{title}\n{body}"[:READ_CHARACTERS], language)
        words.update(seen_words)
        pairs.update(seen_pairs)
    counted: dict[tuple[str, str], int] = {}
    for kind, found in ((Phrase.Kind.WORD, words), (Phrase.Kind.PAIR, pairs)):
        counted |= {(kind, said): count for said, count in found.most_common(KEPT[kind])}
    for name, phrases in given.items():
        for said, count in phrases:
            key = (name, " ".join(said.lower().split())[:LONGEST])
            counted[key] = counted.get(key, 0) + count
    rows = [
        Phrase(kind=kind, text=said, folded=text.fold(said)[:LONGEST], documents=n)  # `ﬃ` is folded to three letters
        for (kind, said), n in counted.items()
    ]
    with transaction.atomic():
        Phrase.objects.all().delete()
        Phrase.objects.bulk_create(rows, batch_size=2000)
    return len(rows)


def _parts(said: str, language: str) -> tuple[set[str], set[str]]:
    """Give the words of a text as they are written, and its pairs of Vietnamese syllables.

    A letter that is two in small letters (`İ`) is a slip of the keyboard that nobody is taught.
    """
    said = text.clean(said)
    written = ((match.group(), match.group().lower()) for match in text.words(said))
    found = {small for word, small in written if len(small) == len(word)}
    pairs: set[str] = set()
    if language == text.VIETNAMESE and not accents.is_bare(said):  # a bare text does not tell how its words are written
        for token in text.analyse(said, language).tokens:
            if token.pair:
                syllables = re.findall(r"\w+", said[token.start : token.pair_end].lower())
                if len(syllables) == 2:
                    pairs.add(" ".join(syllables))
    return {word for word in found if len(word) > 1 and not word[0].isdigit() and len(word) <= text.MAX_TERM}, pairs


# --- what was meant


def with_marks(said: str, language: str) -> str:
    """Give bare Vietnamese with its likely marks, as the stock writes these words; all else is left as it is.

    The stock knows the words that are asked for better than any count made beforehand (ADR 29). Asks the database at
    most once.
    """
    if language != text.VIETNAMESE or not accents.is_bare(said):
        return said
    syllables = [text.fold(match.group()) for match in text.words(text.clean(said))]
    pairs = {f"{left} {right}" for left, right in pairwise(syllables)}
    rows = Phrase.objects.filter(kind=Phrase.Kind.PAIR, folded__in=pairs).values_list("text", "documents")
    written = ((*pair.partition(" ")[::2], SEEN_WEIGHT * documents) for pair, documents in rows) if pairs else ()
    return accents.restore(said, seen=accents.Seen.of(written))


def correct(query: str, *, kind: str, hint: str | None = None) -> str | None:
    """Give the query as it was probably meant, or None where it needs no mending or nothing better is known.

    Mended are words that no text of the kind holds: slips of a letter or two, Vietnamese left in Telex; and words
    and pairs of syllables with marks that nobody writes so ("lộc nước" → "lọc nước"). What a query without marks leaves out is no
    mistake. A word is put only where a text that holds it is public now. Asks the database at most once where there
    is nothing to mend, else once more, and again for a bare query in Vietnamese. None while the index is damaged.
    """
    with index.reporting_damage(kind):
        return _correct(query, kind, hint)
    return None


def _correct(query: str, kind: str, hint: str | None) -> str | None:
    said = " ".join(text.clean(query).split())
    found = list(text.words(said))
    state = index.lexical(kind)
    if state is None or not found or len(found) > ASKED_WORDS:
        return None
    words = [match.group() for match in found]
    language = text.detect_language(said, hint=hint)
    meant = {place: _typed_in_telex(word, state) for place, word in enumerate(words) if not _knows(state, word)}
    unknown = {place for place, plain in meant.items() if plain is None}
    if language == text.VIETNAMESE:
        misread = {place for place, word in enumerate(words) if place not in meant and _is_marked_as_none(word, state)}
    else:
        misread = set()
    neighbours = [
        (left, left + 1)
        for left in range(len(words) - 1)
        if said[found[left].end() : found[left + 1].start()] == " "
        and not (words[left].isascii() and words[left + 1].isascii())
        and {left, left + 1}.isdisjoint(meant)
    ]
    rows = _candidates(
        [words[place] for place in sorted(unknown | misread)], [f"{words[a]} {words[b]}" for a, b in neighbours]
    )
    changes = {place: plain for place, plain in meant.items() if plain is not None}
    for place in unknown:
        better = _nearest(words[place], rows, state, around=(words[place - 1 : place], words[place + 1 : place + 2]))
        if better:
            changes[place] = better
    for place in misread:
        same = [row for row in rows if row[1] == Phrase.Kind.WORD and text.fold(row[2]) == text.fold(words[place])]
        better = _nearest(words[place], same, state, around=(words[place - 1 : place], words[place + 1 : place + 2]))
        if better and not better.isascii() and accents.standard(better) != accents.standard(words[place].lower()):
            changes[place] = better
    for left, right in neighbours:
        better = _usual_pair(f"{words[left]} {words[right]}", rows)
        if better and not {left, right} & changes.keys():
            changes[left], changes[right] = better.split(" ")
    if not changes or unknown - changes.keys() == set(range(len(words))):
        return None
    bare = language == text.VIETNAMESE and all(word.isascii() for word in words)
    mended, last = "", 0
    for place, match in enumerate(found):
        mended += said[last : match.start()] + changes.get(place, match.group())
        last = match.end()
    mended += said[last:]
    if bare and not any(decode(word) != word.lower() for word in words):
        plain = text.fold(mended)
        mended = with_marks(plain, language)
        if any(_is_marked_as_none(match.group(), state) for match in text.words(mended)):  # only a text that is gone
            mended = accents.restore(plain)
    if mended.lower() == said.lower():
        return None
    put = [[_terms(word)] for word in changes.values() if text.fold(word) not in text.ENGLISH_STOP_WORDS]
    return mended if all(_are_public(put, state, kind)) else None


def _are_public(said: Sequence[Sequence[set[str]]], state: LexicalIndex, kind: str) -> list[bool]:
    """Tell of each (an AND of ORs of terms) whether a document that holds it is public now: one query for all of them."""
    held = [set(state.holding(groups, limit=WITNESSES)) for groups in said]
    asked = set().union(*held)
    documents = Document.objects.public().filter(kind=kind, object_id__in=asked)
    public = set(documents.values_list("object_id", flat=True)) if asked else set()
    return [not public.isdisjoint(one) for one in held]


def _knows(state: LexicalIndex, word: str) -> bool:
    """Tell whether a text of the index holds the word, marks aside; stop words count as known."""
    return any(state.documents_with(term) for term in _terms(word)) or text.fold(word) in text.ENGLISH_STOP_WORDS


def _terms(word: str) -> set[str]:
    return {token.term for language in (text.VIETNAMESE, text.ENGLISH) for token in text.analyse(word, language).tokens}


def _is_marked_as_none(word: str, state: LexicalIndex) -> bool:
    """Tell whether a word has marks with which no text of the index writes it, wherever the tone is put."""
    if word.isascii():
        return False
    forms = {word.lower(), accents.standard(word.lower())}
    return not any(state.documents_with(form, exact=True) for form in forms)


def _typed_in_telex(word: str, state: LexicalIndex) -> str | None:
    plain = decode(word)
    return (
        plain if plain != word.lower() and text.SYLLABLE.fullmatch(text.fold(plain)) and _knows(state, plain) else None
    )


Row = tuple[str, str, str, int]  # what was asked, kind, text, documents


def _candidates(words: list[str], pairs: list[str]) -> list[Row]:
    if not words and not pairs:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asked.word, p.kind, p.text, p.documents FROM unnest(%(words)s::text[]) AS asked(word),"
            " LATERAL (SELECT kind, text, documents FROM search_phrase WHERE kind = 'word' AND folded %% asked.word"
            " AND similarity(folded, asked.word) >= %(alike)s"
            " ORDER BY similarity(folded, asked.word) DESC, documents DESC, text LIMIT 40) AS p"
            " UNION ALL SELECT folded, kind, text, documents FROM search_phrase"
            " WHERE kind = 'pair' AND folded = ANY(%(pairs)s)",
            {"words": [text.fold(w) for w in words], "pairs": [text.fold(p) for p in pairs], "alike": ALIKE},
        )
        return cursor.fetchall()


def _nearest(word: str, rows: list[Row], state: LexicalIndex, *, around: tuple[list[str], list[str]]) -> str | None:
    """Give the known word that is the fewest slips away; of equals the one met beside its neighbours, then the usual."""
    folded = text.fold(word)
    allowed = 1 if len(folded) <= SHORT else 2
    best: tuple[tuple[int, int, int, int, str], str] | None = None
    for asked, kind, said, documents in rows:
        if kind != Phrase.Kind.WORD or asked != folded or not _knows(state, said):
            continue
        slips = distance(folded, text.fold(said))
        if slips > allowed:
            continue
        left, right = around
        pairs = [f"{text.fold(w)}_{text.fold(said)}" for w in left] + [
            f"{text.fold(said)}_{text.fold(w)}" for w in right
        ]
        beside = sum(1 for pair in pairs if state.documents_with(pair))
        marks = distance(word.lower(), said)
        rank = (slips, -beside, marks, -documents, said)
        if best is None or rank < best[0]:
            best = (rank, said)
    return best[1] if best else None


def _usual_pair(pair: str, rows: list[Row]) -> str | None:
    """Give how the pair is written, if nobody writes it as it was asked."""
    folded = text.fold(pair)
    written = {said: documents for asked, kind, said, documents in rows if kind == Phrase.Kind.PAIR and asked == folded}
    asked = pair.lower()
    if not written or asked in written:
        return None
    best = min(written, key=lambda said: (-written[said], said))
    differing = [(a, b) for a, b in zip(asked.split(" "), best.split(" "), strict=True) if a != b]
    if all(a.isascii() or accents.standard(a) == accents.standard(b) for a, b in differing):
        return None  # marks left out, or a tone written where others put it
    return best


def distance(one: str, other: str) -> int:
    """Count the slips from one word to another: a letter more, less, changed, or two swapped."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


# --- how it may go on


def complete(typed: str, *, kind: str, limit: int = 6) -> list[str]:
    """Give keywords and topics that begin as typed, with or without marks, the most frequent first.

    Only those of which the live index of the kind holds every word in one text that is public now are given; topics
    always are. Empty while the index is damaged. Asks the database twice, once where no keyword begins so.
    """
    said = " ".join(text.clean(typed).lower().split())[:LONGEST]
    with index.reporting_damage(kind):
        return _complete(said, kind, limit)
    return []


def _complete(said: str, kind: str, limit: int) -> list[str]:
    state = index.lexical(kind)
    prefix = text.fold(said).replace("\\", "").replace("%", "").replace("_", " ").strip()
    if not prefix or state is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, text FROM search_phrase WHERE kind IN ('keyword', 'topic') AND folded LIKE %s || '%%'"
            " ORDER BY starts_with(text, %s) DESC, documents DESC, text LIMIT %s",
            [prefix, said, 3 * limit],
        )
        rows = cursor.fetchall()
    keywords = [phrase for of_kind, phrase in rows if of_kind != Phrase.Kind.TOPIC]
    public = dict(zip(keywords, _are_public([_anded(phrase) for phrase in keywords], state, kind), strict=True))
    kept: dict[str, str] = {}
    for of_kind, phrase in rows:
        if of_kind == Phrase.Kind.TOPIC or public[phrase]:
            kept.setdefault(text.fold(phrase), phrase)
    return list(kept.values())[:limit]


def _anded(phrase: str) -> list[set[str]]:
    return [terms for match in text.words(phrase) if (terms := _terms(match.group()))]


def documents_beginning(typed: str, *, kind: str, limit: int = 30) -> list[int]:
    """Give the documents that hold the typed words, the last of them perhaps unfinished, the best first.

    As the index knows them: the caller shows those that are public. Empty while the index is damaged.
    """
    with index.reporting_damage(kind):
        return _documents_beginning(typed, kind, limit)
    return []


def _documents_beginning(typed: str, kind: str, limit: int) -> list[int]:
    state = index.lexical(kind)
    words = [match.group() for match in text.words(text.clean(typed))][:ASKED_WORDS]
    if state is None or not words:
        return []
    wanted = [terms for word in words[:-1] if (terms := _terms(word))]
    last = text.fold(words[-1])
    ending = {term for term, _count in state.known_terms(last, limit=30) if text.PAIR not in term}
    ending |= {term for term in _terms(words[-1]) if state.documents_with(term)}
    for size in range(len(last) - 1, SHORT - 1, -1):  # a word typed beyond its stem: `desalinatio` of `desalin`
        if not ending and state.documents_with(last[:size]):
            ending.add(last[:size])
    return state.holding([*wanted, ending], limit=limit) if ending else []
