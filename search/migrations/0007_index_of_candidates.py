from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("search", "0006_document_characters")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS search_document_candidates", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "document",
            models.Index(
                fields=["kind", "object_id"],
                include=["id", "language", "characters"],
                condition=models.Q(public=True),
                name="search_document_candidates",
            ),
        ),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
