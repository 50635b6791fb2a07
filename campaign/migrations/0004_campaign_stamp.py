"""A stamp that changes whenever anything of a campaign does, so that copies know when they are old."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0003_mail_providers"),)
    operations = (
        migrations.AddField(
            model_name="campaign",
            name="stamp",
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.RunSQL(
            # From a sequence and not one more than before: a number that was rolled back never comes
            # again with other contents.
            sql="""
            CREATE SEQUENCE campaign_stamp_seq;
            CREATE FUNCTION campaign_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                NEW.stamp := nextval('campaign_stamp_seq');
                RETURN NEW;
            END $$;
            CREATE FUNCTION campaign_stamp_of_child() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                UPDATE campaign_campaign SET stamp = 0
                    WHERE id = COALESCE(NEW.campaign_id, OLD.campaign_id);
                RETURN NULL;
            END $$;
            CREATE FUNCTION campaign_stamp_of_text() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                UPDATE campaign_campaign SET stamp = 0 WHERE id = (
                    SELECT campaign_id FROM campaign_statementversion
                    WHERE id = COALESCE(NEW.version_id, OLD.version_id));
                RETURN NULL;
            END $$;
            CREATE TRIGGER campaign_is_stamped BEFORE INSERT OR UPDATE ON campaign_campaign
                FOR EACH ROW EXECUTE FUNCTION campaign_stamp();
            CREATE TRIGGER discipline_stamps_campaign
                AFTER INSERT OR UPDATE OR DELETE ON campaign_discipline
                FOR EACH ROW EXECUTE FUNCTION campaign_stamp_of_child();
            CREATE TRIGGER consent_stamps_campaign
                AFTER INSERT OR UPDATE OR DELETE ON campaign_consent
                FOR EACH ROW EXECUTE FUNCTION campaign_stamp_of_child();
            CREATE TRIGGER statementversion_stamps_campaign
                AFTER INSERT OR UPDATE OR DELETE ON campaign_statementversion
                FOR EACH ROW EXECUTE FUNCTION campaign_stamp_of_child();
            CREATE TRIGGER statementtext_stamps_campaign
                AFTER INSERT OR UPDATE OR DELETE ON campaign_statementtext
                FOR EACH ROW EXECUTE FUNCTION campaign_stamp_of_text();
            """,
            reverse_sql="""
            DROP FUNCTION campaign_stamp_of_text() CASCADE;
            DROP FUNCTION campaign_stamp_of_child() CASCADE;
            DROP FUNCTION campaign_stamp() CASCADE;
            DROP SEQUENCE campaign_stamp_seq;
            """,
        ),
    )
