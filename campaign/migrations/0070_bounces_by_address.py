"""A request to sign asks for a bounce by the address as it is mailed, for all else by the canonical one.

The function of six parameters stays for the code of before; a release after it may drop that.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("campaign", "0069_corrections_after_the_clock"),)
    while_old_code_serves = "The function of before stays: this one has a parameter more."
    operations = (
        migrations.RunSQL(
            # One look-up of the hashes that may be noted. What has no end is a complaint.
            sql="""
            CREATE FUNCTION campaign_welcome(
                of_campaign bigint, mailbox text, addresses text[], mailed text, at timestamptz,
                most integer, most_everywhere integer
            ) RETURNS boolean LANGUAGE plpgsql AS $$
            DECLARE
                today date := at AT TIME ZONE 'UTC';
            BEGIN
                INSERT INTO campaign_mailquota AS quota (campaign_id, address_hash, day, n)
                VALUES (of_campaign, mailbox, today, 1)
                ON CONFLICT (campaign_id, address_hash, day)
                    DO UPDATE SET n = quota.n + 1 WHERE quota.n < most;
                IF NOT FOUND THEN
                    RETURN false;
                END IF;
                INSERT INTO campaign_mailday AS of_all (address_hash, day, n)
                VALUES (mailbox, today, 1)
                ON CONFLICT (address_hash, day)
                    DO UPDATE SET n = of_all.n + 1 WHERE of_all.n < most_everywhere;
                RETURN FOUND AND NOT EXISTS (
                    SELECT FROM campaign_suppression
                    WHERE campaign_id = of_campaign AND address_hash = ANY(addresses)
                        AND reason = 'not_me'
                ) AND NOT EXISTS (
                    SELECT FROM campaign_unreachable
                    WHERE address_hash = ANY(addresses || mailed)
                        AND (until IS NULL OR (address_hash = mailed AND until > at))
                );
            END $$
            """,
            reverse_sql="""
            DROP FUNCTION campaign_welcome(bigint, text, text[], text, timestamptz, integer, integer)
            """,
        ),
    )
