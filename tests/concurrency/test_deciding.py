"""Two moderators, or a moderator and the signer, at the same signature at once, through their doors."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from campaign import locks, moves
from campaign.models import Event, Mail, Signature
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from tests.concurrency.guards import forget_the_status, read_only
from tests.concurrency.threads import Meanwhile
from tests.counted import assert_exact
from tests.desk import QUEUE, carried, moderator
from tests.factories import make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db(transaction=True)


def decide(client: Client, signature: Signature, verb: str, form: dict[str, str]) -> dict[str, Any]:
    """Press that button; what the page's script is told."""
    url = f"{QUEUE}{signature.pk}/{verb}/"
    answer: dict[str, Any] = client.post(url, form, headers={"X-Desk": "keys"}).json()
    return answer


def two_approvals(monkeypatch: pytest.MonkeyPatch) -> tuple[Signature, dict[str, Any], Meanwhile]:
    """Two who opened the same page press at once: what the first is told, and the second one."""
    held = make_signature(make_campaign(), status=Status.HELD, name="Looked At Twice")
    ada, ben = moderator("ada"), moderator("ben")
    forms = [carried(client, held, "approve") for client in (ada, ben)]
    second = Meanwhile(lambda: decide(ben, held, "approve", forms[1]))
    second.before(monkeypatch, moves, "_apply")
    first = decide(ada, held, "approve", forms[0])
    second.end()
    return held, first, second


def test_of_two_approvals_at_once_one_counts_and_the_other_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held, first, second = two_approvals(monkeypatch)

    assert second.waited
    assert "Approved" in first["said"][0]["html"]
    assert "Somebody else was faster" in second.outcome["said"][0]["html"]
    assert Event.objects.filter(signature=held, verb="approve").count() == 1
    assert Mail.objects.filter(signature=held, kind=MailKind.PUBLISHED).count() == 1
    assert_exact(held.campaign)


def test_control_without_lock_and_filter_both_approvals_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locks, "lock", read_only)
    forget_the_status(monkeypatch)
    held, _first, second = two_approvals(monkeypatch)

    assert "Approved" in second.outcome["said"][0]["html"]
    assert Event.objects.filter(signature=held, verb="approve").count() == 2


def approve_while_withdrawn(monkeypatch: pytest.MonkeyPatch) -> tuple[Signature, dict[str, Any]]:
    """The signer takes it back on their page while a moderator's approval is written."""
    held = make_signature(make_campaign(), status=Status.HELD, name="Leaves Now")
    ada = moderator("ada")
    form = carried(ada, held, "approve")
    page = f"/manage/{manage_token(held)}/"
    leaving = Meanwhile(lambda: Client().post(page, {"action": "withdraw", "sure": "yes"}))
    leaving.before(monkeypatch, moves, "_apply")
    told = decide(ada, held, "approve", form)
    leaving.end()
    held.refresh_from_db()
    return held, told


def test_who_withdraws_while_being_approved_is_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    held, _told = approve_while_withdrawn(monkeypatch)

    assert held.status == Status.WITHDRAWN
    assert_exact(held.campaign)


def test_control_without_lock_and_filter_the_database_alone_keeps_who_withdrew_off_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locks, "lock", read_only)
    forget_the_status(monkeypatch)
    with pytest.raises(IntegrityError, match="signature_named_until_it_leaves"):
        approve_while_withdrawn(monkeypatch)


def test_who_approves_what_is_being_withdrawn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    held = make_signature(make_campaign(), status=Status.HELD, name="Leaves Now")
    ada = moderator("ada")
    form = carried(ada, held, "approve")
    approval = Meanwhile(lambda: decide(ada, held, "approve", form))
    approval.before(monkeypatch, moves, "_apply")
    Client().post(f"/manage/{manage_token(held)}/", {"action": "withdraw", "sure": "yes"})

    told = approval.end()

    assert approval.waited
    assert "has changed since it was shown" in told["said"][0]["html"]
    held.refresh_from_db()
    assert held.status == Status.WITHDRAWN
    assert not Mail.objects.filter(signature=held, kind=MailKind.PUBLISHED).exists()
