"""Which texts were public until now: replaced after the opening, or signed before it by who was imported."""

from django.db import migrations

# Of a version that was replaced nobody knows any more which languages the campaign had; of the newest one
# a translation that it doesn't have was dropped, and is public only if somebody has signed it.
PUBLISHED = """
UPDATE campaign_statementversion AS version
SET published = ARRAY(
    SELECT language FROM campaign_statementtext AS text
    WHERE version_id = version.id AND (
        language = ANY(campaign.languages)
        OR EXISTS (SELECT FROM campaign_signature WHERE statement_id = text.id)
        OR EXISTS (
            SELECT FROM campaign_statementversion AS newer
            WHERE newer.campaign_id = version.campaign_id AND newer.number > version.number
        )
    ) ORDER BY language
)
FROM campaign_campaign AS campaign
WHERE campaign.id = version.campaign_id AND (
    campaign.opens_at < COALESCE((
        SELECT min(created_at) FROM campaign_statementversion AS newer
        WHERE newer.campaign_id = version.campaign_id AND newer.number > version.number
    ), statement_timestamp())
    OR EXISTS (
        SELECT FROM campaign_signature AS signature
        JOIN campaign_statementtext AS signed ON signed.id = signature.statement_id
        WHERE signed.version_id = version.id
    )
)
"""


class Migration(migrations.Migration):
    dependencies = (("campaign", "0065_published_texts"),)
    while_old_code_serves = (
        "Nobody waits but who edits a campaign: versions of statements are few rows, and signatures are only"
        " read, once for each text. The release before serves every text, as it did; what it replaces after"
        " this counts as a draft, so no statement is to be edited until the new one serves."
    )
    operations = (migrations.RunSQL(sql=PUBLISHED, reverse_sql=migrations.RunSQL.noop),)
