"""Rules that a campaign switches, rejected names, and a stamp for each change of protected ones."""

import django.db.models.deletion
from django.db import migrations, models

_EVENTS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}


class Migration(migrations.Migration):
    dependencies = (("campaign", "0032_notes_of_versions"),)
    operations = (
        migrations.AddField("campaign", "rules", models.JSONField(blank=True, default=dict)),
        migrations.CreateModel(
            name="RejectedName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.BigIntegerField()),
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
                        related_name="rejected_names",
                        to="campaign.signature",
                    ),
                ),
            ],
            options={
                "constraints": (
                    models.UniqueConstraint(
                        fields=("campaign", "key", "signature"), name="rejected_name_once"
                    ),
                )
            },
        ),
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(("show_name", True), ("status", "published")),
                fields=["campaign", "name_fold"],
                name="signature_listed_name",
            ),
        ),
        migrations.RunSQL(
            # Once a statement and not a row: of a thousand names each would leave a dead campaign behind.
            sql=[
                """
                CREATE FUNCTION campaign_stamp_of_children() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    UPDATE campaign_campaign SET stamp = 0
                        WHERE id IN (SELECT campaign_id FROM changed);
                    RETURN NULL;
                END $$;
                """,
                *(
                    f"""
                    CREATE TRIGGER protectedname_stamps_campaign_{event.lower()}
                        AFTER {event} ON campaign_protectedname
                        REFERENCING {table} TABLE AS changed
                        FOR EACH STATEMENT EXECUTE FUNCTION campaign_stamp_of_children();
                    """
                    for event, table in _EVENTS.items()
                ),
            ],
            reverse_sql="DROP FUNCTION campaign_stamp_of_children() CASCADE",
        ),
    )
