from django.db import migrations

# Tokens were made without an end. They get a year from now, as new ones do.
FORWARD = "UPDATE knox_authtoken SET expiry = now() + interval '365 days' WHERE expiry IS NULL"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_notification_tries"), ("knox", "0009_extend_authtoken_field")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
