"""The rows of before, looked at while everybody goes on writing."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("campaign", "0059_withdrawn_names"),)
    operations = (ValidateConstraint("signature", "signature_named_until_it_leaves"),)
