"""API version 1, what is read as a file: the whole list, the feed, the badge."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.formats import number_format
from django.utils.http import http_date
from django.utils.translation import ngettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaign import badge, export, feed, files, public_numbers, publication
from campaign.api import queries
from campaign.api.doors import OneForm, PublicRead, problems
from campaign.api.reads import Translated, absolute

# --- The whole list --------------------------------------------------------------------------


class _SignersFile(PublicRead):
    """The list as the worker wrote it."""

    content_negotiation_class = OneForm
    form: ClassVar[str]

    def get(self, request: Request, slug: str) -> HttpResponseBase:
        campaign = publication.find_campaign(slug)
        # Of a head as well: what no file says nobody knows, neither its length nor its ETag.
        found = files.download(campaign, self.form)
        response = _body(found, head=request.method == "HEAD")
        response["Content-Type"] = f"{export.FORMS[self.form]}; charset=utf-8"
        response["Content-Disposition"] = f'attachment; filename="{slug}.{self.form}"'
        response["Content-Length"] = str(found.size)
        response["ETag"] = found.etag
        response["Last-Modified"] = http_date(found.as_of.timestamp())
        unchanged = get_conditional_response(_plain(request), etag=found.etag)
        if unchanged is None:
            return response
        for name in ("ETag", "Last-Modified"):
            unchanged[name] = response[name]
        found.close()  # Django forgets what it answers 304 for
        return unchanged

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        as_of = response.get("Last-Modified")
        answer = super().finalize_response(request, response, *args, **kwargs)
        if answer.status_code < 400 and request.method in {"GET", "HEAD"}:
            # A file may be `files.FRESH` old when it leaves; all in all less than a minute.
            kept = f"max-age={files.KEPT}, stale-while-revalidate={files.KEPT}"
            answer["Cache-Control"] = f"public, {kept}"
            if as_of:
                answer["Last-Modified"] = as_of
        return answer


def _plain(request: Request) -> HttpRequest:
    """Django's request inside DRF's."""
    plain: HttpRequest = request._request
    return plain


def _body(found: files.Download, *, head: bool) -> HttpResponse | StreamingHttpResponse:
    if not head:
        return files.sent(found)
    found.close()
    return StreamingHttpResponse(())


class SignersCsv(_SignersFile):
    form = "csv"

    @extend_schema(
        operation_id="signers_csv",
        responses={(200, "text/csv"): OpenApiTypes.STR, **problems(400, 404, 503, one_form=True)},
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """The whole public list for a spreadsheet, a minute old at most."""
        return super().get(request, slug)


class SignersJsonl(_SignersFile):
    form = "jsonl"

    @extend_schema(
        operation_id="signers_jsonl",
        responses={
            (200, "application/jsonl"): OpenApiTypes.STR,
            **problems(400, 404, 503, one_form=True),
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """The whole public list, a JSON object a line, a minute old at most."""
        return super().get(request, slug)


# --- The feed --------------------------------------------------------------------------------


class Feed(PublicRead):
    kept = True
    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="feed_retrieve",
        responses={
            (200, "application/atom+xml"): OpenApiTypes.STR,
            **problems(400, 404, one_form=True),
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """The newest signers as an Atom feed."""
        campaign = publication.find_campaign(slug)
        statement = publication.statement(campaign, None)
        body = feed.atom(
            campaign,
            statement=statement,
            page_url=absolute("signers", slug),
            feed_url=absolute("api-feed", slug),
        )
        return HttpResponse(
            body,
            content_type="application/atom+xml; charset=utf-8",
            headers={"Content-Language": statement.language},
        )


# --- The badge -------------------------------------------------------------------------------


class Badge(Translated):
    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="badge_retrieve",
        parameters=[queries.CampaignQuery],
        responses={(200, "image/svg+xml"): OpenApiTypes.STR, **problems(400, 404, one_form=True)},
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """The count as a picture, for pages that cannot ask the API."""
        campaign = publication.find_campaign(slug)
        [speech] = self.speeches(request, [campaign])
        published = public_numbers.counts(campaign)["published"]
        with translation.override(speech.interface):
            picture = badge.draw(
                number=number_format(published, force_grouping=True),
                label=ngettext("signature", "signatures", published),
                description=publication.statement(campaign, speech.language).title,
                accent=campaign.accent,
                language=speech.interface,
            )
        return HttpResponse(
            picture,
            content_type="image/svg+xml; charset=utf-8",
            headers={"Content-Language": speech.interface},
        )
