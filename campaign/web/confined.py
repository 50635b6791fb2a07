"""Cookies, sessions, users and messages, for the admin alone.

Outside of it nothing can depend on who is logged in, so no copy of a public answer can hold any of
it; and a request to sign doesn't pay for them.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_otp.middleware import OTPMiddleware

ADMIN = "/admin/"


def leave_cookies_alone(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A middleware: no cookie is read but below /admin/.

    Django answers a csrftoken that is none with a new one, on pages too that everybody may keep.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(ADMIN):
            request.META.pop("HTTP_COOKIE", None)
        return get_response(request)

    return answer


class _Confined:
    """Put before a middleware: elsewhere it is as if it were not there."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(ADMIN):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class SessionMiddleware(_Confined, sessions.SessionMiddleware):
    """Django's, below /admin/."""


class AuthenticationMiddleware(_Confined, auth.AuthenticationMiddleware):
    """Django's, below /admin/."""


class SecondFactorMiddleware(_Confined, OTPMiddleware):  # type: ignore[misc]
    """django-otp's, below /admin/: whether this session has shown a second factor."""


class MessageMiddleware(_Confined, messages.MessageMiddleware):
    """Django's, below /admin/."""
