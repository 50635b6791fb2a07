"""What holds of the markup of every page: nothing stands in it twice, nothing leads nowhere, and words
in another language say which way they run."""

from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from campaign.links import Purpose, make_token
from campaign.models import Campaign, Report, Signature
from tests.factories import (
    confirm_token,
    details,
    make_campaign,
    make_signature,
    manage_token,
    not_me_token,
)

pytestmark = pytest.mark.django_db

SIGNED = {**details(email="new@example.org"), "action": "sign", "language": "en", "consent": "yes"}
REPORTED = {"email": "who@example.org", "reason": "not_signed", "note": "It is not me."}
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list")
ONCE = ("title", "h1", "main")


class Markup(HTMLParser):
    """What a page says of itself and of its parts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.meant: set[str] = set()
        self.undirected: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        # What a language calls itself in the list of languages has nothing beside it.
        if "lang" in given and "hreflang" not in given and "dir" not in given:
            self.undirected.append(f"<{tag} {given}>")
        assert len(given) == len(attrs), f"an attribute twice: <{tag} {attrs}>"
        if "id" in given:
            self.ids[given["id"]] += 1
        if tag == "meta":
            self.said[given.get("name") or given.get("property") or "charset"] += 1
        if tag == "link":
            self.said[" ".join((given["rel"], given["href"], given.get("hreflang", "")))] += 1
        if tag == "script":
            self.said[given["src"]] += 1
        for name in REFERENCES:
            self.meant.update(given.get(name, "").split())
        if given.get("href", "").startswith("#"):
            self.meant.add(given["href"][1:])


def _twice(counted: Counter[str]) -> list[str]:
    return [each for each, n in counted.items() if n > 1]


Ask = Callable[[Client, Signature], Any]


def _get(path: str) -> Ask:
    return lambda client, signature: client.get(path.format(id=signature.public_id))


PAGES: dict[str, Ask] = {
    path: _get(path)
    for path in (
        *("/", "/art/", "/art/signers/", "/art/signers/?q=nobody&kind=group", "/art/corrections/"),
        *("/art/signers/{id}/", "/art/signers/{id}/report/", "/art/my-signature/"),
        *("/embed/art/", "/embed/art/counter/", "/no-such-campaign/", "/manage/broken/"),
    )
} | {
    "a mistake": lambda client, _: client.post("/art/", {"name": "", "email": "zoe"}),
    "signed": lambda client, _: client.post("/art/", SIGNED),
    "mistyped domain": lambda client, _: client.post("/art/", {**SIGNED, "email": "z@gmial.com"}),
    "in a frame": lambda client, _: client.post("/embed/art/", SIGNED),
    "asked for the link": lambda client, _: client.post("/art/my-signature/", {"email": "a@b.org"}),
    "confirm": lambda client, _: client.get(f"/confirm/{confirm_token(_pending())}/"),
    "confirmed": lambda client, _: client.post(f"/confirm/{confirm_token(_pending())}/"),
    "own page": lambda client, it: client.get(f"/manage/{manage_token(it)}/"),
    "own page, nothing sure": lambda client, it: client.post(
        f"/manage/{manage_token(it)}/", {"action": "erase"}
    ),
    "own page, a mistake": lambda client, it: client.post(
        f"/manage/{manage_token(it)}/", {"action": "correct", "name": "", "revision": "1"}
    ),
    "left": lambda client, it: client.post(
        f"/manage/{manage_token(it)}/", {"action": "withdraw", "sure": "yes"}
    ),
    "not me": lambda client, it: client.get(f"/not-me/{not_me_token(it)}/"),
    "reported": lambda client, it: client.post(_report_page(it), REPORTED),
    "report corrected": lambda client, it: client.post(
        _report_page(it), {**REPORTED, "action": "edit"}
    ),
    "reported badly": lambda client, it: client.post(_report_page(it), {"reason": "no"}),
    "report": lambda client, it: client.get(_report_link(client, it)),
    "report confirmed": lambda client, it: client.post(_report_link(client, it)),
}
STATUS = {
    "/no-such-campaign/": 404,
    "/manage/broken/": 400,
    **dict.fromkeys(
        ("a mistake", "own page, nothing sure", "own page, a mistake", "reported badly"), 422
    ),
}
"""Of those that answer something else than 200."""


def _pending() -> Signature:
    return make_signature(Campaign.objects.get(), status="pending", email="pending@example.org")


def _report_page(signature: Signature) -> str:
    return f"/art/signers/{signature.public_id}/report/"


def _report_link(client: Client, signature: Signature) -> str:
    client.post(_report_page(signature), REPORTED)
    subject = Report.objects.get().public_id
    return f"/report/{make_token(Purpose.REPORT, subject=subject, revision=1)}/"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_nothing_twice_and_leads_nowhere_that_is_not_there(
    client: Client, page: str
) -> None:
    signature = make_signature(make_campaign(publication="after_verification"))
    # It stands among the newest as well.
    Signature.objects.update(featured=True)
    response = PAGES[page](client, signature)
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert response.status_code == STATUS.get(page, 200)
    markup = Markup(response.content.decode())
    assert [markup.tags[each] for each in ONCE] == [1, 1, 1]
    assert _twice(markup.ids) == []
    assert _twice(markup.said) == []
    assert markup.undirected == []
    assert sorted(markup.meant - markup.ids.keys()) == []
