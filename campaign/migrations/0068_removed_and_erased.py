"""Whom a rule removed goes on saying so when the clock erases them, long after the close."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0067_names_with_points"),)
    while_old_code_serves = (
        "The CHECK wants less than the one that it replaces, which the release before keeps. Signatures are"
        " locked for a moment, since no row is looked at. Whom the release before erases meanwhile counts in"
        " the corrections with the words of the reason, not with those of the rule."
    )
    operations = (
        migrations.RemoveConstraint("signature", "signature_removed_by_rule_is_rejected"),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("removal__isnull", True),
                    ("status", "rejected"),
                    ("counted_as", "rejected"),
                    _connector="OR",
                ),
                name="signature_removed_by_rule_counts_as_rejected",
            ),
        ),
    )
