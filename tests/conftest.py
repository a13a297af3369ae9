"""What holds for every test: strict templates, shuffled queries, clean broker and files, reference data, real workers.

The servers themselves are started by tests/plugin.py.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command, get_commands
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation

from marketplace.celery import app
from marketplace.engines import process
from search import beside, index
from tests import strictness
from tests.baseline import Baseline

ROOT = Path(__file__).resolve().parent.parent
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")

_baseline: list[Baseline] = []


def _restore_tables(case: TransactionTestCase) -> None:
    """Bring the database back to what a new one holds; Django's own way empties each table and makes much of it anew."""
    _baseline[0].restore()


def load_reference() -> None:
    """Load the reference tables, as `manage.py load_reference` does."""
    if "load_reference" in get_commands():
        call_command("load_reference", verbosity=0)


def pytest_configure(config: pytest.Config) -> None:
    """Make Django as strict as the tests need it, before the first template engine or query is made."""
    TransactionTestCase._fixture_teardown = _restore_tables
    settings.TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = strictness.UndefinedVariableFails("!!undefined: %s!!")
    strictness.shuffle_unordered_queries()
    strictness.require_of_in_locks()
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _use_broker_database(int(worker.removeprefix("gw")) + 1)


def _use_broker_database(number: int) -> None:
    address = settings.REDIS_URL.rsplit("/", 1)[0] + f"/{number}"
    settings.REDIS_URL = settings.CELERY_BROKER_URL = settings.CACHES["default"]["LOCATION"] = address


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """Load the reference tables once into the new test database; be its only user when it is dropped."""
    with django_db_blocker.unblock():
        load_reference()
        _baseline.append(Baseline.taken())
    yield
    beside.end()


@pytest.fixture(autouse=True)
def _clean_surroundings() -> Iterator[None]:
    """Start each test with an empty broker and cache, and leave no uploaded file; name undefined variables."""
    cache.clear()
    translation.deactivate()
    strictness.undefined_variables.clear()
    index.forget_memory()  # a test in a transaction keeps its index in the process
    yield
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
    if strictness.undefined_variables:
        pytest.fail("Undefined in a template: " + "; ".join(sorted(set(strictness.undefined_variables))), pytrace=False)


@pytest.fixture
def eager_tasks() -> Iterator[None]:
    """Run a task where it is called; an error in it reaches the caller."""
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager = app.conf.task_eager_propagates = False


class RealWorker:
    """A Celery worker in a process of its own, on the test's database, broker and files."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.log = folder / "worker.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, seconds: float = 120) -> None:
        """Start the worker and wait until it takes tasks."""
        database = connection.settings_dict
        address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
        self.log.unlink(missing_ok=True)
        self.process = process.spawn(
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "marketplace",
                "worker",
                "--loglevel=INFO",
                "--concurrency=1",
                *QUIET,
            ],
            folder=self.folder,
            log=self.log,
            cwd=ROOT,
            env={"DATABASE_URL": address, "REDIS_URL": settings.REDIS_URL},
        )
        self.wait_for(lambda: " ready." in self.output(), seconds=seconds)

    def output(self) -> str:
        """Give what the worker has logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_for(self, condition: Callable[[], object], *, seconds: float = 20) -> None:
        """Return as soon as `condition` holds; fail with the worker's log when it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process is not None and self.process.poll() is not None:
                pytest.fail(f"The worker ended with code {self.process.returncode}:\n{self.output()}")
            if time.monotonic() > deadline:
                pytest.fail(f"Nothing after {seconds} s. The worker's log:\n{self.output()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill the worker and its pool as a crash would."""
        if self.process is not None:
            process.kill_session(self.process)
            process.end_leftovers(self.folder, seconds=0)
            self.process = None

    def stop(self) -> None:
        """Let the worker finish its task and end."""
        if self.process is not None:
            process.stop(self.process, how=signal.SIGTERM, seconds=10)
            self.process = None


@pytest.fixture
def real_worker(transactional_db: None, tmp_path: Path) -> Iterator[RealWorker]:
    """Run a real Celery worker for a test whose transactions really commit: @pytest.mark.django_db(transaction=True).

    `real_worker.wait_for(lambda: Match.objects.exists())` waits for its work; `kill` and `start` act as a crash.
    """
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    worker = RealWorker(tmp_path)
    worker.start()
    yield worker
    worker.kill()
