"""Calling an address that somebody else chose: never into a private network, and never for long.

The name is resolved once. If any of its addresses is not public, nothing is connected to; else the
connection goes to the very address that was looked at, since a name that is resolved again may lead
elsewhere by then (DNS rebinding). It is asked at every call, redirects are not followed, and no
proxy is taken from the environment.
"""

import http.client
import io
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

import idna
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

T = TypeVar("T")

CONNECT = 3.0
"""Seconds for the name and the connection together."""
SILENCE = 5.0
"""Seconds that the other side may say nothing."""
TOTAL = 10.0
"""Seconds for all of it, however busily the other side drips."""
BODY = 4096
"""Bytes of an answer that are read, and thrown away: what it says could be anything."""
ADDRESSES = 4
"""Addresses of one name that are tried; the time for the connection is shared out among them."""

# The last label of a name is not a number, else it is an IPv4 address in one of its many spellings
# (decimal, octal, hexadecimal: WHATWG URL, "ends in a number checker").
_NAME: Final = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})"
)
_REST: Final = re.compile(r"[!-\[\]-~]*")  # printable ASCII without space and backslash

_V6_PUBLIC: Final = ipaddress.ip_network("2000::/3")
# IANA's special-purpose registries where `ipaddress` of Python 3.11 is older than they are, and every
# form that carries an IPv4 address inside: 6to4 and Teredo (NAT64 and the rest lie outside 2000::/3).
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(block)
    for block in (
        *("192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/3"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)

Address = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family and what `connect` takes: the IP address as text, the port, and more in IPv6."""


class BadUrl(Exception):
    """A URL that is not called; the message is for whoever typed it."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.message = message


class NotAnswered(Exception):
    """There was no answer; the text says why and repeats nothing that the other side said."""


class Target(NamedTuple):
    """What a URL leads to: a name in ASCII, and the path with its query."""

    scheme: str
    host: str
    port: int
    path: str


class Answer(NamedTuple):
    """The status of an answer, and the seconds of its Retry-After where it has them."""

    status: int
    retry_after: int | None


class Page(NamedTuple):
    """The status of an answer, its Location or '', and the beginning of its body."""

    status: int
    location: str
    body: bytes


# --- Where a call may go ---------------------------------------------------------------------


def read_url(url: str) -> Target:
    """Where a URL leads, by its letters alone.

    https, a name of at least two labels, port 443, no user, no fragment; the path in ASCII. With
    OUTBOUND_PRIVATE also http, IP addresses, single labels and any port. Raises BadUrl.
    """
    if any(char <= " " or char in "\\\x7f" for char in url):
        raise BadUrl("characters", _("A URL has no spaces, backslashes or control characters."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadUrl("malformed", _("This is not a URL.")) from error
    schemes = {"https": 443, "http": 80} if settings.OUTBOUND_PRIVATE else {"https": 443}
    if parts.scheme not in schemes:
        raise BadUrl("scheme", _("The URL must begin with https://."))
    if "@" in parts.netloc or "#" in url:
        raise BadUrl("parts", _("The URL must have no user, no password and no fragment."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _REST.fullmatch(path):
        raise BadUrl("path", _("What follows the name must be in ASCII, percent-encoded."))
    host = _read_host(parts.hostname or "")
    port = schemes[parts.scheme] if port is None else port
    if port != schemes[parts.scheme] and not settings.OUTBOUND_PRIVATE:
        raise BadUrl("port", _("The port must be 443."))
    return Target(parts.scheme, host, port, path)


def _read_host(host: str) -> str:
    try:
        ascii_host = idna.encode(host, uts46=True).decode().lower() if host else ""
    except idna.IDNAError:
        ascii_host = host
    if not _NAME.fullmatch(ascii_host) and not (
        settings.OUTBOUND_PRIVATE and ascii_host and ascii_host.isascii()
    ):
        raise BadUrl("name", _("The URL must lead to a domain name, such as hooks.example.org."))
    return ascii_host


def is_public(address: str) -> bool:
    """Whether an IP address can be reached by everybody, and carries no other address inside."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _V6_PUBLIC:
        return False
    return ip.is_global and not any(ip in block for block in _NOT_PUBLIC)


def check_url(url: str) -> None:
    """Refuse a URL that would not be called now, its name looked up too. Raises BadUrl."""
    target = read_url(url)
    try:
        _public_addresses(target, time.monotonic() + CONNECT)
    except NotAnswered as error:
        if isinstance(error, _NotPublic):
            message = _("The name leads into a private network.")
        else:
            message = _("The name cannot be resolved.")
        raise BadUrl("address", message) from error


class _NotPublic(NotAnswered):
    pass


def _public_addresses(target: Target, ends: float) -> list[Address]:
    addresses = look_up(target.host, target.port, within=ends - time.monotonic())
    if settings.OUTBOUND_PRIVATE or all(is_public(str(to[0])) for _family, to in addresses):
        return addresses
    raise _NotPublic("the name leads into a private network")


def look_up(host: str, port: int, *, within: float) -> list[Address]:
    """All addresses of a name, asked of the resolver once; raises NotAnswered after so many seconds."""
    answers: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([(family, to) for family, _type, _protocol, _name, to in found])
        except (OSError, UnicodeError) as error:
            answers.put(OSError(str(error)))

    # In a thread of its own, since the resolver knows no time-out and may take half a minute.
    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=max(within, 0))
    except queue.Empty:
        raise NotAnswered("the name was not resolved in time") from None
    if isinstance(answer, OSError) or not answer:
        raise NotAnswered("the name cannot be resolved")
    return answer


# --- The call --------------------------------------------------------------------------------


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST a body to where a URL leads now, and read the status of the answer.

    It ends within TOTAL seconds whatever the other side does. Raises BadUrl, NotAnswered.
    """
    return _call("POST", url, body, headers, TOTAL, _answer)


def get(url: str, *, most: int, within: float = TOTAL) -> Page:
    """GET where a URL leads now, and up to ``most`` bytes of the answer as they came: nothing is unpacked.

    It ends within so many seconds, TOTAL at most. Raises BadUrl, NotAnswered.
    """

    def page(response: http.client.HTTPResponse) -> Page:
        return Page(response.status, response.headers.get("Location", ""), response.read(most))

    headers = {"Accept": "text/html", "Accept-Encoding": "identity"}
    return _call("GET", url, None, headers, min(within, TOTAL), page)


def _call(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    within: float,
    read: Callable[[http.client.HTTPResponse], T],
) -> T:
    target = read_url(url)
    ends = time.monotonic() + within
    try:
        with closing(_connect(target, ends)) as connected:
            return read(_exchange(connected, target, method, body, headers, ends))
    except TimeoutError as error:
        raise NotAnswered("no answer in time") from error
    except ssl.SSLCertVerificationError as error:
        raise NotAnswered("the certificate is not valid") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotAnswered(f"broken off: {type(error).__name__}") from error


def _connect(target: Target, ends: float) -> socket.socket:
    """A connection to one of the target's addresses, with TLS for its name."""
    until = time.monotonic() + CONNECT
    addresses = _public_addresses(target, until)[:ADDRESSES]
    for place, (family, to) in enumerate(addresses, 1):
        share = (until - time.monotonic()) / (len(addresses) - place + 1)
        connected = socket.socket(family, socket.SOCK_STREAM)
        connected.settimeout(max(share, 0.1))
        try:
            connected.connect(to)
        except OSError:
            connected.close()
            if place == len(addresses):
                raise
            continue
        return connected if target.scheme == "http" else _with_tls(connected, target, ends)
    raise NotAnswered("the name has no address")


def _with_tls(connected: socket.socket, target: Target, ends: float) -> ssl.SSLSocket:
    connected.settimeout(_left(ends))
    try:
        # The name is sent (SNI) and must stand in the certificate, though we connect by address.
        return _trust().wrap_socket(connected, server_hostname=target.host)
    except BaseException:
        connected.close()
        raise


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    # Kept: reading all authorities takes 10 ms and more.
    return ssl.create_default_context()


def _left(ends: float) -> float:
    """Seconds until the other side must have said something. Raises TimeoutError."""
    left = min(ends - time.monotonic(), SILENCE)
    if left <= 0:
        raise TimeoutError
    return left


class _Reader(io.RawIOBase):
    """Reads a socket with one end for everything that is read.

    A socket's own time-out begins anew with every byte, so who drips bytes would never be timed out.
    """

    def __init__(self, connected: socket.socket, ends: float) -> None:
        self._connected = connected
        self._ends = ends

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connected.settimeout(_left(self._ends))
        return self._connected.recv_into(buffer)


class _Wire:
    """What `http.client` needs of a socket."""

    def __init__(self, connected: socket.socket, ends: float) -> None:
        self._connected = connected
        self._ends = ends

    def sendall(self, data: bytes) -> None:
        self._connected.settimeout(_left(self._ends))
        self._connected.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._connected, self._ends), BODY)

    def close(self) -> None:
        """Nothing: http.client closes before the answer is read; whoever connected closes."""


def _exchange(
    connected: socket.socket,
    target: Target,
    method: str,
    body: bytes | None,
    headers: Mapping[str, str],
    ends: float,
) -> http.client.HTTPResponse:
    usual = {"https": 443, "http": 80}[target.scheme]
    host = target.host if target.port == usual else f"{target.host}:{target.port}"
    client = http.client.HTTPConnection(target.host, target.port)
    client.sock = cast(Any, _Wire(connected, ends))
    sent = {"Host": host, "User-Agent": "petition", "Connection": "close", **headers}
    client.request(method, target.path, body=body, headers=sent)
    return client.getresponse()


def _answer(response: http.client.HTTPResponse) -> Answer:
    with suppress(OSError, ValueError, http.client.HTTPException):
        response.read(BODY)  # closing upon an answer that is on its way would look like an error
    after = response.headers.get("Retry-After", "")
    seconds = int(after) if after.isascii() and after.isdecimal() and len(after) < 8 else None
    return Answer(response.status, seconds)
