from django.db import migrations

TABLES = ("dealobservation", "dealscore", "release", "dealgroup", "dealgroupmember", "scoregroup", "scoregroupmember")
FORWARD = """
CREATE FUNCTION valuation_published_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was observed or published of closed deals is never changed (% on %)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
""" + "".join(
    f"""
CREATE TRIGGER valuation_{table}_append_only BEFORE UPDATE OR DELETE ON valuation_{table}
    FOR EACH ROW EXECUTE FUNCTION valuation_published_stands();"""
    for table in TABLES
)
BACKWARD = (
    "".join(f"DROP TRIGGER valuation_{table}_append_only ON valuation_{table};\n" for table in TABLES)
    + "DROP FUNCTION valuation_published_stands();"
)


class Migration(migrations.Migration):
    dependencies = [("valuation", "0007_closed_deals")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
