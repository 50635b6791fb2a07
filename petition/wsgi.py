"""What the web server loads."""

import io
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

from campaign.web.front import Front
from campaign.web.unread import Refused

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")

LONGEST_PATH = 2_000
"""Characters of a path that are read: with ten times as many none is one of ours."""

_django = get_wsgi_application()


def _as_utf8(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Django, which reads everything as UTF-8, whatever charset a request's Content-Type names.

    It would take any codec of Python's: one that reads ?language=fr as something else makes a shared
    cache keep the wrong page for everybody, and "zlib" ends in an error before any view.
    """
    # Django decodes the rest again at each byte that is no UTF-8: two seconds for 180,000 of them.
    environ["PATH_INFO"] = environ["PATH_INFO"][:LONGEST_PATH]
    environ["CONTENT_TYPE"] = _without_charset(environ.get("CONTENT_TYPE", ""))
    if "HTTP_TRANSFER_ENCODING" in environ and not environ.get("CONTENT_LENGTH"):
        _measure(environ)
    return _django(environ, start_response)


def _measure(environ: "WSGIEnvironment") -> None:
    """Say how long a body in chunks is, of which Django would read nothing.

    One byte more than is taken tells that it is too large, and no more of it is read.
    """
    parts, left = [], settings.PUBLIC_BODY_MAX + 1
    while left > 0 and (part := environ["wsgi.input"].read(left)):
        parts.append(part)
        left -= len(part)
    body = b"".join(parts)
    # Of staff more would be taken, and a form that is cut off here would pass for a whole one.
    stream = io.BytesIO(body) if left else Refused()
    environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": stream}


def _without_charset(content_type: str) -> str:
    try:
        kind, parameters = parse_header_parameters(content_type)
    except (ValueError, LookupError):
        return ""
    boundary = parameters.get("boundary")
    return f'{kind}; boundary="{boundary}"' if boundary else kind


application = Front(_as_utf8)
