"""The index of the feed of changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0004_campaign_stamp"),)
    operations = (
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(("listed_at__isnull", False)),
                fields=["campaign", "updated_at", "public_id"],
                name="signature_changes",
            ),
        ),
    )
