"""The database keeps every event, but for those of a signature that nobody has confirmed."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("campaign", "0062_names_that_left"),)
    while_old_code_serves = (
        "Events are locked against writing for a moment, since no row is looked at. What the release before"
        " writes of a signature that is pending still keeps it, until code of this one deletes both."
    )
    operations = (
        migrations.RunSQL(
            sql="""
            CREATE FUNCTION campaign_keep_event() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' AND EXISTS (
                    SELECT FROM campaign_signature
                    WHERE id = OLD.signature_id AND status = 'pending'
                ) THEN
                    RETURN OLD;
                END IF;
                RAISE EXCEPTION '% is immutable', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE OR REPLACE TRIGGER event_is_immutable
                BEFORE UPDATE OR DELETE ON campaign_event
                FOR EACH ROW EXECUTE FUNCTION campaign_keep_event();
            """,
            reverse_sql="""
            CREATE OR REPLACE TRIGGER event_is_immutable
                BEFORE UPDATE OR DELETE ON campaign_event
                FOR EACH ROW EXECUTE FUNCTION campaign_refuse_change();
            DROP FUNCTION campaign_keep_event();
            """,
        ),
    )
