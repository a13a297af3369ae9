from django.db import migrations

FORWARD = """
CREATE FUNCTION valuation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a suggested range is never changed (% on %)', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER valuation_suggestion_append_only BEFORE UPDATE OR DELETE ON valuation_suggestion
    FOR EACH ROW EXECUTE FUNCTION valuation_refuse_change();
"""
BACKWARD = """
DROP TRIGGER valuation_suggestion_append_only ON valuation_suggestion;
DROP FUNCTION valuation_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("valuation", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
