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
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.http import HttpResponse
from django.urls import Resolver404, resolve
from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags

from campaign.compression import takes_gzip
from campaign.copies import Copies, Copy, Headers
from campaign.freshness import choices_of
from campaign.sources import split

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

LONGEST_PATH, LONGEST_QUERY = 200, 1000
LARGEST = 256 * 1024
"""Bytes of a body that is kept."""


def kept(view: Any) -> Any:
    """Declare what a page answers to a plain GET as one copy for everybody; a class says `kept`."""
    view.kept = True
    return view


def sourced(view: Any) -> Any:
    """The same, of a page that carries on the ``source`` of its address: into its form and its links.

    All sources share one copy, in which a mark stands in the place of theirs (docs/decisions/19-copies.md).
    """
    view.sourced = True
    return kept(view)


class Front:
    """A WSGI application around Django's."""

    def __init__(self, django: "Application") -> None:
        self.django = django
        self.copies = Copies()
        self._host = _hosts(settings.ALLOWED_HOSTS)
        self._secure = settings.SECURE_PROXY_SSL_HEADER or ("", "")
        # The same in every process, and nobody's source.
        self._mark = salted_hmac("campaign.web.front", "source", algorithm="sha256").hexdigest()[
            :40
        ]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        asked = self._asked(environ)
        if asked is None:
            return self.django(environ, start_response)
        address, query, source = asked
        reading = _Reading(self.django, environ, query, self._mark)
        copy = self.copies.get(address, environ.get("HTTP_ACCEPT_LANGUAGE"), reading.copy)
        if copy is not None and _accepts(environ.get("HTTP_ACCEPT"), copy.media_type):
            copy = copy.telling(self._mark, source) if source else copy
            return _answer(copy, environ, start_response)
        if copy is None and reading.answer is not None:
            return reading.given(source, start_response)
        return self.django(environ, start_response)

    def _asked(self, environ: "WSGIEnvironment") -> tuple[str, str, str] | None:
        """The address under which the answer is kept, its query, and a source; None of what is not.

        There are as many as views and campaigns make, whatever is asked: only names of ours as a
        Host, only paths of views that are kept, no query but the language and that there is a source.
        """
        query, path = environ.get("QUERY_STRING", ""), environ.get("PATH_INFO", "")
        if (
            environ["REQUEST_METHOD"] not in ("GET", "HEAD")
            # Who says who they are may see more than others.
            or "HTTP_AUTHORIZATION" in environ
            or "HTTP_IF_MATCH" in environ
            or len(query) > LONGEST_QUERY
            or not (views := _views(path)).kept
        ):
            return None
        source = ""
        if views.sourced and "=" in query:
            query, source = split(query)
        if query and (not query.startswith("language=") or "&" in query):
            return None
        host = self._host.fullmatch(environ.get("HTTP_HOST", ""))
        if host is None:
            return None
        if source:
            query = f"{query}&source={self._mark}".lstrip("&")
        return f"{self._scheme(environ)}://{host[1]}{path}?{query}", query, source

    def _scheme(self, environ: "WSGIEnvironment") -> str:
        """As Django sees it."""
        name, secure = self._secure
        told = environ.get(name) if name else None
        if told is not None:
            return "https" if told.partition(",")[0].strip() == secure else "http"
        return str(environ["wsgi.url_scheme"])


class _Reading:
    """Django's answer to a request, asked as anybody would ask it."""

    def __init__(
        self, django: "Application", environ: "WSGIEnvironment", query: str, mark: str
    ) -> None:
        self._django = django
        self._environ = {**environ, "QUERY_STRING": query}
        self._mark = mark
        self._language = query.removesuffix(f"source={mark}").removesuffix("&")
        self.status = ""
        self.headers: Headers = []
        self.answer: Iterable[bytes] | None = None

    def copy(self) -> Copy | None:
        """A copy, or None of an answer that must not be kept, which then waits in ``answer``."""
        began = time.monotonic()
        self.answer = self._django(_anybodys(self._environ), self._start)
        answer = self.answer
        if not isinstance(answer, HttpResponse) or not _may_be_kept(answer, self._language):
            return None
        # Given back at once: the connection to the database must not wait for a slow reader.
        answer.close()
        return Copy(self.headers, answer.content, choices_of(answer), began)

    def given(self, source: str, start_response: "StartResponse") -> Iterable[bytes]:
        """The answer that is not kept, with the source in the place of the mark, which must not leave."""
        answer = self.answer or []
        if not source:
            start_response(self.status, self.headers)
            return answer
        copy = Copy(self.headers, b"".join(answer)).telling(self._mark, source)
        if isinstance(answer, HttpResponse):
            answer.close()
        start_response(self.status, copy.headers)
        return [copy.body]

    def _start(self, status: str, headers: Headers, _error: Any = None) -> Any:
        self.status, self.headers = status, headers


def _answer(
    copy: Copy, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """200, or 304 to who has it already; If-Modified-Since is not asked (see `web.headers`)."""
    if copy.is_compressible and takes_gzip(environ.get("HTTP_ACCEPT_ENCODING")):
        copy = copy.gzipped
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
        # Compressed is a copy itself, for whoever wants it so.
        and vary - {"accept-encoding"} == ({"accept-language"} if choices_of(answer) else set())
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


class _Views(NamedTuple):
    kept: bool
    sourced: bool


@lru_cache(maxsize=1024)
def _views(path: str) -> _Views:
    """What the view of a path says of itself."""
    # Bounded before it is looked at: the memory of paths is.
    if len(path) > LONGEST_PATH or not path.isascii():
        return _Views(kept=False, sourced=False)
    try:
        view = resolve(path).func
    except Resolver404:
        return _Views(kept=False, sourced=False)
    view = getattr(view, "cls", view)
    return _Views(kept=getattr(view, "kept", False), sourced=getattr(view, "sourced", False))


def _hosts(allowed: Iterable[str]) -> re.Pattern[str]:
    """The names of ours, each with any port; patterns like `.example.org` would be endlessly many."""
    names = [re.escape(name.lower()) for name in allowed if name[:1] not in ("*", ".")]
    return re.compile(rf"({'|'.join(names)})(?::[0-9]{{1,5}})?")
