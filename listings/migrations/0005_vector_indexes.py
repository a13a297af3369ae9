from django.db import migrations

# The vectors of a kind that is large have an index for each language, so that a search reads those of its own kind
# alone. Search knows no kind by name and compares one by one the vectors of a kind without an index; so they are made
# here. `search.vectors.nearest` names kind and language as constants, which is how PostgreSQL sees that they fit.
# CONCURRENTLY: the exchange serves meanwhile. One that was broken off is left invalid, and made anew.


def _operations(kind: str, language: str) -> list[migrations.RunSQL]:
    name = f"search_embedding_hnsw_{kind}_{language}"
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    return [
        migrations.RunSQL(drop, migrations.RunSQL.noop),
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY {name} ON search_embedding USING hnsw (vector halfvec_cosine_ops)"
            f" WITH (m = 16, ef_construction = 64) WHERE kind = '{kind}' AND language = '{language}'",
            drop,
        ),
    ]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("listings", "0004_revenue_all_or_none"), ("search", "0004_vectorspace")]
    run_before = [("search", "0005_vectors_by_kind")]  # which drops the indexes that these replace

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),  # a million vectors take minutes
        *(
            operation
            for kind in ("technology", "demand")
            for language in ("vi", "en")
            for operation in _operations(kind, language)
        ),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
