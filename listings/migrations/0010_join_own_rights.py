"""Imported rights were not joined to the organisation that owns them: those that bear its present name are, now."""

from django.db import migrations

FORWARD = """
UPDATE listings_rightowner o SET organisation_id = g.id
FROM listings_ipright r, listings_technology t, accounts_organisation g
WHERE r.id = o.right_id AND t.id = r.technology_id AND g.id = t.organisation_id AND o.organisation_id IS NULL
    AND lower(btrim(o.name)) IN (lower(g.name_vi), lower(nullif(g.name_en, '')));
"""


class Migration(migrations.Migration):
    dependencies = [("listings", "0009_withdrawn_version"), ("accounts", "0001_initial")]
    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
