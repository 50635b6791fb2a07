"""The form on a campaign's page, without a browser: what it takes, refuses, keeps and says."""

import json
import re
from datetime import timedelta
from email.message import Message
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from campaign import leaving, mail_domains
from campaign.campaign_file import parse
from campaign.models import Campaign, Consent, Mail, Signature, TallyChange
from campaign.models.signature import Status
from campaign.organising import load_campaign
from tests.e2e.browser import Form, Page, read
from tests.factories import campaign_file, make_campaign, make_signature, not_me_token
from tests.slips import NO_SLIPS, SLIPS

pytestmark = pytest.mark.django_db

PATH = "/art/"
FORM = {
    "action": "sign",
    "language": "fr",
    "statement_version": "1",
    "consent_version": "1",
    "kind": "person",
    "name": "Zoë Moreau",
    "email": "zoe@example.org",
    "discipline": "musician",
    "credit": "The Quarry Songs",
    "organisation": "",
    "country": "FR",
    "show_name": "yes",
    "consent": "yes",
}
BLANK = "Veuillez remplir ce champ."
TOO_LONG = "Veuillez vous en tenir à 200 caractères au plus."
LINK = "Veuillez retirer les adresses de sites et de courriels."
MARKUP = "Veuillez retirer les balises telles que < et >."
NO_LETTERS = "Veuillez l’écrire avec des lettres\xa0: des images seules ne font pas un nom."
FORMULA = "Cela commence comme une formule de tableur\xa0; veuillez l’écrire autrement."
NO_ADDRESS = "Veuillez indiquer votre adresse électronique."
HALF_AN_ADDRESS = (
    "Cette adresse électronique est incomplète. Il faut une adresse comme nom@example.org."
)
LONG_ADDRESS = "Cette adresse électronique est trop longue."
DEAD_ADDRESS = (
    "Aucun courriel ne peut arriver à cette adresse. Veuillez vérifier ce qui suit le signe @."
)
CHOOSE = "Veuillez choisir dans la liste."
AGREE = "Vous ne pouvez signer qu’en donnant votre accord."


@pytest.fixture
def art() -> Campaign:
    return make_campaign()


def post(client: Client, **typed: Any) -> Page:
    """Send the form with these fields, None for one that is left out; the page that answers it."""
    form = {name: value for name, value in {**FORM, **typed}.items() if value is not None}
    return answer(client.post(PATH, form, headers={"Accept-Language": "fr"}))


def press(client: Client, form: Form, **typed: Any) -> Page:
    """Send a form of an answer as it stands there, but for these fields."""
    return answer(client.post(form.action.partition("#")[0], {**form.fields, **typed}))


def answer(response: Any) -> Page:
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"
    headers = Message()
    headers["Content-Language"] = response["Content-Language"]
    return read(Page(PATH, response.status_code, headers, response.content))


def wrong(page: Page) -> dict[str, str]:
    """What is said beside each field."""
    beside = re.findall(r'id="(\w+)-error"[^>]*>([^<]*)</p>', page.raw.decode())
    return {field: unescape(words) for field, words in beside if words}


def summed_up(page: Page) -> list[str]:
    """The fields that the summary on top leads to, each of which is there."""
    html = page.raw.decode()
    _, found, rest = html.partition('id="errors"')
    fields = re.findall(r'<a href="#(\w+)">', rest.partition("</div>")[0]) if found else []
    assert all(html.count(f' id="{field}"') == 1 for field in fields)
    return fields


def title(page: Page) -> str:
    found = re.search(r"<title>\s*(.*?)\s*</title>", page.raw.decode(), re.DOTALL)
    assert found is not None
    return unescape(found[1])


def sign_form(page: Page) -> Form:
    return page.form(action="sign")


def is_sent(page: Page) -> bool:
    return page.status == 200 and 'data-step="sent"' in page.raw.decode()


def said_version(client: Client, language: str) -> str:
    """The version of the consent's wording as it is said beside the tick."""
    html = client.get(f"{PATH}?language={language}").content.decode()
    found = re.search(r'id="consent-version">\D*(\d+)\D*</p>', html)
    assert found is not None
    return found[1]


def nothing_is_stored() -> bool:
    return not (Signature.objects.exists() or Mail.objects.exists() or TallyChange.objects.exists())


# --- Each field at its limits ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        *(("name", typed, BLANK) for typed in ("", "   ", "\u200b\u202e", "\x00")),
        ("name", "a" * 201, TOO_LONG),
        ("name", "é" * 5_000, TOO_LONG),
        ("name", "https://evil.example", LINK),
        ("name", "zoe@example.org", LINK),
        ("name", "<b>Zoë</b>", MARKUP),
        ("name", "=1+1", FORMULA),
        ("name", "😀", NO_LETTERS),
        ("credit", "a" * 201, TOO_LONG),
        ("credit", "www.evil.example", LINK),
        ("organisation", "a" * 201, TOO_LONG),
        ("organisation", "[b]x[/b]", MARKUP),
        ("email", "", NO_ADDRESS),
        ("email", "zoe", HALF_AN_ADDRESS),
        ("email", "zoe@", HALF_AN_ADDRESS),
        ("email", "a@b.org, c@d.org", HALF_AN_ADDRESS),
        ("email", "zoe@example.org\r\nBcc: all@example.org", HALF_AN_ADDRESS),
        ("email", "zoe\x00@example.org", HALF_AN_ADDRESS),
        ("email", "zoe@gmail", DEAD_ADDRESS),
        ("email", "z" * 65 + "@example.org", LONG_ADDRESS),
        ("email", "z" * 5_000, LONG_ADDRESS),
        ("kind", "robot", CHOOSE),
        ("discipline", "plumber", CHOOSE),
        ("country", "XX", CHOOSE),
        ("country", "France", CHOOSE),
        ("consent", None, AGREE),
        ("consent", "on", AGREE),
    ],
)
def test_what_is_not_taken_is_said_beside_its_field_and_on_top_and_stays_typed(
    client: Client, art: Campaign, field: str, typed: str | None, words: str
) -> None:
    page = post(client, **{field: typed})
    assert (page.status, page.headers["Content-Language"]) == (422, "fr")
    assert wrong(page) == {field: words}
    assert summed_up(page) == [field]
    assert nothing_is_stored()
    kept = {**FORM, field: typed}
    if field in ("discipline", "country"):
        kept[field] = ""  # no option has that value
    if field in ("kind", "consent"):
        del kept[field]
    assert kept.items() <= sign_form(page).fields.items()


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        *(("name", typed) for typed in ("a" * 200, "!!!", "-M-", "李小龙", "نجيب محفوظ")),
        ("credit", "é" * 200),
        ("organisation", "a" * 200),
        ("email", "z" * 64 + "@example.org"),
        ("email", " zoe@BÜCHER.example.org\u200b"),
        ("country", ""),
        ("discipline", ""),
        ("kind", "organisation"),
        ("newsletter", "yes"),
        ("show_name", "no"),
    ],
)
def test_what_is_at_its_limits_is_taken(
    client: Client, art: Campaign, field: str, typed: str
) -> None:
    assert is_sent(post(client, **{field: typed}))
    assert Signature.objects.count() == 1


def test_all_mistakes_are_told_at_once_in_the_order_of_the_form(
    client: Client, art: Campaign
) -> None:
    page = post(client, name="", email="zoe", country="XX", credit="a" * 201, consent=None)
    assert summed_up(page) == ["name", "email", "credit", "country", "consent"]
    assert "Certains renseignements sont à revoir." in page.words
    assert title(post(client, name="", language="en")) == "Error: Art is not a quarry"


def test_fields_that_are_folded_away_are_open_when_something_is_in_them_or_wrong(
    client: Client, art: Campaign
) -> None:
    def more(page: Page) -> str:
        found = re.search(r'<details class="more"([^>]*)>', page.raw.decode())
        assert found is not None
        return found[1].strip()

    empty = {"credit": "", "country": ""}
    assert more(post(client, name="", **empty)) == ""
    assert more(post(client, name="", **{**empty, "country": "DE"})) == "open"
    assert more(post(client, **{**empty, "country": "XX"})) == "open"


# --- Wrong types -----------------------------------------------------------------------------


def test_a_file_in_the_place_of_a_text_is_an_empty_field(client: Client, art: Campaign) -> None:
    page = post(client, name=SimpleUploadedFile("zoe.txt", b"Zoe"))
    assert wrong(page) == {"name": BLANK}
    assert nothing_is_stored()


def test_of_a_field_that_comes_twice_the_last_one_counts(client: Client, art: Campaign) -> None:
    assert is_sent(post(client, name=["Somebody Else", "Zoë Moreau"]))
    assert Signature.objects.get().name == "Zoë Moreau"


def test_fields_that_are_arrays_or_unknown_are_none_of_ours(client: Client, art: Campaign) -> None:
    page = post(client, **{"name": None, "name[]": "Zoë", "name[0]": "Zoë", "status": "published"})
    assert wrong(page) == {"name": BLANK}
    assert nothing_is_stored()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (json.dumps(FORM), "application/json", 400),
        ("name=Zo%EB&consent=yes", "text/plain", 400),
        ("name=Zo%EB&consent=yes", "application/x-www-form-urlencoded; charset=latin-1", 400),
        ("name=x", "multipart/form-data", 400),
        ("name=x", "multipart/form-data; boundary=é", 400),
        ("a=1&" * 2_000, "application/x-www-form-urlencoded", 400),
        ("name=" + "a" * 300_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_of_ours_is_a_page_that_says_so(
    client: Client, art: Campaign, body: str, content_type: str, status: int
) -> None:
    response = client.generic(
        "POST", PATH, body.encode(), content_type, headers={"Accept-Language": "fr"}
    )
    page = answer(response)
    assert (page.status, page.headers["Content-Language"]) == (status, "fr")
    said = {
        400: "Nous n’avons pas pu lire le formulaire reçu. Veuillez réessayer.",
        413: "L’envoi est plus long que tous nos formulaires. Veuillez le raccourcir.",
    }
    assert said[status] in page.words
    assert nothing_is_stored()


def test_letters_that_did_not_arrive_whole_are_asked_for_again(
    client: Client, art: Campaign
) -> None:
    body = b"language=en&name=Zo%EB+Moreau&email=zoe@example.org&consent=yes"
    page = answer(client.generic("POST", PATH, body, "application/x-www-form-urlencoded"))
    assert wrong(page) == {"name": "Some letters did not arrive whole. Please type them again."}
    assert sign_form(page).fields["name"] == "Zo\ufffd Moreau"
    assert nothing_is_stored()


def test_an_empty_post_is_an_empty_form(client: Client, art: Campaign) -> None:
    page = answer(client.post(PATH, headers={"Accept-Language": "fr"}))
    assert (page.status, summed_up(page)) == (422, ["name", "email", "consent"])
    assert nothing_is_stored()


@pytest.mark.parametrize("language", ["", "xx", "FR", "fr\x00", "x" * 5_000])
def test_a_language_that_there_is_not_is_that_of_the_browser(
    client: Client, art: Campaign, language: str
) -> None:
    assert is_sent(post(client, language=language))
    assert Signature.objects.get().language == "fr"


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


# --- Mistyped domains ------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "meant"), [*SLIPS, *((typed, None) for typed in NO_SLIPS)])
def test_a_slip_in_a_domain_that_many_have_is_found_and_a_real_domain_left_alone(
    typed: str, meant: str | None
) -> None:
    assert mail_domains.meant(typed) == meant


def test_a_mistyped_domain_is_asked_about_and_never_refused(client: Client, art: Campaign) -> None:
    page = post(client, language="en", email="zoe@gmial.com")
    assert is_sent(page)
    assert "Did you mean zoe@gmail.com ?" in page.words
    assert Signature.objects.get().email == "zoe@gmial.com"
    meant = press(client, page.forms[0], action="meant")
    assert is_sent(meant)
    assert "Did you mean" not in meant.words
    assert list(Signature.objects.order_by("pk").values_list("email", flat=True)) == [
        "zoe@gmial.com",
        "zoe@gmail.com",
    ]


def test_the_form_asks_about_it_too_when_something_else_is_wrong(
    client: Client, art: Campaign
) -> None:
    page = post(client, language="en", email="zoe@gmial.com", name="")
    assert "Did you mean <bdi>zoe@gmail.com</bdi>?" in page.raw.decode()


@pytest.mark.parametrize(
    ("language", "in_order"),
    [
        ("en", ["Afghanistan", "Åland Islands", "Albania"]),
        ("fr", ["Égypte", "Émirats arabes unis", "Équateur", "Érythrée", "Espagne"]),
        ("ar", ["أفغانستان", "ألبانيا", "الجزائر", "ألمانيا", "أندورا"]),
    ],
)
def test_countries_stand_in_the_alphabet_of_the_language(
    client: Client, art: Campaign, language: str, in_order: list[str]
) -> None:
    html = client.get(f"{PATH}?language={language}").content.decode()
    choice = html.partition('<select id="country"')[2].partition("</select>")[0]
    names = [unescape(name) for name in re.findall(r'value="[A-Z]{2}"[^>]*>(.*?)</option>', choice)]
    assert len(names) == 249
    assert sorted(in_order, key=names.index) == in_order


def test_the_script_has_its_words_and_domains_from_the_page(client: Client, art: Campaign) -> None:
    html = client.get(f"{PATH}?language=fr").content.decode()
    found = re.search(r'data-rules="([^"]*)"', html)
    assert found is not None
    rules = json.loads(unescape(found[1]))
    assert rules["text"] == {"blank": BLANK, "too_long": TOO_LONG}
    assert rules["address"]["malformed"] == HALF_AN_ADDRESS
    assert rules["meant"] == list(mail_domains.MEANT)
