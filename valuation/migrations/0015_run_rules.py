from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("valuation", "0014_firm_lapsed_told")]
    operations = [
        migrations.AddField(
            model_name="run",
            name="rules_hash",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
