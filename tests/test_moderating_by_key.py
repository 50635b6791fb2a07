"""A program with a key decides by the same verbs as a person, and the record says which program."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaign.models import ApiKey, Campaign, Event, EventNote, Mail, Signature
from campaign.models.api_key import Scope
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from tests.factories import bearer, make_campaign, make_key, make_signature

pytestmark = pytest.mark.django_db

CANARY = "canary@example.org"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def key(campaign: Campaign) -> str:
    return make_key(campaign, Scope.MODERATE)


def decide(client: Client, key: str, signature: Signature, verb: str, body: Any) -> Any:
    path = f"/api/v1/campaigns/art/private/signatures/{signature.public_id}/{verb}/"
    return client.generic(
        "POST", path, json.dumps(body), content_type="application/json", headers=bearer(key)
    )


REJECT = {"revision": 1, "status": "held", "reason": "impersonation"}
# verb, status before, body, status after, revision after
VERBS: list[tuple[str, Status, dict[str, Any], Status, int]] = [
    ("approve", Status.HELD, {"revision": 1}, Status.PUBLISHED, 1),
    ("reject", Status.HELD, REJECT, Status.REJECTED, 1),
    ("reject", Status.PUBLISHED, {**REJECT, "status": "published"}, Status.REJECTED, 1),
    ("hold", Status.PUBLISHED, {"revision": 1}, Status.HELD, 2),
    ("restore", Status.REJECTED, {"revision": 1}, Status.HELD, 2),
]


@pytest.mark.parametrize(("verb", "before", "body", "after", "revision"), VERBS)
def test_a_decision_is_made_once_and_said_to_be_the_keys(
    client: Client,
    campaign: Campaign,
    key: str,
    verb: str,
    before: Status,
    body: dict[str, Any],
    after: Status,
    revision: int,
) -> None:
    signature = make_signature(campaign, status=before, email=CANARY)
    events = Event.objects.count()
    for changed in (True, False):
        answer = decide(client, key, signature, verb, body)
        assert (answer.status_code, json.loads(answer.content)) == (
            200,
            {
                "id": signature.public_id,
                "status": after,
                "revision": revision,
                "featured": False,
                "changed": changed,
            },
        )
        assert answer["Cache-Control"] == "no-store"
        assert CANARY not in answer.content.decode()
    assert Event.objects.count() == events + 1
    event = Event.objects.latest("pk")
    made = ApiKey.objects.get()
    assert (event.verb, event.actor, event.api_key, event.user) == (verb, "api_key", made, None)


@pytest.mark.parametrize(("verb", "before", "body", "after", "revision"), VERBS)
def test_what_has_changed_since_it_was_seen_is_not_decided(
    client: Client,
    campaign: Campaign,
    key: str,
    verb: str,
    before: Status,
    body: dict[str, Any],
    after: Status,
    revision: int,
) -> None:
    signature = make_signature(campaign, status=before)
    Signature.objects.filter(pk=signature.pk).update(revision=7)
    answer = decide(client, key, signature, verb, body)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (409, "changed_meanwhile")
    assert Signature.objects.get().status == before
    assert not Event.objects.filter(api_key__isnull=False).exists()


def test_what_a_colleague_has_just_approved_is_not_rejected_unseen(
    client: Client, campaign: Campaign, key: str
) -> None:
    signature = make_signature(campaign, status=Status.HELD)
    assert decide(client, key, signature, "approve", {"revision": 1}).status_code == 200
    answer = decide(client, key, signature, "reject", REJECT)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (409, "changed_meanwhile")
    assert Signature.objects.get().status == Status.PUBLISHED


def test_a_rejection_tells_the_signer_the_reason_and_colleagues_the_note(
    client: Client, campaign: Campaign, key: str
) -> None:
    signature = make_signature(campaign, status=Status.HELD)
    note = "NUL \0 and half a character \ud800 go"
    body = {**REJECT, "reason": "duplicate", "note": note}
    assert decide(client, key, signature, "reject", body).status_code == 200
    assert Signature.objects.get().rejection_reason == "duplicate"
    assert EventNote.objects.get().text == "NUL  and half a character  go"
    assert Mail.objects.filter(kind=MailKind.REJECTED).count() == 1


def test_a_signature_is_featured_and_put_back_as_it_was_shown(
    client: Client, campaign: Campaign, key: str
) -> None:
    signature = make_signature(campaign)
    seen = []
    for body in (
        {"revision": 1, "featured": True},
        {"revision": 1, "featured": True},
        {"revision": 1, "featured": False},
        {"revision": 2, "featured": False},
    ):
        answer = decide(client, key, signature, "feature", body)
        said = json.loads(answer.content)
        seen.append((answer.status_code, said.get("changed"), said.get("revision")))
    assert seen == [(200, True, 2), (200, False, 2), (409, None, None), (200, True, 3)]
    events = Event.objects.filter(verb="amend").values_list("reason", "actor")
    assert list(events) == [("featured", "api_key")] * 2


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.ERASED])
def test_who_left_is_not_brought_back(
    client: Client, campaign: Campaign, key: str, status: Status
) -> None:
    signature = make_signature(campaign, status=status)
    bodies: dict[str, Any] = {
        "approve": {"revision": 1},
        "reject": REJECT,
        "hold": {"revision": 1},
        "restore": {"revision": 1},
        "feature": {"revision": 1, "featured": True},
    }
    for verb, body in bodies.items():
        answer = decide(client, key, signature, verb, body)
        assert answer.status_code in {409, 410} or not json.loads(answer.content)["changed"], verb
        assert Signature.objects.get().status == status
    assert not Event.objects.filter(api_key__isnull=False).exists()


@pytest.mark.parametrize("status", [Status.PENDING])
def test_what_nobody_confirmed_is_not_there(
    client: Client, campaign: Campaign, key: str, status: Status
) -> None:
    signature = make_signature(campaign, status=status)
    for verb, body in (
        ("approve", {"revision": 1}),
        ("feature", {"revision": 1, "featured": True}),
    ):
        assert decide(client, key, signature, verb, body).status_code == 404


def test_another_campaigns_signature_is_not_there(
    client: Client, campaign: Campaign, key: str
) -> None:
    other = make_signature(make_campaign(slug="other"), status=Status.HELD)
    assert decide(client, key, other, "approve", {"revision": 1}).status_code == 404
    assert Signature.objects.get().status == Status.HELD


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("approve", {}, "revision"),
        ("approve", {"revision": "1"}, "revision"),
        ("approve", {"revision": 0}, "revision"),
        ("approve", {"revision": 2**40}, "revision"),
        ("approve", {"revision": 1, "note": ""}, "note"),
        ("approve", [], ""),
        ("reject", {**REJECT, "reason": "because"}, "reason"),
        ("reject", {**REJECT, "reason": ["impersonation"]}, "reason"),
        ("reject", {**REJECT, "reason": None}, "reason"),
        ("reject", {**REJECT, "status": "pending"}, "status"),
        ("reject", {**REJECT, "note": "x" * 2001}, "note"),
        ("reject", {**REJECT, "note": 1}, "note"),
        ("hold", {"revision": True}, "revision"),
        ("feature", {"revision": 1}, "featured"),
        ("feature", {"revision": 1, "featured": 1}, "featured"),
    ],
)
def test_a_body_that_is_none_names_the_field(
    client: Client, campaign: Campaign, key: str, verb: str, body: Any, field: str
) -> None:
    signature = make_signature(campaign, status=Status.HELD)
    answer = decide(client, key, signature, verb, body)
    assert answer.status_code == 400
    said = json.loads(answer.content)
    assert (said["code"], said["errors"][0]["field"]) == ("invalid_input", field)
    assert Signature.objects.get().status == Status.HELD


def test_a_moderator_sees_which_program_decided(
    client: Client, campaign: Campaign, key: str
) -> None:
    signature = make_signature(campaign, status=Status.HELD)
    decide(client, key, signature, "approve", {"revision": 1})
    client.force_login(User.objects.create_superuser("root", "r@example.org", "secret"))
    page = client.get(f"/admin/campaign/signature/{signature.pk}/change/").content.decode()
    assert str(ApiKey.objects.get()) in page
    assert key[13:] not in page
