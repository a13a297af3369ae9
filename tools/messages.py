"""Translations without the GNU gettext programs: extract, normalise, compile, check.

    python -m tools.messages extract   collect every msgid and bring both catalogues in order
    python -m tools.messages compile   write the .mo files that are older than their .po file
    python -m tools.messages check     fail when a Vietnamese translation is missing, fuzzy, doubled or has other placeholders

Catalogues merge by union, so one msgid may stand twice: the translated entry wins, the later one among several.
"""

import argparse
import io
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
ROOMS = (
    "accounts", "audit", "deals", "insights", "ledger", "listings",
    "marketplace", "matching", "rules", "search", "valuation",
)  # fmt: skip
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLURALS = {"vi": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}
TEMPLATE_SUFFIXES = {".html", ".txt", ".xml", ".svg"}
_PYTHON_FORMAT = re.compile(r"%\(\w+\)[sd]|%[sd]")
_PLACEHOLDER = re.compile(r"%\(\w+\)[-+ #0]*\d*(?:\.\d+)?[sdifr]|%[sd]|\{\w*\}")

Key = tuple[str | None, str]


def _sources(root: Path) -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path
    for folder in (root / "templates", *(root / room / "templates" for room in ROOMS)):
        yield from sorted(path for path in folder.rglob("*") if path.suffix in TEMPLATE_SUFFIXES)


def _python_of(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    from django.utils.translation.template import templatize  # noqa: PLC0415 -- compiling must not load Django

    # Lines lose their indentation, which means something to the reader of Python that comes next.
    return "\n".join(line.strip() for line in str(templatize(text, origin=str(path))).splitlines())


def extract(root: Path = ROOT) -> dict[Key, polib.POEntry]:
    """Collect the messages of every source below `root`: {(context, msgid): entry with its occurrences}."""
    from babel.messages.extract import extract as babel_extract  # noqa: PLC0415 -- compiling must not load Babel
    from django.conf import settings  # noqa: PLC0415 -- compiling must not load Django

    if not settings.configured:
        settings.configure(USE_I18N=True)
    found: dict[Key, polib.POEntry] = {}
    for path in _sources(root):
        place = (path.relative_to(root).as_posix(), "")
        source = io.BytesIO(_python_of(path).encode())
        messages = babel_extract(
            "python", source, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
        )
        for _line, message, comments, context in messages:
            singular, plural = message[:2] if isinstance(message, tuple) else (message, None)
            if not singular:
                continue
            entry = found.setdefault((context, singular), polib.POEntry(msgctxt=context, msgid=singular))
            entry.msgid_plural = plural or entry.msgid_plural
            if place not in entry.occurrences:
                entry.occurrences.append(place)
            entry.comment = "\n".join(dict.fromkeys([*entry.comment.splitlines(), *comments]))
            if _PYTHON_FORMAT.search(singular) and "python-format" not in entry.flags:
                entry.flags.append("python-format")
    return found


def is_translated(entry: polib.POEntry) -> bool:
    """Say whether an entry has a translation that can be used."""
    if entry.obsolete or entry.fuzzy:
        return False
    return all(entry.msgstr_plural.values()) if entry.msgstr_plural else bool(entry.msgstr)


def read_catalogue(path: Path) -> dict[Key, polib.POEntry]:
    """Read a .po file, with one entry for each msgid: a translated one before others, the later of several."""
    entries: dict[Key, polib.POEntry] = {}
    for key, entry in _stored(path):
        known = entries.get(key)
        if known is None or is_translated(entry) or not is_translated(known):
            entries[key] = entry
    return entries


def _stored(path: Path) -> Iterator[tuple[Key, polib.POEntry]]:
    if path.exists():
        for entry in polib.pofile(_with_gaps(path.read_text(encoding="utf-8")), check_for_duplicates=False):
            if entry.msgid and not entry.obsolete:
                yield (entry.msgctxt, entry.msgid), entry


def _with_gaps(text: str) -> str:
    """Part the entries that a union merge pushed together; of two translations in one entry, keep the later.

    Where both sides brought an entry with the same translation (an empty one, say), only the last has kept its line.
    """
    lines: list[str] = []
    translation: int | None = None  # where the translation of the entry begins
    untranslated = False  # a msgid was read, and no translation since
    for line in text.splitlines():
        if untranslated and line.startswith(("msgctxt ", "msgid ", "#")):
            lines += ['msgstr ""', ""]
        untranslated = line.startswith("msgid ") or (untranslated and not line.startswith(("msgstr", "msgctxt ", "#")))
        if translation is not None and line.startswith(("msgctxt ", "msgid ", "#")):
            lines.append("")
            translation = None
        elif translation is not None and line.startswith(("msgstr ", "msgstr[0]")):
            del lines[translation:]
        if translation is None and line.startswith("msgstr"):
            translation = len(lines)
        lines.append(line)
    return "\n".join(lines) + "\n"


def write_catalogue(path: Path, language: str, entries: list[polib.POEntry]) -> None:
    """Write a catalogue sorted by msgid, without line numbers or dates, so that changes read well."""
    catalogue = polib.POFile(wrapwidth=0)
    catalogue.metadata = {
        "Project-Id-Version": "nhip-cau",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS[language],
    }
    catalogue.extend(sorted(entries, key=lambda entry: (entry.msgid, entry.msgctxt or "")))
    text = str(catalogue).rstrip("\n") + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def normalise(root: Path = ROOT) -> None:
    """Bring both catalogues in line with the sources: new msgids added, unused ones dropped, duplicates joined."""
    found = extract(root)
    for language in PLURALS:
        path = root / "locale" / language / "LC_MESSAGES" / "django.po"
        known = read_catalogue(path)
        write_catalogue(path, language, [_merged(source, known.get(key), language) for key, source in found.items()])


def _merged(source: polib.POEntry, old: polib.POEntry | None, language: str) -> polib.POEntry:
    entry = polib.POEntry(
        msgctxt=source.msgctxt, msgid=source.msgid, msgid_plural=source.msgid_plural,
        occurrences=source.occurrences, comment=source.comment, flags=list(source.flags),
    )  # fmt: skip
    if source.msgid_plural:
        entry.msgstr_plural = {0: "", 1: ""} if language == "en" else {0: ""}
        if old is not None:
            entry.msgstr_plural |= {n: text for n, text in old.msgstr_plural.items() if n in entry.msgstr_plural}
            entry.msgstr_plural[0] = entry.msgstr_plural[0] or old.msgstr
    elif old is not None:
        entry.msgstr = old.msgstr or old.msgstr_plural.get(0, "")
    if old is not None and old.fuzzy:
        entry.flags.append("fuzzy")
    return entry


def compile_catalogues(locale: Path = LOCALE) -> list[Path]:
    """Write each .mo file that is missing or older than its .po file; give those written."""
    written = []
    for path in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns > path.stat().st_mtime_ns:
            continue
        catalogue = polib.POFile()
        catalogue.metadata = {
            "Content-Type": "text/plain; charset=utf-8",
            "Plural-Forms": PLURALS[path.parent.parent.name],
        }
        catalogue.extend(entry for entry in read_catalogue(path).values() if is_translated(entry))
        partial = target.with_suffix(f".{os.getpid()}.part")
        catalogue.save_as_mofile(str(partial))
        partial.replace(target)
        written.append(target)
    return written


def placeholders(text: str) -> set[str]:
    """Give the placeholders of a text: %(name)s, %s, {name}."""
    return set(_PLACEHOLDER.findall(text.replace("%%", "")))


def problems(root: Path = ROOT) -> list[str]:
    """Name every extracted msgid whose Vietnamese translation is missing, fuzzy, doubled, or has other placeholders."""
    path = root / "locale" / "vi" / "LC_MESSAGES" / "django.po"
    known = read_catalogue(path)
    often = Counter(key for key, _entry in _stored(path))
    found = [f"{path.name}: {count} times {key[1]!r}" for key, count in sorted(often.items(), key=str) if count > 1]
    for key, source in sorted(extract(root).items(), key=lambda item: (item[1].occurrences, item[0][1])):
        where = source.occurrences[0][0]
        shown = repr(source.msgid if len(source.msgid) < 80 else source.msgid[:77] + "…")
        entry = known.get(key)
        if entry is None or not is_translated(entry):
            found.append(f"{where}: no Vietnamese for {shown}")
            continue
        allowed = [placeholders(text) for text in (source.msgid, source.msgid_plural) if text]
        for text in entry.msgstr_plural.values() if entry.msgstr_plural else [entry.msgstr]:
            if placeholders(text) not in allowed:
                found.append(f"{where}: placeholders {sorted(placeholders(text))} in the Vietnamese for {shown}")
    return found


def main() -> int:
    """Run one of the three commands."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["extract", "compile", "check"])
    command = parser.parse_args().command
    if command == "compile":
        for path in compile_catalogues():
            print(f"wrote {path.relative_to(ROOT)}")
        return 0
    if command == "extract":
        normalise()
        compile_catalogues()
    found = problems()
    print("\n".join(found) or "Every message has a Vietnamese translation.")
    return 1 if found and command == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
