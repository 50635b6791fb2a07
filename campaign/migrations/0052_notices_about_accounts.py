"""Staff is told by mail when an account changes: a notice is of an alert, or of an account."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = (
        ("campaign", "0003_mail_providers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )
    while_old_code_serves = (
        "What the release before writes is of an alert and a membership, and the database fills the rest as"
        " the CHECK wants it. Notices, which are of staff alone and kept for 90 days, are locked while they"
        " are looked at, and accounts against writing: milliseconds, for which the workers of mail wait and"
        " no signer. Those of accounts an old worker puts off (docs/operations.md, Deploys)."
    )
    operations = (
        migrations.AlterField(
            model_name="notice",
            name="alert",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="campaign.alert",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="membership",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="campaign.membership",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="act",
            field=models.CharField(
                blank=True,
                choices=[
                    ("password", "password changed"),
                    ("address", "mail address changed"),
                    ("factor", "second factor enrolled"),
                    ("factor_reset", "second factor reset"),
                    ("codes", "recovery codes renewed"),
                    ("code_used", "logged in by a recovery code"),
                    ("code_again", "used code tried again"),
                ],
                db_default="",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="address",
            field=models.CharField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="notice",
            name="at",
            field=models.DateTimeField(db_default=Now(), default=django.utils.timezone.now),
        ),
        AddConstraintNotValid(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("account__isnull", True),
                        ("act", ""),
                        ("address", ""),
                        ("alert__isnull", False),
                        ("membership__isnull", False),
                    ),
                    models.Q(
                        ("account__isnull", False),
                        ("act__gt", ""),
                        ("address__gt", ""),
                        ("alert__isnull", True),
                        ("membership__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="notice_of_an_alert_or_an_account",
            ),
        ),
        ValidateConstraint(model_name="notice", name="notice_of_an_alert_or_an_account"),
    )
