"""`site.css` and `site.js`: the small sources under `static/` joined when static files are looked up or collected.

One request each instead of forty, and no tool to install. The joined files lie under `var/bundle/`.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

SOURCES = {
    "site.css": ("tokens.css", "base.css", "components/*.css"),
    "site.js": ("modules/*.js",),
}


def source_files(name: str, root: Path) -> list[Path]:
    """Give the sources of a joined file in order; names within a pattern are sorted."""
    return [path for pattern in SOURCES[name] for path in sorted(root.glob(pattern))]


def join(name: str, root: Path) -> str:
    """Give the text of a joined file; style sheets lose their comments and the spaces around marks."""
    text = "\n".join(path.read_text("utf-8") for path in source_files(name, root))
    if not name.endswith(".css"):
        return text
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r" ?([{};,]) ?", r"\1", text).replace(";}", "}").strip()


def write(name: str) -> Path:
    """Write the joined file when a source is newer than it, and give its path."""
    root = settings.BASE_DIR / "static"
    target = settings.VAR_DIR / "bundle" / name
    newest = max((path.stat().st_mtime for path in source_files(name, root)), default=0)
    if not target.exists() or target.stat().st_mtime < newest:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(join(name, root), "utf-8")
    return Path(target)


class BundleFinder(BaseFinder):
    """Finds the joined files for `runserver` and `collectstatic`."""

    def check(self, **kwargs: Any) -> list[Any]:
        """Nothing can be misconfigured."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Give the path of a joined file, written anew when a source changed."""
        if path not in SOURCES:
            return []
        found = str(write(path))
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Give every joined file with the storage that holds it."""
        for name in SOURCES:
            yield name, FileSystemStorage(location=write(name).parent)
