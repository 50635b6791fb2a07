"""What Django itself refuses or breaks at, as its door answers: a problem below /api/, else a page.

None of it needs the database, which may be what is broken.
"""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views import defaults

from campaign.api.problems import failure_response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return failure_response(exception)
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


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _no_store(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, no_store=True)
    return response
