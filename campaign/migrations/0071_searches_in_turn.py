"""A search for protected names says how far its last look is, and when it was last tried."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0070_bounces_by_address"),)
    operations = (
        migrations.AddField(
            "namesearch", "again_after", models.BigIntegerField(db_default=0, default=0)
        ),
        migrations.AddField("namesearch", "tried_at", models.DateTimeField(blank=True, null=True)),
    )
