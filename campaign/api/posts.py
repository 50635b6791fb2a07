"""API version 1, what is posted: parse, call a verb, answer."""

from contextlib import suppress

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaign import botcheck, publication, signing
from campaign.api import inputs, outputs
from campaign.api.doors import CampaignPost, PublicPost, problems
from campaign.api.keys import key_of
from campaign.errors import CampaignError
from campaign.links import Purpose


class Sign(CampaignPost):
    @extend_schema(
        operation_id="signatures_create",
        request=inputs.SignInput,
        responses={202: outputs.AcceptedShape, **problems(400, 403, 404, 409, 413, 415)},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask to sign. The answer is the same whatever is known of the address; a mail tells more."""
        typed = inputs.SignInput.read(request.data)
        version = typed.pop("statement_version", None)
        solution = typed.pop("altcha", None)
        if key_of(request) is None:  # a form of one's own has a bot check of its own
            botcheck.require(self.campaign, solution)
        signing.sign(campaign=self.campaign, typed=typed, statement_version=version)
        return Response({"status": "check_your_inbox"}, status=status.HTTP_202_ACCEPTED)


class Resend(CampaignPost):
    @extend_schema(
        operation_id="signatures_resend",
        request=inputs.ResendInput,
        responses={202: outputs.AcceptedShape, **problems(400, 403, 404, 413, 415)},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for the mail again, or for the link to one's own page."""
        body = inputs.ResendInput.read(request.data)
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
