from django.db import migrations

COLUMNS = (
    "appraisal_id, number, issued_on, valued_on, valid_until, basis, value, currency, file, sha256, appraiser_name, "
    "appraiser_licence"
)


def trigger(columns: str) -> str:
    names = columns.split(", ")
    old, new = (", ".join(f'{row}."{name}"' for name in names) for row in ("OLD", "NEW"))
    return f"""
DROP TRIGGER valuation_certificate_append_only ON valuation_certificate;
CREATE TRIGGER valuation_certificate_append_only BEFORE UPDATE ON valuation_certificate
    FOR EACH ROW WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION valuation_refuse_rewrite();
"""


class Migration(migrations.Migration):
    dependencies = [("valuation", "0009_certificate_scope")]
    operations = [migrations.RunSQL(trigger(f"{COLUMNS}, purpose, right, term_years"), trigger(COLUMNS))]
