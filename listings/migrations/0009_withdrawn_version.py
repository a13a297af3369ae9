"""What was changed since its withdrawal is no longer what the exchange saw: the log says which those are."""

from django.db import migrations, models

FIELD = {"null": True, "blank": True, "editable": False}
CHANGES = ("edit", "add_document", "remove_document")


def _seen(kind: str) -> str:
    """Mark the withdrawn listings that nobody of their side changed since."""
    tags = ", ".join(f"'{kind}.{verb}'" for verb in CHANGES)
    events = f"FROM audit_event e WHERE e.subject_type = 'listings.{kind}' AND e.subject_id = l.id"  # noqa: S608
    last = f"SELECT max(e.seq) {events} AND e.tag = '{kind}.withdraw'"
    return (
        f"UPDATE listings_{kind} l SET withdrawn_version = content_version WHERE state = 'withdrawn' "  # noqa: S608
        f"AND NOT EXISTS (SELECT 1 {events} AND e.tag IN ({tags}) AND e.seq > ({last}))"
    )


class Migration(migrations.Migration):
    dependencies = [("listings", "0008_words_of_choices"), ("audit", "0004_index_by_origin")]
    operations = [
        *(migrations.AddField(kind, "withdrawn_version", models.PositiveIntegerField(**FIELD)) for kind in ("technology", "demand")),
        *(migrations.RunSQL(_seen(kind), migrations.RunSQL.noop) for kind in ("technology", "demand")),
    ]  # fmt: skip
