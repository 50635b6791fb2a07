"""What must always hold is refused by the database itself, whoever writes past the models."""

from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint, UniqueConstraint

from campaign.models import Campaign, Signature
from campaign.models.membership import Role
from campaign.models.signature import Status
from tests.factories import make_campaign, make_member, make_signature

pytestmark = pytest.mark.django_db


def refuse(constraint: str, sql: str, *params: Any) -> None:
    """Run raw SQL, which must break that constraint and no other."""
    with (
        pytest.raises(IntegrityError, match=f'"{constraint}"'),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, params)


def row(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


# --- Signatures ------------------------------------------------------------------------------

UPDATES = [
    (Status.HELD, "signature_standing_is_confirmed", "confirmed_at = NULL"),
    (Status.PUBLISHED, "signature_standing_is_confirmed", "confirmed_at = NULL"),
    (Status.PENDING, "signature_standing_is_confirmed", "status = 'held'"),
    (Status.PUBLISHED, "signature_published_has_date_and_evidence", "published_at = NULL"),
    (Status.PUBLISHED, "signature_published_has_date_and_evidence", "evidence = ''"),
    (
        Status.HELD,
        "signature_published_has_date_and_evidence",
        "status = 'published', show_name = FALSE",
    ),
    (Status.PUBLISHED, "signature_listed_has_date", "listed_at = NULL"),
    (Status.REJECTED, "signature_rejected_has_reason", "rejection_reason = ''"),
    (Status.REJECTED, "signature_rejected_has_reason", "rejected_from = ''"),
    (Status.REJECTED, "signature_rejected_has_reason", "rejected_from = 'pending'"),
    (Status.HELD, "signature_rejected_has_reason", "status = 'rejected'"),
    (Status.ERASED, "signature_erased_is_empty", "email = 'zoe@example.org'"),
    (Status.ERASED, "signature_erased_is_empty", "canonical_email = 'zoe@example.org'"),
    (Status.ERASED, "signature_erased_is_empty", "name = 'Zoe'"),
    (Status.PUBLISHED, "signature_named_until_it_leaves", "name = ''"),
    (Status.PENDING, "signature_named_until_it_leaves", "name_fold = ''"),
]


@pytest.mark.parametrize(("status", "constraint", "change"), UPDATES)
def test_a_signature_cannot_be_brought_out_of_its_rules(
    status: Status, constraint: str, change: str
) -> None:
    signature = make_signature(make_campaign(), status=status)
    assert signature.status == status
    refuse(constraint, f"UPDATE campaign_signature SET {change} WHERE id = %s", signature.pk)


def test_one_name_of_one_address_stands_once() -> None:
    campaign = make_campaign()
    first = make_signature(campaign, name="Zoë Moreau")
    second = make_signature(campaign, name="Ana")
    same = "UPDATE campaign_signature SET name_fold = %s, canonical_email = %s WHERE id = %s"
    refuse(
        "signature_once_a_name_and_address", same, first.name_fold, first.canonical_email, second.pk
    )
    # Of those who left, as many as there are.
    row("UPDATE campaign_signature SET status = 'withdrawn' WHERE id = %s", second.pk)
    row(same, first.name_fold, first.canonical_email, second.pk)


def test_without_an_address_a_name_may_stand_twice() -> None:
    campaign = make_campaign()
    for _ in range(2):
        signature = make_signature(campaign, name="Ana")
        row(
            "UPDATE campaign_signature SET email = '', canonical_email = '' WHERE id = %s",
            signature.pk,
        )
    assert Signature.objects.filter(canonical_email="", name="Ana").count() == 2


def test_the_same_details_are_pending_once() -> None:
    campaign = make_campaign()
    first = make_signature(campaign, status=Status.PENDING)
    second = make_signature(campaign, status=Status.PENDING)
    same = "UPDATE campaign_signature SET canonical_email = %s, details_key = %s WHERE id = %s"
    refuse("signature_pending_once", same, first.canonical_email, first.details_key, second.pk)


def test_a_line_of_a_file_is_imported_once() -> None:
    campaign = make_campaign()
    row("UPDATE campaign_signature SET import_key = 'k' WHERE id = %s", make_signature(campaign).pk)
    other = make_signature(campaign)
    refuse(
        "signature_imported_once",
        "UPDATE campaign_signature SET import_key = 'k' WHERE id = %s",
        other.pk,
    )


def test_a_pending_signature_is_taken_in_by_one_line_of_a_file() -> None:
    update = "UPDATE campaign_signature SET taken_in = '0123456789abcdef' WHERE id = %s"
    campaign = make_campaign()
    row(update, make_signature(campaign).pk)
    refuse("signature_taken_in_once", update, make_signature(campaign).pk)


def test_a_signature_with_its_events_and_mails_holds_on_to_its_campaign_and_text() -> None:
    make_signature(make_campaign())
    for sql in ("DELETE FROM campaign_campaign", "DELETE FROM campaign_discipline"):
        with (
            pytest.raises(IntegrityError, match="foreign key"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


# --- Everything else -------------------------------------------------------------------------


def test_a_campaign_closes_after_it_opens_and_speaks_a_language() -> None:
    make_campaign()
    update = "UPDATE campaign_campaign SET "
    closes = "campaign_closes_after_it_opens"
    refuse(closes, f"{update} closes_at = opens_at")
    refuse(closes, f"{update} closes_at = opens_at - interval '1 day'")
    refuse(closes, f"{update} closes_at = now(), opens_at = NULL")
    refuse("campaign_has_a_language", f"{update} languages = '{{}}'")


def test_slugs_versions_and_texts_are_there_once() -> None:
    make_campaign()
    make_campaign(slug="other")
    refuse("campaign_campaign_slug_key", "UPDATE campaign_campaign SET slug = 'art'")
    refuse("discipline_once_a_campaign", "UPDATE campaign_discipline SET slug = 'author'")
    refuse("protected_name_once", "UPDATE campaign_protectedname SET name = 'REM'")
    again = "INSERT INTO campaign_statementversion (campaign_id, number, notes, created_at) SELECT campaign_id, number, notes, now() FROM campaign_statementversion"
    refuse("version_number_once", again)
    text = "INSERT INTO campaign_statementtext (version_id, language, title, body, sha256, created_at) SELECT version_id, language, '', '', '', now() FROM campaign_statementtext"
    refuse("text_once_a_language", text)


def test_a_proof_rests_on_something_and_on_a_domain_once() -> None:
    signature = make_signature(make_campaign())
    insert = "INSERT INTO campaign_proof (signature_id, at, method, domain, note) VALUES (%s, now(), %s, %s, %s)"
    for nothing in (
        ("domain", "", "note"),
        ("staff", "", ""),
        ("staff", "a.example", "note"),
        ("vouched", "a.example", ""),
        ("email", "", ""),
        ("on_file", "", "note"),
    ):
        refuse("proof_rests_on_something", insert, signature.pk, *nothing)
    row(insert, signature.pk, "domain", "a.example", "")
    refuse("proof_once_a_domain", insert, signature.pk, "domain", "a.example", "")


def test_a_claimed_mail_has_a_lease() -> None:
    make_signature(make_campaign(), status=Status.PENDING)
    refuse("mail_claim_has_a_lease", "UPDATE campaign_mail SET status = 'claimed'")


def test_totals_quotas_and_suppressions_are_there_once() -> None:
    campaign = make_campaign()
    for constraint, table, columns, values in (
        ("tally_once_a_key", "campaign_tally", "state, dimension, key, n", "'held', 'all', '', 1"),
        ("mail_quota_once", "campaign_mailquota", "address_hash, day, n", "'h', '2026-03-01', 1"),
        (
            "suppression_once",
            "campaign_suppression",
            "address_hash, reason, created_at",
            "'h', 'erased', now()",
        ),
        ("mail_pace_once", "campaign_mailpace", "minute, n", "'2026-03-01T12:00:00Z', 1"),
    ):
        insert = f"INSERT INTO {table} (campaign_id, {columns}) VALUES (%s, {values})"
        row(insert, campaign.pk)
        refuse(constraint, insert, campaign.pk)


def test_an_event_says_who_acted_in_a_word_that_is_known() -> None:
    signature = make_signature(make_campaign())
    insert = "INSERT INTO campaign_event (signature_id, at, verb, from_status, to_status, actor, reason, revision) VALUES (%s, now(), 'sign', '', '', %s, '', 1)"
    for nobody in ("", "admin", "Signer"):
        refuse("event_actor_is_known", insert, signature.pk, nobody)
    row(insert, signature.pk, "clock")


def test_an_organisations_member_vouches_as_one_and_nobody_else_does() -> None:
    campaign = make_campaign()
    for role in Role:
        make_member(campaign, role)
    one = "SELECT voucher_id FROM campaign_membership WHERE role = 'organisation'"
    update = "UPDATE campaign_membership SET "
    check = "membership_vouches_as_an_organisation"
    refuse(check, f"{update} voucher_id = NULL")
    refuse(check, f"{update} voucher_id = ({one})")
    refuse(check, f"{update} role = 'reader'")
    refuse(check, f"{update} role = 'organisation'")


def test_a_campaign_has_one_pulse_a_minute() -> None:
    insert = "INSERT INTO campaign_pulse (campaign_id, at, received, confirmed) VALUES (%s, '2026-03-01T12:00Z', 1, 1)"
    campaign = make_campaign()
    row(insert, campaign.pk)
    refuse("pulse_once_a_minute", insert, campaign.pk)


def test_an_address_has_one_count_of_a_day() -> None:
    insert = "INSERT INTO campaign_mailday (address_hash, day, n) VALUES ('h', '2026-03-01', 1)"
    row(insert)
    refuse("mail_day_once", insert)


def test_every_constraint_of_the_models_is_in_the_database() -> None:
    named = {
        constraint.name
        for model in apps.get_app_config("campaign").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint | UniqueConstraint)
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        there = {name for (name,) in cursor.fetchall()}
    assert named <= there
    assert Campaign._meta.constraints
