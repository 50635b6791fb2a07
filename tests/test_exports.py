"""The public list as files: CSV, JSON Lines and an Atom feed."""

import csv
import io
import json
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.test import Client

from campaign import export, moves
from campaign.history import ORGANISER
from campaign.models import Campaign, Signature
from campaign.models.signature import Status
from tests.factories import bring_to, make_campaign, make_signature

pytestmark = pytest.mark.django_db

BASE = "/api/v1/campaigns/art/"
HEADER = (
    "id,name,sort_name,kind,discipline,credit,organisation,country,featured,evidence,evidence_at,"
    "statement_version,language,signed_at,updated_at,evidence_by"
)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def text(client: Client, name: str, **headers: str) -> str:
    response = client.get(BASE + name, headers=headers)
    assert response.status_code == 200
    body: Any = b"".join(response) if response.streaming else response.content
    return bytes(body).decode("utf-8")


def rows(client: Client) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(client, "signers.csv"), newline="")))


# --- CSV -------------------------------------------------------------------------------------


def test_an_empty_list_is_a_header(client: Client, art: Campaign) -> None:
    assert text(client, "signers.csv") == f"{HEADER}\r\n"
    assert text(client, "signers.jsonl") == ""


def test_a_line_of_the_csv_says_what_the_api_says(client: Client, art: Campaign) -> None:
    signature = make_signature(art, name="Zoë Moreau", organisation="Guild", country="FR")
    changes = {"featured": True, "sort_name": "Moreau, Zoë"}
    moves.amend(signature_id=signature.pk, actor=ORGANISER, changes=changes)
    signer = client.get(f"{BASE}signers/{signature.public_id}/").json()
    evidence = signer.pop("evidence")
    assert rows(client) == [
        {
            **signer,
            "featured": "true",
            "evidence": evidence["method"],
            "evidence_at": evidence["at"],
            "statement_version": "1",
            "evidence_by": "",
        }
    ]


def test_what_was_not_given_is_an_empty_cell(client: Client, art: Campaign) -> None:
    make_signature(art, credit=None, discipline=None)
    row = rows(client)[0]
    assert [name for name, cell in row.items() if cell == ""] == [
        *("sort_name", "discipline", "credit", "organisation", "country", "evidence_by"),
    ]
    assert row["featured"] == "false"


def test_commas_and_quotes_are_quoted(client: Client, art: Campaign) -> None:
    make_signature(art, name='Ann "Nan" O’Hara, Jr.', credit="One, Two", organisation='"A"')
    assert '"Ann ""Nan"" O’Hara, Jr.",,person,musician,"One, Two","""A""",' in text(
        client, "signers.csv"
    )
    row = rows(client)[0]
    assert (row["name"], row["credit"], row["organisation"]) == (
        'Ann "Nan" O’Hara, Jr.',
        "One, Two",
        '"A"',
    )


@pytest.mark.parametrize("name", ["-M-", "+44", "@home", "-30-", "+/-"])
def test_a_name_that_begins_like_a_formula_is_defused(
    client: Client, art: Campaign, name: str
) -> None:
    make_signature(art, name=name, credit=name, organisation=name)
    row = rows(client)[0]
    assert (row["name"], row["credit"], row["organisation"]) == (f"'{name}",) * 3
    # Only the spreadsheet is told otherwise.
    assert json.loads(text(client, "signers.jsonl"))["name"] == name
    assert client.get(f"{BASE}signers/").json()["results"][0]["name"] == name


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_begins_like_a_formula_even_if_one_came_in(
    client: Client, art: Campaign, start: str
) -> None:
    """Past the checks of a name, as a line of an older version may be."""
    signature = make_signature(art)
    Signature.objects.filter(pk=signature.pk).update(
        name=f"{start}1+1",
        sort_name=f"{start}2",
        credit=f"{start}cmd|' /C calc'!A0",
        organisation=f"{start}4",
    )
    row = rows(client)[0]
    for field in ("name", "sort_name", "credit", "organisation"):
        assert row[field].startswith(f"'{start}"), field


def test_ordinary_names_are_left_alone(client: Client, art: Campaign) -> None:
    for name in ("!!!", "will.i.am", "李小龙", "’Nuff", "#1 Dad", "2Pac"):
        make_signature(art, name=name)
    assert [row["name"] for row in rows(client)] == [
        "2Pac",
        "#1 Dad",
        "’Nuff",
        "李小龙",
        "will.i.am",
        "!!!",
    ]


def test_the_csv_is_a_download_in_utf_8(client: Client, art: Campaign) -> None:
    response = client.get(f"{BASE}signers.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="art.csv"'
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["tdm-reservation"] == "1"


@pytest.mark.parametrize(
    ("name", "accept", "content_type"),
    [
        ("signers.csv", "text/csv", "text/csv; charset=utf-8"),
        ("signers.jsonl", "application/jsonl", "application/jsonl; charset=utf-8"),
        ("signers.jsonl", "application/x-ndjson", "application/jsonl; charset=utf-8"),
        ("feed.atom", "application/atom+xml", "application/atom+xml; charset=utf-8"),
        (
            "feed.atom",
            "application/rss+xml, application/atom+xml, text/xml",
            "application/atom+xml; charset=utf-8",
        ),
        ("statements/1/en.txt", "text/plain", "text/plain; charset=utf-8"),
    ],
)
def test_a_client_may_ask_for_the_very_type_that_it_gets(
    client: Client, art: Campaign, name: str, accept: str, content_type: str
) -> None:
    response = client.get(BASE + name, headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"]) == (200, content_type)


# --- JSON Lines ------------------------------------------------------------------------------


def test_each_line_is_the_signer_that_the_api_shows(client: Client, art: Campaign) -> None:
    for name in ("Zoë Moreau", "李小龙", 'Quote " Back \\ slash'):
        make_signature(art, name=name)
    lines = text(client, "signers.jsonl").splitlines()
    assert [json.loads(line) for line in lines] == client.get(
        f"{BASE}signers/?order=newest"
    ).json()["results"]
    assert "李小龙" in lines[1]


# --- Atom ------------------------------------------------------------------------------------


def feed(client: Client) -> ET.Element:
    return ET.fromstring(text(client, "feed.atom"))


def test_the_feed_shows_the_newest_first(client: Client, art: Campaign) -> None:
    first = make_signature(art, name="Zoë Moreau & Co", credit="Songs & more")
    second = make_signature(art, name="李小龙", credit=None)
    root = feed(client)
    assert root.tag == f"{ATOM}feed"
    assert root.findtext(f"{ATOM}title") == "Art is not a quarry"
    entries = root.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["李小龙", "Zoë Moreau & Co"]
    assert entries[1].findtext(f"{ATOM}summary") == "Songs & more"
    ids = [str(entry.findtext(f"{ATOM}id")) for entry in entries]
    assert ids == [
        f"tag:testserver,{art.created_at.year}:art/signers/{each.public_id}"
        for each in (second, first)
    ]
    for element in (root, *entries):
        assert element.findtext(f"{ATOM}updated")
        assert element.findtext(f"{ATOM}id")


def test_the_feed_says_who_publishes_it(client: Client, art: Campaign) -> None:
    """RFC 4287, 4.1.1: a feed without an author needs one in each entry."""
    make_signature(art)
    assert feed(client).findtext(f"{ATOM}author/{ATOM}name") == "Example Organiser"


def test_the_feed_is_whole_as_the_rfc_asks(client: Client, art: Campaign) -> None:
    """RFC 4287, 4.1.1 and 4.1.2: one id, title and updated each; a link to itself and to the page."""
    make_signature(art)
    root = feed(client)
    entry = root.find(f"{ATOM}entry")
    assert entry is not None
    for element in (root, entry):
        for name in ("id", "title", "updated"):
            assert len(element.findall(ATOM + name)) == 1, name
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links == {
        "self": f"http://testserver{BASE}feed.atom",
        "alternate": "http://testserver/art/signers/",
    }
    assert root.findtext(f"{ATOM}id") == f"tag:testserver,{art.created_at.year}:art"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert client.get(f"{BASE}feed.atom")["Content-Language"] == "en"


def test_an_entry_that_is_corrected_stays_the_same_entry(client: Client, art: Campaign) -> None:
    signature = make_signature(art, name="Zoe Moreau")

    def entry() -> tuple[str | None, ...]:
        [found] = feed(client).findall(f"{ATOM}entry")
        return tuple(
            found.findtext(ATOM + name) for name in ("id", "published", "title", "updated")
        )

    before = entry()
    moves.amend(signature_id=signature.pk, actor=ORGANISER, changes={"name": "Zoë Moreau"})
    Signature.objects.update(updated_at=signature.updated_at + timedelta(seconds=7))
    after = entry()
    assert after[:2] == before[:2]
    assert after[2] == "Zoë Moreau"
    assert after[3] != before[3]


def test_a_feed_that_nothing_happens_in_stays_the_same_bytes(client: Client, art: Campaign) -> None:
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        first = text(client, "feed.atom")
        clock.shift(3600)
        assert text(client, "feed.atom") == first
    assert ET.fromstring(first).findtext(f"{ATOM}updated") == "2026-01-22T14:00:00+00:00"


def test_what_no_xml_may_hold_costs_nobody_the_feed(client: Client, art: Campaign) -> None:
    """Past the checks of a name, as a line of an older version may be."""
    signature = make_signature(art)
    Signature.objects.filter(pk=signature.pk).update(name="Zo\x0b\ufffeë", credit="\x01")
    assert feed(client).findtext(f"{ATOM}entry/{ATOM}title") == "Zoë"


def test_a_summary_is_plain_text(client: Client, art: Campaign) -> None:
    signature = make_signature(art)
    Signature.objects.filter(pk=signature.pk).update(credit="Less < more, <i>Hamlet</i> & co")
    summary = feed(client).find(f"{ATOM}entry/{ATOM}summary")
    assert summary is not None
    assert (summary.get("type"), summary.text) == ("text", "Less < more, <i>Hamlet</i> & co")


def test_the_feed_ends_after_fifty(client: Client, art: Campaign) -> None:
    for number in range(51):
        make_signature(art, name=f"Signer {number}")
    entries = feed(client).findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [
        f"Signer {n}" for n in range(50, 0, -1)
    ]


def test_the_feed_of_nobody_is_a_whole_feed(client: Client, art: Campaign) -> None:
    root = feed(client)
    assert root.findall(f"{ATOM}entry") == []
    assert root.findtext(f"{ATOM}updated")


# --- Nothing private, nobody unlisted --------------------------------------------------------


@pytest.mark.parametrize("name", ["signers.csv", "signers.jsonl", "feed.atom"])
def test_only_who_is_listed_is_in_a_file(client: Client, art: Campaign, name: str) -> None:
    for status in (Status.PENDING, Status.HELD, Status.REJECTED, Status.WITHDRAWN, Status.ERASED):
        make_signature(art, status=status, name=f"Unlisted {status}")
    make_signature(art, name="Unlisted anonymous", show_name=False)
    make_signature(art, name="Listed One", email="canary-55@example.org", source="secret-source")
    Signature.objects.update(evidence_note="secret-note")
    told = text(client, name)
    assert "Listed One" in told
    for secret in ("Unlisted", "canary", "secret", "@example.org"):
        assert secret not in told


@pytest.mark.parametrize("name", ["signers.csv", "signers.jsonl", "feed.atom"])
@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.HELD, Status.REJECTED, Status.ERASED])
def test_who_leaves_is_gone_from_the_files(
    client: Client, art: Campaign, name: str, status: Status
) -> None:
    signature = make_signature(art, name="Gone Soon")
    assert "Gone Soon" in text(client, name)
    bring_to(signature, status)
    assert "Gone Soon" not in text(client, name)
    assert signature.public_id not in text(client, name)


@pytest.mark.parametrize(
    "cell", ['x;"=1+1;y', "a; =2+2", "x;=1+1", "a;'=1", "x;\t=1", "x;−1+1", 'x;" "=1+1']
)
def test_no_part_behind_a_semicolon_begins_like_a_formula(cell: str) -> None:
    written = export.defused(cell)
    parts = next(csv.reader([written], delimiter=";"))
    assert not [part for part in parts if part.lstrip(' "').startswith(("=", "+", "-", "@", "−"))]
