"""How keys open doors: `Authorization: Bearer` (RFC 6750), their scopes, and the limit of each key."""

from typing import Any

from django.conf import settings
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from campaign import keys, limits
from campaign.errors import (
    HttpsRequired,
    InsufficientScope,
    KeyInvalid,
    KeyRequired,
    OtherCampaign,
)
from campaign.models.api_key import ApiKey, Scope
from campaign.models.campaign import Campaign

PER_MINUTE = 600
"""Requests of one key: ten a second feed a mirror of a million signatures in nine minutes."""


class KeyAuthentication(BaseAuthentication):
    """The key of the header, None without one; a bad one is refused wherever it is sent.

    Whoever sends a key believes that it counts: on a public path too a dead one is a mistake that
    they want to hear of. Another scheme than Bearer belongs to somebody else, such as a proxy.
    """

    @sensitive_variables()
    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _space, text = header.partition(" ")
        if text and scheme.lower() != "bearer":
            return None
        if settings.KEYS_NEED_HTTPS and not request.is_secure():
            raise HttpsRequired
        if len(text) > 100:
            raise KeyInvalid
        return None, keys.authenticate(text.strip())


class KeyLimit(BaseThrottle):
    """PER_MINUTE requests of each key, whatever came of them."""

    taken: limits.Taken | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        key = key_of(request)
        if key is None:
            return True
        self.taken = limits.take(f"key:{key.pk}", limit=PER_MINUTE, seconds=60)
        view.taken = self.taken
        return self.taken.allowed

    def wait(self) -> float | None:
        # The header is this and one: a fraction of a second must not be cut off.
        return self.taken.resets_in - 1 if self.taken else None


def key_of(request: Request) -> ApiKey | None:
    return request.auth if isinstance(request.auth, ApiKey) else None


def require(request: Request, scope: Scope, slug: str) -> tuple[ApiKey, Campaign]:
    """The request's key and its campaign, opened or not, if it has that scope and that is its slug.

    Raises KeyRequired, InsufficientScope, and OtherCampaign for every other slug alike, so that a
    key tells nothing of campaigns that nobody may know of yet.
    """
    key = key_of(request)
    if key is None:
        raise KeyRequired
    if scope not in key.scopes:
        raise InsufficientScope(scope)
    if key.campaign.slug != slug:
        raise OtherCampaign
    return key, key.campaign


def seal(response: Any, taken: limits.Taken | None) -> None:
    """Make an answer to a key one for its holder alone: kept by nobody, read by no page of a browser."""
    for name in [name for name in response.headers if name.startswith("Access-Control-")]:
        del response[name]
    del response["Cache-Control"]
    patch_cache_control(response, no_store=True)
    patch_vary_headers(response, ["Authorization"])
    if taken is not None:
        # draft-ietf-httpapi-ratelimit-headers
        response["RateLimit-Policy"] = f'"key";q={PER_MINUTE};w=60'
        response["RateLimit"] = f'"key";r={taken.left};t={taken.resets_in}'


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """For the schema: the key, with the scope that an operation needs."""

    target_class = KeyAuthentication
    name = "ApiKey"

    def get_security_requirement(self, auto_schema: Any) -> Any:
        scope = getattr(auto_schema.view, "scope", None)
        if scope is None:
            return None
        needed = {self.name: [scope.value]}
        return needed if auto_schema.view.key_needed else [{}, needed]

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "ptn_…",
            "description": (
                "A key of one campaign, made in the admin, for servers: no CORS answers it. Scopes: "
                + "; ".join(f"`{scope.value}`: {scope.label}" for scope in Scope)
                + ". A dead key is refused on public paths too."
            ),
        }
