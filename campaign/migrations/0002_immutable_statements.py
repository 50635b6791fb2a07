"""The database refuses to change a statement text: signatures are bound to its exact bytes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("campaign", "0001_initial"),)
    operations = (
        migrations.RunSQL(
            sql="""
            CREATE FUNCTION campaign_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '% is immutable', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE TRIGGER statement_text_is_immutable
                BEFORE UPDATE OR DELETE ON campaign_statementtext
                FOR EACH ROW EXECUTE FUNCTION campaign_refuse_change();
            CREATE TRIGGER consent_is_immutable
                BEFORE UPDATE OR DELETE ON campaign_consent
                FOR EACH ROW EXECUTE FUNCTION campaign_refuse_change();
            """,
            reverse_sql="""
            DROP TRIGGER consent_is_immutable ON campaign_consent;
            DROP TRIGGER statement_text_is_immutable ON campaign_statementtext;
            DROP FUNCTION campaign_refuse_change();
            """,
        ),
    )
