"""The product as the web server meets it: WSGI, with the copies in front of Django."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from campaign.web.front import Front
from petition.wsgi import application

BASE = "/api/v1/campaigns/art/"


@dataclass(frozen=True)
class Given:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def __getitem__(self, name: str) -> str:
        return self.headers[name.lower()]

    def vary(self) -> set[str]:
        return {part for part in self.headers.get("vary", "").split(", ") if part}


class Process:
    """One process of the web server: its copies, and how often Django was asked behind them."""

    def __init__(self, django: Callable[..., Iterable[bytes]] | None = None) -> None:
        self.readings = 0
        self._django = django or application.django
        self.front = Front(self._read)

    def _read(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self.readings += 1
        return self._django(environ, start_response)

    def get(self, address: str, **headers: str) -> Given:
        return self.ask("GET", address, **headers)

    def ask(self, method: str, address: str, **headers: str) -> Given:
        """Headers by name with underscores; Host is a name of ours unless told otherwise."""
        path, _, query = address.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": "http",
            "HTTP_HOST": "testserver",
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        begun: list[Any] = []
        parts = self.front(environ, lambda *start: begun.append(start))  # type: ignore[arg-type]
        body = b"".join(parts)
        if close := getattr(parts, "close", None):
            close()
        status, said = begun[0][:2]
        return Given(int(status[:3]), {name.lower(): value for name, value in said}, body)
