from django.db import migrations, models

#: Until now a rest that was forgiven counted as never asked for. A second top-up that was charged for that is taken
#: back where nobody invoiced it; where somebody did, the two sides settle it, and the first one stays as it was.
FORWARD = """
UPDATE deals_obligation o
SET state = 'waived', closed_on = now()::date, waived_reason = 'It had been charged and settled before.'
WHERE o.kind = 'top_up' AND o.state IN ('upcoming', 'due', 'overdue')
  AND NOT EXISTS (SELECT 1 FROM deals_invoice i WHERE i.obligation_id = o.id AND i.state <> 'cancelled')
  AND EXISTS (
      SELECT 1 FROM deals_obligation b JOIN deals_invoice i ON i.obligation_id = b.id
      WHERE b.contract_id = o.contract_id AND b.contract_year = o.contract_year AND b.kind = 'top_up'
        AND b.state = 'waived' AND i.state = 'forgiven'
  );

UPDATE deals_obligation o
SET state = 'forgiven', forgiven = i.amount - (
    SELECT COALESCE(SUM(p.amount + p.withheld), 0) FROM deals_payment p
    WHERE p.invoice_id = i.id AND p.state <> 'reversed'
)
FROM deals_invoice i
WHERE i.obligation_id = o.id AND i.state = 'forgiven' AND o.state = 'waived'
  AND NOT (o.kind = 'top_up' AND EXISTS (
      SELECT 1 FROM deals_obligation b
      WHERE b.contract_id = o.contract_id AND b.contract_year = o.contract_year AND b.kind = 'top_up'
        AND b.state <> 'waived'
  ));

WITH years AS (
    SELECT m.id, m.amount,
        COALESCE((
            SELECT SUM(p.amount + p.withheld) FROM deals_payment p
            JOIN deals_invoice i ON i.id = p.invoice_id JOIN deals_obligation o ON o.id = i.obligation_id
            WHERE p.state <> 'reversed' AND i.state IN ('paid', 'forgiven') AND o.kind IN ('royalty', 'top_up')
              AND o.contract_id = m.contract_id AND o.contract_year = m.contract_year
        ), 0) AS received,
        COALESCE((
            SELECT SUM(COALESCE(o.forgiven, o.amount)) FROM deals_obligation o
            WHERE o.contract_id = m.contract_id AND o.contract_year = m.contract_year
              AND o.kind IN ('royalty', 'top_up') AND (o.state = 'forgiven' OR (
                  o.kind = 'royalty' AND o.state = 'waived' AND EXISTS (
                      SELECT 1 FROM deals_invoice i JOIN deals_royaltystatement s ON s.id = i.statement_id
                      WHERE i.obligation_id = o.id AND s.state = 'accepted'
                  )
              ))
        ), 0) AS given_up
    FROM deals_obligation m
    WHERE m.kind = 'minimum' AND m.state IN ('upcoming', 'due', 'overdue')
)
UPDATE deals_obligation m
SET state = 'forgiven', forgiven = y.amount - y.received, closed_on = now()::date,
    waived_reason = 'A part of what was asked for the year was forgiven or waived.'
FROM years y
WHERE y.id = m.id AND y.received < y.amount AND y.received + y.given_up >= y.amount;
SET CONSTRAINTS ALL IMMEDIATE;
"""
BACKWARD = """
UPDATE deals_obligation SET state = 'waived', forgiven = NULL WHERE state = 'forgiven';
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0015_addresses_of_inventors")]
    operations = [
        migrations.AddField(
            model_name="obligation",
            name="forgiven",
            field=models.DecimalField(blank=True, decimal_places=0, editable=False, max_digits=18, null=True),
        ),
        migrations.AlterField(
            model_name="obligation",
            name="state",
            field=models.CharField(
                choices=[
                    ("upcoming", "Upcoming"),
                    ("due", "Due soon"),
                    ("overdue", "Overdue"),
                    ("met", "Met"),
                    ("forgiven", "Rest forgiven"),
                    ("waived", "Waived"),
                ],
                default="upcoming",
                editable=False,
                max_length=10,
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("forgiven__gt", 0), ("state", "forgiven")),
                    models.Q(("forgiven__isnull", True), models.Q(("state", "forgiven"), _negated=True)),
                    _connector="OR",
                ),
                name="deals_obligation_forgiven_says_how_much",
            ),
        ),
    ]
