"""Subset Be Vietnam Pro to the letters of Vietnamese and English, as WOFF2 in var/fonts,
and its digits at one width for columns of figures.

The font (SIL Open Font License 1.1) comes from the package fontpkg-be-vietnam-pro. A second run does nothing.
"""

import hashlib
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FONTS = ROOT / "var" / "fonts"
STYLES = ("Regular", "SemiBold")
# Vietnamese, English and the signs the pages use; other letters come from the reader's own fonts.
UNICODES = [
    *range(0x20, 0x7F), 0xA0, 0xA7, 0xA9, 0xAB, *range(0xB0, 0xB4), 0xB5, 0xB7, 0xBB, 0xBD, 0xD7,
    *(ord(letter) for letter in "ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúýĂăĐđĨĩŨũƠơƯư"),
    *range(0x300, 0x304), 0x306, 0x309, 0x31B, 0x323, *range(0x1EA0, 0x1EFA),
    *(ord(sign) for sign in "–—‘’“”•…₫−≈≤≥"),
]  # fmt: skip
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl"]
DIGITS = range(0x30, 0x3A)


def source_folder() -> Path:
    """Find the font files of the package."""
    package = importlib.util.find_spec("fontpkg_be_vietnam_pro")
    if package is None or not package.submodule_search_locations:
        sys.exit("The package fontpkg-be-vietnam-pro is not installed.")
    return Path(package.submodule_search_locations[0])


def build(target: Path = FONTS) -> list[Path]:
    """Write BeVietnamPro-<style>.woff2 for each style; give the files written, none when they are up to date."""
    found = {style: next(source_folder().rglob(f"BeVietnamPro-{style}.ttf")) for style in STYLES}
    content = [Path(__file__).read_bytes(), *(path.read_bytes() for path in found.values())]
    digest = hashlib.sha256(b"".join(content)).hexdigest()
    stamp = target / ".stamp"
    if stamp.exists() and stamp.read_text() == digest:
        return []
    from fontTools import subset  # noqa: PLC0415 -- slow to load and seldom needed

    target.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        for style, path in found.items():
            for name, unicodes in ((f"BeVietnamPro-{style}", UNICODES), (f"Figures-{style}", DIGITS)):
                # Hints double the size and screens of today draw well without them.
                options = subset.Options(flavor="woff2", layout_features=FEATURES, hinting=False, notdef_outline=True)
                font = subset.load_font(str(path), options)
                subsetter = subset.Subsetter(options)
                subsetter.populate(unicodes=unicodes)
                subsetter.subset(font)
                if unicodes is DIGITS:
                    even_digits(font)
                output = Path(scratch) / f"{name}.woff2"
                subset.save_font(font, str(output), options)
                written.append(Path(shutil.move(output, target / output.name)))
    stamp.write_text(digest)
    return written


def even_digits(font: Any) -> None:
    """Give all digits the width of the widest, each in the middle: the font has no tabular figures of its own."""
    names = [font.getBestCmap()[code] for code in DIGITS]
    widest = max(font["hmtx"][name][0] for name in names)
    for name in names:
        width, bearing = font["hmtx"][name]
        shift = (widest - width) // 2
        glyph = font["glyf"][name]
        glyph.coordinates.translate((shift, 0))
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (widest, bearing + shift)
    if "GPOS" in font:
        del font["GPOS"]


def main() -> None:
    """Build and say what was written."""
    for path in build():
        print(f"wrote {path.relative_to(ROOT)} ({path.stat().st_size / 1024:.0f} kB)")


if __name__ == "__main__":
    main()
