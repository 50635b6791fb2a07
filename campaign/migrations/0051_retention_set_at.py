"""Since when the end of the retention stands as it does, so that a slip erases nobody at once."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0050_unreachable"),)
    operations = (
        migrations.AddField(
            model_name="campaign",
            name="retention_set_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False
            ),
        ),
        migrations.RunSQL(
            sql="""
            CREATE FUNCTION campaign_retention_set() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF (NEW.closes_at, NEW.retention_months)
                    IS DISTINCT FROM (OLD.closes_at, OLD.retention_months) THEN
                    NEW.retention_set_at := statement_timestamp();
                ELSE
                    NEW.retention_set_at := OLD.retention_set_at;
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER campaign_notes_its_retention BEFORE UPDATE ON campaign_campaign
                FOR EACH ROW EXECUTE FUNCTION campaign_retention_set();
            """,
            reverse_sql="DROP FUNCTION campaign_retention_set() CASCADE;",
        ),
    )
