from django.db import migrations

APPEND_ONLY = ("reminder", "annualreport", "deduction", "payment")
FORWARD = "".join(
    f"CREATE TRIGGER deals_{table}_append_only BEFORE UPDATE OR DELETE ON deals_{table} "
    "FOR EACH ROW EXECUTE FUNCTION deals_refuse_change();\n"
    for table in APPEND_ONLY
) + """
CREATE FUNCTION deals_statement_keeps_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a royalty statement is never removed' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (OLD.contract_id, OLD.obligation_id, OLD.version, OLD.replaces_id, OLD.period_start, OLD.period_end, OLD.units,
        OLD.gross_sales, OLD.royalty_base, OLD.rate_pct, OLD.minimum_annual, OLD.earlier_in_year, OLD.base_amount,
        OLD.royalty, OLD.top_up, OLD.amount, OLD.computation, OLD.note, OLD.filed_on, OLD.filed_by_id, OLD.filed_at)
       IS DISTINCT FROM
       (NEW.contract_id, NEW.obligation_id, NEW.version, NEW.replaces_id, NEW.period_start, NEW.period_end, NEW.units,
        NEW.gross_sales, NEW.royalty_base, NEW.rate_pct, NEW.minimum_annual, NEW.earlier_in_year, NEW.base_amount,
        NEW.royalty, NEW.top_up, NEW.amount, NEW.computation, NEW.note, NEW.filed_on, NEW.filed_by_id, NEW.filed_at)
    THEN
        RAISE EXCEPTION 'what statement % declares is never changed: file a correction', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deals_statement_figures BEFORE UPDATE OR DELETE ON deals_royaltystatement
    FOR EACH ROW EXECUTE FUNCTION deals_statement_keeps_figures();

CREATE FUNCTION deals_royalty_shares_sum_to_100() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint := COALESCE(NEW.plan_id, OLD.plan_id);
    total numeric;
BEGIN
    SELECT sum(share_pct) INTO total FROM deals_royaltyshare WHERE plan_id = wanted;
    IF total IS NOT NULL AND total <> 100 THEN
        RAISE EXCEPTION 'inventors of plan % share % percent', wanted, total USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER deals_royaltyshare_sum AFTER INSERT OR UPDATE OR DELETE ON deals_royaltyshare
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION deals_royalty_shares_sum_to_100();
"""
BACKWARD = (
    "".join(f"DROP TRIGGER deals_{table}_append_only ON deals_{table};\n" for table in APPEND_ONLY)
    + """
DROP TRIGGER deals_statement_figures ON deals_royaltystatement;
DROP FUNCTION deals_statement_keeps_figures();
DROP TRIGGER deals_royaltyshare_sum ON deals_royaltyshare;
DROP FUNCTION deals_royalty_shares_sum_to_100();
"""
)


class Migration(migrations.Migration):
    dependencies = [("deals", "0003_tracking")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
