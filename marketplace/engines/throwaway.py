"""Engines for tests and benchmarks: quick, empty, gone at the end."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from marketplace.engines.postgres import THROWAWAY, Postgres
from marketplace.engines.process import EngineError, end_leftovers
from marketplace.engines.valkey import Valkey

PREFIX = "nhipcau-"


@dataclass(frozen=True)
class Throwaway:
    """Running servers and the folder that holds everything of theirs; `scratch` is free for other files."""

    folder: Path
    scratch: Path
    postgres: Postgres
    valkey: Valkey


def _remove_orphans(base: Path) -> None:
    for old in base.glob(f"{PREFIX}[0-9]*-*"):
        owner = old.name.removeprefix(PREFIX).split("-")[0]
        try:
            if not owner.isdigit() or Path(f"/proc/{owner}").exists() or old.stat().st_uid != os.geteuid():
                continue
            end_leftovers(old, seconds=1)
        except (EngineError, FileNotFoundError):  # another session that starts now removes it as well
            continue
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def throwaway_folder() -> Iterator[Path]:
    """Give a short folder named for this process; those of dead processes are removed first, this one at the end."""
    base = Path(tempfile.gettempdir()).resolve()
    _remove_orphans(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=base))
    folder.chmod(0o711)  # the system user of PostgreSQL passes through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def throwaway_engines(
    *, durable_broker: bool = False, postgres_settings: Mapping[str, str] | None = None
) -> Iterator[Throwaway]:
    """Run PostgreSQL and Valkey on free ports in a folder of their own; stop and remove them at the end."""
    with throwaway_folder() as folder:
        scratch = folder / "scratch"
        scratch.mkdir()
        postgres = Postgres(folder, settings={**THROWAWAY, **(postgres_settings or {})})
        valkey = Valkey(folder, durable=durable_broker)
        try:
            valkey.start()
            postgres.start()
            yield Throwaway(folder, scratch, postgres, valkey)
        finally:
            valkey.kill()
            postgres.kill()
