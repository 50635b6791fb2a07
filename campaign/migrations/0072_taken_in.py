"""Which pending signature a line of a file took in: its link goes on saying that it is confirmed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0071_searches_in_turn"),)
    operations = (
        migrations.AddField(
            "signature",
            "taken_in",
            models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
    )
