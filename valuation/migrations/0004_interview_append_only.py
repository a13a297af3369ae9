from django.db import migrations

FORWARD = """
CREATE TRIGGER valuation_interviewrevision_append_only BEFORE UPDATE OR DELETE ON valuation_interviewrevision
    FOR EACH ROW EXECUTE FUNCTION valuation_refuse_change();
"""
BACKWARD = "DROP TRIGGER valuation_interviewrevision_append_only ON valuation_interviewrevision;"


class Migration(migrations.Migration):
    dependencies = [("valuation", "0003_interview")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
