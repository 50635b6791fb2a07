"""The past of a signature in words."""

from typing import Any

from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaign import rejections
from campaign.models.campaign import Campaign
from campaign.models.event import Event, Verb
from campaign.models.signature import Evidence, HoldReason, RejectionReason, Signature, Status

VERBS = {
    Verb.SIGN: _("Signed"),
    Verb.IMPORT: _("Imported"),
    Verb.CONFIRM: pgettext_lazy("one signature", "Confirmed"),
    Verb.AMEND: _("Changed"),
    Verb.APPROVE: _("Approved"),
    Verb.SECOND: _("Said yes, as the first of two"),
    Verb.REJECT: _("Rejected"),
    Verb.HOLD: _("Held"),
    Verb.KEEP: _("Kept as it was"),
    Verb.RESTORE: _("Restored"),
    Verb.ASK: _("Asked the signer"),
    Verb.ANSWER: _("Answered"),
    Verb.DEFER: _("Deferred"),
    Verb.TAKE_UP: _("Taken up again"),
    Verb.PROVE: _("Evidence added"),
    Verb.REVOKE: _("Evidence taken back"),
    Verb.REFUSE: _("Evidence not accepted"),
    Verb.WITHDRAW: pgettext_lazy("one signature", "Withdrawn"),
    Verb.ERASE: _("Erased"),
}
ACTORS = {
    "signer": _("the signer"),
    "reporter": _("somebody who reported it"),
    "moderator": _("a moderator"),
    "organiser": _("the organiser"),
    "clock": _("the clock"),
    "voucher": _("an organisation that vouches"),
    "api_key": _("a program with an API key"),
    "rule": _("a removal by rule"),
}
FIELDS = {
    "name": _("Name"),
    "sort_name": _("Sorted as"),
    "kind": _("Kind"),
    "discipline": _("Discipline"),
    "credit": _("Credit"),
    "organisation": _("Organisation"),
    "country": _("Country"),
    "show_name": _("Listed or not"),
    "featured": _("Featured"),
    "member_of_id": _("Organisation that vouches, beside the name"),
    "names": _("Protected names"),  # no field: with the id of the search that had it shown anew
    "reported": _("Reported"),  # no field either: by an address on file for the name
}


def told(event: Event, campaign: Campaign, *, with_note: bool = True) -> dict[str, Any]:
    """An event of a campaign in words: what, who, why, and the note beside it, for who may read it."""
    note = getattr(event, "note", None) if with_note else None
    return {
        "at": event.at,
        "what": VERBS[Verb(event.verb)],
        "who": who(event.actor, str(event.user or event.api_key or "")),
        "why": why(event.verb, event.reason, campaign),
        "note": note.text if note else "",
    }


def who(actor: str, name: str) -> str:
    """A person or key by its name, else what acted; of a rule both."""
    acted = str(ACTORS.get(actor, actor))
    return f"{acted}: {name}" if actor == "rule" else name or acted


def why(verb: str, reason: str, campaign: Campaign | None = None) -> str:
    """The reason of a decision, from its code; of a change, the fields that it changed.

    A campaign's own reason is in its words where ``campaign`` is given.
    """
    if verb == Verb.AMEND:
        fields = [field.partition(":")[0] for field in reason.split(",")]
        return ", ".join(str(FIELDS.get(field, field)) for field in fields)
    if verb == Verb.REJECT and campaign is not None:
        return str(rejections.find(campaign, reason).for_signer(get_language()))
    reasons = {
        **dict(RejectionReason.choices),
        **dict(HoldReason.choices),
        **dict(Evidence.choices),
    }
    return str(reasons.get(reason, reason))


def changed_since(signature: Signature, events: list[Event]) -> bool:
    """Whether a rejected one shows something else than what was rejected."""
    shown = [event.revision for event in events if event.verb == Verb.REJECT]
    return signature.status == Status.REJECTED and signature.revision > max(shown, default=0)
