"""A signer's refusal of an organisation outlives what it vouched by."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0063_pending_ones_go"),)
    operations = (
        migrations.AddField(
            model_name="vouching",
            name="refused_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    )
