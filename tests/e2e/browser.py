"""As much of a browser as the walk needs: cookies, redirects, links, and forms as they are sent."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

TIMEOUT = 60.0


@dataclass
class Form:
    """One form: where it goes, what it would send untouched, and all the fields that it has."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


@dataclass
class Page:
    """An answer: its words as a reader sees them, its links by their words, its forms."""

    url: str
    status: int
    headers: Message
    raw: bytes
    words: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    def form(self, *, to: str = "", **holding: str) -> Form:
        """The one form that goes to such a path and holds these values."""
        found = [
            form
            for form in self.forms
            if urlsplit(form.action).path.endswith(to) and holding.items() <= form.fields.items()
        ]
        forms = [(form.action, form.fields) for form in self.forms]
        assert len(found) == 1, f"{self.status} {self.url}: {forms}\n{self.words[:2000]}"
        return found[0]

    def link(self, words: str) -> str:
        """The address behind the link with these words."""
        return next(target for said, target in self.links if words in said)


class _Reader(HTMLParser):
    """Reads a page into its words, links and forms."""

    SILENT = {"script", "style", "title"}

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._words: list[str] = []
        self._silent = 0
        self._form: Form | None = None
        self._select = ""
        self._link = ""
        self._link_from = 0

    def close(self) -> None:
        super().close()
        self._page.words = " ".join(" ".join(self._words).split())

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in self.SILENT:
            self._silent += 1
        elif tag == "a":
            self._link, self._link_from = given.get("href", ""), len(self._words)
        elif tag == "form":
            action = urljoin(self._page.url, given.get("action", "") or self._page.url)
            self._form = Form(action, given.get("method", "get").lower())
        elif self._form is not None:
            self._field(self._form, tag, given)

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and (self._select not in form.fields or "selected" in given):
            form.fields[self._select] = given.get("value", "")
            form.names.add(self._select)
        elif tag == "textarea":
            form.names.add(name)
            form.fields[name] = ""
        elif tag == "button" and name:  # sent by whoever presses it, and by nobody else
            form.names.add(name)
        elif tag == "input" and name:
            form.names.add(name)
            if given.get("type") not in {"checkbox", "radio"} or "checked" in given:
                form.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT:
            self._silent -= 1
        elif tag == "a":
            said = " ".join("".join(self._words[self._link_from :]).split())
            self._page.links.append((said, urljoin(self._page.url, self._link)))
        elif tag == "form" and self._form is not None:
            self._page.forms.append(self._form)
            self._form = None


def read(page: Page) -> Page:
    """The same with its words, links and forms."""
    reader = _Reader(page)
    reader.feed(page.raw.decode())
    reader.close()
    return page


class Browser:
    """One person's: it keeps cookies, and says where a form was sent from."""

    def __init__(self, base: str, language: str = "en") -> None:
        self.base = base
        self.cookies = CookieJar()
        self._language = language
        keeper = urllib.request.HTTPCookieProcessor(self.cookies)
        self._opener = urllib.request.build_opener(keeper)

    def get(self, path: str, method: str = "GET") -> Page:
        return self._open(urllib.request.Request(urljoin(self.base, path), method=method))

    def send(self, form: Form, **typed: str) -> Page:
        """Press the form's button with these fields filled in; others go as they stand."""
        assert typed.keys() <= form.names, typed.keys() - form.names
        data = urlencode({**form.fields, **typed})
        if form.method == "get":
            return self.get(f"{form.action}?{data}")
        request = urllib.request.Request(form.action, data.encode(), method="POST")
        request.add_header("Origin", self.base)
        return self._open(request)

    def post_json(
        self, path: str, body: dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> Page:
        request = urllib.request.Request(
            urljoin(self.base, path),
            json.dumps(body).encode(),
            method="POST",
            headers=dict(headers or {}),
        )
        request.add_header("Content-Type", "application/json")
        return self._open(request)

    def _open(self, request: urllib.request.Request) -> Page:
        assert urlsplit(request.full_url).netloc == urlsplit(self.base).netloc
        request.add_header("Accept-Language", self._language)
        try:
            answer = self._opener.open(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            page = Page(answer.url, answer.status, answer.headers, answer.read())
        return read(page) if "html" in page.headers.get("Content-Type", "") else page
