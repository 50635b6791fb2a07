"""Signing for somebody else: published only when they confirm by their own mail, and never said by whom."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaign import intake, leaving, moderation, retention, signing
from campaign.campaign_file import parse
from campaign.models import (
    Campaign,
    Consent,
    Event,
    Mail,
    Representation,
    Signature,
    Suppression,
)
from campaign.models.mail import MailKind
from campaign.models.membership import Membership, Role
from campaign.models.signature import HoldReason, Status
from campaign.organising import load_campaign
from tests.counted import assert_exact
from tests.factories import (
    campaign_file,
    confirm_token,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
    not_me_token,
)
from tests.representing import TYPED, ask, asked, body, link

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def mailed() -> list[tuple[str, str]]:
    """The kinds of all mails owed, and to whom."""
    rows = Mail.objects.order_by("pk").select_related("signature", "report", "representation")
    return [(mail.kind, mail.recipient.email) for mail in rows]


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


AGENT = ("canary.agent@agency.example.org", "zoe@example.org")


# --- The whole way ---------------------------------------------------------------------------


def test_it_goes_by_both_mailboxes_and_then_before_a_moderator(
    client: Client, campaign: Campaign
) -> None:
    answer = ask(client)
    assert "Then we write to them" in words(answer)
    assert "canary.agent@agency.example.org" in words(answer)
    assert mailed() == [("represent_confirm", AGENT[0])]
    page = link(MailKind.REPRESENT_CONFIRM, "represent")
    shown = words(client.get(page))
    assert "Zoë Moreau" in shown
    assert "zoe@example.org" in shown
    assert mailed() == [("represent_confirm", AGENT[0])]  # a GET writes to nobody
    assert "Now it is theirs to confirm" in words(client.post(page))
    assert mailed() == [("represent_confirm", AGENT[0]), ("represented", AGENT[1])]
    theirs = link(MailKind.REPRESENTED, "confirm")
    shown = words(client.get(theirs))
    assert "Canary Agent" in shown
    assert "Canary manager" in shown
    assert "I agree that my name is published." in shown  # the consent is theirs
    assert "I agree: confirm my signature" in shown
    assert client.post(theirs).status_code == 200
    signature = Signature.objects.get()
    assert (signature.status, signature.hold_reasons) == (Status.HELD, [HoldReason.REPRESENTED])
    assert (signature.evidence, signature.newsletter) == ("email", False)


def test_nothing_says_who_signed_for_them(client: Client, campaign: Campaign) -> None:
    signature = asked(client)
    signing.confirm(confirm_token(signature))
    signature.refresh_from_db()
    moderation.approve(signature_id=signature.pk, revision=signature.revision, by=make_user())
    for path in (
        "/art/",
        "/art/signers/",
        f"/art/signers/{signature.public_id}/",
        "/api/v1/campaigns/art/signers/",
        f"/api/v1/campaigns/art/signers/{signature.public_id}/",
        "/api/v1/campaigns/art/signers/?updated_since=2026-01-01T00:00:00Z",
        "/api/v1/campaigns/art/feed.atom",
        "/api/v1/campaigns/art/counts/",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "canary" not in answer.content.decode().lower(), path
    assert "canary" not in body(MailKind.PUBLISHED).lower()
    assert "canary" not in str(list(Event.objects.values())).lower()


def test_without_a_role_or_a_tick_it_works_too(client: Client, campaign: Campaign) -> None:
    signature = asked(client, representative_role="")
    assert signature.represented
    assert "signed this for you" in words(client.get(link(MailKind.REPRESENTED, "confirm")))


def test_a_group_is_signed_for_as_well(client: Client, campaign: Campaign) -> None:
    assert asked(client, kind="group", name="The Quarry Band").kind == "group"


# --- Who may be written to -------------------------------------------------------------------


def test_nobody_else_is_written_to_before_the_representative_confirms(
    client: Client, campaign: Campaign
) -> None:
    ask(client)
    assert mailed() == [("represent_confirm", AGENT[0])]


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/art/", {"action": "resend", "email": "zoe@example.org"}),
        ("/art/my-signature/", {"email": "zoe@example.org"}),
        ("/api/v1/campaigns/art/signatures/resend/", {"email": "zoe@example.org"}),
    ],
)
def test_nor_by_a_resend_which_answers_as_for_an_unknown_address(
    client: Client, campaign: Campaign, path: str, typed: dict[str, str]
) -> None:
    unknown = client.post(path, typed)
    ask(client)
    answer = client.post(path, typed)
    assert (answer.status_code, answer.content) == (unknown.status_code, unknown.content)
    assert mailed() == [("represent_confirm", AGENT[0])]


def test_a_resend_goes_to_what_they_signed_themselves_before(
    client: Client, campaign: Campaign
) -> None:
    own = make_signature(campaign, status="pending", name="Zoë M.", email=AGENT[1])
    ask(client)
    signing.resend(campaign=campaign, email=AGENT[1])
    assert mailed() == [
        ("confirm", AGENT[1]),
        ("represent_confirm", AGENT[0]),
        ("confirm", AGENT[1]),
    ]
    assert Mail.objects.latest("pk").signature == own


def test_a_resend_says_once_more_that_somebody_signed_for_them(
    client: Client, campaign: Campaign
) -> None:
    asked(client)
    signing.resend(campaign=campaign, email=AGENT[1])
    assert mailed()[1:] == [("represented", AGENT[1])] * 2
    assert "Canary Agent" in body(MailKind.REPRESENTED)


def test_a_new_link_says_once_more_that_somebody_signed_for_them(
    client: Client, campaign: Campaign
) -> None:
    asked(client)
    page = link(MailKind.REPRESENTED, "confirm")
    assert client.post(page, {"action": "renew"}).status_code == 200
    assert mailed()[1:] == [("represented", AGENT[1])] * 2


def test_the_same_details_in_the_ordinary_form_are_another_signature(
    client: Client, campaign: Campaign
) -> None:
    ask(client)
    typed = {
        "action": "sign",
        "consent": "yes",
        **{
            name: TYPED[name]
            for name in ("language", "name", "email", "kind", "credit", "show_name")
        },
    }
    assert client.post("/art/", typed).status_code == 200
    own = Signature.objects.get(represented=False)
    assert mailed() == [("represent_confirm", AGENT[0]), ("confirm", AGENT[1])]
    assert Mail.objects.latest("pk").signature == own


def reminded_two_days_later() -> list[Signature | None]:
    Mail.objects.update(status="sent", sent_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        retention.remind()
    return [mail.signature for mail in Mail.objects.filter(kind=MailKind.REMINDER)]


@pytest.mark.parametrize("sent", [MailKind.REPRESENTED, MailKind.CONFIRM])
def test_who_was_signed_for_is_never_reminded(
    client: Client, campaign: Campaign, sent: MailKind
) -> None:
    asked(client)
    Mail.objects.filter(kind=MailKind.REPRESENTED).update(kind=sent)  # as a resend wrote before
    assert reminded_two_days_later() == []


def test_who_was_signed_for_is_reminded_of_what_they_signed_themselves(
    client: Client, campaign: Campaign
) -> None:
    own = make_signature(campaign, status="pending", name="Zoë M.", email=AGENT[1])
    ask(client)
    assert reminded_two_days_later() == [own]


def test_the_others_quota_holds_however_many_sign_for_them(
    client: Client, campaign: Campaign
) -> None:
    for number in range(5):
        asked(client, representative_email=f"agent{number}@agency.example.org")
    assert [kind for kind, _to in mailed()].count("represented") == 3
    assert "Now it is theirs" in words(client.get(link(MailKind.REPRESENT_CONFIRM, "represent")))


def test_the_representatives_quota_holds_and_the_answer_is_the_same(
    client: Client, campaign: Campaign
) -> None:
    answers = {words(ask(client, name=f"Zoë {letter}")) for letter in "abcde"}
    assert len({re.sub(r"Zoë \w", "", each) for each in answers}) == 1
    assert len(mailed()) == 3
    assert Signature.objects.count() == 3
    numbers = client.get("/api/v1/campaigns/art/counts/").json()
    assert numbers["received"] == 5


def test_the_same_typed_again_is_the_same_row(client: Client, campaign: Campaign) -> None:
    ask(client)
    ask(client)
    assert Signature.objects.count() == Representation.objects.count() == 1
    assert mailed() == [("represent_confirm", AGENT[0])] * 2


def test_from_another_address_of_the_representatives_mailbox_it_is_a_row_of_its_own(
    client: Client, campaign: Campaign
) -> None:
    """Else who asked first, with a spelling that doesn't exist, would have the other's mail sent there."""
    for email in ("agent@mac.com", "Agent@MAC.com", "agent@icloud.com"):
        ask(client, representative_email=email)
    to = ["agent@mac.com", "agent@mac.com", "agent@icloud.com"]
    assert mailed() == [("represent_confirm", email) for email in to]
    assert Signature.objects.count() == Representation.objects.count() == 2


@pytest.mark.parametrize(
    ("before", "after", "version"),
    [("Ask us first", "Ask us before", 2), ("my name is published", "my name is shown", 1)],
)
def test_the_same_typed_again_after_a_change_is_signed_as_it_reads_then(
    client: Client, campaign: Campaign, before: str, after: str, version: int
) -> None:
    asked(client)
    earlier = link(MailKind.REPRESENTED, "confirm")
    load_campaign(parse(campaign_file().replace(before, after)))
    later = asked(client)
    ask(client)
    assert Signature.objects.count() == Representation.objects.count() == 2
    assert client.post(link(MailKind.REPRESENTED, "confirm")).status_code == 200
    signature = Signature.objects.get()
    assert (signature, signature.statement.version.number) == (later, version)
    assert signature.consent == Consent.objects.filter(language="en").latest("pk")
    assert Representation.objects.count() == 1
    assert client.post(earlier).status_code == 410


def test_pressed_twice_it_writes_once(client: Client, campaign: Campaign) -> None:
    ask(client)
    page = link(MailKind.REPRESENT_CONFIRM, "represent")
    assert words(client.post(page)) == words(client.post(page))
    assert [kind for kind, _to in mailed()] == ["represent_confirm", "represented"]


def test_a_mailbox_that_said_not_me_is_left_alone(client: Client, campaign: Campaign) -> None:
    leaving.not_me(
        not_me_token(make_signature(campaign, status="pending", email="zoe@example.org"))
    )
    asked(client)
    assert "represented" not in [kind for kind, _to in mailed()]
    assert Suppression.objects.count() == 1


def test_who_is_on_the_list_already_gets_their_own_page(client: Client, campaign: Campaign) -> None:
    make_signature(campaign, name="Zoë Moreau", email="zoe@example.org")
    ask(client)
    client.post(link(MailKind.REPRESENT_CONFIRM, "represent"))
    assert mailed()[-1] == ("signed_already", "zoe@example.org")
    assert "represented" not in [kind for kind, _to in mailed()]


# --- Saying no -------------------------------------------------------------------------------


def test_whom_it_is_for_may_have_it_deleted(client: Client, campaign: Campaign) -> None:
    asked(client)
    client.post(link(MailKind.REPRESENTED, "not-me"))
    assert not Signature.objects.exists()
    assert not Representation.objects.exists()


def test_who_was_named_as_representative_may_have_it_deleted(
    client: Client, campaign: Campaign
) -> None:
    ask(client)
    client.post(link(MailKind.REPRESENT_CONFIRM, "not-me"))
    assert not Signature.objects.exists()
    ask(client)
    assert not Signature.objects.exists()
    assert mailed() == []


def test_unanswered_it_is_deleted_with_who_asked(client: Client, campaign: Campaign) -> None:
    asked(client)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        retention.expire()
    assert not Representation.objects.exists()
    assert not Mail.objects.exists()


def test_the_representatives_link_ends_after_a_week_and_tells_nothing_later(
    client: Client, campaign: Campaign
) -> None:
    ask(client)
    page = link(MailKind.REPRESENT_CONFIRM, "represent")
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert client.get(page).status_code == 410
        assert client.post(page).status_code == 410
    client.post(page)
    waiting = words(client.get(page))
    signing.confirm(confirm_token(Signature.objects.get()))
    assert words(client.get(page)) == waiting
    assert "Zoë" not in waiting


def test_a_foreign_or_broken_link_is_no_authority(client: Client, campaign: Campaign) -> None:
    ask(client)
    token = confirm_token(Signature.objects.get())
    assert client.post(f"/represent/{token}/").status_code >= 400
    assert client.get("/represent/nonsense/").status_code >= 400
    assert mailed() == [("represent_confirm", AGENT[0])]


# --- What the campaign knows -----------------------------------------------------------------


def import_file(campaign: Campaign, *lines: str) -> None:
    rows = ["name,email\r\n", *(f"{line}\r\n" for line in lines)]
    intake.import_signers(campaign=campaign, lines=rows, file_name="a.csv")


def test_without_an_address_the_one_that_the_import_holds_is_written_to(
    client: Client, campaign: Campaign
) -> None:
    import_file(campaign, "Zoë Moreau,zoe.on.file@example.org")
    Mail.objects.all().delete()
    answer = asked(client, email="")
    assert mailed()[-1] == ("represented", "zoe.on.file@example.org")
    client.post(link(MailKind.REPRESENTED, "confirm"))
    answer.refresh_from_db()
    assert (answer.status, answer.email) == (Status.HELD, "zoe.on.file@example.org")


def test_the_representative_does_not_learn_whether_the_campaign_has_an_address(
    client: Client, campaign: Campaign
) -> None:
    unknown = ask(client, email="")
    page = link(MailKind.REPRESENT_CONFIRM, "represent")
    without = (words(client.get(page)), words(client.post(page)))
    import_file(campaign, "Zoë Moreau,zoe.on.file@example.org")
    known = ask(client, email="")
    page = link(MailKind.REPRESENT_CONFIRM, "represent")
    strip = re.compile(r"/not-me/[\w.-]+/")
    with_one = (words(client.get(page)), words(client.post(page)))
    assert words(unknown) == words(known)
    assert [strip.sub("", each) for each in without] == [strip.sub("", each) for each in with_one]
    assert "zoe.on.file" not in with_one[0] + with_one[1]


def test_who_calls_themselves_so_by_now_is_not_on_file(client: Client, campaign: Campaign) -> None:
    import_file(campaign, "Somebody Else,else@example.org")
    imported = Signature.objects.get()
    signing.confirm(confirm_token(imported))
    imported.refresh_from_db()
    signing.correct(
        manage_token(imported), typed={"name": "Zoë Moreau"}, revision=imported.revision
    )
    asked(client, email="")
    assert "represented" not in [kind for kind, _to in mailed()]


# --- Mistakes and malice ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"representative_name": ""}, "representative_name", "Please fill this in."),
        ({"representative_email": "agent"}, "representative_email", "not a whole e-mail address"),
        (
            {"representative_name": "Buy at www.shop.example"},
            "representative_name",
            "leave out web",
        ),
        ({"representative_name": "x" * 201}, "representative_name", "at most 200"),
        ({"representative_role": "<b>agent</b>"}, "representative_role", "markup"),
        ({"email": "Canary.Agent+zoe@agency.example.org"}, "email", "your own address"),
        ({"email": "zoe@"}, "email", "e-mail address"),
    ],
)
def test_a_mistake_is_said_at_its_field_and_nothing_typed_is_lost(
    client: Client, campaign: Campaign, typed: dict[str, str], field: str, says: str
) -> None:
    answer = ask(client, **typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    wrong = re.search(rf'id="{field}-error"[^>]*>([^<]*)<', page)
    assert wrong is not None
    assert says in wrong[1]
    assert re.search(r'<details class="more for-another"\s+open', page)
    for kept in ("Zoë Moreau", typed.get("representative_email", "agency.example.org")):
        assert kept in page
    assert not Signature.objects.exists()


def test_who_folded_the_part_shut_again_signs_for_themselves_and_keeps_what_was_typed_there(
    client: Client, campaign: Campaign
) -> None:
    shut = {"for_another": "no", "statement_version": "1"}
    mistaken = ask(client, **shut)
    page = mistaken.content.decode()
    assert mistaken.status_code == 422
    assert "You can only sign if you agree." in page
    assert re.search(r'<details class="more for-another"\s*>', page)
    for kept in ("Canary Agent", "canary.agent@agency.example.org", "Canary manager"):
        assert f'value="{kept}"' in page
    assert not Signature.objects.exists()

    sent = ask(client, **shut, consent="yes")
    assert sent.status_code == 200
    assert "<bdi>zoe@example.org</bdi>" in sent.content.decode()
    signature = Signature.objects.get()
    assert (signature.represented, signature.email) == (False, "zoe@example.org")
    assert not Representation.objects.exists()
    assert list(Mail.objects.values_list("kind", flat=True)) == [MailKind.CONFIRM]

    # From the page after it too.
    fields = re.findall(
        r'<input type="hidden" name="([^"]*)" value="([^"]*)">', sent.content.decode()
    )
    again = client.post("/art/", {**dict(fields), "action": "edit"}).content.decode()
    assert re.search(r'<details class="more for-another"\s*>', again)
    assert 'value="Canary Agent"' in again
    client.post("/art/", {**dict(fields), "action": "resend"})
    assert set(Mail.objects.values_list("kind", flat=True)) == {MailKind.CONFIRM}
    assert not Representation.objects.exists()


def test_without_a_script_the_form_says_that_folded_fields_count(
    client: Client, campaign: Campaign
) -> None:
    for path in ("/art/", "/embed/art/"):
        page = " ".join(client.get(path).content.decode().split())
        said = "What stands in these three fields counts, also when they are folded away."
        assert re.search(f"<noscript>[^/]*{said}", page), path
    assert ask(client).status_code == 200
    assert Representation.objects.get().email == TYPED["representative_email"]


def test_a_name_like_an_advertisement_is_in_no_mail(client: Client, campaign: Campaign) -> None:
    asked(client, representative_name="Win money now " * 6)
    assert "Win money" not in body(MailKind.REPRESENTED)
    assert "Somebody says" in body(MailKind.REPRESENTED)
    assert "manager" not in body(MailKind.REPRESENTED)


def test_a_famous_name_with_ones_own_second_address_is_held_for_all_it_is(
    client: Client, campaign: Campaign
) -> None:
    signature = asked(client, name="Scarlett Johansson", email="second@agency.example.org")
    signing.confirm(confirm_token(signature))
    signature.refresh_from_db()
    assert signature.status == Status.HELD
    assert set(signature.hold_reasons) == {HoldReason.PROTECTED_NAME, HoldReason.REPRESENTED}


def test_the_api_takes_none_of_it(client: Client, campaign: Campaign) -> None:
    answer = client.post(
        "/api/v1/campaigns/art/signatures/",
        {**TYPED, "consent": True, "show_name": True, "newsletter": False},
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert not Signature.objects.exists()


def test_a_paused_campaign_takes_none(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(paused_at=timezone.now())
    assert ask(client).status_code == 409
    assert not Signature.objects.exists()


# --- Leaving ---------------------------------------------------------------------------------


def test_erasing_deletes_who_signed_for_them(client: Client, campaign: Campaign) -> None:
    signature = asked(client)
    signing.confirm(confirm_token(signature))
    leaving.erase(manage_token(Signature.objects.get()))
    left = [list(model.objects.values()) for model in (Signature, Representation, Event, Mail)]
    assert "canary" not in str(left).lower()
    assert_exact(campaign)


def test_their_own_page_and_data_say_who_it_was(client: Client, campaign: Campaign) -> None:
    signature = asked(client)
    signing.confirm(confirm_token(signature))
    signature.refresh_from_db()
    assert "Canary Agent" in words(client.get(f"/manage/{manage_token(signature)}/"))
    held = client.get(f"/manage/{manage_token(signature)}/data.json").json()
    assert held["represented_by"]["name"] == "Canary Agent"
    assert "canary.agent@" not in str(held)
    assert {mail["kind"] for mail in held["mails"]} == {"represented"}


# --- The moderator ---------------------------------------------------------------------------


def moderator(campaign: Campaign, role: Role) -> Client:
    user = make_user(username=str(role))
    Membership.objects.create(user=user, campaign=campaign, role=role)
    client = Client()
    client.force_login(user)
    return client


def test_a_moderator_sees_who_signed_for_them_and_for_whom_else(
    client: Client, campaign: Campaign
) -> None:
    first, second = asked(client), asked(client, name="Ana Sousa", email="ana@example.org")
    for signature in (first, second):
        signing.confirm(confirm_token(signature))
    desk = moderator(campaign, Role.MODERATOR)
    page = words(desk.get(f"/admin/campaign/signature/{first.pk}/change/"))
    for told in ("Canary Agent", "Canary manager", "canary.agent@agency.example.org", "Ana Sousa"):
        assert told in page
    assert "Somebody signed for them" in page
    assert "not confirmed" not in page


def test_a_moderator_sees_that_the_representative_never_confirmed(
    client: Client, campaign: Campaign
) -> None:
    ask(client)
    signature = Signature.objects.get()
    signing.confirm(confirm_token(signature))
    desk = moderator(campaign, Role.MODERATOR)
    assert "not confirmed" in words(desk.get(f"/admin/campaign/signature/{signature.pk}/change/"))


def test_a_reader_sees_that_it_was_signed_for_and_not_by_whom(
    client: Client, campaign: Campaign
) -> None:
    signature = asked(client)
    signing.confirm(confirm_token(signature))
    reader = moderator(campaign, Role.READER)
    page = words(reader.get(f"/admin/campaign/signature/{signature.pk}/change/"))
    assert "Somebody signed for them" in page
    assert "canary" not in page.lower()
