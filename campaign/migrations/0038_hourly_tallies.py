"""When each change of a count came to be, and the changes of each hour."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models

# What was counted before there were hours stands in one that nobody takes for one.
BEFORE = """
INSERT INTO campaign_hourtally (campaign_id, hour, state, waited, n)
SELECT campaign_id, '1970-01-01T00:00:00Z', state, -1, n FROM campaign_tally WHERE dimension = 'all'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("campaign", "0037_audit_trail"),
    ]

    operations = [
        migrations.AddField(
            model_name="tallychange",
            name="at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                default=django.utils.timezone.now,
            ),
        ),
        migrations.AddField(
            model_name="tallychange",
            name="waited",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="HourTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("state", models.CharField(max_length=10)),
                ("waited", models.SmallIntegerField(default=-1)),
                ("n", models.BigIntegerField()),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="campaign.campaign",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "hour", "state", "waited"), name="hour_tally_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
    ]
