"""Sites of signers on loopback: a web server with a certificate of its own, and a name server."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dns.message
import dns.resolver
import dns.rrset
import pytest

from campaign import outbound
from campaign.outbound import Address

NAMES = (
    "zoe.example",
    "www.zoe.example",
    "xn--zo-ija.example",
    "evil.example",
    "elsewhere.example",
)


class Net:
    """What stands at each URL, as status, headers and body, and each name's TXT records."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.records: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.looked_up: list[str] = []
        self.addresses: dict[str, str] = {}

    def page(self, url: str, body: str | bytes = "", status: int = 200, **headers: str) -> None:
        sent = body.encode() if isinstance(body, str) else body
        self.pages[url] = (status, headers, sent)


def _handler(net: Net) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = f"https://{self.headers['Host']}{self.path}"
            net.asked.append(url)
            status, headers, body = net.pages.get(url, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """Who has read enough hangs up."""


@contextmanager
def internet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """Every name of NAMES leads to one server; what it says of itself is in the `Net`."""
    net = Net()
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout {key} -out {certificate}"
    names = ",".join(f"DNS:{name}" for name in NAMES)
    subprocess.run(
        [*make.split(), "-addext", f"subjectAltName={names}"], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = _Server(("127.0.0.1", 0), _handler(net))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    outbound._trust.cache_clear()

    def look_up(host: str, _port: int, *, within: float) -> list[Address]:
        net.looked_up.append(host)
        address = net.addresses.get(host, "127.0.0.1")
        return [(socket.AF_INET, (address, int(server.server_address[1])))]

    monkeypatch.setattr(outbound, "look_up", look_up)
    threads = [threading.Thread(target=server.serve_forever, args=(0.02,))]
    with _name_server(net, monkeypatch):
        threads[0].start()
        try:
            yield net
        finally:
            server.shutdown()
            server.server_close()
            threads[0].join()
            outbound._trust.cache_clear()


@contextmanager
def _name_server(net: Net, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))
    listening.settimeout(0.05)
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            try:
                packet, client = listening.recvfrom(4096)
            except TimeoutError:
                continue
            listening.sendto(_answer(net, packet), client)

    resolver: Any = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], listening.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        listening.close()


def _answer(net: Net, packet: bytes) -> bytes:
    query = dns.message.from_wire(packet)
    name = query.question[0].name
    reply = dns.message.make_response(query)
    texts = net.records.get(name.to_text(omit_final_dot=True).lower(), [])
    if texts:
        rows = [f'"{text}"' for text in texts]
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *rows))
    return reply.to_wire()
