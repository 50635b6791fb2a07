"""What a moderator may decide of a signature: each decision with its form and the verb behind it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import moderation, moves, rejections, waiting
from campaign.admin import desk
from campaign.languages import interface_language
from campaign.models.campaign import Campaign
from campaign.models.event import Verb
from campaign.models.question import QUESTION_MAX, QUESTIONS
from campaign.models.signature import Signature, Status
from campaign.moves import Moved

# --- Forms -----------------------------------------------------------------------------------


class PlainForm(forms.Form):
    """Nothing to fill in."""


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("Note for colleagues"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stays inside; the signer never sees it."),
    )


class ApproveForm(forms.Form):
    """How it was checked, which the approval of a protected name needs: see `four_eyes`."""

    note = forms.CharField(
        label=_("How did you check that it is them?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "For the colleague who looks after you, and for the record; the signer never sees it."
        ),
    )


class KeepForm(ApproveForm):
    """The same, to keep one that is like a name protected since."""


class RejectForm(NoteForm):
    """One of the reasons that all of these campaigns have, in the moderator's language."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        widget=forms.RadioSelect,
        help_text=_("The signer reads it in the mail that says so."),
    )
    field_order = ("reason", "note")

    def __init__(self, *args: Any, campaigns: Collection[Campaign], **options: Any) -> None:
        super().__init__(*args, **options)
        lists = [rejections.offered(campaign) for campaign in campaigns]
        common = set.intersection(*({each.slug for each in each_list} for each_list in lists))
        language = translation.get_language()
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (each.slug, each.for_signer(language)) for each in lists[0] if each.slug in common
        ]


class CheckForm(NoteForm):
    note = forms.CharField(
        label=_("How you checked it"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Whom you asked, and how. Stays inside; the signer never sees it."),
    )


class AskForm(forms.Form):
    """A question of one's own, or one of those that are asked most; what is typed wins."""

    suggested = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    question = forms.CharField(
        label=_("Question to the signer"), required=False, max_length=2 * QUESTION_MAX
    )

    def __init__(self, *args: Any, language: str = "en", **options: Any) -> None:
        super().__init__(*args, **options)
        with translation.override(interface_language(language)):
            self.texts = [str(text) for text in QUESTIONS]
        self.fields["suggested"].choices = list(enumerate(self.texts))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The text, as `waiting.ask` checks it."""
        typed = self.cleaned_data.get("question", "")
        chosen = self.cleaned_data.get("suggested")
        if not typed and chosen is not None:
            typed = self.texts[chosen]
        return {"question": typed}


WAITS = {
    "hour": (_("An hour"), timedelta(hours=1)),
    "day": (_("A day"), timedelta(days=1)),
    "days": (_("Three days"), timedelta(days=3)),
    "week": (_("A week"), timedelta(days=7)),
}


class DeferForm(NoteForm):
    """For how long, or until when, in UTC."""

    wait = forms.ChoiceField(
        required=False, choices=[(value, label) for value, (label, _wait) in WAITS.items()]
    )
    until = forms.DateTimeField(label=_("Until (UTC)"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = dict(self.cleaned_data)
        if wait := cleaned.pop("wait", ""):
            cleaned["until"] = timezone.now() + WAITS[wait][1]
        elif cleaned.get("until"):
            # Typed without a zone: the page says that it is UTC, whatever the server's is.
            cleaned["until"] = cleaned["until"].replace(tzinfo=UTC)
        elif "until" not in self.errors:
            self.add_error("until", _("Choose for how long."))
        return cleaned


class RowIds(forms.Field):
    """Ids of rows, one a hidden field of the same name."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: list[str] | None) -> list[int]:
        return [pk for typed in value or [] if (pk := desk.row_id(typed))]


class Shown(forms.Form):
    """What the page showed when the button was pressed."""

    revision = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    status = forms.ChoiceField(choices=Status.choices)
    report = RowIds(required=False)
    suspicion = RowIds(required=False)


class Item(Shown):
    """One of many, as "id:revision:status"."""

    pk = forms.IntegerField(min_value=1, max_value=2**63 - 1)


# --- The verbs behind the buttons ------------------------------------------------------------


@dataclass(frozen=True)
class Button:
    """One decision: its verb and its form."""

    verb: Verb
    label: str | Promise
    done: str | Promise
    form: type[forms.Form]
    call: Callable[[Signature, AbstractBaseUser, dict[str, Any], dict[str, Any]], Moved]

    def read(self, typed: Mapping[str, Any], signature: Signature) -> forms.Form:
        """Its form, filled in, about this signature."""
        if self.form is AskForm:
            return AskForm(typed, language=signature.language)
        return self.of_many(typed, [signature])

    def of_many(
        self, typed: Mapping[str, Any] | None, signatures: Collection[Signature]
    ) -> forms.Form:
        """One form for all of these; empty without ``typed``."""
        if self.form is RejectForm:
            campaigns = {each.campaign_id: each.campaign for each in signatures}
            return RejectForm(typed, campaigns=campaigns.values())
        return self.form(typed)

    def fits(self, signature: Signature, *, is_reported: bool = False) -> bool:
        """Whether the state machine has such a move from where this signature is.

        To keep a published one is none: it answers the reports that are open, or a likeness.
        """
        if self.verb == Verb.KEEP:
            return is_reported and signature.status == Status.PUBLISHED
        if self.verb in {Verb.ASK, Verb.DEFER}:
            to_decide = signature.status == Status.HELD or is_reported
            return to_decide and (self.verb == Verb.DEFER or bool(signature.email))
        if self.verb == Verb.TAKE_UP:
            return False
        return Status(signature.status) in moves.ALLOWED[self.verb]


BUTTONS = {
    button.verb.value: button
    for button in (
        Button(
            Verb.APPROVE,
            _("Approve"),
            _("Approved"),
            ApproveForm,
            lambda signature, by, shown, typed: moderation.approve(
                signature_id=signature.pk, revision=shown["revision"], by=by, note=typed["note"]
            ),
        ),
        Button(
            Verb.REJECT,
            _("Reject"),
            _("Rejected"),
            RejectForm,
            lambda signature, by, shown, typed: moderation.reject(
                signature_id=signature.pk,
                revision=shown["revision"],
                status=Status(shown["status"]),
                by=by,
                reason=typed["reason"],
                note=typed["note"],
            ),
        ),
        Button(
            Verb.KEEP,
            _("Keep"),
            _("Kept"),
            KeepForm,
            lambda signature, by, shown, typed: moderation.keep(
                signature_id=signature.pk,
                revision=shown["revision"],
                report_ids=shown["report"],
                suspicion_ids=shown["suspicion"],
                by=by,
                note=typed["note"],
            ),
        ),
        Button(
            Verb.HOLD,
            _("Hold"),
            _("Held"),
            NoteForm,
            lambda signature, by, _shown, typed: moderation.hold(
                signature_id=signature.pk, by=by, note=typed["note"]
            ),
        ),
        Button(
            Verb.ASK,
            _("Ask"),
            _("Asked"),
            AskForm,
            lambda signature, by, shown, typed: waiting.ask(
                signature_id=signature.pk, revision=shown["revision"], by=by, **typed
            ),
        ),
        Button(
            Verb.DEFER,
            _("Defer"),
            _("Deferred"),
            DeferForm,
            lambda signature, by, shown, typed: waiting.defer(
                signature_id=signature.pk, revision=shown["revision"], by=by, **typed
            ),
        ),
        Button(
            Verb.TAKE_UP,
            _("Decide now"),
            _("Taken up again"),
            PlainForm,
            lambda signature, by, _shown, _typed: waiting.take_up(signature_id=signature.pk, by=by),
        ),
        Button(
            Verb.RESTORE,
            _("Restore"),
            _("Restored"),
            PlainForm,
            lambda signature, by, shown, _typed: moderation.restore(
                signature_id=signature.pk, revision=shown["revision"], by=by
            ),
        ),
    )
}


@dataclass(frozen=True)
class Yes:
    """What the panel says of a decision that takes two of a protected name: its buttons, and after."""

    first: str | Promise
    second: str | Promise
    halfway: str | Promise
    done: str | Promise


YES = {
    Verb.APPROVE.value: Yes(
        first=_("Approve as the first of two"),
        second=_("Approve as the second"),
        halfway=_("It stays held until the second one approves it too."),
        done=_("Published exactly as it stands above."),
    ),
    Verb.KEEP.value: Yes(
        first=_("Keep as the first of two"),
        second=_("Keep as the second"),
        halfway=_("It stays on the list, and in this lane until the second one keeps it too."),
        done=_("It stays on the list."),
    ),
}

HALFWAY: dict[Verb, str | Promise] = {
    Verb.APPROVE: _("Approved by one of two; it waits for a second pair of eyes"),
    Verb.KEEP: _("Kept by one of two; it waits for a second pair of eyes"),
}
"""What is said to the first of two."""

FORMS: dict[str, Callable[[Signature], forms.Form]] = {
    "approve_form": lambda _signature: ApproveForm(),
    "keep_form": lambda _signature: KeepForm(),
    "reject_form": lambda signature: RejectForm(campaigns=[signature.campaign]),
    "hold_form": lambda _signature: NoteForm(),
    "ask_form": lambda signature: AskForm(language=signature.language),
    "defer_form": lambda _signature: DeferForm(),
    "check_form": lambda _signature: CheckForm(),
}
"""The empty forms of a page, by the names that its templates know them by."""
