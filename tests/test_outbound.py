"""No way into a private network, and no way to hold us up: by letters, by addresses, by time."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from pytest_django import Settings

from campaign import outbound
from campaign.outbound import Address, BadUrl, NotAnswered
from petition.local import free_port
from tests.receiver import Receiver, answer, receiving


def leads_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the resolver give these addresses, one list an answer; the names it is asked for."""
    asked: list[str] = []
    left = list(answers)

    def look_up(host: str, port: int, *, within: float) -> list[Address]:
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [
            (socket.AF_INET6, (one, port, 0, 0)) if ":" in one else (socket.AF_INET, (one, port))
            for one in addresses
        ]

    monkeypatch.setattr(outbound, "look_up", look_up)
    return asked


def post(url: str) -> int:
    return outbound.post(url, body=b"{}", headers={}).status


@pytest.fixture
def private(settings: Settings) -> None:
    settings.OUTBOUND_PRIVATE = True


@pytest.fixture
def receiver(private: None) -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


# --- By its letters --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://hooks.example.org", "hooks.example.org", "/"),
        ("https://Hooks.Example.ORG:443/a/b?c=d%20e&f", "hooks.example.org", "/a/b?c=d%20e&f"),
        ("https://bücher.example/", "xn--bcher-kva.example", "/"),
        ("https://例え.テスト/", "xn--r8jz45g.xn--zckzah", "/"),
        ("https://a_b.example.org/", "a_b.example.org", "/"),
    ],
)
def test_a_url_leads_to_a_name_in_ascii(url: str, host: str, path: str) -> None:
    assert outbound.read_url(url) == ("https", host, 443, path)


REFUSED = [
    ("scheme", ["http://hooks.example.org/", "ftp://hooks.example.org", "file:///etc/passwd", "hooks.example.org", "//hooks.example.org/", "gopher://a.example:443/", ""]),
    ("parts", ["https://user@hooks.example.org/", "https://user:pw@hooks.example.org/", "https://@hooks.example.org/", "https://a.example@127.0.0.1/", "https://hooks.example.org/#f"]),
    ("port", ["https://hooks.example.org:22/", "https://hooks.example.org:8443/", "https://hooks.example.org:80/", "https://hooks.example.org:0/"]),
    ("malformed", ["https://hooks.example.org:99999/", "https://hooks.example.org:x/", "https://[::1/", "https://hooks.example.org:-1/"]),
    ("characters", ["https://hooks.example.org/a b", "https://hooks.example.org/\r\nHost: x", "https://hooks\t.example.org/", "https://hooks.example.org\\@127.0.0.1/", " https://hooks.example.org/", "https://hooks.example.org/\x00"]),
    ("path", ["https://hooks.example.org/é", "https://hooks.example.org/?q=日本"]),
    # Every spelling of an IP address, private or not; and names of one label.
    ("name", ["https://127.0.0.1/", "https://8.8.8.8/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://127.1/", "https://a.0x7f/", "https://a.08/", "https://1.2.3/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://１２７.0.0.1/", "https://127。0。0。1/", "https://①②⑦.0.0.1/", "https://localhost/", "https://postgres/", "https:///path", "https://.example.org/", "https://a..example.org/", "https://-a.example.org/", "https://a-.example.org/", "https://hooks.example.org./", "https://hooks%2eexample.org/", "https://%31%32%37.0.0.1/", f"https://{'a' * 64}.example.org/", f"https://{'a.' * 130}example.org/"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "url"), [(code, url) for code, urls in REFUSED for url in urls])
def test_a_url_with_a_trick_in_it_is_refused(code: str, url: str) -> None:
    with pytest.raises(BadUrl) as refused:
        outbound.read_url(url)
    assert str(refused.value) == code
    assert str(refused.value.message)


# --- By its addresses ------------------------------------------------------------------------

PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255"),
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "198.18.0.1"),
    *("192.0.0.8", "192.0.0.170", "192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "5f00::1"),
    *("2001::1", "2001:0:7f00:1::", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "3fff::1"),
    *("fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "ff0e::1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001:800::200e"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_everybodys_is_not_public(address: str) -> None:
    assert not outbound.is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert outbound.is_public(address)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1", "1.1.1.1"]])
def test_a_name_with_one_private_address_is_neither_kept_nor_called(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_to(monkeypatch, addresses)

    def connect(*_args: object) -> None:
        raise AssertionError("connected")

    # No longer than the test: what is cleared behind it connects to Redis.
    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        with pytest.raises(BadUrl) as refused:
            outbound.check_url("https://hooks.example.org/")
        assert str(refused.value.message) == "The name leads into a private network."
        with pytest.raises(NotAnswered, match="private network"):
            post("https://hooks.example.org/")


def test_a_name_that_the_resolver_does_not_know_is_not_kept() -> None:
    with pytest.raises(BadUrl) as refused:
        outbound.check_url("https://nobody-has-this.invalid/")
    assert str(refused.value.message) == "The name cannot be resolved."


def test_the_resolvers_own_answer_is_looked_at() -> None:
    """`localhost.localdomain` and the like: whatever this machine's resolver says is private."""
    found = outbound.look_up("localhost", 443, within=5)
    assert found
    assert not any(outbound.is_public(str(to[0])) for _family, to in found)


def test_a_resolver_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    given_up = threading.Event()

    def slow(*_args: object, **_options: object) -> list[object]:
        given_up.wait(20)
        return []

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", slow)
        began = time.monotonic()
        with pytest.raises(NotAnswered, match="not resolved in time"):
            outbound.look_up("hooks.example.org", 443, within=0.1)
        assert time.monotonic() - began < 15
        given_up.set()


# --- Rebinding -------------------------------------------------------------------------------


@contextmanager
def two_receivers() -> Iterator[tuple[Receiver, Receiver]]:
    """One that plays the public address, one that plays the private one, on the same port."""
    port = free_port()
    with receiving("127.0.0.2", port) as public, receiving("127.0.0.1", port) as inside:
        yield public, inside


@pytest.fixture
def only_the_first_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "is_public", lambda address: address == "127.0.0.2")


def allow_the_test_port(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Read URLs as in development, look at addresses as in production."""
    read_url = outbound.read_url
    settings.OUTBOUND_PRIVATE = False

    def read(url: str) -> outbound.Target:
        settings.OUTBOUND_PRIVATE = True
        try:
            return read_url(url)
        finally:
            settings.OUTBOUND_PRIVATE = False

    monkeypatch.setattr(outbound, "read_url", read)


@pytest.mark.usefixtures("only_the_first_is_public")
def test_the_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    allow_the_test_port(monkeypatch, settings)
    with two_receivers() as (public, inside):
        asked = leads_to(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
        url = f"http://rebinding.example:{public.port}/"
        assert post(url) == 200
        assert (len(public.posts), len(inside.posts)) == (1, 0)
        assert asked == ["rebinding.example"]
        assert public.posts[0].headers["host"] == f"rebinding.example:{public.port}"
        # The next call asks anew, and is refused.
        with pytest.raises(NotAnswered, match="private network"):
            post(url)
        assert len(inside.posts) == 0


@pytest.mark.usefixtures("only_the_first_is_public")
def test_control_connecting_by_the_name_reaches_the_private_one(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    allow_the_test_port(monkeypatch, settings)
    with two_receivers() as (public, inside):
        leads_to(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
        looked_at = outbound._public_addresses

        def resolve_again(target: outbound.Target, ends: float) -> list[Address]:
            looked_at(target, ends)
            return outbound.look_up(target.host, target.port, within=1)

        monkeypatch.setattr(outbound, "_public_addresses", resolve_again)
        post(f"http://rebinding.example:{public.port}/")
        assert (len(public.posts), len(inside.posts)) == (0, 1)


def test_a_redirect_into_a_private_network_is_not_followed(receiver: Receiver) -> None:
    with receiving() as inside:
        receiver.always = answer(307, Location=inside.url)
        assert post(receiver.url) == 307
        assert inside.posts == []


def test_no_proxy_is_taken_from_the_environment(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert post(receiver.url) == 200
        assert proxy.posts == []


def test_when_the_first_address_does_not_answer_the_next_one_is_tried(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_to(monkeypatch, ["127.0.0.3", "127.0.0.1"])
    assert post(f"http://two.example:{receiver.port}/") == 200


# --- Time and size ---------------------------------------------------------------------------


def test_who_says_nothing_is_given_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "SILENCE", 0.3)
    receiver.always = receiver.hang
    began = time.monotonic()
    with pytest.raises(NotAnswered, match="no answer in time"):
        post(receiver.url)
    assert 0.3 <= time.monotonic() - began < 2


def test_who_drips_bytes_is_given_up_all_the_same(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "TOTAL", 0.5)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 500:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            if receiver.released.wait(0.05):
                break

    receiver.always = drip
    began = time.monotonic()
    with pytest.raises(NotAnswered, match="no answer in time"):
        post(receiver.url)
    assert 0.5 <= time.monotonic() - began < 2


def test_of_megabytes_a_few_kilobytes_are_read(receiver: Receiver) -> None:
    sent = 0

    def flood(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("Content-Length", str(200_000_000))
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b"x" * 1_000_000)
            sent += 1_000_000

    receiver.always = flood
    began = time.monotonic()
    assert post(receiver.url) == 200
    assert time.monotonic() - began < 2
    assert sent < 50_000_000  # what the kernel's buffers hold


def test_headers_without_end_are_refused(receiver: Receiver) -> None:
    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for n in range(100_000):
            handler.wfile.write(b"X-%d: %s\r\n" % (n, b"y" * 60_000))

    receiver.always = flood
    with pytest.raises(NotAnswered, match="broken off"):
        post(receiver.url)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("x", None), ("-1", None), ("9" * 5000, None), ("²", None)],
)
def test_when_to_come_back_is_a_number_of_seconds_or_nothing(
    header: str, seconds: int | None, receiver: Receiver
) -> None:
    receiver.always = answer(503, Retry_After=header)
    assert outbound.post(receiver.url, body=b"", headers={}) == (503, seconds)


# --- TLS -------------------------------------------------------------------------------------

OPENSSL = shutil.which("openssl")


@pytest.fixture
def secure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private: None
) -> Iterator[tuple[Receiver, list[str]]]:
    """A receiver with a certificate for hooks.example.org, which is trusted; the names it was sent."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = f"{OPENSSL} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout {key} -out {certificate}"
    extra = ["-addext", "subjectAltName=DNS:hooks.example.org"]
    subprocess.run([*make.split(), *extra], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    names: list[str] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    outbound._trust.cache_clear()
    with receiving(wrap=lambda plain: context.wrap_socket(plain, server_side=True)) as receiver:
        yield receiver, names
    outbound._trust.cache_clear()


@pytest.mark.skipif(OPENSSL is None, reason="makes its certificate with openssl")
def test_over_tls_the_name_is_sent_and_checked_though_the_address_is_dialled(
    secure: tuple[Receiver, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, names = secure
    leads_to(monkeypatch, ["127.0.0.1"])
    assert post(f"https://hooks.example.org:{receiver.port}/x") == 200
    assert receiver.posts[0].path == "/x"
    with pytest.raises(NotAnswered, match="the certificate is not valid"):
        post(f"https://other.example.org:{receiver.port}/x")
    assert names == ["hooks.example.org", "other.example.org"]
    assert len(receiver.posts) == 1


@pytest.mark.skipif(OPENSSL is None, reason="makes its certificate with openssl")
def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure: tuple[Receiver, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, _names = secure
    monkeypatch.delenv("SSL_CERT_FILE")
    outbound._trust.cache_clear()
    leads_to(monkeypatch, ["127.0.0.1"])
    with pytest.raises(NotAnswered, match="the certificate is not valid"):
        post(f"https://hooks.example.org:{receiver.port}/x")
    assert receiver.posts == []
