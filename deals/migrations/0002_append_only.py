from django.db import migrations

TABLES = ("terms", "milestone", "message", "ndaacceptance", "contractacceptance")
FORWARD = """
CREATE FUNCTION deals_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed (%)', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
""" + "".join(
    f"CREATE TRIGGER deals_{table}_append_only BEFORE UPDATE OR DELETE ON deals_{table} "
    "FOR EACH ROW EXECUTE FUNCTION deals_refuse_change();\n"
    for table in TABLES
)
BACKWARD = (
    "".join(f"DROP TRIGGER deals_{table}_append_only ON deals_{table};\n" for table in TABLES)
    + "DROP FUNCTION deals_refuse_change();"
)


class Migration(migrations.Migration):
    dependencies = [("deals", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
