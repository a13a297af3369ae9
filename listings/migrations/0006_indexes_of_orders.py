from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Coalesce

# The orders in which the public lists can be asked for: of a million rows a page reads twenty.


def _index(name: str, first: models.OrderBy) -> models.Index:
    newest = (models.F("published_at").desc(), models.F("id").desc())
    return models.Index(first, *newest, condition=models.Q(state="published"), name=name)


TRL = _index("listings_technology_by_trl", models.F("trl").desc(nulls_last=True))
PRICE = _index("listings_technology_by_price", Coalesce("price_min", "price_max").asc(nulls_last=True))
BUDGET = _index("listings_demand_by_budget", Coalesce("budget_max", "budget_min").desc(nulls_last=True))
DEADLINE = _index("listings_demand_by_deadline", models.F("needed_by").asc(nulls_last=True))


def _make(model: str, index: models.Index) -> list[migrations.operations.base.Operation]:
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"  # one that was broken off is left invalid
    return [migrations.RunSQL(drop, migrations.RunSQL.noop), AddIndexConcurrently(model, index)]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("listings", "0005_vector_indexes")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        *_make("technology", TRL),
        *_make("technology", PRICE),
        *_make("demand", BUDGET),
        *_make("demand", DEADLINE),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
