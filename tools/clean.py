"""Remove what make made here: .venv, var and caches. Refuses while the demo runs. Standard library only."""

import fcntl
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE = (".venv", "var", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")


def main() -> None:
    """Remove each."""
    lock = ROOT / "var" / "demo.lock"
    if lock.exists():
        with lock.open() as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.exit("The demo is running here; end it first.")
    for name in MADE:
        path = ROOT / name
        if path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    main()
