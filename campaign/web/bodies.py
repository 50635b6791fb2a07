"""How much may be sent: little by anybody, much by staff, whose forms hold whole campaigns."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from campaign.web.confined import ADMIN
from campaign.web.unread import Refused


def limit_bodies(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A middleware: what is over PUBLIC_BODY_MAX is read of staff alone, up to Django's own limits.

    Whose session has ended is sent to log in, as with a smaller form.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.PUBLIC_BODY_MAX:
            if request.path_info.startswith(ADMIN):
                if request.user.is_active and request.user.is_staff:
                    return get_response(request)
                login = reverse("admin:login")
                if request.path != login:
                    return redirect_to_login(request.get_full_path(), login)
            request._stream = Refused()  # type: ignore[assignment]
        return get_response(request)

    return answer
