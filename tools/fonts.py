"""Subset Be Vietnam Pro to the letters of Vietnamese and English, as WOFF2 in var/fonts.

The font (SIL Open Font License 1.1) comes from the package fontpkg-be-vietnam-pro. A second run does nothing.
"""

import hashlib
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FONTS = ROOT / "var" / "fonts"
STYLES = ("Regular", "Medium", "SemiBold", "Bold")
UNICODES = [
    *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x1A0, 0x1A2), *range(0x1AF, 0x1B1), *range(0x300, 0x304),
    0x306, 0x309, 0x31B, 0x323, *range(0x1EA0, 0x1EFA), *range(0x2010, 0x2028), 0x202F, *range(0x2030, 0x203B),
    0x20AB, 0x20AC, 0x2116, 0x2122, *range(0x2190, 0x2194), 0x2212, 0x2248, 0x2260, 0x2264, 0x2265, 0x221E,
]  # fmt: skip


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
            options = subset.Options(flavor="woff2", layout_features=["*"], desubroutinize=True, notdef_outline=True)
            font = subset.load_font(str(path), options)
            subsetter = subset.Subsetter(options)
            subsetter.populate(unicodes=UNICODES)
            subsetter.subset(font)
            output = Path(scratch) / f"BeVietnamPro-{style}.woff2"
            subset.save_font(font, str(output), options)
            written.append(Path(shutil.move(output, target / output.name)))
    stamp.write_text(digest)
    return written


def main() -> None:
    """Build and say what was written."""
    for path in build():
        print(f"wrote {path.relative_to(ROOT)} ({path.stat().st_size / 1024:.0f} kB)")


if __name__ == "__main__":
    main()
