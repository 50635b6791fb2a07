"""Paths of the API; what stands below /api/ and isn't one of them is a problem too."""

from django.urls import path, re_path

from campaign.api import docs, downloads, organisers, posts, reads
from campaign.api.problems import not_found

CAMPAIGN = "v1/campaigns/<slug:slug>/"
PRIVATE = f"{CAMPAIGN}private/"
DECIDE = f"{PRIVATE}signatures/<slug:public_id>/"

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
    path(f"{CAMPAIGN}challenge/", reads.Challenge.as_view(), name="api-challenge"),
    path(f"{CAMPAIGN}signatures/", posts.Sign.as_view(), name="api-sign"),
    path(f"{CAMPAIGN}signatures/resend/", posts.Resend.as_view(), name="api-resend"),
    path("v1/signatures/confirm/", posts.Confirm.as_view(), name="api-confirm"),
    path(f"{CAMPAIGN}signers/", reads.SignerList.as_view(), name="api-signers"),
    path(f"{CAMPAIGN}signers/<slug:public_id>/", reads.SignerDetail.as_view(), name="api-signer"),
    path(f"{CAMPAIGN}signers.csv", downloads.SignersCsv.as_view(), name="api-signers-csv"),
    path(f"{CAMPAIGN}signers.jsonl", downloads.SignersJsonl.as_view(), name="api-signers-jsonl"),
    path(f"{CAMPAIGN}feed.atom", downloads.Feed.as_view(), name="api-feed"),
    path(f"{CAMPAIGN}badge.svg", downloads.Badge.as_view(), name="api-badge"),
    path(f"{CAMPAIGN}corrections/", reads.Corrections.as_view(), name="api-corrections"),
    path(f"{CAMPAIGN}vouchers/", reads.Vouchers.as_view(), name="api-vouchers"),
    path(f"{CAMPAIGN}counts/", reads.Counts.as_view(), name="api-counts"),
    path(
        f"{PRIVATE}signatures/",
        organisers.PrivateSignatureList.as_view(),
        name="api-private-signatures",
    ),
    path(f"{PRIVATE}signatures.csv", organisers.PrivateCsv.as_view(), name="api-private-csv"),
    path(f"{PRIVATE}signatures.jsonl", organisers.PrivateJsonl.as_view(), name="api-private-jsonl"),
    path(
        f"{PRIVATE}signatures/<slug:public_id>/",
        organisers.PrivateSignatureDetail.as_view(),
        name="api-private-signature",
    ),
    path(f"{DECIDE}approve/", organisers.Approve.as_view(), name="api-approve"),
    path(f"{DECIDE}reject/", organisers.Reject.as_view(), name="api-reject"),
    path(f"{DECIDE}hold/", organisers.Hold.as_view(), name="api-hold"),
    path(f"{DECIDE}restore/", organisers.Restore.as_view(), name="api-restore"),
    path(f"{DECIDE}feature/", organisers.Feature.as_view(), name="api-feature"),
    re_path("", not_found),
]
