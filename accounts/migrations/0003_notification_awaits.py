from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_organisation_country")]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="awaits",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=80),
        ),
    ]
