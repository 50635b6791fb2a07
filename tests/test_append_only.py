"""What is on record stays as it was written: the database itself refuses to change or delete it."""

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError

from campaign.models import AuditEntry, Event
from campaign.models.api_key import Scope
from tests import factories
from tests.conftest import EMPTIED
from tests.factories import make_signature

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("write", ["UPDATE {} SET at = now()", "DELETE FROM {}"])
def test_an_event_is_neither_changed_nor_deleted(write: str) -> None:
    make_signature()
    _refused(Event, write)


@pytest.mark.parametrize("write", ["UPDATE {} SET at = now()", "DELETE FROM {}"])
def test_an_audit_entry_is_neither_changed_nor_deleted(write: str) -> None:
    factories.make_key(None, Scope.EXPORT)
    _refused(AuditEntry, write)


@pytest.mark.parametrize("table", ["campaign_event", "campaign_auditentry", "campaign_signature"])
def test_neither_is_emptied_by_itself_or_with_what_it_is_about(table: str) -> None:
    make_signature()
    factories.make_key(None, Scope.EXPORT)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for its, trigger in EMPTIED.items():
            cursor.execute(f"ALTER TABLE {its} ENABLE TRIGGER {trigger}")
    for model in (Event, AuditEntry):
        _refused(model, f"TRUNCATE {table} CASCADE")


def test_only_the_tests_do_without(django_db_setup: None) -> None:
    """Whoever migrates a database has the triggers on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled = 'D'")
        assert {name for (name,) in cursor.fetchall()} == set(EMPTIED.values())


def _refused(model: type[Event] | type[AuditEntry], write: str) -> None:
    before = list(model.objects.values())
    assert before
    with (
        pytest.raises((IntegrityError, InternalError), match="is immutable"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(write.format(model._meta.db_table))
    assert list(model.objects.values()) == before
