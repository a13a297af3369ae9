from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("deals", "0014_class_unknown_when_drawn_up")]

    operations = [
        migrations.AddField(
            "royaltyshare", "email", models.EmailField(blank=True, db_default="", max_length=254, verbose_name="e-mail")
        ),
    ]
