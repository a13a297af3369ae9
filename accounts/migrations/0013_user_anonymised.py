from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_invitation_addresses_index")]

    operations = [
        migrations.AddField("user", "anonymised_at", models.DateTimeField(editable=False, null=True)),
    ]
