"""Paths of the API; what stands below /api/ and isn't one of them is a problem too."""

from django.urls import path, re_path

from campaign.api import docs, downloads, posts, reads
from campaign.api.problems import not_found

CAMPAIGN = "v1/campaigns/<slug:slug>/"

urlpatterns = [
    path("schema/", docs.Schema.as_view(), name="api-schema"),
    path("docs/", docs.docs, name="api-docs"),
    path("v1/campaigns/", reads.CampaignList.as_view(), name="api-campaigns"),
    path(CAMPAIGN, reads.CampaignDetail.as_view(), name="api-campaign"),
    path(
        f"{CAMPAIGN}statements/<int:version>/<slug:language>.txt",
        reads.Statement.as_view(),
        name="api-statement",
    ),
    path(f"{CAMPAIGN}signatures/", posts.Sign.as_view(), name="api-sign"),
    path(f"{CAMPAIGN}signatures/resend/", posts.Resend.as_view(), name="api-resend"),
    path("v1/signatures/confirm/", posts.Confirm.as_view(), name="api-confirm"),
    path(f"{CAMPAIGN}signers/", reads.SignerList.as_view(), name="api-signers"),
    path(f"{CAMPAIGN}signers/<slug:public_id>/", reads.SignerDetail.as_view(), name="api-signer"),
    path(f"{CAMPAIGN}signers.csv", downloads.SignersCsv.as_view(), name="api-signers-csv"),
    path(f"{CAMPAIGN}signers.jsonl", downloads.SignersJsonl.as_view(), name="api-signers-jsonl"),
    path(f"{CAMPAIGN}feed.atom", downloads.Feed.as_view(), name="api-feed"),
    path(f"{CAMPAIGN}counts/", reads.Counts.as_view(), name="api-counts"),
    re_path("", not_found),
]
