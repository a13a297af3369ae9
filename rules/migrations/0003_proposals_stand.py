from django.db import migrations

FORWARD = """
CREATE FUNCTION rules_proposal_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
       OR (NEW.code, NEW.value, NEW.text, NEW.valid_from, NEW.valid_to, NEW.review_by, NEW.source, NEW.certainty, NEW.note,
           NEW.proposed_by_id, NEW.proposed_at)
          IS DISTINCT FROM
          (OLD.code, OLD.value, OLD.text, OLD.valid_from, OLD.valid_to, OLD.review_by, OLD.source, OLD.certainty, OLD.note,
           OLD.proposed_by_id, OLD.proposed_at)
       OR OLD.state <> 'proposed' THEN
        RAISE EXCEPTION 'what was proposed or decided about a rule is never changed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rules_ruleproposal_stands BEFORE UPDATE OR DELETE ON rules_ruleproposal
    FOR EACH ROW EXECUTE FUNCTION rules_proposal_stands();

CREATE FUNCTION rules_approved_row_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM rules_ruleproposal WHERE rule_id = OLD.id) AND (
        TG_OP = 'DELETE'
        OR (NEW.code, NEW.value, NEW.text, NEW.unit, NEW.valid_from, NEW.review_by, NEW.source, NEW.certainty, NEW.note)
           IS DISTINCT FROM
           (OLD.code, OLD.value, OLD.text, OLD.unit, OLD.valid_from, OLD.review_by, OLD.source, OLD.certainty, OLD.note)
        OR (OLD.valid_to IS NOT NULL AND (NEW.valid_to IS NULL OR NEW.valid_to > OLD.valid_to))) THEN
        RAISE EXCEPTION 'an approved rule is never changed, only followed by another' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rules_rule_approved_row_stands BEFORE UPDATE OR DELETE ON rules_rule
    FOR EACH ROW EXECUTE FUNCTION rules_approved_row_stands();
"""
BACKWARD = """
DROP TRIGGER rules_rule_approved_row_stands ON rules_rule;
DROP FUNCTION rules_approved_row_stands();
DROP TRIGGER rules_ruleproposal_stands ON rules_ruleproposal;
DROP FUNCTION rules_proposal_stands();
"""


class Migration(migrations.Migration):
    dependencies = [("rules", "0002_proposals")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
