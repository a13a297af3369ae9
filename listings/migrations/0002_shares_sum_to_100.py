from django.db import migrations

FORWARD = """
CREATE FUNCTION listings_shares_sum_to_100() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint := COALESCE(NEW.right_id, OLD.right_id);
    total numeric;
BEGIN
    SELECT sum(share_pct) INTO total FROM listings_rightowner WHERE right_id = wanted;
    IF total IS NOT NULL AND total <> 100 THEN
        RAISE EXCEPTION 'owners of right % hold % percent', wanted, total USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER listings_rightowner_shares AFTER INSERT OR UPDATE OR DELETE ON listings_rightowner
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listings_shares_sum_to_100();
"""
BACKWARD = """
DROP TRIGGER listings_rightowner_shares ON listings_rightowner;
DROP FUNCTION listings_shares_sum_to_100();
"""


class Migration(migrations.Migration):
    dependencies = [("listings", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
