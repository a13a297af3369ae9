from decimal import Decimal

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deals", "0009_reminders_of_each_invoice")]
    operations = [
        migrations.RemoveConstraint(model_name="payment", name="deals_payment_positive"),
        migrations.AlterField(
            model_name="payment",
            name="amount",
            field=models.DecimalField(
                decimal_places=0,
                max_digits=18,
                validators=[django.core.validators.MinValueValidator(Decimal(0))],
                verbose_name="amount received (VND)",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gte", 0),
                    ("costs__gte", 0),
                    models.Q(("amount__gt", 0), ("withheld__gt", 0), _connector="OR"),
                ),
                name="deals_payment_settles_something",
            ),
        ),
    ]
