"""Puts the marks back on Vietnamese that was typed without them: `loc nuoc nhiem man` → `lọc nước nhiễm mặn`.

Only for the encoder, which goes astray on bare Vietnamese; words are folded anyway. A query is read as a chain of
syllables, each with the marked forms that were seen, and the likeliest chain is taken (Viterbi, pairs of neighbours
that back off, discounted, to single syllables). `accents.tsv` holds the counts: one syllable a line, how often it was
seen, and what followed it. `python -m benchmarks.accents --write` makes it and says from what. What the stock says
itself, and how it writes it, can be added (`Seen`): a query asks for words that are there.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from pathlib import Path

from search.text import clean, fold, words

FILE = Path(__file__).with_name("accents.tsv")
START = "^"  # the neighbour before the first syllable of a phrase
DISCOUNT = 0.9  # taken off each pair's count and given to the pairs that were not seen: much where many are possible
FORMS = 12  # marked forms of one syllable that are tried
BARE_SHARE = 0.2  # of the syllables may carry marks: above, the text was typed with them
BREAK = re.compile(r"[.!?;:,()\[\]\"“”\n]")
TONE_LAST = re.compile(r"(?<!q)(o|u)([àáảãạèéẻẽẹỳýỷỹỵ])$")
TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each syllable was seen and what followed it; `forms` are a bare syllable's marked ones, by count."""

    total: int
    single: dict[str, int]
    follows: dict[str, dict[str, int]]
    forms: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Seen:
    """How often the stock writes some pairs of neighbours, with their marks: added to the counts for one text."""

    follows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str, float]]) -> "Seen":
        """Count pairs, given as left, right and how often."""
        follows: dict[str, dict[str, float]] = {}
        forms: dict[str, dict[str, None]] = {}
        for one, other, often in pairs:
            if len(one) != len(fold(one)) or len(other) != len(fold(other)):  # a sign that stands for letters: `Ⅵ`
                continue
            left, right = standard(one), standard(other)
            after = follows.setdefault(left, {})
            after[right] = after.get(right, 0.0) + often
            for form in (left, right):
                forms.setdefault(fold(form), {})[form] = None
        return cls(follows, {bare: tuple(sorted(marked)) for bare, marked in forms.items()})


def read(lines: list[str]) -> Counts:
    """Read the lines of a counts file; those that begin with `#` say where it comes from."""
    single: dict[str, int] = {}
    follows: dict[str, dict[str, int]] = {}
    for line in lines:
        if not line or line.startswith("#"):
            continue
        syllable, count, after = line.rstrip("\n").split("\t")
        single[syllable] = int(count)
        pairs = after.split(" ") if after else []
        follows[syllable] = {right: int(seen or 1) for right, _, seen in (pair.partition(":") for pair in pairs)}
    by_form: dict[str, list[str]] = {}
    for syllable in single:
        if syllable != START:
            by_form.setdefault(fold(syllable), []).append(syllable)
    forms = {
        bare: tuple(sorted(marked, key=lambda one: (-single[one], one))[:FORMS]) for bare, marked in by_form.items()
    }
    return Counts(sum(single.values()) - single.get(START, 0), single, follows, forms)


@lru_cache(maxsize=1)
def counts() -> Counts:
    """Give the shipped counts, read once."""
    return read(FILE.read_text(encoding="utf-8").splitlines())


@lru_cache(maxsize=1)
def bare_pairs() -> frozenset[tuple[str, str]]:
    """Give the neighbours that were seen more than once, their marks off."""
    table = counts()
    bare = {form: folded for folded, forms in table.forms.items() for form in forms}
    return frozenset(
        (bare[left], bare[right])
        for left, after in table.follows.items()
        for right, seen in after.items()
        if seen > 1 and left in bare and right in bare
    )


def standard(syllable: str) -> str:
    """Put the tone where most texts have it: `hoà` → `hòa`, `thuý` → `thúy`."""

    def moved(match: re.Match[str]) -> str:
        first, last = match.group(1), unicodedata.normalize("NFD", match.group(2))
        return unicodedata.normalize("NFC", first + last[1:]) + last[0]

    return TONE_LAST.sub(moved, syllable)


def is_bare(text: str) -> bool:
    """Tell whether a text carries (almost) no marks."""
    found = [match.group() for match in words(text) if match.group().isalpha()]
    return sum(1 for word in found if not word.isascii()) <= BARE_SHARE * len(found)


def restore(text: str, *, table: Counts | None = None, seen: Seen | None = None) -> str:
    """Give a bare Vietnamese text with its likely marks; what carries marks already is returned as it is.

    `table` stands in for the shipped counts, `seen` adds to them. Case, spacing and all that is not a known syllable
    stay. Folded, the answer equals the folded text.
    """
    text = clean(text)
    if not is_bare(text):
        return text
    table, seen = table or counts(), seen or Seen()
    pieces: list[str] = []
    chain: list[tuple[str, str]] = []  # what stood before each syllable of the phrase, and the syllable
    last = 0
    for match in words(text):
        word = match.group()
        between = text[last : match.start()]
        last = match.end()
        folded = fold(word)
        known = (folded in table.forms or folded in seen.forms) and len(word) == len(folded) == len(word.lower())
        if chain and (not known or BREAK.search(between)):
            pieces += _solved(chain, table, seen)
            chain = []
        if known:
            chain.append((between, word))
        else:
            pieces += (between, word)
    return "".join([*pieces, *_solved(chain, table, seen), text[last:]])


def _solved(chain: list[tuple[str, str]], table: Counts, seen: Seen) -> list[str]:
    """Give the pieces of a phrase, each syllable in the form of the likeliest chain."""
    if not chain:
        return []
    best: dict[str, float] = {START: 0.0}
    back: list[dict[str, str]] = []
    for _, word in chain:
        options = _options(fold(word), table, seen) if word.isascii() else (word.lower(),)
        here: dict[str, float] = {}
        came: dict[str, str] = {}
        steps = []
        for left, score in best.items():
            after, added = table.follows.get(left, {}), seen.follows.get(left, {})
            often = table.single.get(left, 0) + sum(added.values()) + 1
            steps.append((left, score - log(often), after, added, DISCOUNT * len(after) + 1))
        for form in options:
            alone = (table.single.get(form, 0) + sum(seen.follows.get(form, {}).values()) + 0.5) / table.total
            here[form], came[form] = max(
                (score + log(max(after.get(form, 0) + added.get(form, 0) - DISCOUNT, 0.0) + spare * alone), left)
                for left, score, after, added, spare in steps
            )
        best = here
        back.append(came)
    form = max(best, key=lambda one: (best[one], one))
    chosen: list[str] = []
    for came in reversed(back):
        chosen.append(form)
        form = came[form]
    pieces: list[str] = []
    for (between, word), form in zip(chain, reversed(chosen), strict=True):
        pieces += (between, _in_case(word, form))
    return pieces


def _options(bare: str, table: Counts, seen: Seen) -> tuple[str, ...]:
    """Give the marked forms of a syllable: the shipped ones, and those that only the stock has."""
    shipped = table.forms.get(bare, ())
    return (*shipped, *(form for form in seen.forms.get(bare, ()) if form not in shipped))


def _in_case(word: str, form: str) -> str:
    """Write the form in capitals where the word has them."""
    return "".join(letter.upper() if old.isupper() else letter for old, letter in zip(word, form, strict=True))
