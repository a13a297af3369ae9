import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    """The transaction that wrote each vector. Rows that stand take that of this migration, without being written:
    the default is one value for a statement, so PostgreSQL keeps it beside the table."""

    dependencies = [("search", "0007_index_of_candidates")]

    operations = [
        migrations.AddField(
            "embedding",
            "changed_xid",
            models.BigIntegerField(
                db_default=django.db.models.expressions.RawSQL("pg_current_xact_id()::text::bigint", []),
                editable=False,
            ),
        ),
    ]
