"""An index on a table that is written to meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("campaign", "next_1_columns"),)
    operations = (
        AddIndexConcurrently("signature", models.Index(fields=["next_flag"], name="next_index")),
    )
