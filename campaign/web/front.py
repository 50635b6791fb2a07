"""What stands before Django: public answers that are the same for everybody, given from a copy.

It is no middleware, since what Django does before its first one costs more than the whole answer
(docs/decisions/19-copies.md). A view is kept if it says so (`kept`); an answer, if nothing in it
speaks against it.
"""

import io
import re
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import Resolver404, resolve
from django.utils.http import parse_etags

from campaign.copies import Copies, Copy, Headers
from campaign.freshness import choices_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

LONGEST_PATH = 200
LARGEST = 256 * 1024
"""Bytes of a body that is kept."""


def kept(view: Any) -> Any:
    """Declare what a page answers to a plain GET as one copy for everybody; a class says `kept`."""
    view.kept = True
    return view


class Front:
    """A WSGI application around Django's."""

    def __init__(self, django: "Application") -> None:
        self.django = django
        self.copies = Copies()
        self._host = _hosts(settings.ALLOWED_HOSTS)
        self._secure = settings.SECURE_PROXY_SSL_HEADER or ("", "")

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        address = self._address(environ)
        if address is None:
            return self.django(environ, start_response)
        reading = _Reading(self.django, environ)
        copy = self.copies.get(address, environ.get("HTTP_ACCEPT_LANGUAGE"), reading.copy)
        if copy is not None and _accepts(environ.get("HTTP_ACCEPT"), copy.media_type):
            return _answer(copy, environ, start_response)
        if copy is None and reading.answer is not None:
            start_response(reading.status, reading.headers)
            return reading.answer
        return self.django(environ, start_response)

    def _address(self, environ: "WSGIEnvironment") -> str | None:
        """Under which the answer would be kept; None of what is not.

        There are as many as views and campaigns make, whatever is asked: only names of ours as a
        Host, only paths of views that are kept, no query but the language.
        """
        query, path = environ.get("QUERY_STRING", ""), environ.get("PATH_INFO", "")
        if (
            environ["REQUEST_METHOD"] not in ("GET", "HEAD")
            # Who says who they are may see more than others.
            or "HTTP_AUTHORIZATION" in environ
            or "HTTP_IF_MATCH" in environ
            or (query and not query.startswith("language="))
            or len(query) > LONGEST_PATH
            or not _is_kept(path)
        ):
            return None
        host = self._host.fullmatch(environ.get("HTTP_HOST", ""))
        return f"{self._scheme(environ)}://{host[1]}{path}?{query}" if host else None

    def _scheme(self, environ: "WSGIEnvironment") -> str:
        """As Django sees it."""
        name, secure = self._secure
        told = environ.get(name) if name else None
        if told is not None:
            return "https" if told.partition(",")[0].strip() == secure else "http"
        return str(environ["wsgi.url_scheme"])


class _Reading:
    """Django's answer to a request, asked as anybody would ask it."""

    def __init__(self, django: "Application", environ: "WSGIEnvironment") -> None:
        self._django = django
        self._environ = environ
        self.status = ""
        self.headers: Headers = []
        self.answer: Iterable[bytes] | None = None

    def copy(self) -> Copy | None:
        """A copy, or None of an answer that must not be kept, which then waits in ``answer``."""
        began = time.monotonic()
        self.answer = self._django(_anybodys(self._environ), self._start)
        answer = self.answer
        query = self._environ.get("QUERY_STRING", "")
        if not isinstance(answer, HttpResponse) or not _may_be_kept(answer, query):
            return None
        # Given back at once: the connection to the database must not wait for a slow reader.
        answer.close()
        return Copy(self.headers, answer.content, choices_of(answer), began)

    def _start(self, status: str, headers: Headers, _error: Any = None) -> Any:
        self.status, self.headers = status, headers


def _answer(
    copy: Copy, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """200, or 304 to who has it already; If-Modified-Since is not asked (see `web.headers`)."""
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known is not None and copy.etag and _names(known, copy.etag):
        start_response("304 Not Modified", copy.headers_of_304)
        return []
    start_response("200 OK", copy.headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [copy.body]


def _names(known: str, etag: str) -> bool:
    """Whether If-None-Match names it, by weak comparison (RFC 9110, 13.1.2)."""
    if known in (etag, "*"):
        return True
    plain = etag.removeprefix("W/")
    return any(each == "*" or each.removeprefix("W/") == plain for each in parse_etags(known))


def _accepts(accept: str | None, media_type: str) -> bool:
    """Whether a copy suits an Accept header; Django knows what to say where it seems not to."""
    if accept is None:
        return True
    # `application/json; indent=4` asks for other bytes.
    return ("*/*" in accept or media_type in accept) and "indent" not in accept


def _may_be_kept(answer: HttpResponse, query: str) -> bool:
    """Whether everybody with the same address and wishes would get the same."""
    vary = {name.strip().lower() for name in answer.get("Vary", "").split(",") if name.strip()}
    return (
        answer.status_code == 200
        and "public" in answer.get("Cache-Control", "")
        and not answer.cookies
        and vary == ({"accept-language"} if choices_of(answer) else set())
        # An address that names another language than it gets is one of endlessly many.
        and query in ("", f"language={answer.get('Content-Language')}")
        and len(answer.content) <= LARGEST
    )


def _anybodys(environ: "WSGIEnvironment") -> "WSGIEnvironment":
    """The request as a GET with nothing of the person who sent it: no cookie, no condition."""
    needed = ("HTTP_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_ACCEPT_LANGUAGE")
    plain = {k: v for k, v in environ.items() if not k.startswith("HTTP_") or k in needed}
    body = {"CONTENT_LENGTH": "0", "CONTENT_TYPE": "", "wsgi.input": io.BytesIO()}
    return {**plain, **body, "REQUEST_METHOD": "GET"}


@lru_cache(maxsize=1024)
def _is_kept(path: str) -> bool:
    # Bounded before it is looked at: the memory of paths is.
    if len(path) > LONGEST_PATH or not path.isascii():
        return False
    try:
        view = resolve(path).func
    except Resolver404:
        return False
    return bool(getattr(getattr(view, "cls", view), "kept", False))


def _hosts(allowed: Iterable[str]) -> re.Pattern[str]:
    """The names of ours, each with any port; patterns like `.example.org` would be endlessly many."""
    names = [re.escape(name.lower()) for name in allowed if name[:1] not in ("*", ".")]
    return re.compile(rf"({'|'.join(names)})(?::[0-9]{{1,5}})?")
