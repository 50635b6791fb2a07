"""Somebody finds their name on a list: the page of a report, what is typed, and its mail."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaign import delivery, leaving, letters, outbox, signing
from campaign.models import Campaign, Mail, Report, Signature
from campaign.models.mail import MailKind
from campaign.models.report import ReportStatus
from campaign.models.signature import Status
from tests.answers import headers_of
from tests.factories import (
    details,
    make_campaign,
    make_signature,
    manage_token,
    not_me_token,
)
from tests.reports import (
    TYPED,
    confirmed,
    html_of,
    import_file,
    link_of,
    page_of,
    send,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def entry(campaign: Campaign) -> Signature:
    """On the list as Zoë Moreau, by a mailbox that is not hers."""
    return make_signature(campaign, **details(email="impostor@example.com"))


# --- The page --------------------------------------------------------------------------------


def test_every_name_of_the_list_leads_to_its_page_and_says_whose(
    client: Client, entry: Signature
) -> None:
    for path in ("/art/signers/", "/art/", f"/art/signers/{entry.public_id}/"):
        text = " ".join(client.get(path).content.decode().split())
        assert re.search(rf'href="{page_of(entry)}\?language=en"[^>]*>.*?Zoë Moreau', text), path


def test_the_page_shows_the_entry_as_the_list_does_and_nothing_private(
    client: Client, entry: Signature
) -> None:
    response = client.get(page_of(entry))
    text = response.content.decode()
    assert response.status_code == 200
    for shown in ("Zoë Moreau", "The Quarry Songs", "Musician", "Mailbox confirmed"):
        assert shown in text, shown
    assert "impostor" not in text
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert not response.cookies
    assert not Report.objects.exists()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_speaks_the_language_of_its_address(
    client: Client, entry: Signature, language: str
) -> None:
    response = client.get(f"{page_of(entry)}?language={language}")
    assert response["Content-Language"] == language
    assert f'<html lang="{language}"' in response.content.decode()


def test_one_that_left_the_list_is_gone_and_one_that_never_was_is_nobody(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    held = make_signature(make_campaign(slug="other"), status=Status.HELD)
    hidden = make_signature(campaign, name="Hidden", show_name=False)
    leaving.withdraw(manage_token(entry))
    for path, status in {
        page_of(entry): 410,
        f"/art/signers/{hidden.public_id}/report/": 410,
        f"/other/signers/{held.public_id}/report/": 404,
        f"/art/signers/{held.public_id}/report/": 404,
        "/art/signers/0000000000000000/report/": 404,
        f"/nobody/signers/{entry.public_id}/report/": 404,
    }.items():
        assert client.get(path).status_code == status, path
        assert client.post(path, TYPED).status_code == status, path
    assert not Report.objects.exists()


def test_a_campaign_that_is_paused_or_closed_still_hears_reports(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    now = timezone.now()
    Campaign.objects.update(paused_at=now, closes_at=now - timedelta(days=30))
    assert confirmed(client, entry).status == ReportStatus.OPEN


# --- What is typed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": ""}, "Please give your e-mail address."),
        ({"email": "zoe@"}, "This is not a whole e-mail address."),
        ({"reason": ""}, "Please choose one of the list."),
        ({"reason": "nonsense"}, "Please choose one of the list."),
        ({"note": "x" * 1001}, "Please use at most 1,000 characters."),
        ({"note": "x" * 5000}, "Please use at most 1,000 characters."),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_what_was_typed_stays(
    client: Client, entry: Signature, typed: dict[str, str], said: str
) -> None:
    response = send(client, entry, **typed)
    text = response.content.decode()
    assert response.status_code == 422
    assert text.count(said) == 2  # on top, and beside the field
    kept = {**TYPED, **typed}
    assert kept["note"] in text
    assert f'value="{kept["email"]}"' in text
    assert not Report.objects.exists()
    assert not Mail.objects.filter(report__isnull=False).exists()


def test_how_long_the_note_may_be_stands_beside_it_and_no_browser_cuts_it(
    client: Client, entry: Signature
) -> None:
    text = client.get(page_of(entry)).content.decode()
    hint = re.search(r'id="note-hint">(.*?)</p>', text, re.DOTALL)
    assert hint is not None
    assert "Please use at most 1,000 characters." in hint[1]
    assert "maxlength" not in text[text.index("<textarea") : text.index("</textarea>")]


def test_every_mistake_is_said_at_once(client: Client, entry: Signature) -> None:
    text = client.post(page_of(entry), {"note": "x" * 1001}).content.decode()
    assert [f'href="#{field}"' in text for field in ("email", "reason", "note")] == [True] * 3


def test_what_nobody_would_type_is_cleaned_or_refused(client: Client, entry: Signature) -> None:
    send(client, entry, note="one\x00\r\n\r\n two\u202e\n<b>three</b>")
    assert Report.objects.get().note == "one\ntwo\n<b>three</b>"
    page = client.get(link_of(Report.objects.get())).content.decode()
    assert "&lt;b&gt;three&lt;/b&gt;" in page
    assert client.post(page_of(entry), b"{}", content_type="application/json").status_code == 400


@pytest.mark.parametrize("origin", ["null", "https://elsewhere.example", "https://partner.example"])
def test_the_form_is_taken_from_our_own_pages_alone(
    client: Client, entry: Signature, origin: str
) -> None:
    response = client.post(page_of(entry), TYPED, headers={"Origin": origin})
    assert response.status_code == 403
    assert not Report.objects.exists()
    ours = client.post(page_of(entry), TYPED, headers={"Origin": "http://testserver"})
    assert ours.status_code == 200


# --- Corrected afterwards --------------------------------------------------------------------


def test_what_was_typed_stands_in_the_form_again_for_who_corrects_it(
    client: Client, entry: Signature
) -> None:
    typed = {**TYPED, "email": "zoe@gmial.com", "note": 'I was asked,\nand said "no" <twice>.'}
    sent = client.post(f"{page_of(entry)}?language=fr", typed)
    where, kept = correcting(sent)
    assert where == f"{page_of(entry)}?language=fr"
    assert kept == {**typed, "action": "edit"}
    mails = Mail.objects.count()

    form = client.post(where, kept)

    assert (form.status_code, form["Content-Language"]) == (200, "fr")
    assert form["Cache-Control"] == "no-store"
    text = form.content.decode()
    assert 'value="zoe@gmial.com"' in text
    assert ">I was asked,\nand said &quot;no&quot; &lt;twice&gt;.</textarea>" in text
    assert re.search(r'value="not_signed"\s+checked', text)
    assert "field-wrong" not in text
    # To look at it once more sends nothing; only the form does.
    assert (Report.objects.count(), Mail.objects.count()) == (1, mails)
    assert not form.cookies


def test_nothing_that_was_typed_stands_in_an_address(client: Client, entry: Signature) -> None:
    page = send(client, entry).content.decode()
    for address in re.findall(r'(?:href|action)="([^"]*)"', page):
        assert "zoe" not in address, address
        assert "asked" not in address, address


def correcting(sent: Any) -> tuple[str, dict[str, str]]:
    """Where the button that corrects leads, and what it sends along."""
    page = sent.content.decode()
    [where] = re.findall(r'<form[^>]* action="([^"]*)"', page)
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    [button] = re.findall(r'<button[^>]* name="(action)"\s+value="([^"]*)"', page)
    return unescape(where), {name: unescape(value) for name, value in (*fields, button)}


# --- The answer, whatever is known of the address --------------------------------------------


def test_the_answer_is_the_same_whatever_is_known_of_the_address(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    import_file(campaign, "Zoë Moreau,file@example.org", consent="forms of May")
    make_signature(campaign, name="Ann", email="signer@example.org")
    forged = make_signature(campaign, status=Status.PENDING, email="alone@example.org")
    leaving.not_me(not_me_token(forged))
    for _ in range(3):
        signing.sign(campaign=campaign, typed=details(email="bombed@example.org"))
    Mail.objects.all().delete()

    pages = {}
    for who in ("unknown", "file", "signer", "alone", "bombed", "impostor"):
        address = f"{who}@example.{'com' if who == 'impostor' else 'org'}"
        response = send(client, entry, email=address)
        pages[who] = (
            response.status_code,
            sorted(
                set(headers_of(response).items()) - {("Content-Length", response["Content-Length"])}
            ),
            response.content.decode().replace(address, ""),
        )
    assert len({repr(page) for page in pages.values()}) == 1
    told = set(Mail.objects.values_list("report__email", flat=True))
    assert told == {
        *("unknown@example.org", "file@example.org", "signer@example.org"),
        "impostor@example.com",
    }


def test_reports_and_requests_to_sign_share_the_mails_of_an_address(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    signing.sign(campaign=campaign, typed=details(name="Somebody Else"))
    for n in range(5):
        assert send(client, entry, email=f"zoe+{n}@example.org").status_code == 200
    signing.sign(campaign=campaign, typed=details(name="Another"))
    waiting = Mail.objects.exclude(signature=entry, report=None)
    assert waiting.count() == outbox.STRANGERS_A_DAY == 3
    assert Report.objects.count() == 2


def test_the_lane_is_not_filled_with_one_name_and_an_address_on_file_gets_through(
    client: Client, campaign: Campaign, entry: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_file(campaign, "Zoë Moreau,file@example.org", consent="forms of May")
    monkeypatch.setattr(outbox, "REPORTS_A_DAY", 2)
    for n in range(4):
        assert send(client, entry, email=f"stranger{n}@example.org").status_code == 200
    send(client, entry, email="file@example.org")
    told = Report.objects.order_by("pk").values_list("email", flat=True)
    assert list(told) == ["stranger0@example.org", "stranger1@example.org", "file@example.org"]
    other = make_signature(campaign, name="Ann")
    send(client, other, email="stranger5@example.org")
    assert Report.objects.filter(signature=other).count() == 1


def test_what_causes_no_mail_takes_no_room_from_who_reports_the_same_name(
    client: Client, entry: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "REPORTS_A_DAY", 4)
    for _ in range(6):
        send(client, entry, email="stranger@example.org")
    send(client, entry, email="zoe@example.org")
    told = list(Report.objects.order_by("pk").values_list("email", flat=True))
    assert told == [*["stranger@example.org"] * outbox.STRANGERS_A_DAY, "zoe@example.org"]


# --- The mail --------------------------------------------------------------------------------


def test_the_mail_carries_nothing_that_the_reporter_typed_and_no_stranger_in_its_subject(
    client: Client, entry: Signature
) -> None:
    send(client, entry, note="Cheap pills")
    message = letters.render(Mail.objects.get(report__isnull=False))
    whole = f"{message.subject}{message.body}{html_of(message)}"
    assert message.subject == "Please confirm your report: Art is not a quarry"
    assert message.to == ["zoe@example.org"]
    assert "Cheap pills" not in whole
    assert "impostor" not in whole
    assert "“Zoë Moreau”" in message.body


@pytest.mark.parametrize("name", ["A" * 61, "will.i.am@spam", "Visit sales-4u example"])
def test_the_name_of_the_entry_stands_in_the_mail_only_if_short_and_plain(
    client: Client, entry: Signature, name: str
) -> None:
    Signature.objects.filter(pk=entry.pk).update(name=name)
    send(client, entry)
    message = letters.render(Mail.objects.get(report__isnull=False))
    whole = f"{message.subject}{message.body}{html_of(message)}"
    assert (name in whole) == (len(name) <= 60 and "@" not in name)


def test_the_mail_is_in_the_language_of_the_page(client: Client, entry: Signature) -> None:
    client.post(f"{page_of(entry)}?language=fr", TYPED)
    message = letters.render(Mail.objects.get(report__isnull=False))
    assert "L’art n’est pas une carrière" in message.subject
    assert message.extra_headers["Content-Language"] == "fr"


def test_the_mail_can_be_stopped_by_one_click_and_what_was_typed_is_deleted(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    kept = confirmed(client, entry)
    send(client, entry)
    send(client, entry, email="other@example.org")
    message = letters.render(Mail.objects.filter(report__email="zoe@example.org").latest("pk"))
    url = str(message.extra_headers["List-Unsubscribe"]).strip("<>")
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    assert client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200

    emails = Report.objects.order_by("pk").values_list("pk", "email")
    assert [email for _pk, email in emails] == ["zoe@example.org", "other@example.org"]
    assert Report.objects.filter(pk=kept.pk, status=ReportStatus.OPEN).exists()
    send(client, entry)
    signing.sign(campaign=campaign, typed=details(name="Zoë"))
    assert not Mail.objects.filter(signature__email="zoe@example.org").exists()
    assert Report.objects.filter(email="zoe@example.org").count() == 1


def test_a_mail_that_is_no_longer_true_is_not_sent(
    client: Client, campaign: Campaign, entry: Signature, mailoutbox: list[Any]
) -> None:
    confirmed(client, entry)  # by the link in a mail that its server sends twice
    other = make_signature(campaign, name="Ann")
    send(client, other, email="ann@example.org")
    leaving.withdraw(manage_token(other))
    Mail.objects.filter(report=None).delete()
    assert delivery.deliver_due() == 0
    assert mailoutbox == []
    kinds = Mail.objects.filter(kind=MailKind.REPORT_CONFIRM).values_list("status", flat=True)
    assert set(kinds) == {"suppressed"}
