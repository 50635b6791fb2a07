"""Reports about signatures, and the mails to who made them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import campaign.models.signature


class Migration(migrations.Migration):
    dependencies = (("campaign", "0016_logo"),)
    operations = (
        migrations.AlterField(
            model_name="mail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirm", "please confirm"),
                    ("reminder", "please confirm, once more"),
                    ("signed_already", "link to your page"),
                    ("published", "your signature is published"),
                    ("rejected", "your signature was not accepted"),
                    ("report_confirm", "please confirm your report"),
                    ("report_kept", "the entry that you reported stays"),
                    ("report_removed", "the entry that you reported is gone"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="signature",
            name="hold_reasons",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("review", "The campaign reviews every signature"),
                        ("protected_name", "Its name is like a protected name"),
                        ("second_name", "This address has signed with another name"),
                        ("imported", "Imported with consent on file, not released yet"),
                        ("rejected_before", "A signature of this address was rejected"),
                        ("renamed", "The signer changed what is shown"),
                        ("moderator", "A moderator holds it"),
                        ("reported", "Reported from an address that is on file for this name"),
                    ],
                    max_length=20,
                ),
                blank=True,
                default=list,
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=campaign.models.signature.new_public_id, max_length=16
                    ),
                ),
                ("email", models.CharField(max_length=254)),
                ("canonical_email", models.CharField(max_length=254)),
                ("language", models.CharField(max_length=10)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("not_signed", "This is me, but I did not sign."),
                            ("not_me", "This is somebody else who uses my name."),
                            ("other", "Something else is wrong with this entry."),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=1000)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("unconfirmed", "not confirmed"),
                            ("open", "open"),
                            ("closed", "closed"),
                        ],
                        default="unconfirmed",
                        max_length=12,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("kept", "the entry was kept"),
                            ("removed", "the entry left the list"),
                        ],
                        max_length=10,
                    ),
                ),
                ("on_file", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="campaign.campaign",
                    ),
                ),
                (
                    "signature",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="campaign.signature",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="mail",
            name="report",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mails",
                to="campaign.report",
            ),
        ),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(
                condition=models.Q(("report__isnull", False)), fields=["report"], name="mail_report"
            ),
        ),
        migrations.AddConstraint(
            model_name="mail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ("report_confirm", "report_kept", "report_removed")),
                        ("report__isnull", False),
                    ),
                    models.Q(
                        models.Q(
                            ("kind__in", ("report_confirm", "report_kept", "report_removed")),
                            _negated=True,
                        ),
                        ("report__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="mail_to_a_reporter_has_a_report",
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["confirmed_at", "signature"],
                name="report_open",
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["campaign", "canonical_email"], name="report_address"),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(fields=("public_id",), name="report_public_id"),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "unconfirmed"), ("confirmed_at__isnull", False), _connector="OR"
                ),
                name="report_open_is_confirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", False), ("outcome__gt", ""), ("status", "closed")
                    ),
                    models.Q(
                        models.Q(("status", "closed"), _negated=True),
                        ("closed_at__isnull", True),
                        ("outcome", ""),
                    ),
                    _connector="OR",
                ),
                name="report_closed_has_an_outcome",
            ),
        ),
    )
