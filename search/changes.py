"""The log of changes in PostgreSQL, which whatever a node derives from it follows by snapshots (ADR 5)."""

from dataclasses import dataclass

from django.db import connection

from search.models import Document


@dataclass(frozen=True, slots=True)
class Position:
    """What derived data hold: every change visible in `snapshot` of that database, by the rules of a fingerprint."""

    snapshot: str
    database: str
    fingerprint: str

    def follows(self, earlier: "Position") -> bool:
        """Tell whether the other is an earlier position of the same database, not of a newer copy of it."""
        return self.database == earlier.database and self.xmax >= earlier.xmax

    @property
    def xmin(self) -> int:
        """The oldest transaction that may not be held: all before it are."""
        return int(self.snapshot.split(":")[0])

    @property
    def xmax(self) -> int:
        """The first transaction that had not begun."""
        return int(self.snapshot.split(":")[1])


#: The database of a connection, told from every other one and from the same one on another server.
DATABASE = (
    "current_database() || ':' || (SELECT oid FROM pg_database WHERE datname = current_database())"
    " || ':' || (SELECT system_identifier FROM pg_control_system())"
)


def kinds() -> list[str]:
    """Give every kind of document, by jumps through the index rather than a scan."""
    found: list[str] = []
    last = ""
    while True:
        kind = Document.objects.filter(kind__gt=last).order_by("kind").values_list("kind", flat=True).first()
        if kind is None:
            return found
        found.append(kind)
        last = kind


def present_position(fingerprint: str) -> Position:
    """Give the position of a reader that has seen all that is committed now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_current_snapshot()::text, {DATABASE}")
        snapshot, database = cursor.fetchone()
    return Position(snapshot, database, fingerprint)


def changed_ids(kind: str, since: Position, until: Position) -> list[int]:
    """Give the documents whose last change is visible in `until` and was not in `since`.

    A change that commits late, below numbers already seen, is among the running ones of `since` and so is found.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM search_document WHERE kind = %(kind)s"
            " AND changed_xid >= pg_snapshot_xmin(%(since)s::pg_snapshot)::text::bigint"
            " AND NOT pg_visible_in_snapshot(changed_xid::text::xid8, %(since)s::pg_snapshot)"
            " AND pg_visible_in_snapshot(changed_xid::text::xid8, %(until)s::pg_snapshot) ORDER BY id",
            {"kind": kind, "since": since.snapshot, "until": until.snapshot},
        )
        return [row[0] for row in cursor.fetchall()]
