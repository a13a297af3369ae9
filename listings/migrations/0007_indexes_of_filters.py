from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# Which listings have a field, or a kind of right, is read from an index alone. The tables of the fields are Django's
# own, without a model that could name their indexes.


def _by_field(kind: str) -> list[migrations.RunSQL]:
    name = f"listings_{kind}_fields_by_field"
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    return [
        migrations.RunSQL(drop, migrations.RunSQL.noop),  # one that was broken off is left invalid
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY {name} ON listings_{kind}_fields (field_id, {kind}_id)", drop
        ),
    ]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("listings", "0006_indexes_of_orders")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        *_by_field("technology"),
        *_by_field("demand"),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS listings_ipright_by_kind", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "ipright", models.Index(fields=["kind", "technology"], name="listings_ipright_by_kind")
        ),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
