from django.db import migrations, models

#: Which contracts were drawn up before the exchange had classified their technology: nothing in their text says that it
#: is restricted, and the exchange had approved the listing at no time before.
LEFT_OPEN = """
ALTER TABLE deals_contract DISABLE TRIGGER deals_contract_stands;
UPDATE deals_contract AS contract SET restricted = NULL
FROM deals_deal AS deal
WHERE deal.id = contract.deal_id AND contract.restricted = FALSE AND contract.superseded_at IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM listings_review AS review
        WHERE review.technology_id = deal.technology_id AND review.stage = 'operator' AND review.decision = 'approve'
            AND review.decided_at <= contract.generated_at
    );
ALTER TABLE deals_contract ENABLE TRIGGER deals_contract_stands;
"""
CLOSED = """
ALTER TABLE deals_contract DISABLE TRIGGER deals_contract_stands;
UPDATE deals_contract SET restricted = FALSE WHERE restricted IS NULL;
ALTER TABLE deals_contract ENABLE TRIGGER deals_contract_stands;
"""


class Migration(migrations.Migration):

    dependencies = [("deals", "0013_facts_of_contracts"), ("listings", "0008_words_of_choices")]

    operations = [
        migrations.AlterField("contract", "restricted", models.BooleanField(null=True)),
        migrations.RunSQL(LEFT_OPEN, CLOSED),
    ]
