"""The doors of the product. A campaign's slug is the last thing tried, so no slug hides another path."""

from django.urls import include, path

urlpatterns = [
    path("admin/", include("campaign.admin.urls")),
    path("api/", include("campaign.api.urls")),
    path("", include("campaign.web.urls")),
]
