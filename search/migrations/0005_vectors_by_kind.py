from django.db import migrations


class Migration(migrations.Migration):
    """The indexes of the vectors are by kind and language now; the room that knows a kind makes them."""

    dependencies = [("search", "0004_vectorspace")]

    operations = [
        migrations.RemoveIndex("embedding", "search_embedding_hnsw_vi"),
        migrations.RemoveIndex("embedding", "search_embedding_hnsw_en"),
    ]
