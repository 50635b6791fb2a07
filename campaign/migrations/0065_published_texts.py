"""In which languages a version of the statement was public: what is read of it when a newer one is there."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0064_refused_by_the_signer"),)
    operations = (
        migrations.AddField(
            "statementversion",
            "published",
            django.contrib.postgres.fields.ArrayField(
                models.CharField(max_length=10), blank=True, db_default=[], default=list, size=None
            ),
        ),
    )
