from django.db import migrations, models

# The nearest documents of one kind and language to a vector, in the order of the products with the stored (unit)
# vectors. A function, so that the search settings of HNSW hold for this statement alone and need no transaction of
# their own: the scan goes on until enough rows pass the filters. Planned anew each time: a small kind is compared
# one by one, a large one through HNSW.
NEAREST = """
DROP FUNCTION search_nearest(halfvec, text, text, text, int);
CREATE FUNCTION search_nearest(wanted halfvec, of_space text, of_language text, of_kind text, count int)
RETURNS TABLE (object_id bigint, distance float8)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET hnsw.ef_search = 400
SET hnsw.iterative_scan = relaxed_order
SET hnsw.max_scan_tuples = 60000
AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT e.object_id, (e.vector <=> $1)::float8 FROM search_embedding e'
        ' WHERE e.language = %L AND e.kind = %L AND e.space = $2 ORDER BY e.vector <=> $1 LIMIT $3',
        of_language, of_kind)
    USING wanted, of_space, count;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]

    operations = [
        migrations.RunSQL("DELETE FROM search_embedding", migrations.RunSQL.noop),  # derived: made again by a worker
        migrations.AddField("embedding", "kind", models.CharField(max_length=32, default=""), preserve_default=False),
        migrations.AddField("embedding", "object_id", models.BigIntegerField(default=0), preserve_default=False),
        migrations.AddIndex(
            "embedding", models.Index(fields=["kind", "language"], name="search_embedding_kind")
        ),
        migrations.RunSQL(NEAREST, migrations.RunSQL.noop),
    ]
