"""What can go wrong, as small classes with a stable code; the doors turn them into their own form.

``message`` is in the active language and may be shown to whoever caused the error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class CampaignError(Exception):
    """A verb was refused. ``code`` and ``status`` (as HTTP has it) are part of the contract."""

    code: ClassVar[str]
    status: ClassVar[int]
    message: ClassVar[str | Promise]

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class FieldError:
    """One bad value: which field, a stable code, and a sentence for the person who typed it."""

    field: str
    code: str
    message: str


class InvalidInput(CampaignError):
    """Something typed cannot be taken; names every such field at once."""

    code = "invalid_input"
    status = 400
    message = _("Some of the details need another look.")

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(*errors)
        self.errors = list(errors)


class StatementChanged(CampaignError):
    code = "statement_changed"
    status = 409
    message = _("The statement has changed since this form was shown. Please read it again.")


class ConsentChanged(CampaignError):
    code = "consent_changed"
    status = 409
    message = _("What you are asked to agree to has changed since this form was shown.")


class CampaignClosed(CampaignError):
    code = "campaign_closed"
    status = 409
    message = _("This campaign is closed: it takes no more signatures.")


class CampaignPaused(CampaignError):
    code = "campaign_paused"
    status = 409
    message = _("This campaign is paused. Please come back a little later.")


class TokenInvalid(CampaignError):
    code = "token_invalid"
    status = 400
    message = _("This link is not complete. Please copy the whole link from the mail.")


class TokenMisplaced(TokenInvalid):
    """A genuine link, made for another purpose."""

    message = _("This link belongs to another page. Please use the button in the mail.")


class TokenExpired(CampaignError):
    """A genuine link whose time is over; ``campaign_id`` is what it belonged to, where that is known."""

    code = "token_expired"
    status = 410
    message = _("This link has expired. Please ask for a new one.")

    def __init__(self, campaign_id: int | None = None) -> None:
        super().__init__()
        self.campaign_id = campaign_id


class SignatureGone(CampaignError):
    code = "signature_gone"
    status = 410
    message = _("This signature is not here any more: it was withdrawn, removed or replaced.")


class CampaignEdited(CampaignError):
    code = "campaign_edited"
    status = 409
    message = _("This campaign has changed since this form was opened. Please look at it again.")


class ChangedMeanwhile(CampaignError):
    code = "changed_meanwhile"
    status = 409
    message = _("This signature has changed since it was shown. Please look at it again.")


class AlreadyStarted(CampaignError):
    """A removal by rule that is no longer as it was shown."""

    code = "already_started"
    status = 409
    message = _("Somebody has started or stopped this meanwhile.")


class MoveRefused(CampaignError):
    code = "move_refused"
    status = 409
    message = _("That is not possible in the state that this signature is in now.")


class ListFrozen(MoveRefused):
    """The campaign has stopped it: nothing comes onto its list or changes there (`brakes`)."""

    code = "list_frozen"
    message = _(
        "The list is frozen for the moment: nothing is added to it or changed on it. "
        "To hide a name or to take it back is possible at any time."
    )


class InPersonOnly(CampaignError):
    """A program may not decide this: who checked, and how, is a person's word."""

    code = "in_person_only"
    status = 403
    message = _("This bears a protected name: moderators approve it in person, a program cannot.")


class NotFound(CampaignError):
    code = "not_found"
    status = 404
    message = _("There is nothing here.")


class PreconditionFailed(CampaignError):
    code = "precondition_failed"
    status = 412
    message = _("What If-Match names is not what is here now.")


class IdempotencyKeyInvalid(CampaignError):
    code = "idempotency_key_invalid"
    status = 400
    message = _("An Idempotency-Key is 1 to 255 visible characters of ASCII, such as a UUID.")


class IdempotencyKeyReused(CampaignError):
    code = "idempotency_key_reused"
    status = 422
    message = _("This Idempotency-Key came with another body before.")


class BadCursor(CampaignError):
    code = "bad_cursor"
    status = 400
    message = _("This cursor is not one that a page of this list and order gave.")


class OriginNotAllowed(CampaignError):
    code = "origin_not_allowed"
    status = 403
    message = _("This site is not one of the campaign’s.")


class BotCheckRequired(CampaignError):
    """Work is asked for before this is taken; ``challenge`` says which (see `botcheck`)."""

    code = "bot_check_required"
    status = 403
    message = _("This needs a little work first: solve the challenge and send it along.")

    def __init__(self, challenge: dict[str, Any], wait: int | None = None) -> None:
        """``wait`` are the seconds that the ticket which came along still has to, if one did."""
        super().__init__()
        self.challenge = challenge
        self.wait = wait


class RateLimited(CampaignError):
    """More comes from one network than honest people send; ``retry_after`` is in seconds."""

    code = "rate_limited"
    status = 429
    message = _(
        "Very many requests come from your network. Please try again in a minute: nothing is lost."
    )
    retry_after = 60


class NotReady(CampaignError):
    """As many as can are served already; ``retry_after`` is in seconds."""

    code = "not_ready"
    status = 503
    message = _("This takes a moment to prepare. Please try again in a few seconds.")
    retry_after = 5


# --- Keys ------------------------------------------------------------------------------------


class KeyRefused(CampaignError):
    """A key is missing or doesn't fit. ``bearer`` is what WWW-Authenticate says (RFC 6750, 3)."""

    bearer: ClassVar[str]


class KeyRequired(KeyRefused):
    code = "key_required"
    status = 401
    message = _("This needs an API key, as Authorization: Bearer.")
    bearer = ""


class KeyInvalid(KeyRefused):
    code = "key_invalid"
    status = 401
    message = _("This API key does not work: it is incomplete, unknown or revoked.")
    bearer = 'error="invalid_token"'


class KeyExpired(KeyRefused):
    code = "key_expired"
    status = 401
    message = _("This API key has expired. Please make a new one in the admin.")
    bearer = 'error="invalid_token", error_description="expired"'


class InsufficientScope(KeyRefused):
    """The key is good, but not for this; ``scope`` would be."""

    code = "insufficient_scope"
    status = 403
    message = _("This API key was not made for this.")

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.bearer = f'error="insufficient_scope", scope="{scope}"'  # type: ignore[misc]


class HttpsRequired(CampaignError):
    code = "https_required"
    status = 403
    message = _(
        "API keys are taken over HTTPS only. This one has been sent in the clear: revoke it."
    )


class OtherCampaign(NotFound):
    message = _("There is nothing here, or this API key is of another campaign.")
