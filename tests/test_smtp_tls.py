"""To a mail server that cannot show who it is nothing is said, not even a password."""

import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from campaign.smtp import EmailBackend
from petition.local import free_port
from tests.smtp import Sink

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="makes its certificate with openssl")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Its own witness, for 127.0.0.1, with its key behind it."""
    path = tmp_path / "certificate.pem"
    make = f"{OPENSSL} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout {path}.key -out {path}"
    extra = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*make.split(), *extra], check=True, capture_output=True)
    return path


@pytest.fixture(params=["smtps", "submission"])
def backend(request: pytest.FixtureRequest, certificate: Path) -> Iterator[dict[str, Any]]:
    """How a server with that certificate is reached."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    at_once = request.param == "smtps"
    way: dict[str, Any] = {"ssl_context": context} if at_once else {"tls_context": context}
    port = free_port()
    controller = Controller(Sink(), hostname="127.0.0.1", port=port, **way)
    controller.start()
    try:
        address = {"host": "127.0.0.1", "port": port}
        yield {**address, "use_ssl": at_once, "use_tls": not at_once}
    finally:
        controller.stop()


def refuses(error: type[Exception], **backend: Any) -> None:
    server = EmailBackend(**backend)
    with pytest.raises(error):
        server.open()
    server.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(backend: dict[str, Any]) -> None:
    refuses(ssl.SSLCertVerificationError, **backend)


def test_control_a_certificate_that_somebody_vouches_for_is_taken(
    backend: dict[str, Any], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = EmailBackend(**backend)
    assert server.open()
    server.close()


def test_of_another_name_it_is_refused(
    backend: dict[str, Any], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    refuses(ssl.SSLCertVerificationError, **{**backend, "host": "localhost"})


def test_a_server_without_tls_gets_nothing_where_tls_is_wanted() -> None:
    port = free_port()
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        refuses(smtplib.SMTPNotSupportedError, host="127.0.0.1", port=port, use_tls=True)
    finally:
        controller.stop()
