"""The next mail's text waits until the last one is marked, however long the database takes for that."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from campaign import claims, delivery
from campaign.models import Mail
from campaign.models.signature import Status
from tests.concurrency.threads import PATIENCE
from tests.e2e.until import until
from tests.factories import make_campaign, make_signature
from tests.smtp import Sink

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def delivering_while_the_first_cannot_be_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[psycopg.Connection[Any]]:
    """Two mails are claimed, then the row of the first is locked; gives who holds the lock."""
    campaign = make_campaign()
    for _ in range(2):
        make_signature(campaign, status=Status.PENDING)
    info = connection.connection.info
    holder = psycopg.connect(info.dsn, password=info.password)
    send = delivery._send_batch

    def locked(*args: Any) -> int:
        holder.execute("SELECT id FROM campaign_mail ORDER BY id LIMIT 1 FOR UPDATE")
        return send(*args)

    monkeypatch.setattr(delivery, "_send_batch", locked)

    def deliver() -> None:
        with suppress(DatabaseError, psycopg.Error):
            delivery.deliver_due()
        connections.close_all()

    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        yield holder
    finally:
        holder.close()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def somebody_waits(holder: psycopg.Connection[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid)))",
            [holder.info.backend_pid],
        )
        return bool(cursor.fetchone()[0])


def test_the_next_text_goes_out_once_the_last_one_is_marked(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    with delivering_while_the_first_cannot_be_marked(monkeypatch) as holder:
        until(lambda: somebody_waits(holder), within=PATIENCE)
        assert len(sink.received) == 1
        holder.rollback()
    assert len(sink.received) == 2
    assert set(Mail.objects.values_list("status", flat=True)) == {"sent"}


def test_control_a_worker_that_does_not_wait_has_two_mails_out_that_nobody_has_marked(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, marks = claims.Owner.mark_sent, list[threading.Thread]()

    def mark_later(owner: claims.Owner, mail: Mail) -> None:
        def run() -> None:
            with suppress(DatabaseError, psycopg.Error):
                mark(owner, mail)
            connections.close_all()

        marks.append(threading.Thread(target=run))
        marks[-1].start()

    monkeypatch.setattr(claims.Owner, "mark_sent", mark_later)
    with delivering_while_the_first_cannot_be_marked(monkeypatch) as holder:
        until(lambda: len(sink.received) == 2, within=PATIENCE)
        first = Mail.objects.order_by("pk").first()
        assert first is not None
        assert first.status == "claimed"
        holder.rollback()
    for thread in marks:
        thread.join(PATIENCE)


def test_a_mark_does_not_wait_for_the_disk_and_everything_else_does(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(make_campaign(), status=Status.PENDING)
    seen: list[tuple[str, str]] = []
    with connection.cursor() as cursor:  # as in production; the tests' own server waits for no disk
        cursor.execute("SET synchronous_commit TO on")

    def at_commit() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            return str(cursor.fetchone()[0])

    assert delivery.deliver_due() == 1
    seen.append(("afterwards", at_commit()))
    with transaction.atomic():
        mail = Mail.objects.get()
        owner = claims.Owner()
        Mail.objects.update(status="claimed", lease_owner=owner.name, lease_until=timezone.now())
        owner.mark_sent(mail)
        seen.append(("in the mark's transaction", at_commit()))
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")
    assert seen == [("afterwards", "on"), ("in the mark's transaction", "off")]
