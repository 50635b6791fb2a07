"""Asking to sign, through the API."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outgoing
from django.test import Client
from django.utils import timezone

from campaign import leaving
from campaign.models import Mail, Signature, TallyChange
from campaign.models.campaign import Campaign
from campaign.models.signature import Status
from tests.answers import headers_of
from tests.factories import details, make_campaign, make_signature, not_me_token

pytestmark = pytest.mark.django_db

PATH = "/api/v1/campaigns/art/signatures/"
ACCEPTED = b'{"status":"check_your_inbox"}'


def post(client: Client, **typed: Any) -> Any:
    return client.post(PATH, json.dumps(details(**typed)), content_type="application/json")


def mistakes(response: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def test_a_request_makes_a_pending_signature_and_owes_one_mail(client: Client) -> None:
    make_campaign()
    response = post(client, country="fr", organisation="Guild of Quarrymen", source="newsletter")
    assert (response.status_code, response.content) == (202, ACCEPTED)
    signature = Signature.objects.get()
    assert signature.status == Status.PENDING
    assert signature.name == "Zoë Moreau"
    assert signature.country == "FR"
    assert signature.statement.version.number == 1
    assert signature.consent is not None
    assert signature.consent.text == "I agree that my name is published."
    assert [(m.kind, m.status) for m in Mail.objects.all()] == [("confirm", "queued")]
    assert outgoing.outbox == []  # the request itself sends nothing


def test_the_name_is_kept_as_typed_without_what_nobody_sees(client: Client) -> None:
    make_campaign()
    post(client, name="  Zoe\u0308\u200b \u202eMoreau\x00  ")
    assert Signature.objects.get().name == "Zoë Moreau"


@pytest.mark.parametrize(
    "name", ["will.i.am", "!!!", "-M-", "X", "李小龙", "deadmau5", "2Pac", "a" * 200]
)
def test_these_are_names(client: Client, name: str) -> None:
    make_campaign()
    assert post(client, name=name).status_code == 202
    assert Signature.objects.get().name == name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "blank"),
        ("\u200b\u202e", "blank"),
        ("😀🎸", "no_letters"),
        ("=cmd|' /C calc'!A0", "formula"),
        ("<b>Zoë</b>", "markup"),
        ("https://evil.example", "link"),
        ("buy-pills.com", "link"),
        ("a" * 201, "too_long"),
        ("a" * 5000, "too_long"),
    ],
)
@pytest.mark.parametrize("field", ["name", "credit", "organisation"])
def test_what_is_no_name_is_refused_at_its_field_and_nothing_is_stored(
    client: Client, field: str, name: str, code: str
) -> None:
    make_campaign()
    response = post(client, **{field: name})
    if code == "blank" and field != "name":
        assert response.status_code == 202
        return
    assert response.status_code == 400
    assert mistakes(response) == [(field, code)]
    assert not Signature.objects.exists()
    assert not Mail.objects.exists()
    assert not TallyChange.objects.exists()


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("", "blank"),
        ("zoe", "malformed"),
        ("zoe@example..org", "impossible"),
        ("zoe@localhost", "impossible"),
        ("zoe@example.invalid", "impossible"),
        ("Zoë <zoe@example.org>", "malformed"),
        ("zoe@example.org\nBcc: all@example.org", "malformed"),
        ("z" * 300 + "@example.org", "too_long"),
    ],
)
def test_an_address_that_cannot_exist_is_refused(client: Client, email: str, code: str) -> None:
    make_campaign()
    response = post(client, email=email)
    assert (response.status_code, mistakes(response)) == (400, [("email", code)])
    assert not Signature.objects.exists()


def test_an_internationalised_domain_works(client: Client) -> None:
    make_campaign()
    assert post(client, email="zoe@bücher.example.org").status_code == 202
    assert Signature.objects.get().canonical_email == "zoe@xn--bcher-kva.example.org"


def test_every_mistake_is_named_at_once_in_the_signers_language(client: Client) -> None:
    make_campaign()
    body = details(
        name="",
        email="x",
        kind="robot",
        discipline="plumber",
        country="XX",
        language="nl",
        consent=False,
    )
    response = client.post(
        PATH, json.dumps(body), content_type="application/json", headers={"Accept-Language": "fr"}
    )
    assert {field for field, _code in mistakes(response)} == {
        "name",
        "email",
        "kind",
        "discipline",
        "country",
        "language",
        "consent",
    }


def test_consent_is_needed(client: Client) -> None:
    make_campaign()
    assert mistakes(post(client, consent=False)) == [("consent", "consent_required")]


def test_the_same_details_again_are_the_same_row(client: Client) -> None:
    make_campaign()
    post(client)
    post(client, name="Zoe\u0308 Moreau")
    assert Signature.objects.count() == 1
    assert Mail.objects.count() == 2


def test_other_details_are_another_row_and_leave_the_first_as_it_was(client: Client) -> None:
    make_campaign()
    post(client)
    first = Signature.objects.get()
    post(client, name="Somebody Else")
    assert Signature.objects.count() == 2
    kept = Signature.objects.get(pk=first.pk)
    assert (kept.name, kept.revision, kept.updated_at) == (first.name, 1, first.updated_at)


def test_the_same_details_from_another_address_of_the_mailbox_are_written_to_there(
    client: Client,
) -> None:
    make_campaign()
    for email in ("Zo.E+petition@googlemail.com", "zoe@gmail.com", "ZOE@gmail.com"):
        post(client, email=email)
    rows = Signature.objects.order_by("pk").values_list("email", "canonical_email")
    assert list(rows) == [
        ("Zo.E+petition@googlemail.com", "zoe@gmail.com"),
        ("zoe@gmail.com", "zoe@gmail.com"),
    ]
    told = [mail.recipient.email for mail in Mail.objects.order_by("pk")]
    assert told == ["Zo.E+petition@googlemail.com", "zoe@gmail.com", "zoe@gmail.com"]


def test_the_address_is_folded_as_its_provider_folds_it(client: Client) -> None:
    campaign = make_campaign()
    make_signature(campaign, **details(email="Zo.E+petition@googlemail.com"))
    Mail.objects.all().delete()
    post(client, email="zoe@gmail.com")
    assert Signature.objects.get().email == "Zo.E+petition@googlemail.com"
    assert [mail.kind for mail in Mail.objects.all()] == ["signed_already"]


@pytest.mark.parametrize(
    "status", [Status.PENDING, Status.HELD, Status.PUBLISHED, Status.REJECTED, Status.WITHDRAWN]
)
def test_the_answer_is_the_same_whatever_is_known_of_the_address(
    client: Client, status: str
) -> None:
    campaign = make_campaign()
    make_signature(campaign, status=status, **details())
    known = post(client)
    fresh = post(client, email="nobody@example.org")
    assert (
        (known.status_code, known.content) == (fresh.status_code, fresh.content) == (202, ACCEPTED)
    )
    assert headers_of(known) == headers_of(fresh)


@pytest.mark.parametrize("status", [Status.HELD, Status.PUBLISHED, Status.REJECTED])
def test_who_stands_already_gets_the_link_to_their_page_and_no_second_row(
    client: Client, status: str
) -> None:
    campaign = make_campaign()
    make_signature(campaign, status=status, **details())
    post(client, credit="Something Else")
    assert Signature.objects.count() == 1
    assert Mail.objects.latest("pk").kind == "signed_already"


def test_who_withdrew_may_sign_again(client: Client) -> None:
    campaign = make_campaign()
    make_signature(campaign, status=Status.WITHDRAWN, **details())
    post(client)
    assert sorted(Signature.objects.values_list("status", flat=True)) == ["pending", "withdrawn"]


def test_received_counts_every_accepted_request_even_without_a_mail(client: Client) -> None:
    make_campaign()
    for _ in range(5):
        post(client)
    assert client.get("/api/v1/campaigns/art/counts/").json()["received"] == 5
    assert Mail.objects.count() == 3


def test_a_blocked_address_gets_nothing_and_the_same_answer(client: Client) -> None:
    campaign = make_campaign()
    signature = make_signature(campaign, status=Status.PENDING, **details())
    leaving.not_me(not_me_token(signature))
    Mail.objects.all().delete()
    assert post(client).content == ACCEPTED
    assert not Signature.objects.exists()
    assert not Mail.objects.exists()


def test_a_closed_and_a_paused_campaign_say_so(client: Client) -> None:
    campaign = make_campaign()
    Campaign.objects.update(paused_at=timezone.now())
    assert post(client).json()["code"] == "campaign_paused"
    Campaign.objects.update(closes_at=timezone.now() - timedelta(seconds=1), paused_at=None)
    response = post(client)
    assert (response.status_code, response.json()["code"]) == (409, "campaign_closed")
    assert not Signature.objects.filter(campaign=campaign).exists()


def test_a_form_that_showed_an_older_statement_is_told(client: Client) -> None:
    make_campaign()
    assert post(client, statement_version=1).status_code == 202
    response = post(client, statement_version=2)
    assert (response.status_code, response.json()["code"]) == (409, "statement_changed")
    assert Signature.objects.count() == 1
