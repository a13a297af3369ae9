"""Write and verify the log."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.utils import timezone

from audit.models import Event, Seal

GENESIS = "0" * 64


def digest(prev_hash: str, content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the previous hash and the canonical JSON of `content` (sorted keys, no spaces, UTF-8)."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)
    return hashlib.sha256(f"{prev_hash}\n{canonical}".encode()).hexdigest()


def content_of(event: Event) -> dict[str, Any]:
    """Give what of an event is hashed."""
    return {
        "at": event.at.astimezone(UTC).isoformat(),
        "actor": event.actor_id,
        "tag": event.tag,
        "subject": [event.subject_type, event.subject_id, event.seq],
        "data": event.data,
    }


def record(*, tag: str, subject: models.Model, actor: Any, data: Mapping[str, Any] | None = None) -> Event:
    """Append an event about `subject` in the caller's transaction.

    `tag` is `noun.verb`; `actor` a user, or None for the system; `data` anything JSON can hold
    (Decimals and dates become text). Writers of one subject wait for each other here at the latest.
    """
    assert connection.in_atomic_block, "an audit row belongs to the transaction of the act"
    assert subject.pk is not None
    subject_type = subject._meta.label_lower
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [f"{subject_type}:{subject.pk}"])
    last = Event.objects.filter(subject_type=subject_type, subject_id=subject.pk).order_by("-seq").first()
    event = _follow(last, tag=tag, subject_type=subject_type, subject_id=subject.pk, actor=actor, data=data)
    event.save(force_insert=True)
    return event


def record_all(*, tag: str, subjects: Sequence[models.Model], actor: Any, data: Sequence[Mapping[str, Any]]) -> None:
    """Append one event about each of many subjects of one kind, as `record` does, in four statements.

    `data` goes with `subjects` one by one.
    """
    assert connection.in_atomic_block, "an audit row belongs to the transaction of the act"
    if not subjects:
        return
    subject_type = subjects[0]._meta.label_lower
    keys = [f"{subject_type}:{pk}" for pk in sorted(subject.pk for subject in subjects)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(key, 7)) FROM unnest(%s::text[]) AS key", [keys])
    before = (
        Event.objects.filter(subject_type=subject_type, subject_id__in=[subject.pk for subject in subjects])
        .order_by("subject_id", "-seq")
        .distinct("subject_id")
    )
    last = {event.subject_id: event for event in before}
    events = []
    for subject, details in zip(subjects, data, strict=True):
        previous = last.get(subject.pk)
        event = _follow(previous, tag=tag, subject_type=subject_type, subject_id=subject.pk, actor=actor, data=details)
        last[subject.pk] = event
        events.append(event)
    Event.objects.bulk_create(events)


def _follow(
    last: Event | None, *, tag: str, subject_type: str, subject_id: int, actor: Any, data: Mapping[str, Any] | None
) -> Event:
    """Make the event that follows `last` in the chain of its subject."""
    event = Event(
        at=timezone.now(),
        actor=actor if actor is not None and actor.pk else None,
        tag=tag,
        subject_type=subject_type,
        subject_id=subject_id,
        seq=last.seq + 1 if last else 1,
        data=json.loads(json.dumps(dict(data or {}), cls=DjangoJSONEncoder), parse_float=_as_stored),
        prev_hash=last.hash if last else GENESIS,
    )
    event.hash = digest(event.prev_hash, content_of(event))
    return event


def _as_stored(text: str) -> float | int:
    """Read a number of JSON as jsonb will give it back: without a negative zero, and from 1e16 on as an integer."""
    number = float(text)
    return int(Decimal(text)) if abs(number) >= 1e16 else number + 0.0


@transaction.atomic
def seal_events() -> Seal | None:
    """Seal every event of finished transactions that no seal covers yet, origin by origin; give the last seal or None.

    Transactions below the snapshot's xmin are all finished, so the covered set can never grow afterwards. Events of
    another server came with a dump, which holds finished transactions only.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(7001)")
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, (pg_control_system()).system_identifier"
        )
        horizon, here = cursor.fetchone()
    sealed = None
    for origin in _origins():
        sealed = _seal(origin, below=horizon if origin == here else None) or sealed
    return sealed


def _origins() -> list[int]:
    """Give the servers whose events are here: by one short look at the index for each, for the table is long."""
    found: list[int] = []
    while True:
        later = Event.objects.filter(origin__gt=found[-1]) if found else Event.objects.all()
        origin = later.order_by("origin").values_list("origin", flat=True).first()
        if origin is None:
            return found
        found.append(origin)


def _seal(origin: int, *, below: int | None) -> Seal | None:
    """Seal what is not sealed yet of an origin, up to the transaction `below` or all; None when there is nothing."""
    before = Seal.objects.filter(origin=origin).order_by("-from_xid").first()
    start = before.to_xid if before else 0
    events = Event.objects.filter(origin=origin, xid__gte=start).order_by("xid", "id")
    found = list((events if below is None else events.filter(xid__lt=below)).values_list("hash", "xid"))
    if not found:
        return None
    last = Seal.objects.order_by("-pk").first()
    seal = Seal(
        at=timezone.now(),
        origin=origin,
        from_xid=start,
        to_xid=found[-1][1] + 1 if below is None else below,
        count=len(found),
        prev_hash=last.hash if last else GENESIS,
    )
    seal.hash = digest(seal.prev_hash, _content_of_seal(seal, [hash_ for hash_, _xid in found]))
    seal.save(force_insert=True)
    return seal


def _content_of_seal(seal: Seal, hashes: list[str]) -> dict[str, Any]:
    """Give what of a seal is hashed; the first seals name no origin."""
    content = {"from": seal.from_xid, "to": seal.to_xid, "hashes": hashes}
    return content | {"origin": seal.origin} if seal.origin else content


def faults() -> Iterator[str]:
    """Recompute every chain and seal; give a sentence for each thing that does not agree."""
    previous: dict[tuple[str, int], Event] = {}
    for event in Event.objects.order_by("subject_type", "subject_id", "seq").iterator(chunk_size=2000):
        key = (event.subject_type, event.subject_id)
        before = previous.get(key)
        expected_prev = before.hash if before else GENESIS
        if event.seq != (before.seq + 1 if before else 1):
            yield f"event {event.pk}: {event} does not follow its predecessor"
        if event.prev_hash != expected_prev:
            yield f"event {event.pk}: {event} is not chained to its predecessor"
        if event.hash != digest(event.prev_hash, content_of(event)):
            yield f"event {event.pk}: {event} was altered"
        previous = {key: event}
    prev_hash = GENESIS
    starts: dict[int, int] = {}
    for seal in Seal.objects.order_by("pk"):
        events = Event.objects.filter(origin=seal.origin, xid__gte=seal.from_xid, xid__lt=seal.to_xid)
        hashes = list(events.order_by("xid", "id").values_list("hash", flat=True))
        if seal.prev_hash != prev_hash or seal.from_xid != starts.get(seal.origin, 0):
            yield f"seal {seal.pk} does not follow its predecessor"
        if len(hashes) != seal.count or seal.hash != digest(seal.prev_hash, _content_of_seal(seal, hashes)):
            yield f"seal {seal.pk} does not agree with the {len(hashes)} events that it covers ({seal.count} were sealed)"
        prev_hash, starts[seal.origin] = seal.hash, seal.to_xid
