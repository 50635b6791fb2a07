"""Signing by the form: what changes between form and answer, what is sent twice, and what comes after."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from campaign import leaving
from campaign.campaign_file import parse
from campaign.models import Campaign, Consent, Mail, Signature
from campaign.models.signature import Status
from campaign.organising import load_campaign
from tests.factories import campaign_file, make_campaign, make_signature, not_me_token
from tests.sign_form import (
    BLANK,
    FORM,
    HALF_AN_ADDRESS,
    is_sent,
    nothing_is_stored,
    post,
    press,
    said_version,
    sign_form,
    summed_up,
    wrong,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def art() -> Campaign:
    return make_campaign()


# --- What changes between form and answer ----------------------------------------------------


def test_a_campaign_that_closed_meanwhile_says_so_and_shows_what_was_typed(
    client: Client, art: Campaign
) -> None:
    Campaign.objects.update(closes_at=timezone.now() - timedelta(seconds=1))
    page = post(client)
    assert page.status == 409
    assert "Cette campagne est close\xa0: elle ne recueille plus de signatures." in unescape(
        page.raw.decode()
    )
    assert "Les signatures sont closes" in page.words
    assert sign_form(page).fields["name"] == "Zoë Moreau"
    assert re.search(r'<fieldset class="bare"\s+disabled>', page.raw.decode())
    assert nothing_is_stored()


def test_a_campaign_that_was_paused_meanwhile_says_so_and_its_form_can_be_sent_later(
    client: Client, art: Campaign
) -> None:
    Campaign.objects.update(paused_at=timezone.now())
    page = post(client)
    assert page.status == 409
    assert "Cette campagne est suspendue. Veuillez revenir un peu plus tard." in page.words
    assert nothing_is_stored()
    Campaign.objects.update(paused_at=None)
    assert is_sent(press(client, sign_form(page)))
    assert Signature.objects.get().country == "FR"


def test_who_has_not_seen_the_new_statement_reads_it_and_agrees_anew(
    client: Client, art: Campaign
) -> None:
    load_campaign(parse(campaign_file().replace("Nous l’avons fait.", "C’est notre œuvre.")))
    page = post(client)
    assert page.status == 409
    assert (
        "Le texte a changé depuis l’affichage de ce formulaire. Veuillez le relire." in page.words
    )
    assert "C’est notre œuvre." in page.words
    assert summed_up(page) == ["title"]
    form = sign_form(page)
    assert (form.fields["name"], form.fields["statement_version"]) == ("Zoë Moreau", "2")
    assert "consent" not in form.fields
    assert nothing_is_stored()
    assert is_sent(press(client, form, consent="yes"))
    assert Signature.objects.get().statement.version.number == 2


def test_the_wording_of_the_consent_that_was_shown_is_the_one_that_is_kept(
    client: Client, art: Campaign
) -> None:
    load_campaign(parse(campaign_file().replace("nom soit publié", "nom soit affiché")))
    assert [said_version(client, language) for language in ("fr", "en")] == ["2", "1"]
    page = post(client)
    assert (page.status, summed_up(page)) == (409, ["consent"])
    form = sign_form(page)
    assert form.fields["consent_version"] == "2"
    assert "consent" not in form.fields
    assert nothing_is_stored()
    assert is_sent(press(client, form, consent="yes"))
    newest = Consent.objects.filter(language="fr").latest("pk")
    assert Signature.objects.get().consent == newest
    assert newest.text == "J’accepte que mon nom soit affiché."


@pytest.mark.parametrize("version", ["0", "2", "-1", "1.0", "x", "١", "9" * 5_000])
@pytest.mark.parametrize("field", ["statement_version", "consent_version"])
def test_a_version_that_no_form_showed_is_not_agreed_to(
    client: Client, art: Campaign, field: str, version: str
) -> None:
    page = post(client, **{field: version})
    assert page.status == 409
    assert "consent" not in sign_form(page).fields
    assert nothing_is_stored()


def test_what_is_wrong_and_out_of_date_too_is_not_agreed_to(client: Client, art: Campaign) -> None:
    page = post(client, name="", statement_version="7")
    assert (page.status, wrong(page)) == (422, {"name": BLANK})
    assert "consent" not in sign_form(page).fields


def test_the_preview_signs_nothing(client: Client, art: Campaign) -> None:
    html = client.get(f"/preview/{art.preview_key}/").content.decode()
    assert re.search(r'<fieldset class="bare"\s+disabled>', html)


# --- Twice -----------------------------------------------------------------------------------


def test_the_same_form_sent_twice_is_one_signature(client: Client, art: Campaign) -> None:
    first, second = post(client), post(client)
    assert first.raw == second.raw
    assert Signature.objects.count() == 1
    assert Mail.objects.count() == 2


def test_two_tabs_with_other_details_are_two_links_and_neither_changes_the_other(
    client: Client, art: Campaign
) -> None:
    post(client)
    post(client, credit="")
    assert list(Signature.objects.order_by("pk").values_list("credit", flat=True)) == [
        "The Quarry Songs",
        "",
    ]


def test_the_form_comes_back_with_all_that_was_typed_to_correct_the_address(
    client: Client, art: Campaign
) -> None:
    typed = {"show_name": "no", "newsletter": "yes", "source": "poster", "kind": "group"}
    sent = post(client, email="zoe@example.org ", **typed)
    page = press(client, sent.forms[0], action="edit")
    form = sign_form(page)
    assert page.status == 200
    assert summed_up(page) == []
    expected = {**FORM, **typed, "email": "zoe@example.org "}
    assert expected.items() <= form.fields.items()
    assert is_sent(press(client, form, email="zoe@example.net"))
    emails = Signature.objects.order_by("pk").values_list("email", flat=True)
    assert list(emails) == ["zoe@example.org", "zoe@example.net"]


def test_the_consent_does_not_come_back_for_a_statement_that_nobody_saw(
    client: Client, art: Campaign
) -> None:
    sent = post(client)
    load_campaign(parse(campaign_file().replace("We made it.", "We wrote it.")))
    page = press(client, sent.forms[0], action="edit")
    assert "consent" not in sign_form(page).fields


# --- After signing ---------------------------------------------------------------------------


def test_the_page_after_it_says_where_to_look_and_for_whose_mail(
    client: Client, art: Campaign
) -> None:
    Campaign.objects.update(sender="Art is no quarry <hello@example.org>")
    page = post(client, language="en", email="zoe@gmail.com")
    assert "One step left: look in your inbox" in page.words
    assert "Address zoe@gmail.com Sender" in page.words
    assert "hello@example.org" in page.words
    gmail = "https://mail.google.com/mail/#search/from%3Ahello%40example.org%20in%3Aanywhere"
    assert page.link("Open Gmail") == gmail
    assert "Open Gmail" not in post(client, language="en", email="zoe@example.net").words


@pytest.mark.parametrize(
    "status",
    [Status.PENDING, Status.HELD, Status.PUBLISHED, Status.REJECTED, Status.WITHDRAWN, "alone"],
)
@pytest.mark.parametrize("action", ["sign", "resend", "meant"])
def test_the_page_after_it_is_the_same_whatever_is_known_of_the_address(
    client: Client, art: Campaign, status: str, action: str
) -> None:
    known = make_signature(
        art, status=Status.PENDING if status == "alone" else status, email="known@example.org"
    )
    if status == "alone":
        leaving.not_me(not_me_token(known))
    one = post(client, action=action, email="known@example.org")
    two = post(client, action=action, email="fresh@example.org")
    assert is_sent(one)
    assert one.raw.replace(b"known@", b"fresh@") == two.raw


def test_the_mail_is_sent_again_three_a_day_at_most_and_the_page_does_not_tell(
    client: Client, art: Campaign
) -> None:
    sent = post(client)
    again = [press(client, sent.forms[0], action="resend") for _ in range(4)]
    assert Mail.objects.count() == 3
    assert len({page.raw for page in again}) == 1
    assert is_sent(again[0])
    assert again[0].forms[0].fields == sent.forms[0].fields  # it can still be corrected
    assert Signature.objects.count() == 1


def test_no_address_to_send_it_to_is_said_beside_it(client: Client, art: Campaign) -> None:
    page = post(client, action="resend", email="zoe")
    assert (page.status, wrong(page)) == (422, {"email": HALF_AN_ADDRESS})
