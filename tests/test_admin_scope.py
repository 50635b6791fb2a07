"""Whoever works in one campaign sees nothing of another, and a reader no address anywhere."""

from typing import Any

import pytest
from django.test import Client

from campaign import reporting
from campaign.links import Purpose, make_token
from campaign.models import (
    ApiKey,
    Campaign,
    ImportBatch,
    Mail,
    Membership,
    Report,
    Signature,
    Suppression,
)
from campaign.models.api_key import Scope
from campaign.models.membership import Role
from campaign.models.signature import Status
from campaign.outbox import address_hash
from tests.factories import make_campaign, make_key, make_member, make_signature
from tests.receiver import make_webhook

pytestmark = pytest.mark.django_db

ADMIN = "/admin/campaign/"


@pytest.fixture
def here() -> Campaign:
    return make_campaign(slug="here", publication="after_verification")


@pytest.fixture
def elsewhere(here: Campaign) -> dict[str, Any]:
    """One of everything, of another campaign."""
    campaign = make_campaign(slug="elsewhere", publication="after_verification")
    signature = make_signature(campaign, name="Their Signer", email="their@elsewhere.example.org")
    Mail.objects.filter(signature=signature).update(status="failed")
    batch = ImportBatch.objects.create(campaign=campaign, file_name="theirs.csv", consent_note="n")
    make_signature(campaign, name="Waits There", status=Status.HELD)
    make_key(campaign, *Scope)
    suppression = Suppression.objects.create(
        campaign=campaign, address_hash=address_hash("gone@elsewhere.example.org"), reason="not_me"
    )
    hook = make_webhook(campaign, "https://hooks.elsewhere.example/x")
    reporting.report(
        campaign=campaign,
        public_id=signature.public_id,
        typed={"reason": "not_me", "email": "teller@elsewhere.example.org", "note": "Their note."},
        language="en",
    )
    report = Report.objects.get()
    reporting.confirm(make_token(Purpose.REPORT, subject=report.public_id, revision=1))
    return {
        "campaign": campaign.pk,
        "signature": signature.pk,
        "importbatch": batch.pk,
        "apikey": ApiKey.objects.get().pk,
        "mail": Mail.objects.filter(signature=signature)[:1].get().pk,
        "suppression": suppression.pk,
        "webhook": hook.pk,
    }


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


LISTS = ("campaign", "signature", "importbatch", "apikey", "mail", "suppression", "webhook")


@pytest.mark.parametrize("what", LISTS)
def test_what_is_of_another_campaign_is_not_there(
    what: str, here: Campaign, elsewhere: dict[str, Any]
) -> None:
    owner = browser(make_member(here, Role.OWNER))
    listed = owner.get(f"{ADMIN}{what}/?status=all" if what == "signature" else f"{ADMIN}{what}/")
    assert listed.status_code == 200
    assert not set(listed.context["cl"].result_list) - {here}
    assert "elsewhere" not in listed.content.decode()
    assert owner.get(f"{ADMIN}{what}/{elsewhere[what]}/change/").status_code == 404


@pytest.mark.parametrize(
    "button",
    [
        *(f"signature/{{signature}}/{verb}/" for verb in ("approve", "reject", "hold", "keep")),
        *("signature/{signature}/restore/", "importbatch/{importbatch}/release/"),
        *(f"campaign/{{campaign}}/{verb}/" for verb in ("pause", "resume", "preview")),
        *("apikey/{apikey}/revoke/", "webhook/{webhook}/rotate/", "webhook/{webhook}/test/"),
    ],
)
def test_no_button_of_another_campaign_can_be_pressed(
    button: str, here: Campaign, elsewhere: dict[str, Any]
) -> None:
    before = _everything()
    owner = browser(make_member(here, Role.OWNER))
    url = ADMIN + button.format(**elsewhere)
    assert owner.post(url, {"revision": 1, "status": "published"}).status_code == 404
    assert _everything() == before


def _everything() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Campaign, Signature, ImportBatch, ApiKey)
    ]


def test_nothing_of_another_campaign_is_decided_among_many(
    here: Campaign, elsewhere: dict[str, Any]
) -> None:
    owner = browser(make_member(here, Role.OWNER))
    ours = make_signature(here, name="Our Own", status=Status.HELD)
    theirs = Signature.objects.get(name="Waits There")
    items = [f"{each.pk}:{each.revision}:held" for each in (ours, theirs)]

    owner.post(f"{ADMIN}signature/many/approve/", {"item": items})

    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert (ours.status, theirs.status) == (Status.PUBLISHED, Status.HELD)


def test_an_action_leaves_out_what_one_may_only_look_at(
    here: Campaign, elsewhere: dict[str, Any]
) -> None:
    moderator = make_member(here, Role.MODERATOR)
    Membership.objects.create(user=moderator, campaign_id=elsewhere["campaign"], role=Role.READER)
    ours = make_signature(here, name="Our Own", status=Status.HELD)
    theirs = Signature.objects.get(name="Waits There")
    client = browser(moderator)
    chosen = {"action": "approve_selected", "_selected_action": [ours.pk, theirs.pk]}

    preview = client.post(f"{ADMIN}signature/", chosen).content.decode()
    assert "Our Own" in preview
    assert "Waits There" not in preview
    press = {"revision": theirs.revision, "status": "held"}
    assert client.post(f"{ADMIN}signature/{theirs.pk}/approve/", press).status_code == 403
    theirs.refresh_from_db()
    assert theirs.status == Status.HELD


def test_a_key_is_made_for_campaigns_of_ones_own_alone(
    here: Campaign, elsewhere: dict[str, Any]
) -> None:
    owner = browser(make_member(here, Role.OWNER))
    form = {"label": "x", "scopes": ["sign"], "expires_on": "2026-12-24"}
    page = owner.get(f"{ADMIN}apikey/add/").content.decode()
    assert ">here<" in page
    assert "elsewhere" not in page
    made = owner.post(f"{ADMIN}apikey/add/", {**form, "campaign": elsewhere["campaign"]})
    assert made.status_code == 422
    assert ApiKey.objects.count() == 1


def test_a_key_may_no_more_in_a_campaign_than_its_maker_may_there(here: Campaign) -> None:
    owner = make_member(here, Role.OWNER)
    there = make_campaign(slug="there")
    membership = Membership.objects.create(user=owner, campaign=there, role=Role.READER)
    form = {"label": "x", "scopes": ["export"], "expires_on": "2026-12-24", "campaign": there.pk}
    assert browser(owner).post(f"{ADMIN}apikey/add/", form).status_code == 422
    Membership.objects.filter(pk=membership.pk).update(role=Role.OWNER)


def test_a_webhook_is_made_for_campaigns_of_ones_own_alone(
    here: Campaign, elsewhere: dict[str, Any]
) -> None:
    owner = browser(make_member(here, Role.OWNER))
    assert "elsewhere" not in owner.get(f"{ADMIN}webhook/add/").content.decode()
    form = {"url": "https://hooks.example.org/y", "events": ["signature.published"]}
    owner.post(f"{ADMIN}webhook/add/", {**form, "campaign": elsewhere["campaign"]})
    assert Campaign.objects.get(slug="elsewhere").webhooks.count() == 1


# --- Readers ---------------------------------------------------------------------------------


@pytest.fixture
def signed(here: Campaign) -> Signature:
    """A signature with everything that a reader must not see."""
    signature = make_signature(here, name="Seen Signer", email="zoe@private.example.org")
    Signature.objects.filter(pk=signature.pk).update(evidence_note="A private note.")
    make_signature(here, name="Same Mailbox", email="zoe@private.example.org")
    reporting.report(
        campaign=here,
        public_id=signature.public_id,
        typed={
            "reason": "not_me",
            "email": "teller@private.example.org",
            "note": "A private word.",
        },
        language="en",
    )
    report = Report.objects.get()
    reporting.confirm(make_token(Purpose.REPORT, subject=report.public_id, revision=1))
    ImportBatch.objects.create(campaign=here, file_name="a.csv", consent_note="A private note.")
    return signature


def test_a_reader_sees_no_address_and_no_note_on_any_page(
    here: Campaign, signed: Signature
) -> None:
    reader = browser(make_member(here, Role.READER))
    batch = ImportBatch.objects.get().pk
    lanes = ("", "?status=reported", "?status=all", "?status=published", "?q=Seen")
    urls = [
        *(f"{ADMIN}signature/{lane}" for lane in lanes),
        *(
            f"{ADMIN}signature/{pk}/change/"
            for pk in Signature.objects.values_list("pk", flat=True)
        ),
        *(f"{ADMIN}importbatch/", f"{ADMIN}importbatch/{batch}/change/"),
        *(f"{ADMIN}campaign/", f"{ADMIN}campaign/{here.pk}/change/", "/admin/"),
        *(f"{ADMIN}campaign/{here.pk}/statistics/", f"{ADMIN}campaign/{here.pk}/mails/"),
    ]
    for url in urls:
        response = reader.get(url, follow=True)
        assert response.status_code == 200, url
        assert "private" not in response.content.decode().replace("/privacy", ""), url


@pytest.mark.parametrize(
    "query",
    [
        *("?status=all&q=zoe@private.example.org", "?status=all&q=@private.example.org"),
        *("?status=all&email__startswith=zoe", "?status=all&email=zoe@private.example.org"),
        *("?status=all&canonical_email__contains=zoe", "?status=all&evidence_note__contains=A"),
    ],
)
def test_a_reader_finds_nobody_by_an_address(query: str, here: Campaign, signed: Signature) -> None:
    reader = browser(make_member(here, Role.READER))
    response = reader.get(f"{ADMIN}signature/{query}")
    found = response.context["cl"].result_list if response.status_code == 200 else []
    assert list(found) == []
    if "q=" not in query:
        assert response.headers["Location"] == f"{ADMIN}signature/?e=1"


@pytest.mark.parametrize(
    "lookup",
    [
        *("campaign__signatures__email__startswith", "campaign__signatures__canonical_email"),
        "campaign__memberships__user__password__startswith",
        "campaign__memberships__user__totpdevice__key__startswith",
        *("campaign__memberships__user__username", "campaign__preview_key__isnull"),
        *("campaign__api_keys__digest__startswith", "campaign__webhooks__url__contains"),
        *("batch__consent_note__contains", "batch__imported_by__password__startswith"),
        *("discipline__campaign__uploads__file_name", "kind__regex", "campaign__id__gt"),
    ],
)
@pytest.mark.parametrize("what", ["signature", "importbatch"])
def test_no_filter_leads_a_reader_through_a_relation_to_what_isnt_shown(
    what: str, lookup: str, here: Campaign, signed: Signature
) -> None:
    """A password or an address would be had letter by letter: the list is empty, or it isn't."""
    reader = browser(make_member(here, Role.READER))
    response = reader.get(f"{ADMIN}{what}/?{lookup}=z")
    assert (response.status_code, response.headers["Location"]) == (302, f"{ADMIN}{what}/?e=1")


@pytest.mark.parametrize(
    "query", ["campaign__id__exact={}", "kind__exact=person", "status=all", "batch__isnull=True"]
)
def test_the_filters_that_a_list_offers_are_taken(
    query: str, here: Campaign, signed: Signature
) -> None:
    reader = browser(make_member(here, Role.READER))
    response = reader.get(f"{ADMIN}signature/?{query.format(here.pk)}")
    assert response.status_code == 200


def test_a_moderator_finds_them_by_it(here: Campaign, signed: Signature) -> None:
    moderator = browser(make_member(here, Role.MODERATOR))
    for typed in ("zoe@private.example.org", "@private.example.org"):
        found = moderator.get(f"{ADMIN}signature/", {"status": "all", "q": typed})
        assert signed in found.context["cl"].result_list
    page = moderator.get(f"{ADMIN}signature/{signed.pk}/change/").content.decode()
    for private in (
        "zoe@private.example.org",
        "A private note.",
        "A private word.",
        "Same Mailbox",
    ):
        assert private in page


@pytest.mark.parametrize("what", ["mail", "suppression", "apikey", "webhook", "auditentry"])
def test_a_reader_opens_no_list_of_operators(what: str, here: Campaign, signed: Signature) -> None:
    reader = browser(make_member(here, Role.READER))
    assert reader.get(f"{ADMIN}{what}/").status_code == 403
