from django.db import migrations, models
from django.db.models import F


def letters_were_told(apps, schema_editor):
    """Which of those told had a letter of their own was not noted: take all, so that nobody is written to too soon."""
    apps.get_model("accounts", "Invitation").objects.filter(mailed_at__isnull=False).update(letter_at=F("mailed_at"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_one_verified_per_tax_code")]

    operations = [
        migrations.AddField("invitation", "letter_at", models.DateTimeField(editable=False, null=True)),
        migrations.RunPython(letters_were_told, migrations.RunPython.noop),
    ]
