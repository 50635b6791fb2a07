"""The corrections find whom the clock erased; rows are looked at while everybody goes on writing."""

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0068_removed_and_erased"),)
    atomic = False
    while_old_code_serves = (
        "Nobody waits: the index is made and dropped concurrently. The corrections of the release before ask"
        " for some of what the new index holds, and are read by it when the old one has gone."
    )
    operations = (
        # One that a time-out broke off is there, and no good: the next run begins anew.
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS signature_corrected", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                condition=models.Q(
                    models.Q(("status", "rejected"), ("counted_as", "rejected"), _connector="OR"),
                    ("published_at__isnull", False),
                ),
                fields=["campaign"],
                name="signature_corrected",
            ),
        ),
        ValidateConstraint("signature", "signature_removed_by_rule_counts_as_rejected"),
        RemoveIndexConcurrently("signature", "signature_removed"),
    )
