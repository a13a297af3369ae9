from django.db import migrations

FORWARD = """
CREATE FUNCTION valuation_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was drawn up is never changed (% on %)', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER valuation_report_append_only BEFORE UPDATE OR DELETE ON valuation_report
    FOR EACH ROW EXECUTE FUNCTION valuation_refuse_rewrite();
CREATE TRIGGER valuation_reportfile_append_only BEFORE UPDATE OR DELETE ON valuation_reportfile
    FOR EACH ROW EXECUTE FUNCTION valuation_refuse_rewrite();
CREATE TRIGGER valuation_certificate_kept BEFORE DELETE ON valuation_certificate
    FOR EACH ROW EXECUTE FUNCTION valuation_refuse_rewrite();
CREATE TRIGGER valuation_certificate_append_only BEFORE UPDATE ON valuation_certificate
    FOR EACH ROW WHEN (
        (OLD.appraisal_id, OLD.number, OLD.issued_on, OLD.valued_on, OLD.valid_until, OLD.basis, OLD.value, OLD.currency,
         OLD.file, OLD.sha256, OLD.appraiser_name, OLD.appraiser_licence)
        IS DISTINCT FROM
        (NEW.appraisal_id, NEW.number, NEW.issued_on, NEW.valued_on, NEW.valid_until, NEW.basis, NEW.value, NEW.currency,
         NEW.file, NEW.sha256, NEW.appraiser_name, NEW.appraiser_licence)
    ) EXECUTE FUNCTION valuation_refuse_rewrite();
"""
BACKWARD = """
DROP TRIGGER valuation_certificate_append_only ON valuation_certificate;
DROP TRIGGER valuation_certificate_kept ON valuation_certificate;
DROP TRIGGER valuation_reportfile_append_only ON valuation_reportfile;
DROP TRIGGER valuation_report_append_only ON valuation_report;
DROP FUNCTION valuation_refuse_rewrite();
"""


class Migration(migrations.Migration):
    dependencies = [("valuation", "0005_papers")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
