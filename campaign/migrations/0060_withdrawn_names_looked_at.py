"""The rows of before, looked at while everybody goes on writing; those with a name still, by an index."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("campaign", "0059_withdrawn_names"),)
    operations = (
        ValidateConstraint("signature", "signature_named_until_it_leaves"),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                condition=models.Q(("status", "withdrawn"), models.Q(("name", ""), _negated=True)),
                fields=["id"],
                name="signature_withdrawn_named",
            ),
        ),
    )
