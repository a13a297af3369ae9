"""A backup restored on a new server, as docs/operations.md says: the log goes on, and agrees."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from audit.models import Event, Seal
from audit.services import faults, record, seal_events
from marketplace.engines.postgres import BINARIES, THROWAWAY, Postgres
from tests.audit.test_services import sealed
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path, settings=THROWAWAY)
    ours = connection.settings_dict
    kept = {name: ours[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    try:
        server.start()
        yield server
    finally:
        connection.close()
        ours |= kept
        server.kill()


def go_over(server: Postgres, dump: Path) -> None:
    """Dump the database, restore it on the other server, and work there."""
    ours: dict[str, Any] = connection.settings_dict
    source = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**ours)
    subprocess.run([BINARIES / "pg_dump", "--no-owner", f"--file={dump}", source], check=True, timeout=120)
    restore = [BINARIES / "psql", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", dump, server.url]
    subprocess.run(restore, check=True, timeout=120, stdout=subprocess.DEVNULL)
    connection.close()
    password = server.password_file.read_text().strip()
    ours |= {"HOST": "127.0.0.1", "PORT": server.port, "USER": "nhipcau", "PASSWORD": password, "NAME": "nhipcau"}


def act(person: User, tag: str) -> Event:
    with transaction.atomic():
        return record(tag=tag, subject=person, actor=None)


def test_the_log_is_sealed_and_verified_on_the_server_where_a_backup_was_restored(
    new_server: Postgres, tmp_path: Path
) -> None:
    person = UserFactory()
    act(person, "user.one")
    old = sealed()
    unsealed = act(person, "user.two")
    go_over(new_server, tmp_path / "dump.sql")
    assert list(faults()) == []
    new = act(person, "user.three")
    new.refresh_from_db()
    assert new.xid < old.to_xid, "the counter of the new server is behind"
    assert seal_events() is not None
    assert list(faults()) == []
    assert [(seal.origin, seal.count) for seal in Seal.objects.order_by("pk")].count((old.origin, 1)) == 2
    assert Seal.objects.order_by("-pk").values_list("origin", flat=True)[0] in {new.origin, unsealed.origin}
    assert Seal.objects.filter(origin=new.origin, count=1).count() == 1
    act(person, "user.four")
    seal_events()
    assert sum(Seal.objects.values_list("count", flat=True)) == Event.objects.count() == 4
    assert list(faults()) == []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM audit_event WHERE seq = 4")
    assert len(list(faults())) == 1
