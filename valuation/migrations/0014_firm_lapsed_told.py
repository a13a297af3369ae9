from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("valuation", "0013_certificate_end_told")]
    operations = [
        migrations.AddField(
            model_name="appraisal",
            name="firm_lapsed_told_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
