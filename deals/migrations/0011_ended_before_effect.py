from django.db import migrations

#: A contract that ended before its day of effect never was in effect.
FORWARD = """
UPDATE deals_contract c SET effective_on = NULL
FROM deals_deal d
WHERE d.id = c.deal_id AND d.state = 'terminated'
  AND c.effective_on > (d.state_since AT TIME ZONE 'Asia/Ho_Chi_Minh')::date;
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0010_payment_of_tax_alone")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
