"""What events, members and pulses may be is the database's to say; a record can't be emptied either."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0046_what_closing_leaves"),)
    operations = (
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "actor__in",
                        (
                            "signer",
                            "reporter",
                            "moderator",
                            "organiser",
                            "api_key",
                            "voucher",
                            "rule",
                            "clock",
                        ),
                    )
                ),
                name="event_actor_is_known",
            ),
        ),
        # It opened nothing: without an organisation there is nobody to vouch as.
        migrations.RunSQL(
            "DELETE FROM campaign_membership WHERE role = 'organisation' AND voucher_id IS NULL",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint(
            model_name="membership", name="membership_vouches_as_an_organisation"
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("role", "organisation"), ("voucher__isnull", False)),
                    models.Q(
                        models.Q(("role", "organisation"), _negated=True),
                        ("voucher__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="membership_vouches_as_an_organisation",
            ),
        ),
        migrations.RemoveIndex(model_name="pulse", name="pulse_of_a_campaign"),
        migrations.AddConstraint(
            model_name="pulse",
            constraint=models.UniqueConstraint(
                fields=("campaign", "at"), name="pulse_once_a_minute"
            ),
        ),
        # A trigger for each row sees no TRUNCATE.
        migrations.RunSQL(
            sql="""
            CREATE TRIGGER event_is_not_emptied
                BEFORE TRUNCATE ON campaign_event
                FOR EACH STATEMENT EXECUTE FUNCTION campaign_refuse_change();
            CREATE TRIGGER audit_entry_is_not_emptied
                BEFORE TRUNCATE ON campaign_auditentry
                FOR EACH STATEMENT EXECUTE FUNCTION campaign_refuse_change();
            """,
            reverse_sql="""
            DROP TRIGGER audit_entry_is_not_emptied ON campaign_auditentry;
            DROP TRIGGER event_is_not_emptied ON campaign_event;
            """,
        ),
    )
