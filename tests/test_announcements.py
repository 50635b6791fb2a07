"""What a webhook is owed for each change of the public list, and what nobody is told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaign import consequences, history, leaving, moderation, moves, retention, signing
from campaign.models import Campaign, Signature, Webhook, WebhookDelivery
from campaign.models.signature import Status
from tests.factories import (
    bring_to,
    confirm_token,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
)
from tests.receiver import make_webhook

pytestmark = pytest.mark.django_db

URL = "https://hooks.example.org/art"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def hook(campaign: Campaign) -> Webhook:
    return make_webhook(campaign, URL)


def owed() -> list[tuple[str, str]]:
    """The events owed since the last look, and the signers that they are about."""
    rows = list(WebhookDelivery.objects.order_by("pk").values_list("event", "signer"))
    WebhookDelivery.objects.all().delete()
    return rows


def test_a_confirmed_signature_that_is_published_is_announced(hook: Webhook) -> None:
    signature = make_signature(status=Status.PENDING)
    assert owed() == []

    signing.confirm(confirm_token(signature))

    delivery = WebhookDelivery.objects.get()
    assert (delivery.webhook_id, delivery.event) == (hook.pk, "signature.published")
    assert (delivery.signer, delivery.number) == (signature.public_id, None)
    assert (delivery.status, delivery.attempts, delivery.code) == ("queued", 0, None)
    assert delivery.due_at <= timezone.now()


def test_a_second_press_announces_nothing_more(hook: Webhook) -> None:
    signature = make_signature(status=Status.PENDING)
    token = confirm_token(signature)
    signing.confirm(token)
    signing.confirm(token)
    assert owed() == [("signature.published", signature.public_id)]


def test_approving_rejecting_restoring_and_holding_are_announced(hook: Webhook) -> None:
    signature, by = make_signature(), make_user()
    one: dict[str, Any] = {"signature_id": signature.pk, "by": by}
    owed()

    moderation.hold(**one)
    assert owed() == [("signature.removed", signature.public_id)]
    signature.refresh_from_db()
    moderation.approve(revision=signature.revision, **one)
    assert owed() == [("signature.published", signature.public_id)]
    bring_to(signature, Status.REJECTED)
    assert owed() == [("signature.removed", signature.public_id)]
    moderation.restore(revision=signature.revision, **one)
    assert owed() == [("signature.published", signature.public_id)]


def test_what_was_never_listed_is_never_announced(hook: Webhook) -> None:
    make_signature(status=Status.PENDING)
    make_signature(name="Scarlett Johansson", status=Status.HELD)
    make_signature(name="REM", status=Status.REJECTED)
    assert owed() == []


@pytest.mark.parametrize("leave", [leaving.withdraw, leaving.erase])
def test_who_leaves_is_announced_as_withdrawn(hook: Webhook, leave: Any) -> None:
    signature = make_signature()
    owed()
    leave(manage_token(signature))
    assert owed() == [("signature.withdrawn", signature.public_id)]


def test_erasing_after_withdrawing_says_nothing_new(hook: Webhook) -> None:
    signature = make_signature()
    token = manage_token(signature)
    leaving.withdraw(token)
    owed()
    leaving.erase(token)
    assert owed() == []


def test_hiding_is_a_withdrawal_and_showing_a_publication(hook: Webhook) -> None:
    signature = make_signature()
    token = manage_token(signature)
    owed()
    signing.show(token, show_name=False)
    assert owed() == [("signature.withdrawn", signature.public_id)]
    signing.show(token, show_name=True)
    assert owed() == [("signature.published", signature.public_id)]


def test_of_who_never_showed_their_name_nothing_is_said(hook: Webhook) -> None:
    signature = make_signature(show_name=False)
    bring_to(signature, Status.HELD)
    signature.refresh_from_db()
    bring_to(signature, Status.PUBLISHED)
    leaving.withdraw(manage_token(signature))
    leaving.erase(manage_token(signature))
    assert Signature.objects.get().status == Status.ERASED
    assert owed() == []


def test_a_listed_signer_whose_public_fields_change_is_announced(hook: Webhook) -> None:
    signature = make_signature()
    owed()
    moves.amend(
        signature_id=signature.pk, actor=history.SIGNER, changes={"credit": "The New Songs"}
    )
    assert owed() == [("signature.updated", signature.public_id)]
    moves.amend(signature_id=signature.pk, actor=history.SIGNER, changes={"newsletter": True})
    moves.amend(
        signature_id=signature.pk, actor=history.SIGNER, changes={"credit": "The New Songs"}
    )
    assert owed() == []


def test_only_who_wants_the_event_of_this_campaign_and_is_on_is_owed_it(
    campaign: Campaign,
) -> None:
    other = make_campaign(slug="other", publication="after_verification")
    wants = make_webhook(campaign, URL, "signature.published")
    make_webhook(campaign, URL, "signature.withdrawn", "milestone")
    make_webhook(other, URL)
    off = make_webhook(campaign, URL)
    Webhook.objects.filter(pk=off.pk).update(active=False)

    make_signature(campaign)

    assert [each.webhook_id for each in WebhookDelivery.objects.all()] == [wants.pk]


def test_two_webhooks_are_owed_a_message_each(hook: Webhook, campaign: Campaign) -> None:
    make_webhook(campaign, URL)
    make_signature(campaign)
    messages = set(WebhookDelivery.objects.values_list("message", flat=True))
    assert (len(messages), WebhookDelivery.objects.count()) == (2, 2)


def test_what_is_undone_is_not_owed(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = make_signature(status=Status.PENDING)

    def fail(*_args: object, **_more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(consequences, "follow", fail)
    with pytest.raises(RuntimeError):
        signing.confirm(confirm_token(signature))
    assert owed() == []


def test_without_a_webhook_a_confirmation_costs_no_query_and_with_some_one(
    campaign: Campaign,
) -> None:
    def confirm() -> tuple[int, int]:
        signature = make_signature(status=Status.PENDING)
        with CaptureQueriesContext(connection) as queries:
            signing.confirm(confirm_token(signature))
        inserts = [q for q in queries if q["sql"].strip().startswith("INSERT")]
        return len(queries), sum("campaign_webhookdelivery" in q["sql"] for q in inserts)

    confirm()  # the first one fills the copies that a process keeps
    without, owed_without = confirm()
    make_webhook(campaign, URL)
    make_webhook(campaign, URL)
    assert (confirm(), owed_without) == ((without + 1, 1), 0)


def test_nothing_personal_is_in_the_log(hook: Webhook) -> None:
    signature = make_signature(name="Renée Nobody", credit="Secret Songs")
    leaving.erase(manage_token(signature))
    rows = list(WebhookDelivery.objects.values())
    assert len(rows) == 2
    for word in ("Renée", "Nobody", "Secret", signature.email):
        assert word not in str(rows)


def test_the_log_is_kept_for_thirty_days(hook: Webhook) -> None:
    make_signature()
    fresh = make_signature()
    old = WebhookDelivery.objects.earliest("pk")
    WebhookDelivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    retention.expire()
    assert [each.signer for each in WebhookDelivery.objects.all()] == [fresh.public_id]
