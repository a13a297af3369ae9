from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("valuation", "0012_suggestions_may_return")]
    operations = [
        migrations.AddField(
            model_name="certificate", name="end_told_on", field=models.DateField(blank=True, null=True)
        ),
    ]
