"""The rows of before, looked at while everybody goes on writing."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("campaign", "0053_link_to_ones_data"),)
    operations = (
        ValidateConstraint("mail", "mail_to_a_reporter_has_a_report"),
        ValidateConstraint("mail", "mail_to_a_representative_has_one"),
        ValidateConstraint("mail", "mail_about_data_is_to_one_of_them"),
    )
