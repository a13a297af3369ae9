from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

INDEX = models.Index(fields=["ended_at"], condition=~models.Q(email=""), name="accounts_invitation_addresses")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0011_invitation_ended")]

    operations = [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX.name}", migrations.RunSQL.noop),
        AddIndexConcurrently("invitation", INDEX),
    ]
