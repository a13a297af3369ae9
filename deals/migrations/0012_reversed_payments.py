from django.db import migrations, models

#: What was recorded of a payment stays; its reversal is written once.
FORWARD = """
CREATE FUNCTION deals_payment_keeps_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'recorded'
       OR to_jsonb(OLD) - ARRAY['state', 'reversed_on', 'reversed_reason']
          IS DISTINCT FROM to_jsonb(NEW) - ARRAY['state', 'reversed_on', 'reversed_reason']
    THEN
        RAISE EXCEPTION 'rows of % are never changed (%)', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER deals_payment_append_only ON deals_payment;
CREATE TRIGGER deals_payment_record BEFORE UPDATE OR DELETE ON deals_payment
    FOR EACH ROW EXECUTE FUNCTION deals_payment_keeps_record();
"""
BACKWARD = """
DROP TRIGGER deals_payment_record ON deals_payment;
DROP FUNCTION deals_payment_keeps_record();
CREATE TRIGGER deals_payment_append_only BEFORE UPDATE OR DELETE ON deals_payment
    FOR EACH ROW EXECUTE FUNCTION deals_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0011_ended_before_effect")]
    operations = [
        migrations.RemoveConstraint(model_name="payment", name="deals_payment_one_per_reference"),
        migrations.RemoveConstraint(model_name="payout", name="deals_payout_paid_has_date"),
        migrations.AddField(
            model_name="payment",
            name="reversed_on",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="reversed_reason",
            field=models.TextField(blank=True, editable=False, max_length=2000),
        ),
        migrations.AddField(
            model_name="payment",
            name="state",
            field=models.CharField(
                choices=[("recorded", "Recorded"), ("reversed", "Reversed")],
                default="recorded",
                editable=False,
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="state",
            field=models.CharField(
                choices=[
                    ("issued", "Issued"),
                    ("paid", "Paid"),
                    ("forgiven", "Paid in part, the rest forgiven"),
                    ("cancelled", "Cancelled"),
                ],
                default="issued",
                editable=False,
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="payout",
            name="state",
            field=models.CharField(
                choices=[("due", "To be paid"), ("paid", "Paid"), ("void", "Void")],
                default="due",
                editable=False,
                max_length=5,
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "reversed"), _negated=True),
                fields=("invoice", "bank_reference"),
                name="deals_payment_one_standing_per_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid_on__isnull", True), ("state__in", ["due", "void"])),
                    models.Q(
                        ("paid_on__isnull", False),
                        ("state", "paid"),
                        models.Q(("bank_reference", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="deals_payout_only_paid_has_date",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
