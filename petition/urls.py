"""The ways in: API, admin, pages. Slugs of campaigns stand at the root, so everything else is reserved."""

from django.urls import include, path

from campaign import failures

urlpatterns = [
    path("", include("campaign.urls")),
]
handler400 = failures.bad_request
handler403 = failures.permission_denied
handler404 = failures.page_not_found
handler500 = failures.server_error
