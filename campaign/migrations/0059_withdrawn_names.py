"""Who withdraws has no name in the row any more, but keyed numbers of it beside."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0058_welcome"),)
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
