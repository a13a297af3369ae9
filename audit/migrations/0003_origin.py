import audit.models
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        # Rows that stand already get 0 without being written anew, so the append-only triggers have no say in it.
        migrations.AddField("event", "origin", models.BigIntegerField(default=0), preserve_default=False),
        migrations.AlterField("event", "origin", models.BigIntegerField(db_default=audit.models.CurrentCluster())),
        # No default: a process of the version before, which knows no origins, must not seal what it does not tell apart.
        migrations.AddField("seal", "origin", models.BigIntegerField(default=0), preserve_default=False),
        migrations.RemoveConstraint("seal", "audit_seal_one_per_start"),
        migrations.AddConstraint(
            "seal",
            models.UniqueConstraint(fields=["origin", "from_xid"], name="audit_seal_one_per_origin_and_start"),
        ),
    ]
