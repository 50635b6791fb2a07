"""API version 1: parse, call a verb or a read, answer."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaign import export, publication, signing
from campaign.api import inputs, language, outputs
from campaign.models.campaign import Campaign
from campaign.origins import may_post


def problems(*codes: int) -> dict[Any, Any]:
    """For the schema: these statuses answer with a problem."""
    return {(code, "application/problem+json"): outputs.ProblemShape for code in codes}


class OneForm(DefaultContentNegotiation):
    """A file has one form: `Accept: text/csv` gets the CSV, which no renderer of JSON would offer."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class PublicRead(APIView):
    """A GET that everybody may see, from every site, and that may be kept for a minute at most."""

    max_age: ClassVar[int] = 5
    stale: ClassVar[int] = 25

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Access-Control-Allow-Headers"] = "Accept, Accept-Language, If-None-Match"
        answer["Access-Control-Expose-Headers"] = "ETag, Retry-After"
        answer["tdm-reservation"] = "1"
        # A tombstone is as public as the signer that it stands for.
        if answer.status_code < 400 or answer.status_code == status.HTTP_410_GONE:
            patch_cache_control(
                answer, public=True, max_age=self.max_age, stale_while_revalidate=self.stale
            )
        return answer

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        """A preflight."""
        return Response(status=status.HTTP_204_NO_CONTENT)


class PublicPost(APIView):
    """A POST of the public, from our own pages and the campaign's sites; never kept."""

    parser_classes = (inputs.JsonParser,)

    def sites(self) -> list[str]:
        """The sites that may post here; raises NotFound before the opening, for a preflight too."""
        return publication.find_campaign(self.kwargs["slug"]).sites

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.origin = request.headers.get("Origin")
        self.welcome = may_post(self.origin, host=request.get_host(), sites=self.sites())
        if request.method == "POST" and not self.welcome:
            raise PermissionDenied("This site is not one of the campaign's.", "origin_not_allowed")

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        """A preflight."""
        return Response(status=status.HTTP_204_NO_CONTENT)

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(answer, no_store=True)
        patch_vary_headers(answer, ["Origin"])
        if getattr(self, "welcome", False) and self.origin:
            answer["Access-Control-Allow-Origin"] = self.origin
            answer["Access-Control-Allow-Methods"] = "POST"
            answer["Access-Control-Allow-Headers"] = "Content-Type, Accept-Language"
        return answer


# --- Campaigns -------------------------------------------------------------------------------


def _absolute(name: str, *args: object) -> str:
    return settings.BASE_URL + reverse(name, args=args)


def _campaign(campaign: Campaign, request: Request, asked: str | None) -> dict[str, Any]:
    accept = request.headers.get("Accept-Language", "")
    text = publication.statement(
        campaign, language.choose(campaign.languages, asked=asked, accept=accept)
    )
    numbers = publication.counts(campaign)
    slug = campaign.slug
    state = campaign.state()
    assert campaign.opens_at is not None  # it is visible
    return {
        "slug": slug,
        "state": state,
        "languages": campaign.languages,
        "language": text.language,
        "title": text.title,
        "body_markdown": text.body_markdown,
        "body_html": text.body_html,
        "consent": text.consent,
        "statement": {"version": text.version, "sha256": text.sha256},
        "opens_at": publication.instant(campaign.opens_at),
        "closes_at": publication.instant(campaign.closes_at) if campaign.closes_at else None,
        "is_open": state == "open",
        "goal": campaign.goal,
        "disciplines": [
            {"slug": discipline.slug, "name": discipline.name(text.language)}
            for discipline in campaign.disciplines.all()
        ],
        "organiser": {
            "name": campaign.organiser_name,
            "address": campaign.organiser_address,
            "contact": campaign.organiser_contact,
            "privacy_url": campaign.organiser_privacy_url,
        },
        "counts": {"published": numbers["published"], "as_of": numbers["as_of"]},
        "links": {
            "self": _absolute("api-campaign", slug),
            "page": _absolute("campaign", slug),
            "statement": _absolute("api-statement", slug, text.version, text.language),
            "signatures": _absolute("api-sign", slug),
            "signers": _absolute("api-signers", slug),
            "counts": _absolute("api-counts", slug),
            "csv": _absolute("api-signers-csv", slug),
            "jsonl": _absolute("api-signers-jsonl", slug),
            "feed": _absolute("api-feed", slug),
        },
    }


class _Translated(PublicRead):
    """A read whose language is ``?language=``, else the browser's."""

    def asked(self, request: Request) -> str | None:
        query = inputs.CampaignQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked: str | None = query.validated_data.get("language")
        return asked

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(answer, ["Accept-Language"])
        return answer


class CampaignList(_Translated):
    @extend_schema(
        operation_id="campaigns_list",
        parameters=[inputs.CampaignQuery],
        responses={200: outputs.CampaignListShape, **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """The campaigns that are open or were, the newest first."""
        asked = self.asked(request)
        campaigns = publication.open_campaigns()
        return Response({"results": [_campaign(each, request, asked) for each in campaigns]})


class CampaignDetail(_Translated):
    @extend_schema(
        operation_id="campaigns_retrieve",
        parameters=[inputs.CampaignQuery],
        responses={200: outputs.CampaignShape, **problems(400, 404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """One campaign with its statement; 404 before its opening."""
        asked = self.asked(request)
        body = _campaign(publication.find_campaign(slug), request, asked)
        return Response(body, headers={"Content-Language": body["language"]})


class Statement(PublicRead):
    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="statements_retrieve",
        responses={(200, "text/plain"): OpenApiTypes.STR, **problems(404)},
    )
    def get(self, request: Request, slug: str, version: int, language: str) -> HttpResponse:
        """The exact bytes that a version's `sha256` is of: title, blank line, body."""
        campaign = publication.find_campaign(slug)
        text = publication.exact_statement(campaign, version=version, language=language)
        return HttpResponse(
            text,
            content_type="text/plain; charset=utf-8",
            headers={"Content-Language": language},
        )


# --- Signing ---------------------------------------------------------------------------------


class Sign(PublicPost):
    @extend_schema(
        operation_id="signatures_create",
        request=inputs.SignInput,
        responses={202: outputs.AcceptedShape, **problems(400, 403, 404, 409, 413, 415)},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask to sign. The answer is the same whatever is known of the address; a mail tells more."""
        campaign = publication.find_campaign(slug)
        body = inputs.SignInput(data=request.data)
        body.is_valid(raise_exception=True)
        typed = dict(body.validated_data)
        version = typed.pop("statement_version", None)
        signing.sign(campaign=campaign, typed=typed, statement_version=version)
        return Response({"status": "check_your_inbox"}, status=status.HTTP_202_ACCEPTED)


class Resend(PublicPost):
    @extend_schema(
        operation_id="signatures_resend",
        request=inputs.ResendInput,
        responses={202: outputs.AcceptedShape, **problems(400, 403, 404, 413, 415)},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for the mail again, or for the link to one's own page."""
        campaign = publication.find_campaign(slug)
        body = inputs.ResendInput(data=request.data)
        body.is_valid(raise_exception=True)
        signing.resend(campaign=campaign, email=body.validated_data["email"])
        return Response({"status": "check_your_inbox"}, status=status.HTTP_202_ACCEPTED)


class Confirm(PublicPost):
    def sites(self) -> list[str]:
        return publication.every_site()

    @extend_schema(
        operation_id="signatures_confirm",
        request=inputs.ConfirmInput,
        responses={200: outputs.ConfirmedShape, **problems(400, 403, 409, 410, 413, 415)},
    )
    def post(self, request: Request) -> Response:
        """Confirm what a mail's link shows. A second time is a success that changes nothing."""
        body = inputs.ConfirmInput(data=request.data)
        body.is_valid(raise_exception=True)
        moved = signing.confirm(body.validated_data["token"])
        signer = publication.listed_signer(moved.signature.public_id)
        return Response({"status": moved.signature.status, "signer": signer})


# --- Signers ---------------------------------------------------------------------------------


class SignerList(PublicRead):
    @extend_schema(
        operation_id="signers_list",
        parameters=[inputs.SignersQuery],
        responses={200: outputs.SignerPageShape, **problems(400, 404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """The public list, page by page."""
        query = inputs.SignersQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        page = publication.signers(
            publication.find_campaign(slug),
            filters=query.filters(),
            q=given.get("q"),
            order=given["order"],
            cursor=given.get("cursor"),
            size=given["page_size"],
        )
        return Response(
            {
                "results": page.signers,
                "next": self._page(request, slug, page.next),
                "previous": self._page(request, slug, page.previous),
            }
        )

    def _page(self, request: Request, slug: str, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        query = {**request.query_params.dict(), "cursor": cursor}
        return f"{_absolute('api-signers', slug)}?{urlencode(query)}"


class SignerDetail(PublicRead):
    @extend_schema(
        operation_id="signers_retrieve",
        responses={
            200: outputs.SignerShape,
            410: OpenApiResponse(outputs.TombstoneShape, "Left the list."),
            **problems(404),
        },
    )
    def get(self, request: Request, slug: str, public_id: str) -> Response:
        """One signer, or the tombstone of one who left the list."""
        found = publication.signer(publication.find_campaign(slug), public_id)
        gone = "removed" in found
        return Response(found, status=status.HTTP_410_GONE if gone else status.HTTP_200_OK)


class SignersCsv(PublicRead):
    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="signers_csv",
        responses={(200, "text/csv"): OpenApiTypes.STR, **problems(404)},
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """The whole public list for a spreadsheet."""
        return _download(
            export.csv_lines(publication.find_campaign(slug)), "text/csv", f"{slug}.csv"
        )


class SignersJsonl(PublicRead):
    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="signers_jsonl",
        responses={(200, "application/jsonl"): OpenApiTypes.STR, **problems(404)},
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """The whole public list, a JSON object a line."""
        lines = export.json_lines(publication.find_campaign(slug))
        return _download(lines, "application/jsonl", f"{slug}.jsonl")


def _download(lines: Any, content_type: str, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class Feed(PublicRead):
    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="feed_retrieve",
        responses={(200, "application/atom+xml"): OpenApiTypes.STR, **problems(404)},
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """The newest signers as an Atom feed."""
        campaign = publication.find_campaign(slug)
        feed = export.atom_feed(
            campaign,
            title=publication.statement(campaign, None).title,
            page_url=_absolute("signers", slug),
            feed_url=_absolute("api-feed", slug),
        )
        return HttpResponse(feed, content_type="application/atom+xml; charset=utf-8")


class Counts(PublicRead):
    @extend_schema(
        operation_id="counts_retrieve", responses={200: outputs.CountsShape, **problems(404)}
    )
    def get(self, request: Request, slug: str) -> Response:
        """All public numbers, exact as of `as_of`."""
        return Response(publication.counts(publication.find_campaign(slug)))
