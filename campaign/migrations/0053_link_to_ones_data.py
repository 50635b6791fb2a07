"""A mail of a kind more: the new link of who reported, or signed for somebody."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

TO_REPORTERS = ("report_confirm", "report_kept", "report_removed")
KINDS = [
    ("confirm", "please confirm"),
    ("reminder", "please confirm, once more"),
    ("signed_already", "link to your page"),
    ("published", "your signature is published"),
    ("rejected", "your signature was not accepted"),
    ("question", "a question about your signature"),
    ("vouched", "an organisation vouches for you"),
    ("represent_confirm", "please confirm that you sign for somebody"),
    ("represented", "somebody signed for you: please confirm"),
    ("report_confirm", "please confirm your report"),
    ("report_kept", "the entry that you reported stays"),
    ("report_removed", "the entry that you reported is gone"),
    ("my_data", "link to your data"),
    ("alert", "an alert for those who moderate"),
]


class Migration(migrations.Migration):
    dependencies = (("campaign", "0052_notices_about_accounts"),)
    while_old_code_serves = (
        "The release before writes no mail of kind my_data; of any other, the first two CHECKs want what"
        " those of before wanted, and the third nothing. Mails are locked for a moment, since no row is"
        " looked at."
    )
    operations = (
        migrations.AlterField(
            "mail",
            "kind",
            models.CharField(choices=KINDS, max_length=20, verbose_name="kind"),
        ),
        migrations.RemoveConstraint("mail", "mail_to_a_reporter_has_a_report"),
        migrations.RemoveConstraint("mail", "mail_to_a_representative_has_one"),
        AddConstraintNotValid(
            "mail",
            models.CheckConstraint(
                condition=models.Q(kind="my_data")
                | models.Q(kind__in=TO_REPORTERS, report__isnull=False)
                | (~models.Q(kind__in=TO_REPORTERS) & models.Q(report__isnull=True)),
                name="mail_to_a_reporter_has_a_report",
            ),
        ),
        AddConstraintNotValid(
            "mail",
            models.CheckConstraint(
                condition=models.Q(kind="my_data")
                | models.Q(kind="represent_confirm", representation__isnull=False)
                | (~models.Q(kind="represent_confirm") & models.Q(representation__isnull=True)),
                name="mail_to_a_representative_has_one",
            ),
        ),
        AddConstraintNotValid(
            "mail",
            models.CheckConstraint(
                condition=~models.Q(kind="my_data")
                | models.Q(report__isnull=False, representation__isnull=True)
                | models.Q(report__isnull=True, representation__isnull=False),
                name="mail_about_data_is_to_one_of_them",
            ),
        ),
    )
