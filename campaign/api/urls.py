"""Paths of the API; what stands below /api/ and isn't one of them is a problem too."""

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from campaign.api import views
from campaign.api.problems import not_found

CAMPAIGN = "v1/campaigns/<slug:slug>/"
# Swagger's page starts itself by an inline script; everything it loads is our own.
_docs = csp(
    {
        "default-src": [NONE],
        "script-src": [SELF, UNSAFE_INLINE],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
    }
)

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", _docs(SpectacularSwaggerView.as_view(url_name="api-schema")), name="api-docs"),
    path("v1/campaigns/", views.CampaignList.as_view(), name="api-campaigns"),
    path(CAMPAIGN, views.CampaignDetail.as_view(), name="api-campaign"),
    path(
        f"{CAMPAIGN}statements/<int:version>/<slug:language>.txt",
        views.Statement.as_view(),
        name="api-statement",
    ),
    path(f"{CAMPAIGN}signatures/", views.Sign.as_view(), name="api-sign"),
    path(f"{CAMPAIGN}signatures/resend/", views.Resend.as_view(), name="api-resend"),
    path("v1/signatures/confirm/", views.Confirm.as_view(), name="api-confirm"),
    path(f"{CAMPAIGN}signers/", views.SignerList.as_view(), name="api-signers"),
    path(f"{CAMPAIGN}signers/<slug:public_id>/", views.SignerDetail.as_view(), name="api-signer"),
    path(f"{CAMPAIGN}signers.csv", views.SignersCsv.as_view(), name="api-signers-csv"),
    path(f"{CAMPAIGN}signers.jsonl", views.SignersJsonl.as_view(), name="api-signers-jsonl"),
    path(f"{CAMPAIGN}feed.atom", views.Feed.as_view(), name="api-feed"),
    path(f"{CAMPAIGN}counts/", views.Counts.as_view(), name="api-counts"),
    re_path("", not_found),
]
