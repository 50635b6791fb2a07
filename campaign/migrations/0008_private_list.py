"""The index of what organisers' programs read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0007_api_keys"),)
    operations = (
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(("confirmed_at__isnull", False)),
                fields=["campaign", "updated_at", "public_id"],
                name="signature_private",
            ),
        ),
    )
