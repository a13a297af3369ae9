from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0003_origin")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS audit_event_origin_xid", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "event", models.Index(fields=["origin", "xid", "id"], name="audit_event_origin_xid")
        ),
        RemoveIndexConcurrently("event", "audit_event_xid"),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
