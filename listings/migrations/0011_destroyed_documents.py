from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("listings", "0010_join_own_rights")]
    operations = [
        migrations.AddField("document", "destroyed_at", models.DateTimeField(null=True, blank=True)),
        migrations.AddConstraint(
            "document",
            models.CheckConstraint(
                condition=models.Q(destroyed_at__isnull=True) | models.Q(removed_at__isnull=False),
                name="listings_document_destroyed_was_removed",
            ),
        ),
    ]
