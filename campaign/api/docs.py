"""The OpenAPI document and the page that reads it."""

from functools import cache
from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from drf_spectacular import renderers
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaign.api.doors import OneForm, PublicRead


@cache
def document() -> Any:
    """The OpenAPI document, which changes with the code alone; in English, whoever asked first."""
    with translation.override(settings.LANGUAGE_CODE):
        generator: Any = SchemaGenerator  # untyped
        return generator().get_schema(request=None, public=True)


class Schema(PublicRead):
    """In YAML, or in JSON by `Accept`."""

    asks = True  # and leaves out what it does not know: it is a page, and no read of version 1

    renderer_classes = (
        renderers.OpenApiYamlRenderer,
        renderers.OpenApiYamlRenderer2,
        renderers.OpenApiJsonRenderer,
        renderers.OpenApiJsonRenderer2,
    )

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        form = request.accepted_renderer.format
        disposition = f'inline; filename="petition-api.{form}"'
        return Response(document(), headers={"Content-Disposition": disposition})


class Docs(PublicRead):
    asks = True
    content_negotiation_class = OneForm

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        # Without the request: nothing of a session or a CSRF token may reach a page that is kept.
        page = render_to_string("pages/api_docs.html", {"language": settings.LANGUAGE_CODE})
        return HttpResponse(page, headers={"Content-Language": settings.LANGUAGE_CODE})


# Stricter than elsewhere, and enough: Swagger UI runs with nothing inline.
docs = csp(
    {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [NONE],
    }
)(Docs.as_view())
