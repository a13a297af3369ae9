"""Two imports at once, and one that is killed: real processes, real commits."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.db import connection

from accounts.models import Organisation
from audit.services import faults
from listings.models import Technology
from tests.factories.accounts import ExchangeFactory, person
from tests.listings.importer.records import GOOD, ROOT, run


def _spawn(path):
    address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    command = [sys.executable, "-W", "ignore", "manage.py", "import_listings", str(path), "--kind", "technology"]
    env = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "marketplace.settings.test"}
    return subprocess.Popen(
        [*command, "--exchange", "HN-IMPORT"], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


@pytest.fixture
def committed_exchange(transactional_db):
    exchange = ExchangeFactory(code="HN-IMPORT")
    person(role="operator", exchange=exchange, email="operator@import.example")
    return exchange


MANY = [{**GOOD, "id": f"T-{n}", "organisation": f"Viện {n % 30}"} for n in range(600)]


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_store_each_record_once(committed_exchange, put):
    path = put(MANY)
    imports = [_spawn(path), _spawn(path)]
    said = [one.communicate(timeout=180)[0].decode() for one in imports]
    assert [one.returncode for one in imports] == [0, 0], said
    assert Technology.objects.published().count() == 600
    assert Organisation.objects.count() == 30
    assert list(faults()) == []


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_killed_import_is_finished_by_the_next_run(committed_exchange, put):
    path = put(MANY)
    victim = _spawn(path)
    deadline = time.monotonic() + 120
    while not Technology.objects.exists():
        assert victim.poll() is None, victim.communicate()[0].decode()
        assert time.monotonic() < deadline
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    kept = Technology.objects.count()
    assert kept % 100 == 0
    assert Technology.objects.published().count() == kept
    run(path)
    assert Technology.objects.published().count() == 600
    assert Organisation.objects.count() == 30
    assert list(faults()) == []
