from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("matching", "0005_digest_tries")]
    operations = [
        migrations.AddField(
            model_name="savedsearch",
            name="flooded_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="digest", name="more", field=models.JSONField(db_default={}, default=dict)
        ),
    ]
