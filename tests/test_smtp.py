"""Pipelining: what is said at once is answered one by one, and each answer is sorted as it was meant."""

import smtplib
import socket
import threading
from collections.abc import Iterator

import pytest
from django.core.mail import EmailMessage

from campaign import smtp
from campaign.smtp import EmailBackend
from tests.smtp import served

GREETING = b"220 here\r\n"
EHLO = b"250-here\r\n250-PIPELINING\r\n250 SIZE 1000000\r\n"


class Server:
    """Answers a list of exchanges: what it waits to hear the end of, and what it then says.

    ``heard`` keeps what came before each answer. After the last it hangs up.
    """

    def __init__(self, exchanges: list[tuple[bytes, bytes]]) -> None:
        self.heard: list[bytes] = []
        self._exchanges = exchanges
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener:
            connection.settimeout(5)
            connection.sendall(GREETING)
            for end, answer in [(b"\r\n", EHLO), *self._exchanges]:
                said = b""
                while not said.endswith(end):
                    if not (more := connection.recv(65536)):
                        return
                    said += more
                self.heard.append(said)
                connection.sendall(answer)

    def end(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


ENVELOPE = b"data\r\n"
TEXT = b"\r\n.\r\n"
TAKEN = [(ENVELOPE, b"250 OK\r\n250 OK\r\n354 Go\r\n"), (TEXT, b"250 OK\r\n")]
RESET = (b"rset\r\n", b"250 OK\r\n")


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Server]]:
    monkeypatch.setattr(smtp, "QUIET", 60.0)  # however slow this machine is
    started: list[Server] = []
    yield started
    for server in started:
        server.end()


def connected(servers: list[Server], *exchanges: tuple[bytes, bytes]) -> EmailBackend:
    servers.append(Server([*exchanges, (b"quit\r\n", b"221 bye\r\n")]))
    backend = EmailBackend(host="127.0.0.1", port=servers[0].port, timeout=5)
    backend.open()
    return backend


def send(backend: EmailBackend, body: str = "Hello\n") -> None:
    message = EmailMessage("Hello", body, "hello@example.org", ["zoe@example.org"])
    assert backend.send_messages([message]) == 1


def test_a_mail_is_two_exchanges(servers: list[Server]) -> None:
    backend = connected(servers, *TAKEN, *TAKEN)
    send(backend)
    send(backend, ".\n..\nend")
    backend.close()
    _ehlo, envelope, text, _envelope, dotted, _quit = servers[0].heard
    mail, rcpt, data, rest = envelope.split(b"\r\n")
    assert mail == b"mail FROM:<hello@example.org> size=%d" % (len(text) - len(b".\r\n"))
    assert (rcpt, data, rest) == (b"rcpt TO:<zoe@example.org>", b"data", b"")
    assert dotted.endswith(b"\r\n\r\n..\r\n...\r\nend\r\n.\r\n")


@pytest.mark.parametrize("data", [b"503 No recipients\r\n", b"554 No\r\n"])
def test_a_refused_recipient_is_told_and_the_next_mail_goes_on(
    servers: list[Server], data: bytes
) -> None:
    refusal = (ENVELOPE, b"250 OK\r\n550 Nobody\r\n" + data)
    backend = connected(servers, refusal, RESET, *TAKEN)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(backend)
    assert refused.value.recipients == {"zoe@example.org": (550, b"Nobody")}
    send(backend)
    backend.close()


def test_a_server_that_goes_ahead_without_a_recipient_gets_no_text(servers: list[Server]) -> None:
    refusal = (ENVELOPE, b"250 OK\r\n450 Later\r\n354 Go\r\n")
    nothing = (b".\r\n", b"554 No recipients\r\n")
    backend = connected(servers, refusal, nothing, RESET, *TAKEN)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(backend)
    send(backend)
    backend.close()
    assert servers[0].heard[2] == b".\r\n"


def test_a_refused_sender_is_told_and_the_next_mail_goes_on(servers: list[Server]) -> None:
    refusal = (ENVELOPE, b"550 Not you\r\n503 No sender\r\n503 No sender\r\n")
    backend = connected(servers, refusal, RESET, *TAKEN)
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        send(backend)
    assert refused.value.smtp_code == 550
    send(backend)
    backend.close()


@pytest.mark.parametrize(
    "exchanges",
    [
        [(ENVELOPE, b"250 OK\r\n250 OK\r\n451 Full\r\n")],
        [(ENVELOPE, b"250 OK\r\n250 OK\r\n354 Go\r\n"), (TEXT, b"451 Full\r\n")],
    ],
    ids=["at DATA", "after the text"],
)
def test_a_refused_text_is_told_and_the_next_mail_goes_on(
    servers: list[Server], exchanges: list[tuple[bytes, bytes]]
) -> None:
    backend = connected(servers, *exchanges, RESET, *TAKEN)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(backend)
    assert refused.value.smtp_code == 451
    send(backend)
    backend.close()


def test_a_text_that_was_never_asked_for_is_not_sent(servers: list[Server]) -> None:
    backend = connected(servers, (ENVELOPE, b"250 OK\r\n250 OK\r\n250 OK\r\n"), RESET, *TAKEN)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(backend)
    assert refused.value.smtp_code == 250
    send(backend)
    backend.close()


def test_a_server_that_hangs_up_after_its_refusal_has_refused(servers: list[Server]) -> None:
    servers.append(Server([(ENVELOPE, b"250 OK\r\n550 Nobody\r\n")]))
    backend = EmailBackend(host="127.0.0.1", port=servers[0].port, timeout=5)
    backend.open()
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(backend)
    backend.close()


def test_a_server_that_hangs_up_before_its_answer_has_said_nothing(servers: list[Server]) -> None:
    servers.append(Server([TAKEN[0]]))
    backend = EmailBackend(host="127.0.0.1", port=servers[0].port, timeout=5)
    backend.open()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(backend)
    backend.close()


def test_a_server_that_does_not_offer_it_is_asked_one_by_one(servers: list[Server]) -> None:
    one = b"\r\n"
    backend = connected(
        servers, *[(one, b"250 OK\r\n")] * 2, (one, b"354 Go\r\n"), (TEXT, b"250 OK\r\n")
    )
    assert backend.connection is not None
    backend.connection.ehlo_or_helo_if_needed()
    del backend.connection.esmtp_features["pipelining"]
    send(backend)
    backend.close()
    # Python 3.13 writes the word in small letters.
    assert servers[0].heard[2].lower() == b"rcpt to:<zoe@example.org>\r\n"


def test_a_server_that_hung_up_meanwhile_is_called_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "QUIET", 0.0)
    with served(pipelining=True) as (sink, port):
        backend = EmailBackend(host="127.0.0.1", port=port, timeout=5)
        backend.open()
        send(backend)
        assert sink.sessions == 1
        assert backend.connection is not None
        assert backend.connection.sock is not None
        backend.connection.sock.shutdown(socket.SHUT_RDWR)
        backend.open()
        send(backend)
        backend.close()
    assert (sink.sessions, len(sink.received)) == (2, 2)


def test_one_that_is_spoken_to_is_not_asked_whether_it_is_there(servers: list[Server]) -> None:
    backend = connected(servers, *TAKEN)
    backend.open()
    send(backend)
    backend.close()
    assert [said for said in servers[0].heard if b"noop" in said.lower()] == []
