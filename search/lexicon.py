"""Says a query in the other language, word by word, so that words find documents of both.

`lexicon.tsv` pairs Vietnamese words with English ones: facts of a dictionary, no sentences. It is no translation to
read; the ranking weighs it against the vectors. `python -m benchmarks.lexicon --write` makes it and says from what.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from search import accents, text
from search.text import ENGLISH, PAIR, VIETNAMESE

FILE = Path(__file__).with_name("lexicon.tsv")
LONGEST = 4  # words of an entry
ALONE = 0.5  # the weight of a single syllable or stem, which has more meanings than a phrase
PART = 0.3  # the weight of a syllable of a found Vietnamese phrase, beside the pairs of it
SHARED = 1.0  # the weight of what both languages write alike: names, numbers, foreign words

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases to phrases: marked and folded Vietnamese to English stems, English stems to folded Vietnamese."""

    marked: Mapping[Phrase, tuple[Phrase, ...]]
    folded: Mapping[Phrase, tuple[Phrase, ...]]
    english: Mapping[Phrase, tuple[Phrase, ...]]


def read(lines: Sequence[str]) -> Lexicon:
    """Read the lines of a lexicon: a Vietnamese phrase, a tab, English ones joined by `|`; `#` begins a remark."""
    marked: dict[Phrase, dict[Phrase, None]] = {}
    folded: dict[Phrase, dict[Phrase, None]] = {}
    english: dict[Phrase, dict[Phrase, None]] = {}
    for line in lines:
        if not line or line.startswith("#"):
            continue
        said, _, others = line.rstrip("\n").partition("\t")
        left = _marked(said)
        bare = tuple(text.fold(word) for word in left)
        for other in others.split("|"):
            right = tuple(text.analyse(other, ENGLISH).terms)
            if left and right:
                marked.setdefault(left, {})[right] = None
                folded.setdefault(bare, {})[right] = None
                english.setdefault(right, {})[bare] = None
    return Lexicon(*({key: tuple(found) for key, found in table.items()} for table in (marked, folded, english)))


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Give the shipped lexicon, read once."""
    return read(FILE.read_text(encoding="utf-8").splitlines())


def translate(said: str, language: str, *, table: Lexicon | None = None, is_marked: bool = False) -> dict[str, float]:
    """Give the terms that a text of the other language would share with this one, each with its weight.

    Longest entries first. Of several translations each gets its part. Vietnamese without marks is restored first,
    unless `is_marked` says that it has those that it should have.
    """
    table = table or lexicon()
    if language != VIETNAMESE:
        return _to_vietnamese(said, table)
    return _to_english(said if is_marked else accents.restore(said), table)


def _to_english(said: str, table: Lexicon) -> dict[str, float]:
    found: dict[str, float] = {}
    words = _marked(said)
    bare = tuple(text.fold(word) for word in words)
    place = 0
    while place < len(words):
        for size in range(min(LONGEST, len(words) - place), 0, -1):
            here = slice(place, place + size)
            others = table.marked.get(words[here]) or table.folded.get(bare[here])
            if others:
                weight = (ALONE if size == 1 else 1.0) / len(others)
                for term in (term for other in others for term in other):
                    found[term] = found.get(term, 0.0) + weight
                place += size
                break
        else:
            place += 1
    for token in text.analyse(said, VIETNAMESE).tokens:
        if text.SYLLABLE.fullmatch(token.term) is None:
            found[token.term] = found.get(token.term, 0.0) + SHARED
    return found


def _to_vietnamese(said: str, table: Lexicon) -> dict[str, float]:
    found: dict[str, float] = {}
    stems = tuple(text.analyse(said, ENGLISH).terms)
    place = 0
    while place < len(stems):
        for size in range(min(LONGEST, len(stems) - place), 0, -1):
            others = table.english.get(stems[place : place + size])
            if others:
                for phrase in others:
                    _add_phrase(found, phrase, 1 / len(others))
                place += size
                break
        else:
            place += 1
    for stem in stems:
        if text.SYLLABLE.fullmatch(stem) is None:
            found[stem] = found.get(stem, 0.0) + SHARED
    return found


def _add_phrase(found: dict[str, float], phrase: Phrase, weight: float) -> None:
    """Add a Vietnamese phrase as the index holds it: its syllables and its pairs."""
    for syllable in phrase:
        found[syllable] = found.get(syllable, 0.0) + weight * (ALONE if len(phrase) == 1 else PART)
    for left, right in pairwise(phrase):
        pair = f"{left}{PAIR}{right}"
        found[pair] = found.get(pair, 0.0) + weight


def _marked(said: str) -> Phrase:
    """Give the words of a Vietnamese text, marks kept, the tone where most texts have it."""
    return tuple(accents.standard(match.group().lower()) for match in text.words(text.clean(said)))
