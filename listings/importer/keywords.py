"""Which field of technology a text belongs to, by its words: a transparent count, no model.

A keyword is one or more words; `*` at the end of its last word stands for any ending. A field scores its number of
different keywords found in the text, three times for one in the title, plus what the mapping adds for the value of a
column (`by_value`). The best field counts from `least` points on, a second one from `share` of the best.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from listings.importer.problems import MappingError

TITLE_POINTS = 3.0
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class FieldWords:
    """Keywords of the fields, by their first word, ready to be looked up."""

    whole: Mapping[str, list[tuple[tuple[str, ...], int]]]
    least: float = 3.0
    share: float = 0.7
    lengths: tuple[int, ...] = field(default=())
    begun: Mapping[str, list[tuple[tuple[str, ...], int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, words: Mapping[str, Iterable[str]], *, least: float = 3.0, share: float = 0.7) -> "FieldWords":
        """Build from field number → keywords. Raises MappingError."""
        whole: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        begun: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for number, keywords in words.items():
            if not number.isdecimal() or not 1 <= int(number) <= 35:
                raise MappingError(f"keywords: “{number}” is not a field of 1-35")
            for keyword in keywords:
                parts = tuple(keyword.lower().replace("*", " * ").split())
                if not parts or parts[0] == "*" or "*" in parts[:-1]:
                    raise MappingError(f"keywords of field {number}: “{keyword}” cannot be used")
                if len(parts) == 2 and parts[1] == "*":
                    begun.setdefault(parts[0], []).append((parts, int(number)))
                else:
                    whole.setdefault(parts[0], []).append((parts, int(number)))
        return cls(whole, least, share, tuple(sorted({len(stem) for stem in begun})), begun)

    def found(self, text: str) -> dict[int, set[tuple[str, ...]]]:
        """Give the different keywords of each field that a text holds."""
        words = _WORD.findall(text.lower())
        met: dict[int, set[tuple[str, ...]]] = {}
        for place, word in enumerate(words):
            for parts, number in self.whole.get(word, ()):
                if len(parts) == 1 or _follows(parts, words, place):
                    met.setdefault(number, set()).add(parts)
            for length in self.lengths:
                for parts, number in self.begun.get(word[:length], ()) if len(word) >= length else ():
                    met.setdefault(number, set()).add(parts)
        return met

    def choose(self, *, title: str, text: str, extra: Mapping[int, float] | None = None) -> list[int]:
        """Give the best field and perhaps a second, best first; none when nothing scores enough."""
        points: dict[int, float] = dict(extra or {})
        for number, keywords in self.found(text).items():
            points[number] = points.get(number, 0.0) + len(keywords)
        for number, keywords in self.found(title).items():
            points[number] = points.get(number, 0.0) + TITLE_POINTS * len(keywords)
        ranked = sorted(points, key=lambda number: (-points[number], number))
        if not ranked or points[ranked[0]] < self.least:
            return []
        floor = max(self.least, self.share * points[ranked[0]])
        return [number for number in ranked[:2] if points[number] >= floor]


def _follows(parts: tuple[str, ...], words: list[str], place: int) -> bool:
    open_end = parts[-1] == "*"
    wanted = parts[:-1] if open_end else parts
    there = words[place : place + len(wanted)]
    if len(there) < len(wanted) or tuple(there[:-1]) != wanted[:-1]:
        return False
    return there[-1].startswith(wanted[-1]) if open_end else there[-1] == wanted[-1]
