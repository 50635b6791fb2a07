"""The private list shares the index of the feed, and has one for the rest alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0012_filters_of_the_list"),)
    operations = (
        migrations.RemoveIndex(model_name="signature", name="signature_private"),
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(("confirmed_at__isnull", False), ("listed_at__isnull", True)),
                fields=["campaign", "updated_at", "public_id"],
                name="signature_never_listed",
            ),
        ),
    )
