"""API version 1, what an organiser's server may do with a key: read, decide, download.

Everything stands below `private/` of one campaign, so that a proxy can guard it by its path, and no
answer is ever shared with what the public reads.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaign import audit, files, moderation, private_export, private_reads
from campaign.api import inputs, outputs, queries
from campaign.api.doors import Door, OneForm, problems
from campaign.api.keys import require
from campaign.api.reads import page_url
from campaign.export import FORMS
from campaign.models.api_key import ApiKey, Scope
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign
from campaign.models.signature import Status
from campaign.moves import Moved
from campaign.publication import instant

Post = TypeVar("Post", bound=Callable[..., Response])


class OrganiserDoor(Door):
    """Opens for a key with ``scope`` of the campaign in the path, also before it opens."""

    parser_classes = (inputs.JsonParser,)
    key_needed = True
    scope: Scope
    key: ApiKey
    campaign: Campaign

    def admit(self, request: Request) -> None:
        self.key, self.campaign = require(request, self.scope, self.kwargs["slug"])


# --- Reading ---------------------------------------------------------------------------------


class PrivateSignatureList(OrganiserDoor):
    scope = Scope.READ_PRIVATE
    asks = True

    @extend_schema(
        operation_id="private_signatures_list",
        parameters=[queries.PrivateListQuery],
        responses={200: outputs.PrivatePageShape, **problems(400, 403, 404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """The confirmed signatures with their private fields, those that changed last at the end.

        For a mirror: read to the end, then begin again with `updated_since` of `next_since`. A
        signature that changes meanwhile comes again; whoever withdrew or was erased comes with the
        id and status alone, so that the mirror can forget them.
        """
        query = queries.PrivateListQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        page = private_reads.signatures(
            self.campaign,
            since=given.get("updated_since"),
            cursor=given.get("cursor"),
            size=given["page_size"],
            **query.filters(),
        )
        if page.signatures:
            _put_on_record(self, len(page.signatures))
        name = "api-private-signatures"
        return Response(
            {
                "results": page.signatures,
                "next": page_url(name, request, slug, page.next),
                "previous": page_url(name, request, slug, page.previous),
                "next_since": instant(page.next_since),
            }
        )


class PrivateSignatureDetail(OrganiserDoor):
    scope = Scope.READ_PRIVATE

    @extend_schema(
        operation_id="private_signatures_retrieve",
        responses={200: outputs.PrivateSignatureShape, **problems(400, 403, 404)},
    )
    def get(self, request: Request, slug: str, public_id: str) -> Response:
        """One confirmed signature with its private fields; personal ones are null once it was taken back."""
        found = private_reads.signature(self.campaign, public_id)
        _put_on_record(self, 1)
        return Response(found)


def _put_on_record(door: OrganiserDoor, number: int) -> None:
    """Before the answer leaves: how many signatures, with their addresses, this key has been given."""
    audit.record(AuditAction.PRIVATE_READ, by=door.key, campaign=door.campaign, number=number)


# --- Downloading -----------------------------------------------------------------------------


class _PrivateFile(OrganiserDoor):
    """All signatures as one file of one snapshot; each download is on record first."""

    scope = Scope.EXPORT
    asks = True
    content_negotiation_class = OneForm
    # A HEAD would write the whole file to say how long it is.
    http_method_names = ("get", "options")
    form: ClassVar[str]

    def get(self, request: Request, slug: str) -> HttpResponseBase:
        query = queries.PrivateQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = private_export.download(
            self.key.campaign, self.form, by=self.key, **query.filters()
        )
        name = f"{slug}-signatures.{self.form}"
        return files.attached(found, name, f"{FORMS[self.form]}; charset=utf-8")


class PrivateCsv(_PrivateFile):
    form = "csv"

    @extend_schema(
        operation_id="private_signatures_csv",
        parameters=[queries.PrivateQuery],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            **problems(400, 403, 404, 503, one_form=True),
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """All confirmed signatures with their e-mail addresses for a spreadsheet; on record."""
        return super().get(request, slug)


class PrivateJsonl(_PrivateFile):
    form = "jsonl"

    @extend_schema(
        operation_id="private_signatures_jsonl",
        parameters=[queries.PrivateQuery],
        responses={
            (200, "application/jsonl"): OpenApiTypes.STR,
            **problems(400, 403, 404, 503, one_form=True),
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """All confirmed signatures with their e-mail addresses, a JSON object a line; on record."""
        return super().get(request, slug)


# --- Deciding --------------------------------------------------------------------------------


class _Decision(OrganiserDoor, ABC):
    """One verb of the moderator: the body says what the caller saw, the answer where it stands now."""

    scope = Scope.MODERATE
    body: ClassVar[type[inputs.StrictInput]]

    @abstractmethod
    def decide(self, signature_id: int, typed: dict[str, Any]) -> Moved:
        """Call the verb with what ``body`` has read."""

    def post(self, request: Request, slug: str, public_id: str) -> Response:
        typed = self.body.read(request.data)
        signature_id = private_reads.signature_id(self.campaign, public_id)
        moved = self.decide(signature_id, typed)
        return Response(
            {
                "id": public_id,
                "status": moved.signature.status,
                "revision": moved.signature.revision,
                "featured": moved.signature.featured,
                "changed": moved.changed,
            }
        )


def _described(verb: str, body: type[inputs.StrictInput]) -> Callable[[Post], Post]:
    described: Callable[[Post], Post] = extend_schema(
        operation_id=f"private_signatures_{verb}",
        request=body,
        responses={
            200: outputs.DecidedShape,
            **problems(400, 403, 404, 409, 410, 413, 415),
        },
    )
    return described


class Approve(_Decision):
    body = inputs.DecisionInput

    def decide(self, signature_id: int, typed: dict[str, Any]) -> Moved:
        return moderation.approve(signature_id=signature_id, by=self.key, **typed)

    @_described("approve", inputs.DecisionInput)
    def post(self, request: Request, slug: str, public_id: str) -> Response:
        """Publish a held signature as it was at `revision`; a second time changes nothing."""
        return super().post(request, slug, public_id)


class Reject(_Decision):
    body = inputs.RejectInput

    def decide(self, signature_id: int, typed: dict[str, Any]) -> Moved:
        return moderation.reject(
            signature_id=signature_id,
            revision=typed["revision"],
            status=Status(typed["status"]),
            reason=typed["reason"],
            note=typed["note"],
            by=self.key,
        )

    @_described("reject", inputs.RejectInput)
    def post(self, request: Request, slug: str, public_id: str) -> Response:
        """Refuse a held or published signature; its signer is told the reason by mail."""
        return super().post(request, slug, public_id)


class Hold(_Decision):
    body = inputs.HoldInput

    def decide(self, signature_id: int, typed: dict[str, Any]) -> Moved:
        return moderation.hold(signature_id=signature_id, by=self.key, **typed)

    @_described("hold", inputs.HoldInput)
    def post(self, request: Request, slug: str, public_id: str) -> Response:
        """Take a published signature off the list until somebody has looked at it again."""
        return super().post(request, slug, public_id)


class Restore(_Decision):
    body = inputs.DecisionInput

    def decide(self, signature_id: int, typed: dict[str, Any]) -> Moved:
        return moderation.restore(signature_id=signature_id, by=self.key, **typed)

    @_described("restore", inputs.DecisionInput)
    def post(self, request: Request, slug: str, public_id: str) -> Response:
        """Bring a rejected signature back to the status before its rejection."""
        return super().post(request, slug, public_id)


class Feature(_Decision):
    body = inputs.FeatureInput

    def decide(self, signature_id: int, typed: dict[str, Any]) -> Moved:
        return moderation.feature(signature_id=signature_id, by=self.key, **typed)

    @_described("feature", inputs.FeatureInput)
    def post(self, request: Request, slug: str, public_id: str) -> Response:
        """Put a signature among the featured ones, or back; a change raises `revision`."""
        return super().post(request, slug, public_id)
