from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_notification_awaits_index")]

    operations = [
        migrations.AddField(
            "notification", "tried", models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)
        ),
        migrations.AddField("notification", "retry_at", models.DateTimeField(editable=False, null=True)),
    ]
