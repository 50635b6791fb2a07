"""The index of the corrections."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0010_lighter_signing"),)
    operations = (
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(("published_at__isnull", False), ("status", "rejected")),
                fields=["campaign"],
                name="signature_removed",
            ),
        ),
    )
