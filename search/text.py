"""Text analysis: one function for what is indexed and what is asked.

`analyse` turns a text into tokens that carry their place in the text. Each token has a folded term (case and
diacritics gone, đ→d; English words stemmed) and an exact term (accents kept) that earns a small boost.
Vietnamese is written in syllables, so its terms are the syllables and every adjacent pair of them: measured on
XQuAD this equals word segmenters and loses nothing when a query is typed without diacritics.

Texts in Vietnamese quote foreign words ("enzyme", "IoT"). A word that cannot be a Vietnamese syllable is stemmed as
English wherever it stands, so that it meets itself across languages.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import Stemmer
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

ENGLISH = "en"
VIETNAMESE = "vi"
PAIR = "_"  # joins the two syllables of a pair; no token contains it
SHORT = 12  # words; in so short a text the neighbours help to tell the language
MAX_TERM = 64  # longer runs of letters are cut: they are sequences or noise, not words

WORD = re.compile(r"[^\W_]++(?:(?:[\u0300-\u036f]|(?<=\d)[.,](?=\d))[^\W_]*+)*+")
JOINING = " \u00a0-–/'\"“”()\t\n"  # between two syllables of a pair stands nothing else
LONGEST_SYLLABLE = 12  # characters
SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdghklmnpqrstvx])?"
    r"(?:uye|uya|uyu|oai|oay|oeo|uay|uoi|uou|ieu|yeu|ie|ye|ia|ya|ua|uo|uu|ui|ue|uy|oa|oe|oi|oo|ai|ao|au|ay|eo|eu|iu|"
    r"[aeiouy])"
    r"(?:ch|ng|nh|[cmnpt])?"
)


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Words that carry no topic. Vietnamese has none here: BM25 weighs its common syllables down by itself.
ENGLISH_STOP_WORDS = _words(
    "a about all also an and any are as at be been being but by can could did do does for from had has have how i if "
    "in into is it its may might more most must no not of on or other our shall should so such than that the their "
    "them then there these they this those through to under was we were what when where which while who will with "
    "within would you your"
)
# English words that are also spelled like a folded syllable: without marks, these speak for English.
ENGLISH_LOOKALIKES = _words(
    "a an can do for from gas he her him his ice i in is it lung man me men no of on or our pen pump she sun the them "
    "then they thin this to tin toy up us van we you heat team meat bee tea cat dog map pan main oil coil rain chain "
    "train moon moo soon noon tool lab lap hot top pot cup nut cut run gun bin sin win ten net pet mit tip chip hip "
    "lip sea air hair pair eye machine clean lean bean mean sheep sheet"
)
# Folded syllables that English hardly uses: they speak for Vietnamese typed without marks.
VIETNAMESE_COMMON = _words(
    "va cua la cac cho trong duoc voi khong mot nhung nguoi nay theo khi den vao tu nhu ve bang de co hay nao gi ai "
    "dau may thiet bi cong nghe he thong nuoc san xuat che bien quy trinh nghien cuu giai phap tao vat lieu dien nang "
    "luong nong nghiep thuc pham xu ly moi truong cam thu hoach giong cay trong phuong su dung dong"
)
# Letters that few other languages share; a plain acute or grave accent proves nothing.
VIETNAMESE_LETTERS = frozenset("ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹĩũ")

# Without a cache of its own: `_forms` keeps what was asked, and a call holds the interpreter, so threads may share it.
_stemmer = Stemmer.Stemmer("english", 0)


@dataclass(frozen=True, slots=True)
class Token:
    """A word at [start, end) of the cleaned text: its folded term, its exact one, and the pair it opens, if any."""

    start: int
    end: int
    term: str
    exact: str | None
    pair: str | None = None
    pair_end: int = 0


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the index stores of a text and what a query asks of it; terms keep their frequency and order."""

    language: str
    tokens: tuple[Token, ...]

    @property
    def terms(self) -> list[str]:
        """Folded terms and, in Vietnamese, the pairs of neighbours."""
        found = [token.term for token in self.tokens]
        found.extend(token.pair for token in self.tokens if token.pair)
        return found

    @property
    def exact(self) -> list[str]:
        """Words as they were accented; words that carry no mark are absent."""
        return [token.exact for token in self.tokens if token.exact]

    def frequencies(self) -> Counter[str]:
        """Count each folded term."""
        return Counter(self.terms)


def clean(text: str) -> str:
    """Compose (NFC), turn control characters into spaces, drop invisible ones; line breaks stay."""
    text = unicodedata.normalize("NFC", text)
    if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(kept for kept in map(_clean_character, text))


@lru_cache(maxsize=65536)
def _clean_character(character: str) -> str:
    if character in "\n\t":
        return character
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp", "Cs"):
        return " "
    return "" if category == "Cf" else character


def fold(text: str) -> str:
    """Lower the case and take the diacritics off: `Điện tử` → `dien tu`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return bare.replace("đ", "d").replace("ı", "i")


@lru_cache(maxsize=262144)
def _forms(word: str) -> tuple[str, bool, str, str | None]:
    """Give the folded word, whether it can be a Vietnamese syllable, its English stem, and the marked form."""
    lowered = unicodedata.normalize("NFC", word.lower())[:MAX_TERM]
    folded = fold(word)[:MAX_TERM].replace(",", ".")
    syllable = SYLLABLE.fullmatch(folded) is not None
    stem = _stemmer.stemWord(folded) if folded.isalpha() else folded
    return folded, syllable, stem, lowered if lowered != folded and not lowered.isascii() else None


def words(text: str) -> Iterator[re.Match[str]]:
    """Find the words of a cleaned text: letters and digits, decimals kept whole (`2,5`)."""
    return WORD.finditer(text)


def detect_language(text: str, *, hint: str | None = None) -> str:
    """Tell Vietnamese ("vi") from English ("en"), also when Vietnamese is typed without marks.

    `hint` is taken when the words speak for neither, as with one word that both languages spell alike.
    """
    text = clean(text[:4000])
    found = [match.group() for match in words(text)]
    found = [word for word in found if not word.isdigit()][:400]
    if not found:
        return hint or VIETNAMESE
    marked = sum(1 for word in found if not VIETNAMESE_LETTERS.isdisjoint(word.lower()))
    if marked * 8 >= len(found):
        return VIETNAMESE
    vietnamese = english = 0.0
    for word in found:
        folded, syllable, _, _ = _forms(word)
        if not folded.isalpha():
            continue
        if not VIETNAMESE_LETTERS.isdisjoint(word.lower()):
            vietnamese += 2
        elif not syllable:
            english += 1
        elif folded in VIETNAMESE_COMMON:
            vietnamese += 1.5
        elif folded in ENGLISH_LOOKALIKES or folded in ENGLISH_STOP_WORDS:
            english += 1
        else:
            vietnamese += 0.5
    vietnamese += _known_pairs(found)
    if vietnamese == english:
        return hint or ENGLISH
    if hint == VIETNAMESE and vietnamese and len(found) <= 2 and english <= 1:
        return VIETNAMESE
    return VIETNAMESE if vietnamese > english else ENGLISH


def _known_pairs(found: list[str]) -> float:
    """Count the neighbours in a short text that Vietnamese has, too: `vi sinh` in `men vi sinh`."""
    from search.accents import bare_pairs  # noqa: PLC0415 -- that module stands on this one

    if len(found) > SHORT:
        return 0.0
    folded = [fold(word) for word in found]
    pairs = bare_pairs()
    return float(sum(pair in pairs for pair in pairwise(folded)))


def analyse(text: str, language: str | None = None, *, hint: str | None = None) -> Analysis:
    """Analyse a text in the given or detected language. The same for documents and queries.

    Positions are those of `clean(text)`.
    """
    text = clean(text)
    language = language or detect_language(text, hint=hint)
    vietnamese = language == VIETNAMESE
    tokens: list[Token] = []
    before: tuple[int, str] | None = None  # index and folded form of the syllable just before
    last_end = 0
    for match in words(text):
        folded, syllable, stem, exact = _forms(match.group())
        start, end = match.span()
        if vietnamese and syllable:
            if before is not None and text[last_end:start].strip(JOINING) == "" and end - start <= LONGEST_SYLLABLE:
                index, left = before
                opener = tokens[index]
                tokens[index] = Token(opener.start, opener.end, opener.term, opener.exact, f"{left}{PAIR}{folded}", end)
            before = (len(tokens), folded)
            tokens.append(Token(start, end, folded, exact))
        else:
            before = None
            if folded and folded not in ENGLISH_STOP_WORDS:
                tokens.append(Token(start, end, stem, exact))
        last_end = end
    return Analysis(language, tuple(tokens))


def terms_of(text: str, language: str) -> tuple[list[str], list[str]]:
    """Give `terms` and `exact` of `analyse(text, language)` alone, several times as fast: what the index is made of."""
    text = clean(text)
    found = WORD.findall(text)
    if language != VIETNAMESE:
        kept = [forms for forms in map(_forms, found) if forms[0] and forms[0] not in ENGLISH_STOP_WORDS]
        return [forms[2] for forms in kept], [forms[3] for forms in kept if forms[3]]
    terms: list[str] = []
    pairs: list[str] = []
    exact: list[str] = []
    left = ""  # the syllable just before
    for word, gap in zip(found, WORD.split(text), strict=False):
        folded, syllable, stem, marked = _forms(word)
        if syllable:
            if left and (gap == " " or not gap.strip(JOINING)) and len(word) <= LONGEST_SYLLABLE:
                pairs.append(f"{left}{PAIR}{folded}")
            left = folded
            terms.append(folded)
        else:
            left = ""
            if not folded or folded in ENGLISH_STOP_WORDS:
                continue
            terms.append(stem)
        if marked:
            exact.append(marked)
    return terms + pairs, exact


# Highlighting


def spans(text: str, terms: Iterable[str], language: str | None = None) -> list[tuple[int, int]]:
    """Find where a cleaned text holds the folded terms, as merged, ordered [start, end) positions.

    A lone syllable does not count where a pair with it was found: otherwise every `cong` would light up in a text on
    `công nghệ`.
    """
    wanted = set(terms)
    analysis = analyse(text, language)
    found: list[tuple[int, int]] = []
    met = {token.pair for token in analysis.tokens if token.pair in wanted}
    paired = {part for pair in met if pair for part in pair.split(PAIR)}
    for token in analysis.tokens:
        if token.pair in wanted:
            found.append((token.start, token.pair_end))
        elif token.term in wanted and token.term not in paired:
            found.append((token.start, token.end))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def highlight(text: str, query: str, *, language: str | None = None) -> SafeString:
    """Mark the words of the query in the text, accents of the text kept: escaped HTML with <mark>."""
    text = clean(text)
    return _marked(text, spans(text, _terms_for(query, text, language), language))


def snippet(text: str, query: str, *, language: str | None = None, size: int = 240) -> SafeString:
    """Give the part of the text (about `size` characters) where the query's words stand closest, marked."""
    text = " ".join(clean(text).split())
    found = spans(text, _terms_for(query, text, language), language)
    if len(text) <= size:
        return _marked(text, found)
    best, best_weight = 0, -1
    for first, (start, _) in enumerate(found):
        weight = len({text[s:e].lower() for s, e in found[first:] if e <= start + size})
        if weight > best_weight:
            best, best_weight = start, weight
    begin = max(0, best - size // 6)
    if begin:
        begin = text.find(" ", begin) + 1 or begin
    finish = min(len(text), begin + size)
    if finish < len(text):
        finish = max(text.rfind(" ", begin, finish), begin + 1)
    inside = [(max(s, begin) - begin, min(e, finish) - begin) for s, e in found if s < finish and e > begin]
    marked = _marked(text[begin:finish], inside)
    return mark_safe(f"{'… ' if begin else ''}{marked}{' …' if finish < len(text) else ''}")


def _terms_for(query: str, text: str, language: str | None) -> frozenset[str]:
    """Give the query's terms as a text of that language would hold them."""
    return _terms_in(query, language or detect_language(text))


@lru_cache(maxsize=256)
def _terms_in(query: str, language: str) -> frozenset[str]:
    return frozenset(analyse(query).terms) | frozenset(analyse(query, language).terms)


def _marked(text: str, found: list[tuple[int, int]]) -> SafeString:
    pieces: list[str] = []
    last = 0
    for start, end in found:
        pieces += [escape(text[last:start]), "<mark>", escape(text[start:end]), "</mark>"]
        last = end
    pieces.append(escape(text[last:]))
    return mark_safe("".join(pieces))


SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[^\W\d_]|\d|[\"“(])|\n+")


def sentences(text: str, *, limit: int = 40) -> list[str]:
    """Split a text into sentences of a sensible length, at most `limit` of them."""
    found: list[str] = []
    for piece in SENTENCE_END.split(clean(text)):
        piece = " ".join(piece.split())
        if found and (len(piece) < 25 or len(found[-1]) < 25):
            found[-1] = f"{found[-1]} {piece}".strip()
        elif piece:
            found.append(piece)
    return found[:limit]


def shorten(text: str, size: int, *, mark: str = "") -> str:
    """Cut at a word's end so that at most `size` characters remain, `mark` (for readers) at the end of what was cut."""
    if len(text) <= size:
        return text
    head = text[: size - len(mark)]
    head = head.rsplit(" ", 1)[0] if " " in head[size // 2 :] else head
    return head.rstrip(" ,;:–-") + mark if mark else head
