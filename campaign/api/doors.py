"""How every door of the API opens: CORS, who may keep an answer, where a post may come from."""

from abc import ABC, abstractmethod
from typing import Any

from django.utils.cache import patch_cache_control, patch_vary_headers
from rest_framework import status
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaign import publication
from campaign.api import inputs, outputs, queries
from campaign.api.keys import KeyAuthentication, KeyLimit, key_of, require, seal
from campaign.errors import OriginNotAllowed
from campaign.freshness import may_be_kept
from campaign.limits import Taken
from campaign.models.api_key import Scope
from campaign.models.campaign import Campaign
from campaign.origins import may_post


def problems(*codes: int, one_form: bool = False) -> dict[Any, Any]:
    """For the schema: these statuses answer with a problem.

    Everywhere a key may be bad, sent in the clear or over its limit, and nobody may take JSON, which
    is nothing to an answer of ``one_form``.
    """
    everywhere = (401, 403, 429) if one_form else (401, 403, 406, 429)
    return {
        (code, "application/problem+json"): outputs.ProblemShape
        for code in sorted({*codes, *everywhere})
    }


class OneForm(DefaultContentNegotiation):
    """A file has one form: `Accept: text/csv` gets the CSV, which no renderer of JSON would offer."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class Door(APIView):
    """What reads and posts share. A key, where one is sent, must be good, and seals the answer."""

    authentication_classes = (KeyAuthentication,)
    throttle_classes = (KeyLimit,)
    scope: Scope | None = None
    """What a key must be made for to be of use here."""
    key_needed = False
    asks = False
    """Whether a read looks at its query itself; else it takes no parameter."""
    taken: Taken | None = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        # Last, so that nothing which a door says of its public answers stands on this one.
        if self.key_needed or "Authorization" in request.headers:
            seal(response, self.taken)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.admit(request)
        if request.query_params and request.method in {"GET", "HEAD"} and not self.asks:
            queries.QueryInput(data=request.query_params).is_valid(raise_exception=True)

    def admit(self, request: Request) -> None:
        """Refuse whom this door does not open for, before anything is said of what they ask."""

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """A preflight."""
        return Response(status=status.HTTP_204_NO_CONTENT)


class PublicRead(Door):
    """A GET that everybody may see, from every site, and that may be kept for a moment."""

    kept = False
    """Whether a plain GET is answered from a copy (`web.front`): of what is small, finite and hot."""

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Access-Control-Allow-Headers"] = "Accept, Accept-Language, If-None-Match"
        answer["Access-Control-Expose-Headers"] = "ETag, Retry-After"
        # A tombstone is as public as the signer that it stands for.
        public = answer.status_code < 400 or answer.status_code == status.HTTP_410_GONE
        if public and request.method != "OPTIONS":
            may_be_kept(answer)
        return answer


class PublicPost(Door, ABC):
    """A POST of the public, from our own pages and sites of campaigns; never kept."""

    parser_classes = (inputs.JsonParser,)
    origin: str | None = None
    welcome = False

    @abstractmethod
    def sites(self, request: Request) -> list[str]:
        """The sites that may post this; asked only of who says where they come from."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.origin = request.headers.get("Origin")
        sites = self.sites(request) if self.origin else []
        self.welcome = may_post(self.origin, host=request.get_host(), sites=sites)
        # What no page of another site can send unless it was told the key.
        self.welcome = self.welcome or key_of(request) is not None
        if request.method == "POST" and not self.welcome:
            raise OriginNotAllowed

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(answer, no_store=True)
        patch_vary_headers(answer, ["Origin"])
        if self.welcome and self.origin:
            answer["Access-Control-Allow-Origin"] = self.origin
            answer["Access-Control-Allow-Methods"] = "POST"
            answer["Access-Control-Allow-Headers"] = (
                "Content-Type, Accept-Language, Idempotency-Key"
            )
        return answer


class CampaignPost(PublicPost):
    """A POST to one campaign, which is read once; before its opening a preflight is a 404 too."""

    campaign: Campaign
    scope = Scope.SIGN

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.campaign = publication.find_campaign(self.kwargs["slug"])
        super().initial(request, *args, **kwargs)
        if key_of(request) is not None:
            require(request, Scope.SIGN, self.kwargs["slug"])

    def sites(self, request: Request) -> list[str]:
        return self.campaign.sites
