"""Who is asked by mail and stands in a file meanwhile: what they confirm themselves is what is shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaign import identity, moderation, releases
from campaign.models import Approval, Campaign, Event, ImportBatch, Mail, Signature
from campaign.models.signature import Status
from tests.batches import imported
from tests.counted import assert_exact
from tests.factories import (
    bring_to,
    confirm_token,
    make_campaign,
    make_signature,
    release,
    somebody,
)

pytestmark = pytest.mark.django_db

LINES = ["name,email,credit\n", "Ana One,ana@example.org,A File\n", "Bea Two,bea@example.org,\n"]


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def asked(art: Campaign, **typed: Any) -> Signature:
    """Who signed online, to be counted without their name, and has not confirmed yet."""
    own = {"name": "Ana One", "show_name": False, "credit": "Her Own"}
    return make_signature(art, status=Status.PENDING, email="ana@example.org", **{**own, **typed})


def confirm(client: Client, token: str) -> Any:
    return client.post(
        "/api/v1/signatures/confirm/", {"token": token}, content_type="application/json"
    )


def names(client: Client) -> list[str]:
    listed = client.get("/api/v1/campaigns/art/signers/").json()["results"]
    return [each["name"] for each in listed]


def test_the_file_waits_for_its_release_and_what_its_signer_confirms_is_so(
    client: Client, art: Campaign
) -> None:
    pending = asked(art)
    token, batch = confirm_token(pending), imported(art, LINES)
    mails = Mail.objects.exclude(signature=pending).count()

    answer = confirm(client, token)
    assert (answer.status_code, answer.json()) == (200, {"status": "held", "signer": None})
    its = Signature.objects.get(canonical_email="ana@example.org")
    assert (its.batch, its.status, its.show_name, its.credit) == (batch, "held", False, "Her Own")
    assert its.hold_reasons == ["renamed", "imported"]
    assert (its.consent, its.statement) == (pending.consent, pending.statement)
    assert its.signed_at == pending.signed_at
    event = Event.objects.filter(signature=its).latest("pk")
    assert (event.verb, event.actor, event.to_status) == ("confirm", "signer", "held")
    assert Mail.objects.count() == mails
    assert_exact(art)

    assert releases.waiting(batch).count() == 1
    assert release(batch) == 1
    assert names(client) == ["Bea Two"]
    its.refresh_from_db()
    bring_to(its, Status.PUBLISHED)
    assert names(client) == ["Bea Two"]
    counted = client.get("/api/v1/campaigns/art/counts/").json()
    assert (counted["published"], counted["anonymous"], counted["confirmed"]) == (2, 1, 2)
    assert_exact(art)


def protected(art: Campaign) -> ImportBatch:
    """A file whose line bears a name that the campaign protects."""
    return imported(art, ["name,email,credit\n", "Scarlett Johansson,ana@example.org,A File\n"])


def left(art: Campaign) -> ImportBatch:
    """A file whose line bears the name of somebody who has erased their data."""
    bring_to(make_signature(art, name="Ana One"), Status.ERASED)
    return imported(art, LINES)


def protected_since(art: Campaign) -> ImportBatch:
    """A file that was released, but for a line whose name is protected since it came in."""
    batch = imported(art, LINES)
    art.protected_names.create(name="Ana One", skeletons=sorted(identity.skeletons("Ana One")))
    assert release(batch) == 1
    return batch


@pytest.mark.parametrize(
    ("file", "reasons"),
    [
        (protected, ["renamed", "imported", "protected_name"]),
        (left, ["renamed", "imported", "name_left"]),
        (protected_since, ["renamed", "imported", "protected_name"]),
    ],
)
def test_a_line_that_more_than_its_import_holds_is_as_its_signer_says_too(
    client: Client, art: Campaign, file: Callable[[Campaign], ImportBatch], reasons: list[str]
) -> None:
    name = "Scarlett Johansson" if file is protected else "Ana One"
    token = confirm_token(asked(art, name=name))
    batch = file(art)
    listed = names(client)

    answer = confirm(client, token)
    assert (answer.status_code, answer.json()) == (200, {"status": "held", "signer": None})
    its = Signature.objects.get(canonical_email="ana@example.org")
    assert (its.batch, its.status, its.show_name, its.credit) == (batch, "held", False, "Her Own")
    assert its.hold_reasons == reasons
    bring_to(its, Status.PUBLISHED)
    assert names(client) == listed
    its.refresh_from_db()
    assert (its.status, its.listed_at) == ("published", None)
    assert_exact(art)


def test_a_first_yes_to_what_the_file_said_is_none_to_what_its_signer_says(
    client: Client, art: Campaign
) -> None:
    """Not where they say the same either: nobody had looked at who says so."""
    name = "Scarlett Johansson"
    token = confirm_token(
        asked(art, name=name, show_name=True, credit="A File", discipline="", language="en")
    )
    protected(art)
    its = Signature.objects.get(status=Status.HELD)
    seen: dict[str, Any] = {"signature_id": its.pk, "note": "called them at home"}
    moderation.approve(by=somebody("colleague"), revision=its.revision, **seen)
    assert Approval.objects.filter(signature=its).count() == 1

    assert confirm(client, token).status_code == 200
    its.refresh_from_db()
    assert (its.name, its.show_name, its.revision) == (name, True, 1)
    assert not Approval.objects.exists()
    moderation.approve(by=somebody("maker"), revision=its.revision, **seen)
    assert names(client) == []
    its.refresh_from_db()
    assert its.status == Status.HELD


def test_the_page_says_that_they_have_signed(client: Client, art: Campaign) -> None:
    token = confirm_token(asked(art))
    imported(art, LINES)
    assert client.get(f"/confirm/{token}/").status_code == 200
    page = client.post(f"/confirm/{token}/")
    assert page.status_code == 200
    assert "Confirmed. Thank you." in page.content.decode()
    assert "/manage/" in page.content.decode()
    its = Signature.objects.get(canonical_email="ana@example.org")
    assert its.show_name is False


@pytest.mark.parametrize("days", [0, 8])
def test_a_second_press_is_a_success_that_changes_nothing_and_so_is_one_by_an_expired_link(
    client: Client, art: Campaign, days: int
) -> None:
    token = confirm_token(asked(art))
    imported(art, LINES)
    first = confirm(client, token).json()
    before = everything()
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        again = confirm(client, token)
        pages = [client.get(f"/confirm/{token}/"), client.post(f"/confirm/{token}/")]
    assert (again.status_code, again.json()) == (200, first)
    for page in pages:
        assert page.status_code == 200
        assert "Confirmed. Thank you." in page.content.decode()
        # Else a mail that was passed on would open it for ever.
        assert "/manage/" not in page.content.decode()
    assert everything() == before
    assert_exact(art)


def test_a_page_of_before_that_asks_for_another_mail_gets_the_link_to_their_own_page(
    client: Client, art: Campaign
) -> None:
    token = confirm_token(asked(art))
    imported(art, LINES)
    confirm(client, token)
    Mail.objects.all().delete()
    assert client.post(f"/confirm/{token}/", {"action": "renew"}).status_code == 200
    its = Signature.objects.get(canonical_email="ana@example.org")
    assert list(Mail.objects.values_list("kind", "signature")) == [("signed_already", its.pk)]


def everything() -> list[Any]:
    rows = (Signature, Event, Mail)
    return [list(model.objects.order_by("pk").values()) for model in rows]


def test_once_it_is_published_the_same_link_says_so(client: Client, art: Campaign) -> None:
    token = confirm_token(asked(art, show_name=True))
    imported(art, LINES)
    confirm(client, token)
    its = Signature.objects.get(canonical_email="ana@example.org")
    bring_to(its, Status.PUBLISHED)
    answer = confirm(client, token).json()
    assert (answer["status"], answer["signer"]["id"]) == ("published", its.public_id)
    assert answer["signer"]["credit"] == "Her Own"


@pytest.mark.parametrize("end", [Status.WITHDRAWN, Status.ERASED, Status.REJECTED])
def test_once_it_has_left_or_was_removed_the_same_link_finds_it_gone(
    client: Client, art: Campaign, end: Status
) -> None:
    token = confirm_token(asked(art))
    imported(art, LINES)
    confirm(client, token)
    its = Signature.objects.get(canonical_email="ana@example.org")
    bring_to(its, end)
    before = everything()
    answer = confirm(client, token)
    assert (answer.status_code, answer.json()["code"]) == (410, "signature_gone")
    assert client.get(f"/confirm/{token}/").status_code == 410
    assert everything() == before
    its.refresh_from_db()
    assert bool(its.taken_in) is (end == Status.REJECTED)


def test_the_link_of_another_pending_one_that_it_closed_is_gone(
    client: Client, art: Campaign
) -> None:
    token, other = (confirm_token(asked(art, credit=credit)) for credit in ("Her Own", "Another"))
    imported(art, LINES)
    assert confirm(client, token).status_code == 200
    assert confirm(client, other).status_code == 410


def test_an_old_link_confirms_nothing_of_it(client: Client, art: Campaign) -> None:
    token = confirm_token(asked(art))
    imported(art, LINES)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        answer = confirm(client, token)
    assert (answer.status_code, answer.json()["code"]) == (410, "token_expired")
    its = Signature.objects.get(status=Status.HELD, name="Ana One")
    assert (its.show_name, its.hold_reasons) == (True, ["imported"])


def test_once_released_the_file_has_won_and_its_signer_was_told(
    client: Client, art: Campaign
) -> None:
    token = confirm_token(asked(art))
    release(imported(art, LINES))
    answer = confirm(client, token)
    assert (answer.status_code, answer.json()["code"]) == (410, "signature_gone")
    assert Mail.objects.filter(kind="published", signature__name="Ana One").count() == 1
    assert ImportBatch.objects.get().released_n == 2


def test_one_of_a_file_that_was_rejected_stays_so(client: Client, art: Campaign) -> None:
    token = confirm_token(asked(art))
    imported(art, LINES)
    its = Signature.objects.get(status=Status.HELD, name="Ana One")
    bring_to(its, Status.REJECTED)
    before = Signature.objects.values().get(pk=its.pk)
    assert confirm(client, token).status_code == 410
    assert Signature.objects.values().get(pk=its.pk) == before
