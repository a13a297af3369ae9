from django.db import migrations, models

# What has vectors before this table exists: the fullest space goes on serving.
ENTER = """
INSERT INTO search_vectorspace (space, serving, started_at)
SELECT space, row_number() OVER (ORDER BY count(*) DESC, space) = 1, now() FROM search_embedding GROUP BY space
"""


class Migration(migrations.Migration):
    dependencies = [("search", "0003_vocabulary")]

    operations = [
        migrations.CreateModel(
            "VectorSpace",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("space", models.CharField(max_length=80, unique=True)),
                ("serving", models.BooleanField(default=False)),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                ("left_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("serving", True)), fields=("serving",), name="search_space_one_serves"
                    )
                ]
            },
        ),
        migrations.RunSQL(ENTER, migrations.RunSQL.noop),
    ]
