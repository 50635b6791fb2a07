"""The database refuses to change or delete what is on record: events and audit entries."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("campaign", "0019_roles_and_audit"),)
    operations = (
        migrations.RunSQL(
            sql="""
            CREATE TRIGGER event_is_immutable
                BEFORE UPDATE OR DELETE ON campaign_event
                FOR EACH ROW EXECUTE FUNCTION campaign_refuse_change();
            CREATE TRIGGER audit_entry_is_immutable
                BEFORE UPDATE OR DELETE ON campaign_auditentry
                FOR EACH ROW EXECUTE FUNCTION campaign_refuse_change();
            """,
            reverse_sql="""
            DROP TRIGGER audit_entry_is_immutable ON campaign_auditentry;
            DROP TRIGGER event_is_immutable ON campaign_event;
            """,
        ),
    )
