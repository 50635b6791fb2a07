"""What the rules ask at each confirmation, as a function: so its plans are kept in each connection."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("campaign", "0038_hourly_tallies"),)
    operations = (
        migrations.RunSQL(
            sql="""
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
            """,
            reverse_sql="""
            DROP FUNCTION campaign_background(bigint, bigint, text, text, text, text, bigint[])
            """,
        ),
    )
