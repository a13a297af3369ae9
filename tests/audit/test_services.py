"""The log: chained, append-only, sealed."""

import threading
import time

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import User
from audit.models import Event, Seal
from audit.services import GENESIS, digest, faults, record, seal_events

pytestmark = pytest.mark.django_db


def sealed() -> Seal:
    """Seal as soon as nothing on the server is older: another test process may hold a transaction open."""
    give_up = time.monotonic() + 120
    while True:
        seal = seal_events()
        if seal is not None:
            return seal
        assert time.monotonic() < give_up, "a transaction stayed open for two minutes"
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")


@pytest.fixture
def person() -> User:
    return User.objects.create_user("an@example.org", "long-password", full_name="Nguyễn An")


def test_record_chains_the_events_of_one_subject(person: User) -> None:
    first = record(tag="user.one", subject=person, actor=person)
    second = record(tag="user.two", subject=person, actor=None, data={"n": 2})
    assert (first.seq, first.prev_hash) == (1, GENESIS)
    assert (second.seq, second.prev_hash) == (2, first.hash)
    assert second.actor is None
    assert list(faults()) == []


def test_record_keeps_chains_of_subjects_apart(person: User) -> None:
    other = User.objects.create_user("binh@example.org", "long-password", full_name="Bình")
    record(tag="user.one", subject=person, actor=None)
    assert record(tag="user.one", subject=other, actor=None).seq == 1


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET tag = 'x'", "DELETE FROM audit_event"])
def test_events_cannot_be_changed_or_removed(person: User, statement: str) -> None:
    record(tag="user.one", subject=person, actor=None)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Event.objects.count() == 1


def test_faults_names_an_altered_event(person: User) -> None:
    event = record(tag="user.one", subject=person, actor=None, data={"amount": 1})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("""UPDATE audit_event SET data = '{"amount": 2}' WHERE id = %s""", [event.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert list(faults()) == [f"event {event.pk}: {event} was altered"]


@pytest.mark.django_db(transaction=True)
def test_seal_covers_finished_events_once_and_shows_a_removed_tail(person: User) -> None:
    with transaction.atomic():
        record(tag="user.one", subject=person, actor=None)
        record(tag="user.two", subject=person, actor=None)
    seal = sealed()
    assert seal.count == 2
    assert seal_events() is None
    assert list(faults()) == []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM audit_event WHERE seq = 2")
    assert list(faults()) == [f"seal {seal.pk} does not agree with the 1 events that it covers (2 were sealed)"]


@pytest.mark.django_db(transaction=True)
def test_seal_waits_for_a_transaction_that_is_still_open(person: User) -> None:
    opened, go_on = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            record(tag="user.slow", subject=person, actor=None)
            opened.set()
            go_on.wait(10)
        connection.close()

    other = User.objects.create_user("binh@example.org", "long-password", full_name="Bình")
    writer = threading.Thread(target=slow_writer)
    writer.start()
    assert opened.wait(10)
    with transaction.atomic():
        record(tag="user.quick", subject=other, actor=None)
    assert seal_events() is None  # the quick event is younger than the open transaction
    go_on.set()
    writer.join(10)
    seal = sealed()
    assert seal.count == 2
    assert Seal.objects.count() == 1
    assert list(faults()) == []


def test_an_event_written_in_another_time_zone_agrees(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    local = timezone.localtime(timezone.now())
    monkeypatch.setattr(timezone, "now", lambda: local)
    record(tag="user.one", subject=person, actor=None)
    assert list(faults()) == []


@pytest.mark.parametrize(
    "number", [-0.0, 0.0, 1e15, 1e16, 1.2345678901234567e17, -3.5e22, 1e300, 1e-7, 5e-324, 0.1, 2.0, 10**30, -7]
)
def test_numbers_agree_with_what_the_database_gives_back(person: User, number: float) -> None:
    record(tag="user.one", subject=person, actor=None, data={"n": number, "in": [{"list": number}]})
    assert list(faults()) == []
    assert float(Event.objects.get().data["n"]) == float(number)


@pytest.mark.django_db(transaction=True)
def test_seals_from_before_origins_were_noted_stay_valid_and_what_they_left_is_sealed(person: User) -> None:
    with transaction.atomic():
        record(tag="user.one", subject=person, actor=None)
    with transaction.atomic():
        record(tag="user.two", subject=person, actor=None)
    first, _second = Event.objects.order_by("pk")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE audit_event SET origin = 0")
    content = {"from": 0, "to": first.xid + 1, "hashes": [first.hash]}
    Seal.objects.create(
        at=timezone.now(), origin=0, from_xid=0, to_xid=first.xid + 1, count=1, prev_hash=GENESIS,
        hash=digest(GENESIS, content),
    )  # fmt: skip
    assert list(faults()) == []
    with transaction.atomic():
        record(tag="user.three", subject=person, actor=None)
    while Event.objects.count() > sum(Seal.objects.values_list("count", flat=True)):
        sealed()
    assert [(seal.origin == 0, seal.from_xid, seal.count) for seal in Seal.objects.order_by("pk")] == [
        (True, 0, 1),
        (True, first.xid + 1, 1),
        (False, 0, 1),
    ]
    assert list(faults()) == []


@pytest.mark.django_db(transaction=True)
def test_an_event_moved_to_another_origin_breaks_its_seal(person: User) -> None:
    with transaction.atomic():
        record(tag="user.one", subject=person, actor=None)
    seal = sealed()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE audit_event SET origin = 5")
    assert list(faults()) == [f"seal {seal.pk} does not agree with the 0 events that it covers (1 were sealed)"]
