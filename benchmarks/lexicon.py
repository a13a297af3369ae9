"""Make `search/lexicon.tsv`: Vietnamese words and their English ones.

`python -m benchmarks.lexicon --wiktionary FILE [--write]`. FILE is `src/en-vi-enwiktionary.txt` of
github.com/open-dsl-dict/wiktionary-dict. The project's own glossary and reference tables are added. Prints JSON.
"""

import argparse
import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from search import lexicon
from search.text import clean, words

ROOT = Path(__file__).resolve().parent.parent
GLOSSARY = ROOT.parent / "shared" / "data" / "glossary_vi_en.csv"
HEADER = """\
# Vietnamese words, and after a tab English ones for them. Pairs of words only: no definition, no sentence.
# Made by `python -m benchmarks.lexicon --wiktionary FILE --write` from English Wiktionary (CC BY-SA 3.0; extract of
# Matthias Buchmeier, github.com/open-dsl-dict/wiktionary-dict), the terms of the trade, and the names in data/*.csv.
# This file is CC BY-SA 3.0.
"""
IN_BRACKETS = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|/[^/]*/")
MOST = 8  # English entries of one phrase


def wiktionary(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give pairs of Vietnamese and English from lines `headword {n} (sense) :: translation, translation`."""
    for line in lines:
        left, middle, right = line.partition("::")
        if line.startswith("#") or not middle:
            continue
        english = IN_BRACKETS.sub("", left).strip()
        for other in re.split("[,;]", IN_BRACKETS.sub("", right)):
            yield other.strip(), english


def tables(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Give pairs from tables that have columns `vi` and `en`, or `…_vi` and `…_en`."""
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for name in row:
                    if name == "vi" or name.endswith("_vi"):
                        yield row[name] or "", row.get(f"{name[:-2]}en") or ""


def lines(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Sort pairs into lines, phrases that are too long left out."""
    found: dict[str, list[str]] = {}
    for vietnamese, english in pairs:
        left = " ".join(match.group().lower() for match in words(clean(vietnamese)))
        right = " ".join(match.group().lower() for match in words(clean(english)))
        if 0 < len(left.split()) <= lexicon.LONGEST and 0 < len(right.split()) <= lexicon.LONGEST and left != right:
            entry = found.setdefault(left, [])
            if right not in entry and len(entry) < MOST:
                entry.append(right)
    return [f"{left}\t{'|'.join(entry)}" for left, entry in sorted(found.items())]


def main() -> None:
    """Read, sort, print, and write if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--wiktionary", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    own = [GLOSSARY, *sorted((ROOT / "data").glob("*.csv"))]
    with options.wiktionary.open(encoding="utf-8") as file:
        written = lines([*tables(own), *wiktionary(file)])
    table = lexicon.read(written)
    print(
        json.dumps({"phrases": len(written), "english": len(table.english), "bytes": len("\n".join(written).encode())})
    )
    if options.write:
        lexicon.FILE.write_text(HEADER + "\n".join(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
