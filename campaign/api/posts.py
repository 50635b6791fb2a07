"""API version 1, what is posted: parse, call a verb, answer."""

from contextlib import suppress
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaign import floods, networks, publication, signing
from campaign.api import inputs, outputs
from campaign.api.doors import CampaignPost, PublicPost, problems
from campaign.api.keys import key_of
from campaign.errors import CampaignError
from campaign.idempotency import KEY_MAX, Once
from campaign.links import Purpose

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="A key of your own, such as a UUID: the same request once more within 24 hours is "
    "answered alike and does nothing; another body under the same key is refused.",
)


class Sign(CampaignPost):
    @extend_schema(
        operation_id="signatures_create",
        request=inputs.SignInput,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: outputs.AcceptedShape, **problems(400, 403, 404, 409, 413, 415, 422)},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask to sign. The answer is the same whatever is known of the address; a mail tells more."""
        typed = inputs.SignInput.read(request.data)
        solution = typed.pop("altcha", None)  # no part of the request: a retry may bring another
        once = self._once(request, typed)
        if once is None or not once.is_replay(self.campaign.pk):
            network = None
            if key_of(request) is None:  # a form of one's own has a bot check of its own
                # With a key it is the organiser's server that asks, for signers from everywhere.
                network = networks.hashes(networks.of(request._request))
                if self.campaign.state() == "open":  # or nobody works for a refusal
                    floods.admit(
                        self.campaign, network, email=typed.get("email", ""), solution=solution
                    )
            signing.sign(
                campaign=self.campaign,
                typed=typed,
                statement_version=typed.pop("statement_version", None),
                once=once,
                network=network,
            )
        return Response({"status": "check_your_inbox"}, status=status.HTTP_202_ACCEPTED)

    def _once(self, request: Request, body: dict[str, Any]) -> Once | None:
        key = request.headers.get("Idempotency-Key")
        return Once.of(key, body) if key is not None else None


class Resend(CampaignPost):
    @extend_schema(
        operation_id="signatures_resend",
        request=inputs.ResendInput,
        responses={202: outputs.AcceptedShape, **problems(400, 403, 404, 413, 415)},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for the mail again, or for the link to one's own page."""
        body = inputs.ResendInput.read(request.data)
        if key_of(request) is None:
            floods.count(self.campaign, networks.hashes(networks.of(request._request)))
        signing.resend(campaign=self.campaign, email=body["email"])
        return Response({"status": "check_your_inbox"}, status=status.HTTP_202_ACCEPTED)


class Confirm(PublicPost):
    def sites(self, request: Request) -> list[str]:
        """Those of the signature's campaign, opened or not: its mail says that it is there.

        A token that confirms nothing names none. Then, as for a preflight, the sites of all visible
        campaigns are welcome, so that they can read why it was refused.
        """
        if request.method == "POST":
            with suppress(CampaignError, ValidationError):
                token = inputs.ConfirmInput.read(request.data)["token"]
                return signing.seen(Purpose.CONFIRM, token).campaign.sites
        return publication.every_site()

    @extend_schema(
        operation_id="signatures_confirm",
        request=inputs.ConfirmInput,
        responses={200: outputs.ConfirmedShape, **problems(400, 403, 409, 410, 413, 415)},
    )
    def post(self, request: Request) -> Response:
        """Confirm what a mail's link shows. A second time is a success that changes nothing."""
        body = inputs.ConfirmInput.read(request.data)
        moved = signing.confirm(body["token"])
        signer = publication.listed_signer(moved.signature)
        return Response({"status": moved.signature.status, "signer": signer})
