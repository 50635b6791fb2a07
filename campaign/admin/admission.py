"""Whether a request may come in: a session that goes on, and a second factor where one is needed."""

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest

from campaign import networks, second_factor, staff_sessions

SESSION = "staff_session"
"""In the session: the id of the row that says whether it goes on."""


def session_of(request: HttpRequest) -> int:
    """The row of this request's session, which begins with the first one; of who is logged in."""
    if SESSION not in request.session:
        begun = staff_sessions.begin(
            user_of(request),
            user_agent=request.headers.get("User-Agent", ""),
            address=networks.of(request),
        )
        request.session[SESSION] = begun.pk
    return int(request.session[SESSION])


def user_of(request: HttpRequest) -> User:
    """Who is logged in, once that is known."""
    assert isinstance(request.user, User)
    return request.user


def is_logged_in(request: HttpRequest) -> bool:
    """Whether staff, with a session that nobody has ended; one that was ended is logged out here."""
    if not (request.user.is_active and request.user.is_staff):
        return False
    if not hasattr(request, "_session_goes_on"):
        goes_on = staff_sessions.still_open(session_of(request), user_of(request))
        if not goes_on:
            logout(request)
        request._session_goes_on = goes_on  # type: ignore[attr-defined]
    return bool(request._session_goes_on)  # type: ignore[attr-defined]


def is_verified(request: HttpRequest) -> bool:
    """Whether this session has shown a second factor, which is still enrolled."""
    return bool(getattr(request.user, "otp_device", None))


def is_admitted(request: HttpRequest) -> bool:
    """Whether every page of the admin may open that its user has a right to."""
    return is_logged_in(request) and (is_verified(request) or not settings.SECOND_FACTOR_REQUIRED)


def must_enrol(request: HttpRequest) -> bool:
    """Whether nothing opens but the page that enrols a second factor."""
    return (
        settings.SECOND_FACTOR_REQUIRED
        and is_logged_in(request)
        and not is_verified(request)
        and second_factor.device_of(user_of(request)) is None
    )


def may_open_account(request: HttpRequest) -> bool:
    """Whether somebody may see to their own account: with the factor that they have, if they have one."""
    return is_logged_in(request) and (
        is_verified(request) or second_factor.device_of(user_of(request)) is None
    )
