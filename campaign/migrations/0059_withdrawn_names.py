"""Who withdraws has no name in the row any more, but keyed numbers of it beside."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0058_welcome"),)
    while_old_code_serves = (
        "The CHECK wants less than the one that it replaces, which the release before keeps. Signatures are"
        " locked for a moment, since no row is looked at. What the new table refers to has withdrawn, and the"
        " release before deletes pending ones alone. It does not know the numbers of a name: nobody imports"
        " meanwhile, and those that an erasure by it leaves are deleted (docs/operations.md, Deploys)."
    )
    operations = (
        migrations.CreateModel(
            name="WithdrawnName",
            fields=[
                (
                    "signature",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="withdrawn_name",
                        serialize=False,
                        to="campaign.signature",
                    ),
                ),
                ("spelling", models.JSONField()),
            ],
        ),
        migrations.RemoveConstraint(model_name="signature", name="signature_has_a_name"),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ("withdrawn", "erased")),
                    models.Q(("name__gt", ""), ("name_fold__gt", "")),
                    _connector="OR",
                ),
                name="signature_named_until_it_leaves",
            ),
        ),
    )
