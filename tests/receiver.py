"""A real web server on a loopback port that keeps what is posted to it and answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.utils import timezone

from campaign.models import Campaign, Webhook, WebhookDelivery
from campaign.models.webhook import CHOSEN

Behave = Callable[[BaseHTTPRequestHandler], None]
PATIENCE = 120.0


@dataclass(frozen=True)
class Post:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer(status: int, **headers: str) -> Behave:
    """Answer with that status; `Retry_After` becomes the header Retry-After."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return behave


class Receiver:
    """Answers 200, unless ``answers`` has something else for the next requests, or ``always`` for all."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: list[Behave] = []
        self.always: Behave = answer(200)
        self.released = threading.Event()
        self._arrived = threading.Condition()
        self.server: ThreadingHTTPServer
        self.scheme = "http"

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    def hang(self, _handler: BaseHTTPRequestHandler) -> None:
        """Say nothing until the test is over."""
        self.released.wait(PATIENCE)

    def wait_for(self, n: int) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.posts) >= n, PATIENCE), len(self.posts)

    def took(self, post: Post) -> Behave:
        with self._arrived:
            self.posts.append(post)
            self._arrived.notify_all()
            return self.answers.pop(0) if self.answers else self.always


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with suppress(OSError):  # whoever asked may be gone
                receiver.took(Post(self.path, headers, body))(self)

        def log_message(self, *_args: object) -> None:
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def receiving(
    host: str = "127.0.0.1", port: int = 0, wrap: Callable[[Any], Any] | None = None
) -> Iterator[Receiver]:
    """A running receiver; ``wrap`` puts TLS around its socket."""
    receiver = Receiver()
    receiver.server = _Server((host, port), _handler(receiver))
    if wrap is not None:
        receiver.server.socket = wrap(receiver.server.socket)
        receiver.scheme = "https"
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()


def make_webhook(campaign: Campaign, url: str, *events: str) -> Webhook:
    """A webhook that leads there and wants these events, or all."""
    return Webhook.objects.create(campaign=campaign, url=url, events=list(events or CHOSEN))


def due_again() -> None:
    """As if every pause were over."""
    WebhookDelivery.objects.filter(status="deferred").update(due_at=timezone.now())
    Webhook.objects.update(rests_until=None)


def log() -> list[tuple[str, int, int | None, str]]:
    rows = WebhookDelivery.objects.order_by("pk")
    return list(rows.values_list("status", "attempts", "code", "error"))
