"""Give every test session a PostgreSQL and a Valkey of its own, before Django reads its settings.

Loaded by `-p tests.plugin` (pyproject.toml). An address already in DATABASE_URL or REDIS_URL is respected.
"""

import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from marketplace.engines.postgres import THROWAWAY, Postgres
from marketplace.engines.throwaway import throwaway_folder
from marketplace.engines.valkey import Valkey

_running = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Start what is missing; pytest-django reads the settings right after this."""
    if early_config.known_args_namespace.help:
        return
    if process := os.environ.get("PYTEST_XDIST_WORKER"):
        _use_own_scratch(process)
        return
    _compile_messages()
    _build_fonts()
    folder = _running.enter_context(throwaway_folder())
    scratch = folder / "scratch"
    scratch.mkdir()
    os.environ["TEST_SCRATCH"] = str(scratch)
    if "REDIS_URL" not in os.environ:
        valkey = Valkey(folder, durable=False)
        _running.callback(valkey.kill)
        valkey.start()
        os.environ["REDIS_URL"] = valkey.url
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(folder, settings=THROWAWAY)
        _running.callback(postgres.kill)
        postgres.start()
        os.environ["DATABASE_URL"] = postgres.url


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files in which a few tests take minutes, so that no process of a parallel run ends alone with them.

    They walk a browser or carry a mark; the others follow, those with most tests first.
    """
    tests = Counter(item.path for item in items)
    long = {item.path for item in items if any(item.get_closest_marker(mark) for mark in ("journey", "faults", "long"))}
    items.sort(key=lambda item: (item.path not in long, 0 if item.path in long else -tests[item.path]))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop and remove what this session started."""
    _running.close()


def _use_own_scratch(process: str) -> None:
    """Keep files and index of parallel test processes apart; what a process starts inherits its folder."""
    scratch = Path(os.environ["TEST_SCRATCH"]) / process
    scratch.mkdir(exist_ok=True)
    os.environ["TEST_SCRATCH"] = str(scratch)


def _compile_messages() -> None:
    from tools import messages  # it needs the repository root on the path, which pytest has set by now

    messages.compile_catalogues(Path(__file__).resolve().parent.parent / "locale")


def _build_fonts() -> None:
    from tools import fonts  # as above

    fonts.build()
