"""What no model says: records that can't be changed, stamps of campaigns, the question of the rules."""

from django.db import migrations

# Signatures are bound to the exact bytes of a text; events and audit entries are the record.
# A trigger for each row sees no TRUNCATE.
IMMUTABLE = """
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
CREATE TRIGGER event_is_immutable
    BEFORE UPDATE OR DELETE ON campaign_event
    FOR EACH ROW EXECUTE FUNCTION campaign_refuse_change();
CREATE TRIGGER event_is_not_emptied
    BEFORE TRUNCATE ON campaign_event
    FOR EACH STATEMENT EXECUTE FUNCTION campaign_refuse_change();
CREATE TRIGGER audit_entry_is_immutable
    BEFORE UPDATE OR DELETE ON campaign_auditentry
    FOR EACH ROW EXECUTE FUNCTION campaign_refuse_change();
CREATE TRIGGER audit_entry_is_not_emptied
    BEFORE TRUNCATE ON campaign_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION campaign_refuse_change();
"""

# It changes whenever anything of a campaign does, so that copies know when they are old. From a sequence
# and not one more than before: a number that was rolled back never comes again with other contents.
STAMPS = """
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
"""

# Once a statement and not a row: of a thousand names each would leave a dead campaign behind.
STAMPS_OF_NAMES = """
CREATE FUNCTION campaign_stamp_of_children() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign_campaign SET stamp = 0
        WHERE id IN (SELECT campaign_id FROM changed);
    RETURN NULL;
END $$;
CREATE TRIGGER protectedname_stamps_campaign_insert
    AFTER INSERT ON campaign_protectedname REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION campaign_stamp_of_children();
CREATE TRIGGER protectedname_stamps_campaign_update
    AFTER UPDATE ON campaign_protectedname REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION campaign_stamp_of_children();
CREATE TRIGGER protectedname_stamps_campaign_delete
    AFTER DELETE ON campaign_protectedname REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION campaign_stamp_of_children();
"""

# Since when the end of the retention stands as it does, so that a slip erases nobody at once.
RETENTION = """
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
"""

# What the rules ask at each confirmation, as a function: so its plans are kept in each connection.
BACKGROUND = """
CREATE FUNCTION campaign_background(
    its_campaign bigint, its_id bigint, its_fold text, its_credit text, its_address text,
    its_hash text, its_keys bigint[],
    OUT was_rejected boolean, OUT listed bigint[], OUT rejected bigint[]
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    was_rejected := EXISTS (
        SELECT FROM campaign_suppression
        WHERE campaign_id = its_campaign AND address_hash = its_hash AND reason = 'rejected'
    );
    listed := ARRAY(
        SELECT id FROM campaign_signature
        WHERE campaign_id = its_campaign AND name_fold = its_fold
            AND status = 'published' AND show_name AND id <> its_id
            AND (canonical_email = '' OR canonical_email <> its_address)
            AND (featured OR credit <> '' AND its_credit <> ''
                AND lower(credit) <> lower(its_credit))
        LIMIT 5
    );
    rejected := ARRAY(
        SELECT DISTINCT signature_id FROM campaign_rejectedname
        WHERE campaign_id = its_campaign AND key = ANY(its_keys)
            AND signature_id <> its_id
        LIMIT 5
    );
END $$;
"""


class Migration(migrations.Migration):
    replaces = (
        ("campaign", "0002_immutable_statements"),
        ("campaign", "0020_append_only"),
        ("campaign", "0039_background"),
    )
    dependencies = (("campaign", "0001_first_release"),)
    operations = tuple(
        migrations.RunSQL(sql)
        for sql in (IMMUTABLE, STAMPS, STAMPS_OF_NAMES, RETENTION, BACKGROUND)
    )
