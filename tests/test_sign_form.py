"""What the form on a campaign's page takes, refuses, keeps and says of each field."""

import json
import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from campaign import mail_domains
from campaign.models import Campaign, Signature
from tests.e2e.browser import Page
from tests.factories import make_campaign
from tests.sign_form import (
    AGREE,
    BLANK,
    CHOOSE,
    DEAD_ADDRESS,
    FORM,
    FORMULA,
    HALF_AN_ADDRESS,
    LINK,
    LONG_ADDRESS,
    MARKUP,
    NO_ADDRESS,
    NO_LETTERS,
    PATH,
    TOO_LONG,
    answer,
    is_sent,
    nothing_is_stored,
    post,
    press,
    sign_form,
    summed_up,
    title,
    wrong,
)
from tests.slips import NO_SLIPS, SLIPS

pytestmark = pytest.mark.django_db


@pytest.fixture
def art() -> Campaign:
    return make_campaign()


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
        ("a=1&" * 20_001, "application/x-www-form-urlencoded", 400),
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
