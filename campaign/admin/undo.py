"""The last decision of a moderator in this session, and taking it back."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from campaign import moderation, waiting
from campaign.admin import verdicts
from campaign.errors import CampaignError, ChangedMeanwhile
from campaign.models.event import Verb
from campaign.models.signature import Signature
from campaign.moves import Moved

_KEY = "last_decision"
UNDOES = {Verb.APPROVE, Verb.REJECT, Verb.ASK, Verb.DEFER}
"""What can be taken back. Not what answered a reporter: they have been told."""


class Last(NamedTuple):
    """A decision as it left the signature."""

    signature: Signature
    verb: str
    revision: int
    done: str | Promise


def note(request: HttpRequest, verb: Verb, moved: Moved) -> None:
    """Remember a decision, by ids and codes; one that changed nothing was somebody else's."""
    if moved.changed and verb in UNDOES and not moved.halfway:
        request.session[_KEY] = [moved.signature.pk, verb.value, moved.signature.revision]
    else:
        request.session.pop(_KEY, None)


def last(request: HttpRequest) -> Last | None:
    """What can be taken back now, if there is anything."""
    kept: Any = request.session.get(_KEY)
    if not kept:
        return None
    pk, verb, revision = kept
    signature = Signature.objects.defer("search").filter(pk=pk, revision=revision).first()
    if signature is None:
        return None
    return Last(signature, verb, revision, verdicts.BUTTONS[verb].done)


def undo(
    request: HttpRequest, signature: Signature, *, verb: str, revision: int, by: AbstractBaseUser
) -> None:
    """Take back that decision of this signature, and say what came of it."""
    request.session.pop(_KEY, None)
    name = signature.name or signature.public_id
    try:
        if not _take_back(Verb(verb), signature.pk, revision, by).changed:
            raise ChangedMeanwhile
    except (CampaignError, ValueError) as error:
        said = str(error) if isinstance(error, CampaignError) else _("That cannot be undone.")
        messages.warning(request, format_html("{} {}", said, name))
    else:
        messages.success(request, format_html("{}: {}", _("Undone"), name))


def _take_back(verb: Verb, signature_id: int, revision: int, by: AbstractBaseUser) -> Moved:
    if verb == Verb.APPROVE:
        return moderation.take_back(signature_id=signature_id, revision=revision, by=by)
    if verb == Verb.REJECT:
        return moderation.restore(signature_id=signature_id, revision=revision, by=by)
    if verb in {Verb.ASK, Verb.DEFER}:
        return waiting.take_up(signature_id=signature_id, by=by)
    raise ValueError(verb)
