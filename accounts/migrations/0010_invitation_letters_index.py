from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

INDEX = models.Index(
    fields=["email", "letter_at"],
    condition=models.Q(letter_at__isnull=False),
    name="accounts_invitation_letters",
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0009_invitation_letter")]

    operations = [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX.name}", migrations.RunSQL.noop),
        AddIndexConcurrently("invitation", INDEX),
    ]
