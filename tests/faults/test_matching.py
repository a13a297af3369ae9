"""Worker, PostgreSQL and Valkey are killed in the middle of embedding and matching: every due match exists once."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.conf import settings as project
from django.db import Error, connection
from django.db.models import Count

from accounts.models import Notification
from listings.models import Demand, Technology
from listings.services.publication import index_listing
from marketplace.engines.postgres import BINARIES, THROWAWAY, Postgres
from marketplace.engines.valkey import Valkey
from matching import selectors
from matching.models import Match, Run
from search import embeddings, index
from tests.conftest import RealWorker
from tests.factories.listings import DemandFactory, TechnologyFactory
from tests.search.conftest import assert_equals_fresh_build

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
EMPTY = {"solution": "", "applications": "", "keywords": [], "ipc": []}
TOPICS = [
    "Lọc asen khỏi nước giếng khoan bằng oxit sắt",
    "Sấy lạnh trái thanh long bằng bơm nhiệt",
    "Vắc xin phòng bệnh tai xanh ở lợn",
    "Màng gốm xử lý nước thải dệt nhuộm",
    "Cảm biến độ mặn cho đầm nuôi tôm",
    "Pin lithi tháo rời cho xe máy điện",
    "Gạch không nung từ tro bay nhiệt điện",
    "Chiết tinh dầu quế bằng hơi nước",
    "Chế phẩm vi sinh ủ phân chuồng",
]


class Site:
    """A database, a broker and a worker of the test's own, which it may kill."""

    def __init__(self, folder: Path):
        engines, worker = folder / "engines", folder / "worker"  # a killed worker takes along what its folder marks
        worker.mkdir()
        self.postgres = Postgres(engines, settings=THROWAWAY)
        self.valkey = Valkey(engines, durable=True)
        self.worker = RealWorker(worker)

    def send(self, task: str, *values: Any) -> None:
        """Put a task into the broker."""
        with closing(Celery(broker=self.valkey.url, set_as_current=False)) as sender:
            sender.send_task(task, values, queue=project.CELERY_TASK_DEFAULT_QUEUE)

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until a condition on the database holds; connections that a crash cut off are made anew."""

        def holds() -> object:
            try:
                return condition()
            except Error:
                connection.close()
                return False

        self.worker.wait_for(holds, seconds=60)

    def publish(self, topics: list[str]) -> None:
        """Publish a technology and a demand of each topic, and order what publication orders."""
        for topic in topics:
            technology = TechnologyFactory(published=True, title=topic, summary=topic, problem=topic, **EMPTY)
            demand = DemandFactory(published=True, title=f"Cần {topic}", problem=topic, effect="")
            for listing in (technology, demand):
                index_listing(listing)
                self.send("matching.tasks.match_listing", listing.kind, listing.pk)

    def tick(self) -> None:
        """Send what beat sends each minute."""
        self.send("search.tasks.embed_pending")
        self.send("matching.tasks.sweep_unmatched")


@pytest.fixture
def site(transactional_db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Copy the test's database to a server of its own and go over to it."""
    made = Site(tmp_path)
    ours = connection.settings_dict
    kept = {name: ours[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    source = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**kept)
    try:
        made.valkey.start()
        made.postgres.start()
        dump = tmp_path / "dump.sql"
        subprocess.run([BINARIES / "pg_dump", "--no-owner", f"--file={dump}", source], check=True, timeout=60)
        restore = [BINARIES / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", dump, made.postgres.url]
        subprocess.run(restore, check=True, timeout=60, stdout=subprocess.DEVNULL)
        password = made.postgres.password_file.read_text().strip()
        connection.close()
        ours |= {"HOST": "127.0.0.1", "PORT": made.postgres.port, "USER": "nhipcau", "PASSWORD": password}
        ours["NAME"] = "nhipcau"
        settings.REDIS_URL = made.valkey.url
        settings.INDEX_DIR = tmp_path / "index"
        monkeypatch.setenv("TEST_SCRATCH", str(tmp_path))
        made.worker.start()
        yield made
    finally:
        made.worker.kill()
        connection.close()
        ours |= kept
        made.postgres.kill()
        made.valkey.kill()


def due() -> bool:
    """Tell whether anything is left to do."""
    waiting = [*selectors.unmatched(Technology), *selectors.unmatched(Demand)]
    waiting += [*selectors.searched_by_words_only(Demand), *selectors.unexplained_ids()]
    done, total = embeddings.progress()
    return bool(waiting) or done < total


def test_every_due_match_exists_once_whatever_is_killed(site: Site) -> None:
    site.publish(TOPICS[:3])
    site.wait_for(lambda: Run.objects.count() >= 1)
    site.worker.kill()
    site.worker.start()

    site.publish(TOPICS[3:6])
    site.wait_for(lambda: Run.objects.count() >= 7)
    site.postgres.kill()
    site.postgres.start()
    site.wait_for(lambda: Run.objects.count() >= 7)

    site.publish(TOPICS[6:])
    site.tick()
    site.wait_for(lambda: Run.objects.count() >= 8)
    site.valkey.kill()
    site.valkey.start()
    shutil.rmtree(project.INDEX_DIR, ignore_errors=True)  # and the index is lost, while the worker may write it
    for _minute in range(3):
        site.tick()
    site.wait_for(lambda: not due())

    pairs = Match.objects.order_by("pk").values_list("technology__title", "demand__title")
    assert {(topic, f"Cần {topic}") for topic in TOPICS} <= set(pairs)
    assert len(pairs) == len(set(pairs))
    assert Run.objects.count() == 2 * len(TOPICS)
    told = Notification.objects.filter(kind="match.found").order_by().values("user", "text", "url")
    assert not told.annotate(times=Count("pk")).filter(times__gt=1).exists()
    index.catch_up()
    for kind in ("technology", "demand"):
        assert_equals_fresh_build(kind, ["nước giếng", "xe máy điện", "tro bay", "bệnh tai xanh ở lợn"])
