"""The list as a page: what its marks mean, what can be searched and chosen, and what is said of it."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from django.db import transaction
from django.test import Client

from campaign import moves
from campaign.history import ORGANISER
from campaign.models import Campaign, Signature
from campaign.models.signature import Evidence, Status
from campaign.web.marks import MEANINGS
from tests.factories import bring_to, make_campaign, make_signature

pytestmark = pytest.mark.django_db

PATH = "/art/signers/"


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def mixed(art: Campaign) -> None:
    make_signature(art, name="Ana Lund", country="FR", credit="Low Tide")
    bande = make_signature(art, name="La Bande", kind="group", country="DE", credit="")
    make_signature(art, name="Dora", discipline="author", country="FR", credit="")
    make_signature(art, name="Cercle", kind="organisation", discipline=None, credit="")
    moves.amend(signature_id=bande.pk, actor=ORGANISER, changes={"featured": True})


def page(client: Client, **query: str) -> str:
    response = client.get(f"{PATH}?{urlencode(query)}")
    assert response.status_code == 200
    return response.content.decode()


def names(html: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'signer-name">\s*<bdi>(.*?)</bdi>', html)]


def found(html: str) -> str:
    told = re.search(r'id="found".*?>\s*(.*?)\s*</p>', html, re.DOTALL)
    assert told is not None
    return unescape(told[1])


def options(html: str, field: str) -> dict[str, str]:
    """Values and words of a filter, {} where it isn't offered."""
    choice = re.search(rf'<select id="{field}".*?</select>', html, re.DOTALL)
    every = re.findall(r'<option value="(.*?)"[^>]*>(.*?)</option>', choice[0] if choice else "")
    return {value: unescape(text) for value, text in every if value}


def links(html: str, pattern: str) -> list[dict[str, list[str]]]:
    """The queries of the links whose attributes fit."""
    every = re.findall(r"<a ([^>]*)>", html)
    hrefs = [re.search(r'href="\?(.*?)"', each) for each in every if re.search(pattern, each)]
    return [parse_qs(unescape(href[1])) for href in hrefs if href]


# --- Marks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", list(Evidence))
def test_each_entry_says_what_was_confirmed_when_and_what_that_means(
    client: Client, art: Campaign, mark: Evidence
) -> None:
    make_signature(art)
    Signature.objects.update(evidence=mark, evidence_at="2026-03-05T23:00:00Z")
    html = page(client)
    entry = html[html.index('class="signer"') :]
    assert re.search(rf"<summary>\s*{mark.label}\s", entry)
    assert re.search(r'<time datetime="2026-03-05">[^<]*5[^<]*2026</time>', entry)
    assert str(MEANINGS[mark]) in unescape(entry)


def test_every_mark_is_explained_before_the_list_whoever_has_it(
    client: Client, art: Campaign
) -> None:
    make_signature(art)
    html = page(client)
    legend = unescape(html[: html.index('id="results"')])
    for mark in Evidence:
        assert f'id="mark-{mark}"' in legend
        assert str(MEANINGS[mark]) in legend
    assert "are the signers’ own words" in legend


@pytest.mark.usefixtures("mixed")
def test_featured_ones_stand_first_and_say_so_and_kinds_are_named(client: Client) -> None:
    html = page(client)
    assert names(html) == ["La Bande", "Cercle", "Dora", "Ana Lund"]
    tags = [
        re.findall(r'signer-tag">(.*?)<', entry) for entry in html.split('<li class="signer"')[1:]
    ]
    assert tags == [["featured", "group"], ["organisation"], [], []]


def test_in_the_order_of_names_the_name_that_sorts_is_told(client: Client, art: Campaign) -> None:
    bells = make_signature(art, name="The Bells")
    moves.amend(signature_id=bells.pk, actor=ORGANISER, changes={"sort_name": "Bells, The"})
    assert "<bdi>Bells, The</bdi>" in page(client, order="name")
    assert "<bdi>Bells, The</bdi>" not in page(client)


# --- Search and filters ----------------------------------------------------------------------


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(
    ("query", "expected", "told"),
    [
        ({}, ["La Bande", "Cercle", "Dora", "Ana Lund"], "4 names on the list."),
        ({"q": "LUND tide"}, ["Ana Lund"], "1 signer fits."),
        ({"discipline": "author"}, ["Dora"], "1 signer fits."),
        ({"country": "FR"}, ["Dora", "Ana Lund"], "2 signers fit."),
        ({"kind": "group"}, ["La Bande"], "1 signer fits."),
        ({"evidence": "email", "order": "oldest"}, ["Ana Lund", "La Bande", "Dora", "Cercle"], ""),
        ({"featured": "true"}, ["La Bande"], "1 signer fits."),
        ({"order": "name"}, ["Ana Lund", "Cercle", "Dora", "La Bande"], "4 names on the list."),
        ({"country": "FR", "discipline": "author", "q": "d"}, ["Dora"], "1 signer fits."),
        ({"country": "FR", "kind": "group"}, [], "Nobody fits."),
        ({"country": "JP"}, [], "Nobody fits."),
        ({"q": "nobody"}, [], "Nobody fits."),
    ],
)
def test_search_filters_and_order_combine_in_the_address(
    client: Client, query: dict[str, str], expected: list[str], told: str
) -> None:
    html = page(client, **query)
    assert (names(html), found(html)) == (expected, told or found(html))
    form = html[html.index("<form") : html.index("</form>")]
    for field, value in query.items():
        marked = "checked" if field == "featured" else "selected"
        shown = rf'value="{value}"' + ("" if field == "q" else rf"\s*{marked}")
        assert re.search(shown, form), field


@pytest.mark.usefixtures("mixed")
def test_filters_offer_what_occurs_with_its_number_on_the_list(
    client: Client, art: Campaign
) -> None:
    make_signature(art, name="Hidden", country="SE", show_name=False)
    html = page(client)
    assert options(html, "country") == {"FR": "France (2)", "DE": "Germany (1)"}
    assert options(html, "discipline") == {"musician": "Musician (2)", "author": "Author (1)"}
    assert options(html, "kind") == {
        "person": "Person (2)",
        "group": "Group (1)",
        "organisation": "Organisation (1)",
    }
    # All are confirmed in the same way: there is nothing to choose.
    assert options(html, "evidence") == {}
    assert options(page(client, evidence="domain"), "evidence") == {
        "email": "Mailbox confirmed (4)",
        "domain": "Confirmed by their own site (0)",
    }
    assert options(page(client, country="SE"), "country")["SE"] == "Sweden (0)"


def test_a_list_of_one_offers_no_choice(client: Client, art: Campaign) -> None:
    make_signature(art, country="FR")
    html = page(client)
    assert [options(html, field) for field in ("discipline", "country", "kind")] == [{}, {}, {}]


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(
    "query",
    [
        *({"kind": "robot"}, {"country": "ZZ"}, {"discipline": "x"}, {"evidence": "passport"}),
        *({"featured": "1"}, {"order": "random"}, {"q": ""}, {"q": " \u200b\0 "}, {"offset": "9"}),
        *({"kind": ""}, {"email": "zoe@example.org"}, {"page_size": "1"}),
    ],
)
def test_what_the_page_does_not_know_is_left_out(client: Client, query: dict[str, str]) -> None:
    html = page(client, **query)
    assert found(html) == "4 names on the list."
    assert links(html, "class=.chosen") == []


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize("q", ["é" * 5000, "'; --", "a\0b", "\ud800", "%", "<b>", "\\", "((:*"])
def test_any_words_are_only_words(client: Client, q: str) -> None:
    response = client.get(PATH, {"q": q.encode("utf-8", "surrogatepass")})
    assert response.status_code == 200
    html = response.content.decode()
    assert "<b>" not in html
    shown = re.search(r'name="q"\s+type="search"\s+value="(.*?)"', html, re.DOTALL)
    assert shown is not None
    assert len(unescape(shown[1])) <= 200


@pytest.mark.usefixtures("mixed")
def test_each_thing_chosen_is_taken_back_alone_and_all_at_once(client: Client) -> None:
    html = page(client, q="d", country="FR", discipline="author", featured="true", language="en")
    whole = {name: [html] for name, html in {"q": "d", "language": "en"}.items()}
    chosen = {"discipline": ["author"], "country": ["FR"], "featured": ["true"]}
    taken_back = links(html[html.index('class="chosen"') :], "^href")
    assert taken_back[:3] == [
        {**whole, **{name: value for name, value in chosen.items() if name != field}}
        for field in chosen
    ]
    assert links(html, "chosen-none") == [{"language": ["en"]}]


@pytest.mark.usefixtures("mixed")
def test_another_language_keeps_what_was_chosen(client: Client) -> None:
    html = page(client, q="d", country="FR", language="en")
    switches = links(html, 'hreflang="fr"')
    assert switches == [{"q": ["d"], "country": ["FR"], "language": ["fr"]}]
    french = page(client, **{name: values[0] for name, values in switches[0].items()})
    assert 'lang="fr"' in french
    assert names(french) == ["Dora"]


def test_who_is_not_listed_is_neither_found_nor_offered(client: Client, art: Campaign) -> None:
    make_signature(art, name="Pending Canary", country="JP", status=Status.PENDING)
    make_signature(art, name="Hidden Canary", country="SE", show_name=False)
    gone = make_signature(art, name="Gone Canary", country="IT")
    bring_to(gone, Status.WITHDRAWN)
    html = page(client)
    assert "1 of them is counted without a name." in html
    assert found(html) == "Nobody is on the list yet."
    html += page(client, q="canary")
    for secret in ("Canary", "Sweden", "Italy", "Japan"):
        assert secret not in html


# --- Pages -----------------------------------------------------------------------------------


@pytest.fixture
def many(art: Campaign) -> None:
    with transaction.atomic():
        for number in range(103):
            make_signature(art, name=f"Signer {number:03}", country="FR")


@pytest.mark.usefixtures("many")
def test_pages_follow_each_other_and_keep_what_was_chosen(client: Client) -> None:
    query: dict[str, str] = {"q": "signer", "order": "oldest", "language": "en"}
    pages, told = [], []
    while True:
        html = page(client, **query)
        pages.append(names(html))
        told.append(found(html))
        onward = links(html, 'rel="next"')
        if not onward:
            break
        query = {name: values[0] for name, values in onward[0].items()}
        assert query.keys() == {"q", "order", "language", "cursor"}
    assert sum(pages, []) == [f"Signer {number:03}" for number in range(103)]
    assert [len(each) for each in pages] == [50, 50, 3]
    assert told == ["The first 50 who fit; there are more.", "More who fit.", "More who fit."]
    back = page(client, **{n: v[0] for n, v in links(html, 'rel="prev"')[0].items()})
    assert names(back) == pages[1]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({}, "103 names on the list."),
        ({"country": "FR"}, "103 signers fit."),
        ({"country": "FR", "kind": "person"}, "The first 50 who fit; there are more."),
        ({"q": "10"}, "3 signers fit."),
    ],
)
def test_how_many_fit_is_said_only_where_it_is_known(
    client: Client, query: dict[str, str], told: str
) -> None:
    assert found(page(client, **query)) == told


def test_a_place_that_does_not_exist_is_a_page_that_says_so(client: Client, art: Campaign) -> None:
    response: Any = client.get(f"{PATH}?cursor=x")
    assert response.status_code == 400
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("query", "indexed"),
    [("", True), ("?language=fr", True), ("?q=d", False), ("?order=name", False)],
)
def test_only_the_list_itself_is_for_search_engines(
    client: Client, art: Campaign, query: str, indexed: bool
) -> None:
    html = client.get(f"{PATH}{query}").content.decode()
    assert ("noindex" not in html) == indexed


@pytest.mark.parametrize("query", ["", "?q=signer", "?country=FR&kind=person&order=name"])
def test_the_page_costs_three_queries_however_long_the_list(
    client: Client, many: None, django_assert_num_queries: Any, query: str
) -> None:
    client.get(PATH)  # the process knows the campaign from now on
    with django_assert_num_queries(3):
        assert client.get(f"{PATH}{query}").status_code == 200


def test_the_list_can_be_taken_along(client: Client, art: Campaign) -> None:
    make_signature(art)
    html = page(client)
    for end in ("signers.csv", "signers.jsonl", "feed.atom"):
        assert f'href="/api/v1/campaigns/art/{end}"' in html
    assert 'href="/art/corrections/?language=en"' in html
