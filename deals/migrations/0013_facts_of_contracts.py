from decimal import Decimal

from django.db import migrations, models

#: What the contracts state already, read off article 7 of their texts, which holds nothing typed. What they do not
#: say is taken from the listing and the organisations as they are now. Where a text within the country asks for
#: registration, state money was in the deal when it was drawn up: where nothing shows it any more it counts in full.
STATED = """
UPDATE deals_contract AS contract SET
    restricted = said.restricted,
    must_register = CASE WHEN said.restricted THEN listed.must_register ELSE said.must_register END,
    state_funding_pct = CASE
        WHEN said.must_register AND contract.flow = 'domestic' AND listed.funding = 0 AND NOT listed.capital THEN 100
        ELSE listed.funding END,
    state_capital = listed.capital
FROM (
    SELECT id,
        jsonb_path_exists(text, '$.articles[*] ? (@.no == 7).paragraphs[*][0] ? (@ starts with "Công nghệ thuộc danh mục hạn chế chuyển giao")')
            AS restricted,
        jsonb_path_exists(text, '$.articles[*] ? (@.no == 7).paragraphs[*][0] ? (@ starts with "Hợp đồng thuộc trường hợp phải đăng ký")')
            AS must_register
    FROM deals_contract
) AS said, (
    SELECT drawn.id,
        COALESCE(technology.state_funding_pct, 0) AS funding,
        licensor.has_state_capital OR licensee.has_state_capital AS capital,
        drawn.flow <> 'domestic' OR (
            (COALESCE(technology.state_funding_pct, 0) > 0 OR licensor.has_state_capital OR licensee.has_state_capital)
            AND technology.result_certificate_no = ''
        ) AS must_register
    FROM deals_contract AS drawn
    JOIN deals_deal AS deal ON deal.id = drawn.deal_id
    JOIN listings_technology AS technology ON technology.id = deal.technology_id
    JOIN accounts_organisation AS licensor ON licensor.id = deal.licensor_id
    JOIN accounts_organisation AS licensee ON licensee.id = deal.licensee_id
) AS listed
WHERE said.id = contract.id AND listed.id = contract.id;
"""

KEPT = (
    "deal_id", "offer_id", "version", "number", "flow", "text", "text_hash", "file", "sha256", "generated_at",
    "generated_by_id", "restricted", "must_register", "state_funding_pct", "state_capital",
)
FORWARD = f"""
CREATE FUNCTION deals_contract_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a contract is never removed' USING ERRCODE = 'restrict_violation';
    END IF;
    IF ({", ".join(f"OLD.{name}" for name in KEPT)})
       IS DISTINCT FROM
       ({", ".join(f"NEW.{name}" for name in KEPT)})
    THEN
        RAISE EXCEPTION 'what contract % states is never changed: draw up another version', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deals_contract_stands BEFORE UPDATE OR DELETE ON deals_contract
    FOR EACH ROW EXECUTE FUNCTION deals_contract_stands();
"""
BACKWARD = """
DROP TRIGGER deals_contract_stands ON deals_contract;
DROP FUNCTION deals_contract_stands();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_notification_awaits_index"),
        ("deals", "0012_reversed_payments"),
        ("listings", "0008_words_of_choices"),
    ]

    operations = [
        migrations.AddField("contract", "restricted", models.BooleanField(db_default=False)),
        migrations.AddField("contract", "must_register", models.BooleanField(db_default=False)),
        migrations.AddField(
            "contract",
            "state_funding_pct",
            models.DecimalField(db_default=Decimal("0"), decimal_places=4, max_digits=7),
        ),
        migrations.AddField("contract", "state_capital", models.BooleanField(db_default=False)),
        migrations.RunSQL(STATED, migrations.RunSQL.noop),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
