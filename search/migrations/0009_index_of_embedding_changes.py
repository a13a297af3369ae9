from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("search", "0008_embedding_changes")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS search_embedding_changes", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "embedding",
            models.Index(
                fields=["kind", "space", "changed_xid"], include=["object_id"], name="search_embedding_changes"
            ),
        ),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
