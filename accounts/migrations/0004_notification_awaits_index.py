from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

INDEX = models.Index(
    fields=["awaits"],
    condition=models.Q(read_at__isnull=True) & ~models.Q(awaits=""),
    name="accounts_notification_awaits",
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0003_notification_awaits")]

    operations = [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX.name}", migrations.RunSQL.noop),
        AddIndexConcurrently("notification", INDEX),
    ]
