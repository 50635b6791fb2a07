"""API version 1, what is read: parse, ask `publication`, answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from campaign import botcheck, corrections, public_numbers, publication
from campaign.api import outputs, queries
from campaign.api.doors import OneForm, PublicRead, problems
from campaign.freshness import chosen_by_browser
from campaign.languages import Speech, choose
from campaign.models.campaign import Campaign

# --- Campaigns -------------------------------------------------------------------------------


def absolute(name: str, *args: object) -> str:
    return settings.BASE_URL + reverse(name, args=args)


def page_url(name: str, request: Request, slug: str, cursor: str | None) -> str | None:
    """Where a neighbouring page of a list stands: the same question with that cursor; None for none."""
    if cursor is None:
        return None
    query = {**request.query_params.dict(), "cursor": cursor}
    return f"{absolute(name, slug)}?{urlencode(query)}"


def _instant(at: datetime | None) -> str | None:
    return publication.instant(at) if at else None


def _campaign(campaign: Campaign, language: str) -> dict[str, Any]:
    text = publication.statement(campaign, language)
    numbers = public_numbers.counts(campaign)
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
        "closes_at": _instant(campaign.closes_at),
        "is_open": state == "open",
        "publication_paused_at": _instant(campaign.braked_at),
        "list_frozen_at": _instant(campaign.frozen_at),
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
            "self": absolute("api-campaign", slug),
            "page": absolute("campaign", slug),
            "statement": absolute("api-statement", slug, text.version, text.language),
            "signatures": absolute("api-sign", slug),
            "signers": absolute("api-signers", slug),
            "counts": absolute("api-counts", slug),
            "csv": absolute("api-signers-csv", slug),
            "jsonl": absolute("api-signers-jsonl", slug),
            "feed": absolute("api-feed", slug),
            "badge": absolute("api-badge", slug),
            "corrections": absolute("api-corrections", slug),
        },
    }


class Translated(PublicRead):
    """A read whose language is ``?language=``, else the browser's."""

    kept = True
    asks = True
    choices: Sequence[Sequence[str]] = ()
    """Where the browser had a say, out of which languages: else one copy serves all of them."""

    def speeches(self, request: Request, campaigns: list[Campaign]) -> list[Speech]:
        """The language that is asked for, of each campaign; raises ValidationError."""
        query = queries.CampaignQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data.get("language")
        accept = request.headers.get("Accept-Language")
        speeches = [choose(each.languages, asked=asked, accept=accept) for each in campaigns]
        self.choices = [speech.languages for speech in speeches if not speech.asked]
        return speeches

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        chosen_by_browser(answer, self.choices)
        return answer


def _bodies(campaigns: list[Campaign], speeches: list[Speech]) -> list[dict[str, Any]]:
    pairs = zip(campaigns, speeches, strict=True)
    return [_campaign(campaign, speech.language) for campaign, speech in pairs]


def _spoken(bodies: list[dict[str, Any]]) -> dict[str, str]:
    languages = ", ".join(sorted({body["language"] for body in bodies}))
    return {"Content-Language": languages} if languages else {}


class CampaignList(Translated):
    @extend_schema(
        operation_id="campaigns_list",
        parameters=[queries.CampaignQuery],
        responses={200: outputs.CampaignListShape, **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """The campaigns that are open or were, the newest first."""
        campaigns = publication.visible_campaigns()
        bodies = _bodies(campaigns, self.speeches(request, campaigns))
        return Response({"results": bodies}, headers=_spoken(bodies))


class CampaignDetail(Translated):
    @extend_schema(
        operation_id="campaigns_retrieve",
        parameters=[queries.CampaignQuery],
        responses={200: outputs.CampaignShape, **problems(400, 404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """One campaign with its statement; 404 before its opening."""
        campaigns = [publication.find_campaign(slug)]
        bodies = _bodies(campaigns, self.speeches(request, campaigns))
        return Response(bodies[0], headers=_spoken(bodies))


class Statement(PublicRead):
    kept = True
    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="statements_retrieve",
        responses={(200, "text/plain"): OpenApiTypes.STR, **problems(400, 404, one_form=True)},
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


class Challenge(PublicRead):
    @extend_schema(
        operation_id="challenge_retrieve",
        responses={200: outputs.ChallengeShape, **problems(400, 404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Work to do before a request to sign, good for five minutes and one request.

        Its solution goes into `altcha`. A request that lacks one where it is needed gets a challenge
        with its 403, so nobody has to ask for one here.
        """
        return Response(botcheck.challenge(publication.find_campaign(slug)))

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        # Of two who got the same one, the second would be told that it is used up.
        answer["Cache-Control"] = "no-store"
        return answer


# --- Signers ---------------------------------------------------------------------------------


class SignerList(PublicRead):
    kept = True
    asks = True

    @extend_schema(
        operation_id="signers_list",
        parameters=[queries.SignersQuery],
        responses={200: outputs.SIGNERS_ANSWER, **problems(400, 404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """The public list, page by page; with `updated_since`, what changed in it."""
        query = queries.SignersQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        campaign = publication.find_campaign(slug)
        if "updated_since" in query.validated_data:
            return Response(self._changes(request, campaign, query.validated_data))
        return Response(self._list(request, campaign, query))

    def _list(
        self, request: Request, campaign: Campaign, query: queries.SignersQuery
    ) -> dict[str, Any]:
        given = query.validated_data
        page = publication.signers(
            campaign,
            filters=query.filters(),
            q=given.get("q"),
            order=given["order"],
            cursor=given.get("cursor"),
            size=given["page_size"],
        )
        return {
            "results": page.signers,
            "next": page_url("api-signers", request, campaign.slug, page.next),
            "previous": page_url("api-signers", request, campaign.slug, page.previous),
        }

    def _changes(
        self, request: Request, campaign: Campaign, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        page = publication.changes(
            campaign,
            since=given["updated_since"],
            cursor=given.get("cursor"),
            size=given["page_size"],
        )
        return {
            "results": page.entries,
            "next": page_url("api-signers", request, campaign.slug, page.next),
            "previous": page_url("api-signers", request, campaign.slug, page.previous),
            "next_since": publication.instant(page.next_since),
        }


class SignerDetail(PublicRead):
    @extend_schema(
        operation_id="signers_retrieve",
        responses={
            200: outputs.SignerShape,
            410: OpenApiResponse(outputs.TombstoneShape, "Left the list."),
            **problems(400, 404),
        },
    )
    def get(self, request: Request, slug: str, public_id: str) -> Response:
        """One signer, or the tombstone of one who left the list."""
        found = publication.signer(publication.find_campaign(slug), public_id)
        gone = "removed" in found
        return Response(found, status=status.HTTP_410_GONE if gone else status.HTTP_200_OK)


class Counts(PublicRead):
    kept = True

    @extend_schema(
        operation_id="counts_retrieve", responses={200: outputs.CountsShape, **problems(400, 404)}
    )
    def get(self, request: Request, slug: str) -> Response:
        """All public numbers, exact as of `as_of`.

        Each `by_...` covers the listed signers and sums to `published` - `anonymous`, but for
        `by_day`, which covers all by the UTC day of first publication and sums to `published`.
        """
        return Response(public_numbers.counts(publication.find_campaign(slug)))


class Vouchers(PublicRead):
    kept = True

    @extend_schema(
        operation_id="vouchers_retrieve",
        responses={200: outputs.VouchersShape, **problems(400, 404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Beside how many names on the list each organisation that vouches stands.

        Of those alone who chose that it stands there, as `evidence.by` of their entry says. All whom some
        organisation vouches for are in `by_evidence` of the counts.
        """
        return Response(public_numbers.vouchers(publication.find_campaign(slug)))


class Corrections(Translated):
    @extend_schema(
        operation_id="corrections_retrieve",
        parameters=[queries.CampaignQuery],
        responses={200: outputs.CorrectionsShape, **problems(400, 404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """How many signatures were removed after they had been published, by UTC day and reason.

        `counts.removed` has more: those who were removed before they were ever published.
        """
        campaign = publication.find_campaign(slug)
        [speech] = self.speeches(request, [campaign])
        with translation.override(speech.interface):
            results = corrections.corrections(campaign, speech.language)
        return Response({"results": results}, headers={"Content-Language": speech.interface})
