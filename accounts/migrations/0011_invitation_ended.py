from django.db import migrations, models
from django.db.models import F


def ended_at_the_latest(apps, schema_editor):
    """When an invitation was answered is in the log alone: take the day on which it would have ended by itself."""
    ended = apps.get_model("accounts", "Invitation").objects.exclude(state="pending")
    ended.update(ended_at=F("expires_at"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_invitation_letters_index")]

    operations = [
        migrations.AddField("invitation", "ended_at", models.DateTimeField(editable=False, null=True)),
        migrations.AlterField("invitation", "email", models.EmailField(blank=True, max_length=254)),
        migrations.RunPython(ended_at_the_latest, migrations.RunPython.noop),
    ]
