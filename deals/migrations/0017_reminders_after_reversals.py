from django.db import migrations, models

#: A reminder that was sent before counts for the reversals of payments that had been recorded by then.
FORWARD = """
ALTER TABLE deals_reminder DISABLE TRIGGER deals_reminder_append_only;
UPDATE deals_reminder r SET round = (
    SELECT COUNT(*) FROM deals_payment p
    WHERE p.invoice_id = r.invoice_id AND p.state = 'reversed'
      AND p.reversed_on <= (r.sent_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
)
WHERE r.invoice_id IS NOT NULL;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE deals_reminder ENABLE TRIGGER deals_reminder_append_only;
"""
#: One reminder for each invoice, as before.
BACKWARD = """
ALTER TABLE deals_reminder DISABLE TRIGGER deals_reminder_append_only;
DELETE FROM deals_reminder r USING deals_reminder o
WHERE r.round > 0 AND o.obligation_id = r.obligation_id AND o.kind = r.kind AND o.invoice_id = r.invoice_id
  AND o.round < r.round;
UPDATE deals_reminder SET round = 0 WHERE round > 0;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE deals_reminder ENABLE TRIGGER deals_reminder_append_only;
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0016_forgiven_rests")]
    operations = [
        migrations.RemoveConstraint(model_name="reminder", name="deals_reminder_once_each"),
        migrations.AddField(
            model_name="reminder", name="round", field=models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("obligation", "kind", "invoice", "round"),
                name="deals_reminder_once_a_round",
                nulls_distinct=False,
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
