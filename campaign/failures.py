"""What Django itself refuses or breaks at, as its door answers: a problem below /api/, else a page.

None of it needs the database, which may be what is broken.
"""

from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.views import defaults

from campaign.api.problems import failure_response
from campaign.errors import PreconditionFailed
from campaign.web.answers import problem
from campaign.web.forms import FormTooLarge

Response = TypeVar("Response", bound=HttpResponseBase)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return failure_response(exception)
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        return problem(request, FormTooLarge())
    return _no_store(defaults.bad_request(request, exception))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return failure_response(exception)
    return _no_store(defaults.permission_denied(request, exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return failure_response(exception)
    return _no_store(defaults.page_not_found(request, exception))


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return failure_response(None)
    return _no_store(defaults.server_error(request))


def precondition_failed(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A middleware: Django answers 412 with an empty page, whatever the path, that may be kept."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code != PreconditionFailed.status:
            return response
        if _is_api(request):
            return failure_response(PreconditionFailed())
        return _no_store(response)

    return answer


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _no_store(response: Response) -> Response:
    patch_cache_control(response, no_store=True)
    return response
