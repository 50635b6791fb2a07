"""The database refuses a release by who alone has seen the batch; those released before were."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0025_four_eyes"),)
    operations = (
        migrations.RunSQL(
            sql="UPDATE campaign_importbatch SET alone = true WHERE released_by_id IS NOT NULL",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_by__isnull", True),
                    ("alone", True),
                    models.Q(
                        ("imported_by__isnull", False),
                        models.Q(("imported_by", models.F("released_by")), _negated=True),
                    ),
                    models.Q(
                        ("previewed_by__isnull", False),
                        models.Q(("previewed_by", models.F("released_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="batch_released_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("release_asked_at__isnull", True),
                    ("released_by__isnull", False),
                    _connector="OR",
                ),
                name="batch_release_says_who",
            ),
        ),
    )
