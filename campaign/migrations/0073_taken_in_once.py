"""A pending signature is taken in once; rows are looked at while everybody goes on writing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0072_taken_in"),)
    atomic = False
    while_old_code_serves = (
        "Nobody waits: the index is made concurrently. The release before writes nothing into the column, and"
        " answers the second press of who is in a file as it did."
    )
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[
                # One that a time-out broke off is there, and no good: the next run begins anew.
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS signature_taken_in_once",
                    migrations.RunSQL.noop,
                ),
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY signature_taken_in_once"
                    " ON campaign_signature (taken_in) WHERE NOT (taken_in = '')",
                    "DROP INDEX CONCURRENTLY IF EXISTS signature_taken_in_once",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    "signature",
                    models.UniqueConstraint(
                        condition=models.Q(("taken_in", ""), _negated=True),
                        fields=("taken_in",),
                        name="signature_taken_in_once",
                    ),
                )
            ],
        ),
    )
