"""Count Vietnamese syllables and their neighbours for `search/accents.tsv`, and measure what they restore.

`python -m benchmarks.accents [--xquad FOLDER] [--vtb FOLDER] [--write]`. Counts only; no sentence is kept. Of XQuAD, only the
distractors are counted, and of the samples, only what is offered: the paragraphs, questions and needs on which search
is measured stay unseen. Prints JSON: syllables restored rightly in those unseen texts, and milliseconds.
"""

import argparse
import csv
import gzip
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from search import accents
from search.text import SYLLABLE, VIETNAMESE_LETTERS, clean, fold, words

ROOT = Path(__file__).resolve().parent.parent
XQUAD = ROOT.parent / "shared" / "data" / "xquad"
HEADER = """\
# Vietnamese syllables, how often each was seen, and what followed it (once where no number stands). `^` begins a phrase.
# Made by `python -m benchmarks.accents --vtb FOLDER --write` from the sample technologies, the interface's own
# Vietnamese, the Vietnamese names in data/*.csv, and counts of Vietnamese Wikipedia paragraphs (CC BY-SA 4.0,
# distractors.vi of XQuAD in ../shared/data) and of news sentences (CC BY-SA 4.0, github.com/UniversalDependencies/
# UD_Vietnamese-VTB, in FOLDER). Counts only: no sentence of them is kept here.
"""


def strings(value: Any) -> Iterator[str]:
    """Give every text inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def catalogue(path: Path) -> Iterator[str]:
    """Give the translations of a catalogue."""
    from babel.messages.pofile import read_po  # noqa: PLC0415 -- only here

    with path.open("rb") as file:
        for message in read_po(file):
            yield from [message.string] if isinstance(message.string, str) else message.string


def own_texts() -> Iterator[str]:
    """Give the Vietnamese of this repository: samples that are offered, catalogue, reference tables."""
    for name in ("technologies-vi", "organisations", "deals"):
        yield from strings(json.loads((ROOT / "data" / "samples" / f"{name}.json").read_text(encoding="utf-8")))
    yield from catalogue(ROOT / "locale" / "vi" / "LC_MESSAGES" / "django.po")
    for path in sorted((ROOT / "data").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield from (value for name, value in row.items() if name and name.endswith("_vi") and value)


def paragraphs(path: Path) -> Iterator[str]:
    """Give the texts of a file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


def treebank(folder: Path) -> Iterator[str]:
    """Give the sentences of a treebank in CoNLL-U."""
    for path in sorted(folder.glob("*.conllu")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# text = "):
                yield line.removeprefix("# text = ")


def is_vietnamese(text: str) -> bool:
    """Tell marked Vietnamese from all else, codes and English included."""
    found = [match.group().lower() for match in words(text)]
    return 4 * sum(1 for word in found if not VIETNAMESE_LETTERS.isdisjoint(word)) >= len(found) > 0


def count(texts: Iterable[str]) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """Count syllables and pairs within phrases; what is not a syllable ends a phrase."""
    single: Counter[str] = Counter()
    follows: dict[str, Counter[str]] = {}
    for text in texts:
        text = clean(text)
        if not is_vietnamese(text):
            continue
        left, last = accents.START, 0
        single[left] += 1
        for match in words(text):
            word = accents.standard(match.group().lower())
            if left != accents.START and accents.BREAK.search(text[last : match.start()]):
                left = accents.START
                single[left] += 1
            last = match.end()
            if SYLLABLE.fullmatch(fold(word)) is None:
                left = accents.START
                single[left] += 1
                continue
            single[word] += 1
            follows.setdefault(left, Counter())[word] += 1
            left = word
    return single, follows


def lines(single: Counter[str], follows: dict[str, Counter[str]]) -> list[str]:
    """Write the counts, the commonest first."""

    def ranked(counted: Counter[str]) -> list[tuple[str, int]]:
        return sorted(counted.items(), key=lambda item: (-item[1], item[0]))

    return [
        f"{syllable}\t{seen}\t"
        + " ".join(
            f"{right}:{times}" if times > 1 else right for right, times in ranked(follows.get(syllable, Counter()))
        )
        for syllable, seen in ranked(single)
    ]


def bare(text: str) -> str:
    """Take the marks off, case kept."""

    def plain(letter: str) -> str:
        folded = fold(letter)
        return letter if not letter.isalpha() or len(folded) != 1 else folded.upper() if letter.isupper() else folded

    return "".join(map(plain, clean(text)))


def right_share(texts: Iterable[str], table: accents.Counts) -> float:
    """Give the part of the syllables that come back as they were written."""
    right = total = 0
    for text in texts:
        text = clean(text)
        back = accents.restore(bare(text), table=table)
        for old, new in zip(words(text), words(back), strict=True):
            if SYLLABLE.fullmatch(fold(old.group())):
                total += 1
                right += accents.standard(old.group().lower()) == new.group().lower()
    return round(right / total, 4)


def main() -> None:
    """Count, measure, and write if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--xquad", type=Path, default=XQUAD)
    parser.add_argument("--vtb", type=Path, help="a checkout of UD_Vietnamese-VTB")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    texts = [*own_texts(), *paragraphs(options.xquad / "distractors.vi.jsonl.gz")]
    written = lines(*count([*texts, *(treebank(options.vtb) if options.vtb else [])]))
    table = accents.read(written)
    needs = list(strings(json.loads((ROOT / "data/samples/demands-vi.json").read_text(encoding="utf-8"))))
    unseen = {
        "xquad questions": list(paragraphs(options.xquad / "queries.vi.jsonl.gz")),
        "xquad paragraphs": list(paragraphs(options.xquad / "corpus.vi.jsonl.gz")),
        "sample needs": [text for text in needs if is_vietnamese(text)],
    }
    question, need = "cong nghe xu ly nuoc thai det nhuom bang mang loc gom", bare(" ".join(unseen["sample needs"]))
    need = " ".join(need.split()[:400])
    times: dict[str, list[float]] = {"12_words_ms": [], "400_words_ms": []}
    for _ in range(15):
        for name, text in (("12_words_ms", question), ("400_words_ms", need)):
            start = time.perf_counter()
            accents.restore(text, table=table)
            times[name].append(1000 * (time.perf_counter() - start))
    start = time.perf_counter()
    accents.read(written)
    report = {
        "syllables": table.total,
        "forms": len(table.single),
        "pairs": sum(map(len, table.follows.values())),
        "bytes": len("\n".join(written).encode()),
        "right": {name: right_share(texts, table) for name, texts in unseen.items()},
        **{name: round(statistics.median(spent), 2) for name, spent in times.items()},
        "load_ms": round(1000 * (time.perf_counter() - start), 1),
    }
    print(json.dumps(report, indent=2))
    if options.write:
        accents.FILE.write_text(HEADER + "\n".join(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
