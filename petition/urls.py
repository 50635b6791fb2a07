"""The ways in: API, admin, pages. Slugs of campaigns stand at the root, so everything else is reserved."""

from django.urls import include, path

urlpatterns = [
    path("", include("campaign.urls")),
]
