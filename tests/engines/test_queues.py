"""What waits for whom: a real worker serves people first, then matching, then vectors."""

from typing import Any

import pytest
import redis
from django.conf import settings

from marketplace.celery import app
from marketplace.engines.demo import WORKERS
from search.models import Document
from search.services import put_document
from tests.factories.listings import TechnologyFactory
from valuation.lifecycle import RunState
from valuation.models import Run
from valuation.services.runs import request_report

BACKLOG = 8


def waiting(queue: str) -> int:
    return int(redis.Redis.from_url(settings.REDIS_URL).llen(queue))


@pytest.mark.django_db(transaction=True)
def test_a_report_and_matching_do_not_wait_behind_a_backlog_of_vectors(real_worker: Any) -> None:
    real_worker.kill()
    for number in range(BACKLOG):
        put_document(kind="technology", object_id=10**6 + number, title=f"Pump {number}", body=f"Moves water {number}.")
    technology = TechnologyFactory(published=True)
    app.send_task("matching.tasks.match_listing", kwargs={"kind": "technology", "pk": technology.pk})
    run = request_report(technology=technology, actor=technology.author)
    assert waiting("vectors") >= BACKLOG
    real_worker.start()
    real_worker.wait_for(lambda: Run.objects.filter(pk=run.pk, state=RunState.DONE).exists(), seconds=60)
    real_worker.wait_for(lambda: Document.objects.filter(embeddings__isnull=False).count() >= BACKLOG, seconds=60)
    order = [
        line.split("Task ", 1)[1].split("[", 1)[0]
        for line in real_worker.output().splitlines()
        if "Task " in line and "received" in line
    ]
    first_vector = order.index("search.tasks.embed_document")
    assert order.index("valuation.tasks.perform_run") < order.index("matching.tasks.match_listing") < first_vector
    assert order[first_vector:].count("search.tasks.embed_document") >= BACKLOG


def test_the_workers_of_the_demo_and_of_the_procfile_serve_every_queue() -> None:
    queues = {queue.name for queue in settings.CELERY_TASK_QUEUES}
    demo = ["--queues=" in option and option.split("=")[1] for command in WORKERS.values() for option in command]
    lines = (settings.BASE_DIR / "Procfile").read_text().split()
    procfile = [word.split("=")[1] for word in lines if word.startswith("--queues=")]
    for served in ([names for names in demo if names], procfile):
        assert sorted(",".join(served).split(",")) == sorted(queues)
    assert {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {"default"} == queues
