"""The public list by filters and words."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from campaign.models import Campaign
from tests.factories import make_campaign
from tests.lists import PATH, by_hypothesis, get, listed, names, problem, walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


# --- Filters ---------------------------------------------------------------------------------


@pytest.fixture
def mixed(art: Campaign) -> None:
    listed(art, "Ana", kind="person", discipline="musician", country="FR")
    listed(art, "Bande", kind="group", discipline="musician", country="DE", featured=True)
    listed(art, "Cercle", kind="organisation", discipline=None, country=None)
    listed(art, "Dora", kind="person", discipline="author", country="FR", featured=True)


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"discipline": "musician"}, {"Ana", "Bande"}),
        ({"discipline": "author"}, {"Dora"}),
        ({"discipline": "nobody-is-one"}, set()),
        ({"country": "FR"}, {"Ana", "Dora"}),
        ({"country": "fr"}, {"Ana", "Dora"}),
        ({"country": "ZZ"}, set()),
        ({"kind": "person"}, {"Ana", "Dora"}),
        ({"kind": "group"}, {"Bande"}),
        ({"kind": "organisation"}, {"Cercle"}),
        ({"evidence": "email"}, {"Ana", "Bande", "Cercle", "Dora"}),
        ({"evidence": "on_file"}, set()),
        ({"featured": "true"}, {"Bande", "Dora"}),
        ({"featured": "false"}, {"Ana", "Cercle"}),
        ({"kind": "person", "country": "FR", "featured": "true"}, {"Dora"}),
        ({"kind": "person", "discipline": "musician", "q": "an", "evidence": "email"}, {"Ana"}),
        ({"kind": "group", "country": "FR"}, set()),
    ],
)
def test_filters_alone_and_combined(
    client: Client, query: dict[str, str], expected: set[str]
) -> None:
    assert set(names(client, **query)) == expected
    assert set(sum(walk(client, f"{PATH}?{urlencode({**query, 'page_size': 1})}"), [])) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "robot"}, "kind"),
        ({"evidence": "passport"}, "evidence"),
        ({"featured": "1"}, "featured"),
        ({"featured": "True"}, "featured"),
        ({"country": "FRA"}, "country"),
        ({"country": "F1"}, "country"),
        ({"order": "random"}, "order"),
        ({"disciplin": "musician"}, "disciplin"),
        ({"offset": "10"}, "offset"),
        ({"email": "zoe@example.org"}, "email"),
        ({"status": "held"}, "status"),
        ({"q": "a" * 201}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"discipline": "\0"}, "discipline"),
        ({"": ""}, ""),
        ({"discipline": ""}, "discipline"),
        ({"country": ""}, "country"),
        ({"kind": ""}, "kind"),
        ({"evidence": ""}, "evidence"),
        ({"featured": ""}, "featured"),
        ({"order": ""}, "order"),
        ({"cursor": ""}, "cursor"),
        ({"page_size": ""}, "page_size"),
        ({"x" * 5000: "1"}, None),
    ],
)
def test_a_parameter_that_will_not_do_is_refused_by_name(
    client: Client, art: Campaign, query: dict[str, str], field: str | None
) -> None:
    status, code, fields = problem(client, **query)
    assert (status, code) == (400, "invalid_input")
    if field is not None:
        assert fields == [field]


@pytest.mark.parametrize("name", ["kind", "q", "order", "cursor", "page_size", "updated_since"])
def test_a_parameter_goes_once(client: Client, art: Campaign, name: str) -> None:
    response = client.get(f"{PATH}?{name}=person&{name}=group")
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert (error["field"], error["code"]) == (name, "repeated_parameter")


# --- Search ----------------------------------------------------------------------------------


@pytest.fixture
def searched(art: Campaign) -> None:
    listed(art, "Zoë Moreau", credit="The Quarry Songs", organisation="Guild of Stone")
    listed(art, "李小龙", credit="", discipline=None)
    listed(art, "王小明", credit="", discipline=None)
    listed(art, "will.i.am", credit="", email="will@example.org")
    listed(art, "!!!", credit="", kind="group")
    listed(art, "-M-", credit="")
    listed(art, "Jean-Luc O’Brien", credit="R.E.M.")
    listed(art, "Mona Mbeki", credit="100% Cotton", organisation="Under_score")


FINDS = {
    "Zoë": {"Zoë Moreau"},
    "Zoe\u0308": {"Zoë Moreau"},
    "ZOE": {"Zoë Moreau"},
    "zo mor": {"Zoë Moreau"},
    "mor zo": {"Zoë Moreau"},
    "oe": set(),  # a word begins with it, or it isn't found
    "quarry zoe stone": {"Zoë Moreau"},
    "quarry zoe granite": set(),
    "小龙": {"李小龙"},
    "李小龙": {"李小龙"},
    "王小明": {"王小明"},
    "小": {"李小龙", "王小明"},
    "李明": set(),
    "will.i.am": {"will.i.am"},
    "WILL": {"will.i.am"},
    "will.i": {"will.i.am"},
    "!!!": {"!!!"},
    "-m-": {"-M-"},
    "rem": {"Jean-Luc O’Brien"},
    "r.e.m.": {"Jean-Luc O’Brien"},
    "jean luc": {"Jean-Luc O’Brien"},
    "luc": {"Jean-Luc O’Brien"},
    "obrien": {"Jean-Luc O’Brien"},
    "o'brien": {"Jean-Luc O’Brien"},
    "100%": {"Mona Mbeki"},
}


@pytest.mark.usefixtures("searched")
def test_every_word_begins_a_word_of_name_credit_or_organisation(client: Client) -> None:
    assert {q: set(names(client, q=q)) for q in FINDS} == FINDS


@pytest.mark.usefixtures("searched")
def test_what_folds_to_nothing_finds_nothing(client: Client) -> None:
    nothing: dict[str, Any] = {"results": [], "next": None, "previous": None}
    for q in ("", " ", "\u200b", "\u202e\u2066", "\t\n", "\u3000"):
        assert get(client, q=q) == nothing, q


@pytest.mark.usefixtures("searched")
def test_what_means_something_to_a_database_is_only_text(client: Client) -> None:
    for q in (
        *(
            "'",
            "''",
            '"',
            "\\",
            "\\'",
            "zoe' | 'will",
            "%",
            "_",
            "%%",
            "$$",
            ";--",
            "&",
            "|",
            "<->",
        ),
        *("(", ")", ":*", ":", "zoe | will", "zoe & moreau", "' OR 1=1 --", "\\x00", "\ufffd"),
        *("()" * 100, "🎸", "é" * 200, "ﷺ" * 200, "小" * 200, "k " * 100, "\\" * 200, "'" * 200),
    ):
        assert names(client, q=q) == [], q
    # Without their signs these are words, and nothing is negated.
    for q in ("zoe:*", "!zoe", "zoe:A"[:-2], "(zoe)", "'zoe'", "zoe\\"):
        assert names(client, q=q) == ["Zoë Moreau"], q
    assert names(client, q="!") == ["!!!"]


@by_hypothesis
@given(q=st.text(max_size=60))
def test_no_query_is_an_internal_error(client: Client, q: str) -> None:
    if not Campaign.objects.exists():
        listed(make_campaign(publication="after_verification"), "Zoë Moreau")
    encoded = quote(q.encode("utf-8", "surrogatepass"))
    assert client.get(f"{PATH}?q={encoded}").status_code in {200, 400}
