"""A link that was passed on tells by which way a signer came, as often as it is followed."""

import re

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from campaign import copies
from campaign.models import Campaign, Signature
from campaign.sources import split
from tests.factories import details, make_campaign
from tests.fronts import Process

pytestmark = pytest.mark.django_db(transaction=True)

HIDDEN = re.compile(r'<input type="hidden" name="source" value="([^"]*)">')


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def process(art: Campaign, monkeypatch: pytest.MonkeyPatch) -> Process:
    monkeypatch.setattr(copies, "LIFE", 60.0)
    return Process()


def hidden(page: str) -> list[str]:
    return HIDDEN.findall(page)


def typed(page: str) -> dict[str, str]:
    """The form as somebody without JavaScript sends it from that page."""
    fields = re.findall(r'<input type="hidden"\s+name="([^"]+)"\s+value="([^"]*)">', page)
    sent = {name: str(value) for name, value in details().items() if value is not True}
    return {**sent, **dict(fields), "consent": "yes"}


def test_the_source_of_a_link_ends_with_the_signature(client: Client, art: Campaign) -> None:
    page = client.get("/art/?language=fr&source=whatsapp").content.decode()
    assert client.post("/art/?language=fr", typed(page)).status_code == 200
    assert Signature.objects.get().source == "whatsapp"


def test_it_does_by_the_copies_too(client: Client, process: Process) -> None:
    for source in ("whatsapp", "newsletter-3"):
        page = process.get(f"/art/?source={source}").body.decode()
        client.post("/art/", {**typed(page), "email": f"{source}@example.org"})
    assert process.readings == 1
    assert {each.source for each in Signature.objects.all()} == {"whatsapp", "newsletter-3"}


def test_it_survives_a_mistake_and_a_correction(client: Client, art: Campaign) -> None:
    page = client.get("/art/?source=mail").content.decode()
    again = client.post("/art/", {**typed(page), "name": ""})
    assert again.status_code == 422
    assert hidden(again.content.decode()) == ["mail"]
    edited = client.post("/art/", {**typed(page), "action": "edit"})
    assert hidden(edited.content.decode()) == ["mail"]


def test_a_thousand_sources_are_one_copy(process: Process) -> None:
    plain = process.get("/art/")
    assert hidden(plain.body.decode()) == []
    for number in range(1000):
        given = process.get(f"/art/?source=s{number}")
        assert hidden(given.body.decode()) == [f"s{number}"]
        assert given["content-length"] == str(len(given.body))
    assert process.readings == 2


def test_a_page_of_a_source_is_what_django_answers(client: Client, process: Process) -> None:
    for address in (
        "/art/?source=x.y_z-1",
        "/?source=mail",
        "/art/signers/?language=fr&source=mail",
    ):
        assert process.get(address).body == client.get(address).content


def test_each_source_has_an_etag_of_its_own(process: Process) -> None:
    etags = {process.get(f"/art/{query}")["etag"] for query in ("", "?source=a", "?source=b")}
    assert len(etags) == 3
    etag = process.get("/art/?source=a")["etag"]
    assert process.get("/art/?source=a", if_none_match=etag).status == 304
    assert process.get("/art/?source=b", if_none_match=etag).status == 200
    assert re.fullmatch(r'"[^"]+"', etag)


@pytest.mark.parametrize(
    "query",
    [
        "fbclid=IwAR0123",
        "utm_source=x&utm_medium=y",
        "igsh=a%3D%3D&gclid=1",
        "source=",
        "source=a+b",
    ],
)
def test_what_services_add_makes_no_page_of_its_own(process: Process, query: str) -> None:
    plain = process.get("/art/")
    assert process.get(f"/art/?{query}").body == plain.body
    with_source = process.get("/art/?source=mail")
    assert process.get(f"/art/?source=mail&fbclid={query[-3:]}1").body == with_source.body
    assert process.readings == 2


@pytest.mark.parametrize("source", ["%22%3E%3Cscript%3E", "a b", "x" * 61, "-x", "é", "a%0Ab"])
def test_what_is_no_source_is_none(client: Client, process: Process, source: str) -> None:
    plain = process.get("/art/").body
    assert process.get(f"/art/?source={source}").body == plain
    assert hidden(client.get(f"/art/?source={source}").content.decode()) == []


def test_the_mark_never_leaves(process: Process, art: Campaign) -> None:
    mark = process.front._mark
    for address in ("/art/?source=a", "/art/?language=xx&source=a", "/nobody/?source=a"):
        assert mark not in process.get(address).body.decode()
    assert hidden(process.get("/art/?language=xx&source=a").body.decode()) == ["a"]
    # Asked once for each, whatever came of it.
    assert process.readings == 4


def test_whoever_is_led_to_https_takes_their_source_along(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SECURE_SSL_REDIRECT", True)
    led = Process(WSGIHandler()).get("/art/?language=fr&source=mail")
    assert led.status == 301
    assert led["location"] == "https://testserver/art/?language=fr&source=mail"


def test_the_first_page_of_many_campaigns_keeps_it(process: Process) -> None:
    make_campaign(slug="music")
    page = process.get("/?source=mail&language=en").body.decode()
    assert 'href="/music/?language=en&amp;source=mail"' in page


def test_the_languages_keep_it_and_the_canonical_address_does_not(process: Process) -> None:
    page = process.get("/art/?source=mail&language=fr").body.decode()
    assert (
        'href="?source=mail&amp;language=en"' in page
        or 'href="?language=en&amp;source=mail"' in page
    )
    assert f'<link rel="canonical" href="{settings.BASE_URL}/art/">' in page
    assert f'content="{settings.BASE_URL}/art/?language=fr"' in page


def test_other_queries_of_sourced_pages_go_to_django(process: Process) -> None:
    for query in ("q=a&source=mail", "source=mail&x=1"):
        process.get(f"/art/signers/?{query}")
        process.get(f"/art/signers/?{query}")
    assert process.readings == 4


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ("", "")),
        ("language=fr", ("language=fr", "")),
        ("source=a&language=fr&fbclid=1", ("language=fr", "a")),
        ("source=a&source=b", ("", "b")),
        ("source=what%73app", ("", "whatsapp")),
        ("q=1&sourced=2", ("q=1&sourced=2", "")),
    ],
)
def test_a_query_is_split(query: str, expected: tuple[str, str]) -> None:
    assert split(query) == expected
