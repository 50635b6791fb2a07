"""The audit trail: what was done, by whom, found again, and taken out with a reason."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.test import Client

from campaign import audit, moderation, trail
from campaign.models import AuditEntry, AuditNote, Campaign, Event, Mail, MailProvider, Signature
from campaign.models.api_key import Scope
from campaign.models.audit import AuditAction
from campaign.models.membership import Role
from campaign.models.signature import RejectionReason, Status
from tests.factories import bearer, make_campaign, make_key, make_member, make_signature, make_user

pytestmark = pytest.mark.django_db

TRAIL = "/admin/campaign/auditentry/"


@pytest.fixture
def here() -> Campaign:
    """Loaded before what the tests do at times of their own: keys and times rise together."""
    with time_machine.travel("2026-10-01T12:00:00Z", tick=False):
        return make_campaign(slug="here")


@pytest.fixture
def owner(here: Campaign) -> User:
    return make_member(here, Role.OWNER)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(response: Any) -> list[tuple[str, str]]:
    """What and who, but for the loading that every campaign here begins with."""
    lines = [(str(row["what"]), str(row["who"])) for row in response.context["rows"]]
    return [line for line in lines if line[0] != str(AuditAction.CAMPAIGN_LOADED.label)]


def acts() -> QuerySet[AuditEntry]:
    return AuditEntry.objects.exclude(action=AuditAction.CAMPAIGN_LOADED).order_by("pk")


def rejected(campaign: Campaign, by: User, note: str = "") -> Signature:
    signature = make_signature(campaign, status=Status.HELD)
    moderation.reject(
        signature_id=signature.pk,
        revision=signature.revision,
        reason=RejectionReason.NOT_A_NAME,
        by=by,
        note=note,
    )
    return signature


# --- Reading ---------------------------------------------------------------------------------


def test_events_and_entries_stand_together_the_newest_first(here: Campaign, owner: User) -> None:
    moderator = make_member(here, Role.MODERATOR)
    signature = rejected(here, moderator, note="Wrote to her agent.")
    audit.record(AuditAction.EXPORT, by=owner, campaign=here, number=7, note="For the printer.")

    page = browser(owner).get(TRAIL)

    assert shown(page) == [("signatures exported", "owner"), ("Rejected", "moderator")]
    text = page.content.decode()
    for said in ("number: 7", "For the printer.", signature.public_id, "Wrote to her agent."):
        assert said in text
    assert "held → rejected" in text


def test_what_signers_did_comes_for_who_asks(here: Campaign, owner: User) -> None:
    make_signature(here, status=Status.HELD)
    client = browser(owner)
    assert shown(client.get(TRAIL)) == []
    assert shown(client.get(TRAIL, {"signers_too": "on"})) == [("Confirmed", "the signer")]


def test_it_is_searched_by_who_what_when_campaign_and_signature(
    here: Campaign, owner: User
) -> None:
    moderator = make_member(here, Role.MODERATOR)
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False):
        old = rejected(here, moderator)
    with time_machine.travel("2026-11-10T12:00:00Z", tick=False):
        audit.record(AuditAction.EXPORT, by=owner, campaign=here)
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False):
        rejected(here, owner)
    client = browser(owner)
    rejection, other, export = (
        ("Rejected", "moderator"),
        ("Rejected", "owner"),
        "signatures exported",
    )
    asked: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
        ({"who": "MODERATOR"}, [rejection]),
        ({"who": "nobody"}, []),
        ({"what": "reject"}, [other, rejection]),
        ({"what": "export"}, [(export, "owner")]),
        ({"since": "2026-11-10"}, [other, (export, "owner")]),
        ({"until": "2026-11-10"}, [(export, "owner"), rejection]),
        ({"since": "2026-11-10", "until": "2026-11-10"}, [(export, "owner")]),
        ({"since": "2026-11-21"}, []),
        ({"signature": old.public_id, "what": "reject"}, [rejection]),
        ({"campaign": here.pk, "who": "owner", "what": "reject"}, [other]),
    ]
    for query, found in asked:
        assert shown(client.get(TRAIL, query)) == found, query


def test_of_one_signature_everything_comes_its_signers_acts_too(
    here: Campaign, owner: User
) -> None:
    signature = rejected(here, owner)
    rejected(here, owner)
    page = browser(owner).get(TRAIL, {"signature": signature.public_id})
    assert shown(page) == [("Rejected", "owner"), ("Confirmed", "the signer")]


def test_an_owner_sees_their_campaigns_and_the_logins_of_its_members(
    here: Campaign, owner: User
) -> None:
    there = make_campaign(slug="there")
    stranger = make_member(there, Role.OWNER, username="stranger")
    rejected(there, stranger)
    audit.record(AuditAction.EXPORT, by=stranger, campaign=there)
    audit.record(AuditAction.LOGIN, by=stranger)
    audit.record(AuditAction.LOGIN_FAILED, by=None, details={"user": stranger.pk})
    moderator = make_member(here, Role.MODERATOR)
    audit.record(AuditAction.LOGIN, by=moderator)
    audit.record(AuditAction.LOGIN_FAILED, by=None, details={"user": moderator.pk})

    client = browser(owner)
    assert shown(client.get(TRAIL)) == [
        ("login failed", "nobody known"),
        ("logged in", "moderator"),
    ]
    assert client.get(TRAIL, {"campaign": there.pk}).status_code == 422
    page = client.get(TRAIL, {"signers_too": "on"}).content.decode()
    assert "stranger" not in page
    assert "there" not in page.replace("Nothing", "").replace("there is", "")

    root = User.objects.create_superuser("root", "r@example.org", "secret")
    everything = shown(browser(root).get(TRAIL))
    assert everything[:2] == [("login failed", "nobody known"), ("logged in", "moderator")]
    assert len(everything) == 6


def test_notes_are_for_who_may_see_addresses(here: Campaign, owner: User) -> None:
    rejected(here, owner, note="Wrote to her agent.")
    keeper = make_user("view_auditentry", username="keeper")
    page = browser(keeper).get(TRAIL)
    assert shown(page) == [("Rejected", "owner")]
    assert "agent" not in page.content.decode()


def test_every_line_is_on_one_page_and_none_is_lost_or_twice(
    here: Campaign, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "SIZE", 7)
    monkeypatch.setattr(trail, "LOOKED_AT", 5)
    first = make_signature(here, status=Status.HELD)
    rows = Event.objects.filter(signature=first)
    copied = rows.values("verb", "to_status", "actor", "revision").get()
    for n in range(23):
        with time_machine.travel(datetime(2026, 11, 1, 12, n % 11, n, tzinfo=UTC), tick=False):
            Event.objects.create(signature=first, **{**copied, "actor": "organiser"})
            if n % 3 == 0:
                audit.record(AuditAction.EXPORT, by=owner, campaign=here, number=n)
            audit.record(AuditAction.LOGIN, by=make_user(username=f"other{n}"))
    client = browser(owner)
    seen, url = [], TRAIL
    for _ in range(60):
        page = client.get(url)
        seen += [(str(row["what"]), row["id"]) for row in page.context["rows"]]
        following = page.context["found"].next
        if following is None:
            break
        url = f"{TRAIL}?below={following}"
    assert len(seen) == len(set(seen)) == 23 + 8 + 1


@pytest.mark.parametrize(
    "query",
    [
        *("below=x", "below=1.2.3", "below=-1.5", "below=" + "9" * 5000, "below=%00", "below=1"),
        *("since=x", "since=0000-01-01", "until=9999-12-31", "since=0001-01-01", "who=%00"),
        *(
            "campaign=x",
            "campaign=%00",
            "what=nonsense",
            "signature=" + "x" * 17,
            "who=" + "x" * 151,
        ),
    ],
)
def test_what_nobody_would_ask_is_no_failure(here: Campaign, owner: User, query: str) -> None:
    assert browser(owner).get(f"{TRAIL}?{query}").status_code in {200, 422}


# --- As a file -------------------------------------------------------------------------------


def table(response: Any) -> list[dict[str, str]]:
    text = response.content.decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_it_is_taken_out_with_a_reason_that_is_on_record(here: Campaign, owner: User) -> None:
    there = make_campaign(slug="there")
    rejected(there, owner)
    signature = rejected(here, owner, note='=HYPERLINK("https://evil.example")')
    form = {"campaign": here.pk, "reason": "Asked for by the board.", "what": "reject"}

    lines = table(browser(owner).post(f"{TRAIL}export/", form))

    assert [(line["who"], line["what"], line["signature"]) for line in lines] == [
        ("owner", "reject", signature.public_id)
    ]
    assert lines[0]["note"].startswith("'=")
    entry = acts().get()
    assert (entry.action, entry.user, entry.campaign, entry.number) == (
        AuditAction.TRAIL_EXPORTED,
        owner,
        here,
        1,
    )
    assert entry.note.text == "Asked for by the board."


@pytest.mark.parametrize("typed", [{"reason": ""}, {"reason": "abc"}, {"campaign": ""}])
def test_without_a_reason_or_a_campaign_nothing_leaves(
    here: Campaign, owner: User, typed: dict[str, str]
) -> None:
    form = {"campaign": str(here.pk), "reason": "Asked for by the board.", **typed}
    assert browser(owner).post(f"{TRAIL}export/", form).status_code == 422
    assert not acts().exists()


def test_nobody_takes_out_that_of_another_campaign(here: Campaign, owner: User) -> None:
    there = make_campaign(slug="there")
    form = {"campaign": there.pk, "reason": "Asked for by the board."}
    assert browser(owner).post(f"{TRAIL}export/", form).status_code == 422
    keeper = browser(make_user("view_auditentry", username="keeper"))
    assert keeper.post(f"{TRAIL}export/", form).status_code == 403


# --- What is typed beside an act ---------------------------------------------------------------


def test_a_note_stands_beside_a_list_taken_out_or_in_and_no_other_act(
    here: Campaign, owner: User
) -> None:
    """So that whoever is erased leaves none: what is noted of one signer is an event's."""
    taken_out = {AuditAction.EXPORT, AuditAction.PRINT_LIST, AuditAction.TRAIL_EXPORTED}
    noted = {AuditAction.IMPORT, *taken_out}
    before = AuditEntry.objects.count()
    for action in set(AuditAction) - noted:
        with pytest.raises(ValueError, match=action), transaction.atomic():
            audit.record(action, by=owner, campaign=here, note="She asked us to.")
    assert AuditEntry.objects.count() == before
    for action in noted:
        audit.record(action, by=owner, campaign=here, note="For the printer.")
    assert set(AuditNote.objects.values_list("entry__action", "text")) == {
        (action, "For the printer.") for action in noted
    }


# --- What leaves a line ----------------------------------------------------------------------


def test_an_edit_in_the_admin_is_on_record_by_the_names_of_its_fields(db: None) -> None:
    root = User.objects.create_superuser("root", "r@example.org", "secret")
    client = browser(root)
    provider = MailProvider.objects.get(domain="gmail.com")
    url = f"/admin/campaign/mailprovider/{provider.pk}/change/"
    client.post(url, {"domain": "gmail.com", "canonical_domain": "gmail.com", "tag": "+"})
    client.post(f"/admin/campaign/mailprovider/{provider.pk}/delete/", {"post": "yes"})
    entries = [(each.action, each.details) for each in AuditEntry.objects.order_by("pk")]
    about = {"model": "mailprovider", "id": provider.pk}
    assert entries == [("row_changed", {**about, "fields": ["dots"]}), ("row_deleted", about)]
    assert not LogEntry.objects.exists()


def test_failed_mails_that_are_tried_again_are_on_record(here: Campaign) -> None:
    make_signature(here)
    Mail.objects.update(status="failed")
    operator = make_user("view_mail", "change_mail", username="operator")
    chosen = {
        "action": "try_again",
        "_selected_action": list(Mail.objects.values_list("pk", flat=True)),
    }
    browser(operator).post("/admin/campaign/mail/", chosen)
    entry = acts().get()
    assert (entry.action, entry.user, entry.number) == (
        AuditAction.MAILS_RETRIED,
        operator,
        Mail.objects.count(),
    )


def test_who_sees_mail_domains_in_bulk_is_on_record_once_an_hour(here: Campaign) -> None:
    make_signature(here, name="One", status=Status.HELD)
    make_signature(here, name="Two", status=Status.HELD)
    moderator = make_member(here, Role.MODERATOR)
    client = browser(moderator)
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        client.get("/admin/campaign/signature/?status=all")
        client.get("/admin/campaign/signature/?status=all")
    entry = acts().get()
    assert (entry.action, entry.user, entry.campaign, entry.number) == (
        AuditAction.ADDRESSES_SEEN,
        moderator,
        here,
        2,
    )
    with time_machine.travel("2026-11-22T13:00:01Z", tick=False):
        client.get("/admin/campaign/signature/?status=all")
    assert acts().count() == 2


@pytest.mark.parametrize("typed", ["ada@example.org", "@example.org"])
def test_a_search_by_address_is_on_record_without_the_address(here: Campaign, typed: str) -> None:
    make_signature(here, email="ada@example.org")
    make_signature(here, email="bo@example.net")
    client = browser(make_member(here, Role.MODERATOR))
    client.get("/admin/campaign/signature/", {"status": "all", "q": typed})
    entry = acts().get()
    assert (entry.action, entry.number) == (AuditAction.ADDRESSES_SEEN, 1)
    assert "example" not in str(entry.details)


def test_a_reader_who_sees_none_leaves_no_such_line(here: Campaign) -> None:
    make_signature(here, status=Status.HELD)
    browser(make_member(here, Role.READER)).get("/admin/campaign/signature/?status=all")
    assert not acts().exists()


def test_what_a_key_reads_of_signatures_is_on_record(here: Campaign, client: Client) -> None:
    signature = make_signature(here)
    make_signature(here)
    key = bearer(make_key(here, Scope.READ_PRIVATE))
    before = AuditEntry.objects.count()
    private = "/api/v1/campaigns/here/private/signatures/"
    client.get(private, headers=key)
    client.get(f"{private}{signature.public_id}/", headers=key)
    client.get(f"{private}?updated_since=2099-01-01T00:00:00Z", headers=key)
    client.get(private)
    read = AuditEntry.objects.order_by("pk")[before:]
    assert [(each.action, each.number, each.user_id) for each in read] == [
        ("private_read", 2, None),
        ("private_read", 1, None),
    ]
