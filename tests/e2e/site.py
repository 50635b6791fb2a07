"""A site of another origin than the product's, for a browser to open."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """A web server of its own: paths and what they answer, to be filled while it runs."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.origin = f"http://127.0.0.1:{server.server_address[1]}"
        self.files: dict[str, str] = {}

    def page(self, body: str = "", **scripts: str) -> str:
        """Put up a page with that body and scripts beside it; its address."""
        self.files = {f"/{name}.js": script for name, script in scripts.items()}
        self.files["/"] = f'<!DOCTYPE html><meta charset="utf-8"><title>Partner</title>{body}'
        return f"{self.origin}/"


@contextmanager
def another_site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = site.files.get(self.path)
            body = (found or "").encode()
            self.send_response(404 if found is None else 200)
            script = self.path.endswith(".js")
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
