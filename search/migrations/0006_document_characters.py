from django.db import migrations, models
from django.db.models.functions import Length


class Migration(migrations.Migration):
    """The length of each text as a column: PostgreSQL writes the table anew, a minute or two for a million texts."""

    dependencies = [("search", "0005_vectors_by_kind")]

    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.AddField(
            "document",
            "characters",
            models.GeneratedField(
                expression=Length("title") + Length("body"), output_field=models.IntegerField(), db_persist=True
            ),
        ),
    ]
