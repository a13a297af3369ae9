import django.db.models.deletion
from django.db import migrations, models

#: Reminders sent before count for the invoice that stood then, or for the want of one.
FORWARD = """
INSERT INTO deals_reminder (obligation_id, kind, invoice_id, sent_at)
SELECT r.obligation_id, 'overdue', i.id, r.sent_at
FROM deals_reminder r JOIN deals_invoice i ON i.obligation_id = r.obligation_id
WHERE r.kind = 'overdue' AND r.invoice_id IS NULL AND i.state <> 'cancelled' AND i.issued_at <= r.sent_at;

INSERT INTO deals_reminder (obligation_id, kind, invoice_id, sent_at)
SELECT r.obligation_id, 'unbilled', NULL, r.sent_at
FROM deals_reminder r JOIN deals_obligation o ON o.id = r.obligation_id
WHERE r.kind = 'overdue' AND r.invoice_id IS NULL
  AND o.kind IN ('lump_sum', 'instalment', 'milestone', 'royalty', 'top_up')
  AND NOT EXISTS (
      SELECT 1 FROM deals_invoice i WHERE i.obligation_id = r.obligation_id AND i.issued_at <= r.sent_at
  );
SET CONSTRAINTS ALL IMMEDIATE;
"""
#: One reminder that something is overdue for each obligation, as before; the rows are append-only otherwise.
BACKWARD = """
ALTER TABLE deals_reminder DISABLE TRIGGER deals_reminder_append_only;
DELETE FROM deals_reminder r USING deals_reminder o
WHERE r.kind IN ('overdue', 'unbilled') AND o.kind IN ('overdue', 'unbilled')
  AND o.obligation_id = r.obligation_id AND o.id < r.id;
UPDATE deals_reminder SET kind = 'overdue', invoice_id = NULL WHERE kind = 'unbilled' OR invoice_id IS NOT NULL;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE deals_reminder ENABLE TRIGGER deals_reminder_append_only;
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0008_co_owner_consent")]
    operations = [
        migrations.RemoveConstraint(model_name="reminder", name="deals_reminder_once"),
        migrations.AddField(
            model_name="reminder",
            name="invoice",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reminders",
                to="deals.invoice",
            ),
        ),
        migrations.AlterField(
            model_name="reminder",
            name="kind",
            field=models.CharField(
                choices=[
                    ("first", "First reminder"),
                    ("second", "Second reminder"),
                    ("unbilled", "Past its day without an invoice"),
                    ("overdue", "Overdue"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("obligation", "kind", "invoice"), name="deals_reminder_once_each", nulls_distinct=False
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
