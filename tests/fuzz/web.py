"""A request as the web server hands it on, with bytes that no test client would send."""

import gzip
import io
import json
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes

from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections

from petition.wsgi import application
from tests.fuzz.inputs import wire

_raised: list[str] = []


@dataclass(frozen=True)
class Answer:
    """What came back; ``broken`` is the traceback of what nobody caught."""

    outcome: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    broken: str = ""

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


@contextmanager
def connected() -> Iterator[None]:
    """Requests leave the connection open, and say what broke in them."""

    def note(**_sent: Any) -> None:
        _raised.append("".join(traceback.format_exception(*sys.exc_info())))

    got_request_exception.connect(note)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        got_request_exception.disconnect(note)
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def ask(
    method: str,
    path: str,
    *,
    query: str = "",
    body: bytes = b"",
    kind: str = "",
    headers: Mapping[str, str] | None = None,
    address: str = "198.51.100.7",
) -> Answer:
    """One request through the whole product; ``path`` and ``query`` as they stand in the request's line."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": wire(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "testserver",
        "REMOTE_ADDR": address,
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = _header(value)
    said: dict[str, Any] = {}

    def start(status: str, sent: list[tuple[str, str]], _error: Any = None) -> Any:
        said.update(status=status[:3], headers={name.lower(): value for name, value in sent})

    _raised.clear()
    try:
        chunks = application(environ, start)
        try:
            content = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
    except Exception:
        return Answer("raised", broken=traceback.format_exc())
    if content and said["headers"].get("content-encoding") == "gzip":
        content = gzip.decompress(content)
    return Answer(said["status"], said["headers"], content, "".join(_raised))


def _header(value: str) -> str:
    """What a web server lets through: no line breaks and no NUL, bytes as latin-1."""
    raw = wire(value).translate(None, b"\r\n\0")
    return raw[:8000].decode("latin-1").strip(" \t")


def quoted(value: str) -> str:
    """A value in a query or a form."""
    return quote_from_bytes(wire(value), safe="")


def encoded(fields: Mapping[str, str]) -> str:
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields.items())


def post_form(path: str, fields: Mapping[str, str], **options: Any) -> Answer:
    kind = "application/x-www-form-urlencoded"
    return ask("POST", path, body=encoded(fields).encode(), kind=kind, **options)


def post_json(path: str, value: Any, *, escaped: bool = True, **options: Any) -> Answer:
    body = wire(json.dumps(value, ensure_ascii=escaped))
    return ask("POST", path, body=body, kind="application/json", **options)
