"""The signer's own page, its file of data, and the page that asks for the link; through the door."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from campaign import delivery, leaving, letters, moderation, outbox, signing
from campaign.campaign_file import parse
from campaign.models import Campaign, Event, EventNote, ImportBatch, Mail, Signature, Suppression
from campaign.models.mail import MailKind
from campaign.models.signature import RejectionReason, Status
from campaign.organising import load_campaign
from tests.answers import headers_of
from tests.factories import (
    bring_to,
    campaign_file,
    details,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
)

pytestmark = pytest.mark.django_db

SIGNED = datetime(2026, 2, 1, 12, 30, tzinfo=UTC)
MARKUP = re.compile(r"<[^>]+>")
EVERYTHING: tuple[type[Model], ...] = (Signature, Event, EventNote, Mail, Suppression, Campaign)


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def signature(campaign: Campaign) -> Signature:
    with time_machine.travel(SIGNED, tick=False):
        return make_signature(campaign, **details(email="zoe@example.org", country="FR"))


def page_of(signature: Signature) -> str:
    return f"/manage/{manage_token(signature)}/"


def words(response: Any) -> str:
    """What somebody reads on a page."""
    return " ".join(MARKUP.sub(" ", response.content.decode()).split())


def read(client: Client, signature: Signature, **query: str) -> str:
    with time_machine.travel(SIGNED + timedelta(hours=1)):
        response = client.get(page_of(signature), query)
    assert response.status_code == 200
    return words(response)


def act(client: Client, signature: Signature, **form: str) -> Any:
    return client.post(page_of(signature), form)


def rows() -> list[Any]:
    return [list(model._default_manager.order_by("pk").values()) for model in EVERYTHING]


# --- Seeing ----------------------------------------------------------------------------------


def test_it_shows_what_was_signed_when_and_under_which_text(
    client: Client, signature: Signature
) -> None:
    page = client.get(page_of(signature)).content.decode()
    text = signature.statement
    assert f'<time datetime="{SIGNED.isoformat()}">' in page
    assert "1 February 2026, 12:30 (UTC)" in " ".join(page.split())
    assert text.sha256 in page
    exact = client.get("/api/v1/campaigns/art/statements/1/en.txt")
    assert 'href="/api/v1/campaigns/art/statements/1/en.txt"' in page
    assert exact.content == text.exact
    assert "I agree that my name is published." in page
    assert "wording 1, in use since" in words(client.get(page_of(signature)))
    assert "newer text" not in page


def test_times_are_written_as_the_signers_language_writes_them(
    client: Client, signature: Signature
) -> None:
    assert "1 février 2026 à 12:30 (UTC)" in read(client, signature, language="fr")


def test_what_may_be_chosen_is_named_and_ordered_in_the_language_of_the_page(
    client: Client, signature: Signature
) -> None:
    page = client.get(page_of(signature), {"language": "fr"}).content.decode()
    options = dict(re.findall(r'<option value="(\w+)" *(?:selected)?>([^<]+)', page))
    assert options["author"] == "Auteur, autrice"
    assert options["FR"] == "France"
    # Ethiopia before Denmark: in the Arabic alphabet, not in the English one.
    page = client.get(page_of(signature), {"language": "ar"}).content.decode()
    codes = re.findall(r'<option value="([A-Z]{2})"', page)
    assert codes.index("ET") < codes.index("DK")


def test_a_newer_text_is_said_and_the_signed_one_stays(
    client: Client, signature: Signature
) -> None:
    load_campaign(parse(campaign_file().replace("We made it.", "We really made it.")))
    page = client.get(page_of(signature)).content.decode()
    assert "there is a newer text, version 2" in words(client.get(page_of(signature)))
    assert "/statements/2/en.txt" in page
    assert "/statements/1/en.txt" in page
    assert signature.statement.sha256 in page


def test_who_is_listed_finds_the_way_to_their_place(client: Client, signature: Signature) -> None:
    page = client.get(page_of(signature)).content.decode()
    found = re.search(r'href="(/art/signers/\w+/)\?language=en"', page)
    assert found is not None
    assert "Zoë Moreau" in words(client.get(found[1]))
    assert "mailbox confirmed" in page.lower()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.PENDING, "It waits for you to confirm it."),
        (Status.HELD, "A moderator looks at it before it is published."),
        (Status.PUBLISHED, "It is published."),
        (Status.REJECTED, "It was not accepted. We could not confirm that this is you."),
    ],
)
def test_the_status_is_said_in_plain_words(client: Client, status: str, said: str) -> None:
    signature = make_signature(make_campaign(), status=status)
    page = words(client.get(page_of(signature)))
    assert said in page
    assert ("See yourself on the list" in page) == (status == Status.PUBLISHED)
    assert ("What you gave is with us alone." in page) == (status != Status.PUBLISHED)


def test_a_pending_one_can_be_confirmed_from_its_page_and_says_when_it_goes(
    client: Client, campaign: Campaign
) -> None:
    with time_machine.travel(SIGNED):
        signature = make_signature(campaign, status=Status.PENDING)
        page = client.get(page_of(signature)).content.decode()
        assert "everything here is deleted on 3 March 2026" in " ".join(page.split())
        link = re.search(r'href="(/confirm/[^"]+)"', page)
        assert link is not None
        assert client.post(link[1]).status_code == 200
    signature.refresh_from_db()
    assert signature.status == Status.PUBLISHED


def test_every_mail_to_a_signer_leads_there(client: Client) -> None:
    campaign = make_campaign()
    signature = make_signature(campaign, email="zoe@example.org")
    by = make_user(username="another")
    signing.resend(campaign=campaign, email="zoe@example.org")
    moderation.reject(
        signature_id=signature.pk,
        revision=signature.revision,
        reason=RejectionReason.DUPLICATE,
        by=by,
    )
    Mail.objects.create(
        campaign=campaign, signature=signature, kind=MailKind.REMINDER, urgent=False
    )
    kinds = set()
    for mail in Mail.objects.all():
        letter = letters.render(mail)
        links = re.findall(r"http://testserver(/manage/[\w.-]+/)", str(letter.body))
        assert len(links) == 1, mail.kind
        assert links[0] in str(letter.alternatives[0][0])
        assert client.get(links[0]).status_code == 200
        kinds.add(mail.kind)
    assert kinds == {"confirm", "reminder", "signed_already", "published", "rejected"}


# --- Changing --------------------------------------------------------------------------------


def test_all_that_was_typed_can_be_corrected_and_is_counted_anew(
    client: Client, signature: Signature
) -> None:
    response = act(
        client,
        signature,
        action="correct",
        revision=str(signature.revision),
        name="Zoé Moreau",
        kind="group",
        discipline="author",
        credit="A Book",
        organisation="The Guild",
        country="CH",
    )
    assert "Your corrections are saved." in words(response)
    signature.refresh_from_db()
    assert signature.hold_reasons == ["renamed", "organisation"]  # a group is looked at, always
    bring_to(signature, Status.PUBLISHED)
    entry = client.get("/api/v1/campaigns/art/signers/").json()["results"][0]
    assert [entry[key] for key in ("name", "kind", "discipline", "credit", "country")] == [
        *("Zoé Moreau", "group", "author", "A Book", "CH")
    ]
    counts = client.get("/api/v1/campaigns/art/counts/").json()
    assert counts["by_discipline"] == [{"discipline": "author", "published": 1}]
    assert counts["by_country"] == [{"country": "CH", "published": 1}]
    assert counts["by_kind"] == [{"kind": "group", "published": 1}]


def test_a_field_that_a_form_leaves_out_stays(client: Client, signature: Signature) -> None:
    act(client, signature, action="correct", revision="1", credit="Another Song")
    signature.refresh_from_db()
    assert (signature.name, signature.credit, signature.country) == (
        *("Zoë Moreau", "Another Song"),
        "FR",
    )
    assert signature.discipline is not None


@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", ""), ("kind", "robot"), ("discipline", "plumber"), ("country", "XX")],
)
def test_a_mistake_stands_beside_its_field_and_nothing_changes(
    client: Client, signature: Signature, field: str, typed: str
) -> None:
    before = rows()
    form = {"name": "Typed Anew", "credit": "Typed credit", field: typed}
    response = act(client, signature, action="correct", revision="1", **form)
    assert response.status_code == 422
    page = response.content.decode()
    assert f'href="#{field}"' in page
    assert f'id="{field}-error"' in page
    assert "Typed credit" in page
    assert rows() == before


def test_a_corrected_name_is_checked_again(client: Client, signature: Signature) -> None:
    form = {"action": "correct", "revision": "1", "name": "Scarlett Johansson"}
    assert "A moderator looks at them before they are shown." in words(
        act(client, signature, **form)
    )
    assert client.get("/api/v1/campaigns/art/signers/").json()["results"] == []


def test_saving_without_a_change_says_so_and_writes_nothing(
    client: Client, signature: Signature
) -> None:
    before = rows()
    form = {"action": "correct", "revision": "1", "name": "Zoë Moreau", "country": "FR"}
    assert "Nothing was changed." in words(act(client, signature, **form))
    assert rows() == before


def test_news_can_be_had_and_stopped_and_whoever_mirrors_the_list_sees_it(
    client: Client, signature: Signature
) -> None:
    for action, wanted in (("subscribe", True), ("unsubscribe", False)):
        before = Signature.objects.get().updated_at
        act(client, signature, action=action)
        signature.refresh_from_db()
        assert (signature.newsletter, signature.revision) == (wanted, 1)
        assert signature.updated_at > before
    assert Event.objects.filter(verb="amend", reason="newsletter").count() == 2


@pytest.mark.parametrize("action", ["withdraw", "erase"])
def test_leaving_needs_a_tick_and_is_a_success_twice(
    client: Client, signature: Signature, action: str
) -> None:
    path, before = page_of(signature), rows()
    assert client.post(path, {"action": action}).status_code == 422
    assert rows() == before
    for _ in range(2):
        assert client.post(path, {"action": action, "sure": "yes"}).status_code == 200
    signature.refresh_from_db()
    assert signature.status == ("withdrawn" if action == "withdraw" else "erased")
    assert client.get(path).status_code == 410


def test_who_withdrew_may_come_back_to_have_the_rest_deleted(
    client: Client, signature: Signature
) -> None:
    act(client, signature, action="withdraw", sure="yes")
    page = client.get(page_of(signature))
    assert (page.status_code, page["Cache-Control"]) == (410, "no-store")
    assert "We still keep your address" in page.content.decode()
    sent = re.findall(r'name="(\w+)" value="(\w+)"', page.content.decode())
    held = client.get(f"{page_of(signature)}data.json").json()
    assert (held["signature"]["name"], held["signature"]["email"]) == ("", signature.email)
    assert len(held["withdrawn_name"]) > 10
    assert dict(sent) == {"action": "erase", "sure": "yes"}
    assert client.post(page_of(signature), dict(sent)).status_code == 200
    signature.refresh_from_db()
    assert (signature.status, signature.email) == (Status.ERASED, "")
    assert "We still keep your address" not in client.get(page_of(signature)).content.decode()
    assert client.get(f"{page_of(signature)}data.json").status_code == 410


def test_a_pending_one_is_deleted_from_its_page(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, status=Status.PENDING)
    page = client.get(page_of(signature)).content.decode()
    assert 'id="withdraw"' not in page
    act(client, signature, action="erase", sure="yes")
    assert not Signature.objects.exists()


def test_a_pending_one_that_is_withdrawn_by_hand_hears_that_nothing_is_kept(
    client: Client, campaign: Campaign
) -> None:
    """Its page has no such button: who posts all the same is told what is so."""
    signature = make_signature(campaign, status=Status.PENDING)
    answer = client.post(page_of(signature), {"action": "withdraw", "sure": "yes"})
    assert not Signature.objects.exists()
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Your data are deleted" in page
    assert "We still keep your address" not in page
    assert 'value="erase"' not in page
    again = client.post(page_of(signature), {"action": "withdraw", "sure": "yes"})
    assert again.status_code == 410
    assert "We still keep your address" not in again.content.decode()


@pytest.mark.parametrize("status", [Status.PENDING, Status.PUBLISHED])
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("end", ["", "data.json"])
def test_looking_changes_nothing(
    client: Client, campaign: Campaign, status: str, method: str, end: str
) -> None:
    signature = make_signature(campaign, status=status)
    path, before = page_of(signature) + end, rows()
    for query in ("", "?action=erase&sure=yes", "?action=hide"):
        response = getattr(client, method)(path + query)
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == "same-origin"
        assert not response.cookies
    assert rows() == before


# --- The data --------------------------------------------------------------------------------


def data(client: Client, signature: Signature, **query: str) -> dict[str, Any]:
    response = client.get(f"{page_of(signature)}data.json", query)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"] == 'attachment; filename="my-signature.json"'
    found: dict[str, Any] = json.loads(response.content)
    return found


def test_the_file_has_every_column_that_is_held(client: Client, signature: Signature) -> None:
    held = data(client, signature)["signature"]
    columns = {field.name for field in Signature._meta.concrete_fields}
    elsewhere = {"id", "campaign", "statement", "consent", "batch", "member_of", "removal"}
    assert set(held) == columns - elsewhere
    stored: dict[str, Any] = {**Signature.objects.values().get()}
    for name in sorted(set(held) & set(stored) - {"discipline"}):
        value = stored[name]
        shown = (
            value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            if isinstance(value, datetime)
            else value
        )
        assert held[name] == shown, name
    assert held["discipline"] == {"slug": "musician", "name": "Musician"}


def test_the_file_has_what_was_done_sent_signed_agreed_and_noted(
    client: Client, signature: Signature
) -> None:
    with time_machine.travel(SIGNED):
        delivery.deliver_due()
    act(client, signature, action="hide")
    Suppression.objects.create(
        campaign=signature.campaign,
        reason="reminded",
        address_hash=outbox.address_hash("zoe@example.org"),
    )
    held = data(client, signature)
    assert [(e["verb"], e["actor"], e["to_status"]) for e in held["events"]] == [
        ("confirm", "signer", "published"),
        ("amend", "signer", "published"),
    ]
    assert [(m["kind"], m["status"]) for m in held["mails"]] == [("confirm", "suppressed")]
    assert held["statement"]["sha256"] == signature.statement.sha256
    assert held["statement"]["exact_text"].encode() == signature.statement.exact
    assert (held["consent"]["version"], held["consent"]["text"]) == (
        1,
        "I agree that my name is published.",
    )
    assert [note["reason"] for note in held["address"]["notes"]] == ["reminded"]
    assert held["address"]["mails_asked_for"] == [{"day": "2026-02-01", "n": 1}]
    assert held["address"]["mails_asked_for_by_all_campaigns"] == [{"day": "2026-02-01", "n": 1}]
    assert held["public"] is None
    assert held["campaign"]["organiser"]["contact"] == "privacy@example.org"


def test_the_file_has_what_the_public_reads(client: Client, signature: Signature) -> None:
    listed = client.get("/api/v1/campaigns/art/signers/").json()["results"][0]
    assert data(client, signature)["public"] == listed


def test_notes_that_may_name_others_are_counted_and_left_out(
    client: Client, signature: Signature
) -> None:
    EventNote.objects.create(event=Event.objects.latest("pk"), text="told by Canary Person")
    batch = ImportBatch.objects.create(
        campaign=signature.campaign, file_name="canary.csv", consent_note="vouched by Canary Guild"
    )
    Signature.objects.update(batch=batch, evidence_note="letter of 3 May")
    held = data(client, signature)
    assert "canary" not in str(held).lower()
    assert held["withheld"] == {
        "notes_of_moderators": 1,
        "reports_of_others": 0,
        "notes_of_imports": 1,
        "ask": "privacy@example.org",
    }
    assert held["signature"]["evidence_note"] == "letter of 3 May"
    assert held["import"]["consent_is_on_file"] is True


def test_the_file_holds_nothing_of_anybody_else(client: Client, signature: Signature) -> None:
    make_signature(
        signature.campaign, name="Canary Partner", email="zoe@example.org", credit="Canary"
    )
    assert "Canary" not in str(data(client, signature))


def test_the_file_explains_itself_in_the_signers_language(
    client: Client, signature: Signature
) -> None:
    held = data(client, signature)
    for part in held:
        assert part in {*held["about"], "about", "as_of"}, part
    assert client.get(f"{page_of(signature)}data.json?language=fr")["Content-Language"] == "fr"


def test_the_file_of_a_broken_old_or_empty_link_is_a_page_that_says_so(
    client: Client, signature: Signature
) -> None:
    assert client.get("/manage/nonsense/data.json").status_code == 400
    path = f"{page_of(signature)}data.json"
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert client.get(path).status_code == 410
    leaving.erase(manage_token(signature))
    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 405


# --- Asking for the link ---------------------------------------------------------------------

ASK = "/art/my-signature/"


def test_the_link_is_asked_for_with_ones_address(client: Client, signature: Signature) -> None:
    page = client.get(ASK)
    assert page.status_code == 200
    assert "public" in page["Cache-Control"]
    assert "<form" in page.content.decode()
    Mail.objects.all().delete()
    assert client.post(ASK, {"email": "ZOE@example.org"}).status_code == 200
    assert [mail.kind for mail in Mail.objects.all()] == ["signed_already"]


@pytest.mark.parametrize(
    "status", [Status.PENDING, Status.PUBLISHED, Status.WITHDRAWN, Status.ERASED]
)
def test_the_answer_is_the_same_for_everybody(
    client: Client, campaign: Campaign, status: str
) -> None:
    make_signature(campaign, status=status, email="aaaa@example.org")
    known = client.post(ASK, {"email": "aaaa@example.org"})
    unknown = client.post(ASK, {"email": "bbbb@example.org"})
    assert known.content.replace(b"aaaa@", b"bbbb@") == unknown.content
    assert headers_of(known) == headers_of(unknown)
    assert known["Cache-Control"] == "no-store"


def test_what_is_no_address_is_said_at_the_field_in_the_language_of_the_page(
    client: Client, campaign: Campaign
) -> None:
    response = client.post(ASK, {"email": "zoe", "language": "fr"})
    page = response.content.decode()
    assert (response.status_code, response["Content-Language"]) == (422, "fr")
    assert 'value="zoe"' in page
    assert 'id="email-error"' in page
    assert not Mail.objects.exists()


def test_the_link_is_asked_for_from_our_own_pages_alone(
    client: Client, signature: Signature
) -> None:
    Mail.objects.all().delete()
    form, headers = {"email": "zoe@example.org"}, {"Origin": "https://elsewhere.example"}
    assert client.post(ASK, form, headers=headers).status_code == 403
    assert not Mail.objects.exists()


def test_before_the_opening_there_is_no_such_page(client: Client) -> None:
    make_campaign(opens_at=timezone.now() + timedelta(days=1))
    for method in (client.get, client.post):
        assert method(ASK).status_code == client.get("/nobody/my-signature/").status_code == 404


@pytest.mark.parametrize("page", ["manage", "confirm"])
def test_who_comes_with_a_broken_link_is_shown_where_to_ask(
    client: Client, campaign: Campaign, page: str
) -> None:
    response = client.get(f"/{page}/broken/")
    assert response.status_code == 400
    assert f'href="{ASK}?language=en"' in response.content.decode()


def test_a_broken_link_tells_nothing_of_a_campaign_to_come(client: Client) -> None:
    make_campaign(opens_at=timezone.now() + timedelta(days=1))
    assert "my-signature" not in client.get("/manage/broken/").content.decode()


@pytest.mark.parametrize("page", ["/art/", "/art/signers/"])
def test_every_page_of_a_campaign_leads_to_it(
    client: Client, campaign: Campaign, page: str
) -> None:
    assert f'href="{ASK}?language=en"' in client.get(page).content.decode()
