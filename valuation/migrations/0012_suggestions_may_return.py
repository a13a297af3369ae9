from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("valuation", "0011_defaults_in_the_database")]
    operations = [migrations.RemoveConstraint(model_name="suggestion", name="valuation_suggestion_once")]
