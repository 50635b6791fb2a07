"""The moderator's decisions, one and many: POST only, each carries what its page showed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from campaign import four_eyes, moderation, moves, roles, rules, waiting
from campaign.admin import desk, past
from campaign.admin.dossier import Dossier, dossier
from campaign.admin.site import site
from campaign.errors import (
    CampaignError,
    ChangedMeanwhile,
    InvalidInput,
    MoveRefused,
    SignatureGone,
)
from campaign.languages import interface_language
from campaign.models.campaign import Campaign
from campaign.models.event import Verb
from campaign.models.question import QUESTION_MAX, QUESTIONS
from campaign.models.signature import STANDING, RejectionReason, Signature, Status
from campaign.moves import Moved
from campaign.roles import ADDRESSES, LOOK, MODERATE

AT_ONCE = 200
"""How many one decision may cover: as many as somebody can have read on one page."""


def require_moderator(request: HttpRequest, campaign: Campaign | None = None) -> AbstractBaseUser:
    """The user, who may look and decide in the campaign, or without one in any.

    Raises Http404 for who may not even look there, else PermissionDenied.
    """
    assert isinstance(request.user, AbstractBaseUser)
    if not request.user.has_perms((LOOK, MODERATE)):
        raise PermissionDenied
    if campaign is not None and not roles.may(request.user, LOOK, campaign):
        raise Http404
    if campaign is not None:
        roles.require(request.user, MODERATE, campaign)
    return request.user


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
    """How it was checked, which a protected name needs: see `four_eyes`."""

    note = forms.CharField(
        label=_("How did you check that it is them?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "For the colleague who looks after you, and for the record; the signer never sees it."
        ),
    )


class RejectForm(NoteForm):
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=RejectionReason.choices,
        widget=forms.RadioSelect,
        help_text=_("The signer reads it in the mail that says so."),
    )
    field_order = ("reason", "note")


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


class Item(Shown):
    """One of many, as "id:revision:status"."""

    pk = forms.IntegerField(min_value=1, max_value=2**63 - 1)


# --- The verbs behind the buttons ------------------------------------------------------------


Beside = Callable[[HttpRequest, str, Signature], tuple[Signature | None, Signature | None]]
"""Given the filters of a list and one of its rows, the rows after and before it."""
NextOf = Callable[[HttpRequest, str, Signature], Signature | None]
"""Given the filters of a list and what has just been decided, what is to be decided next."""


@dataclass(frozen=True)
class Button:
    """One decision: its verb and its form."""

    verb: Verb
    label: str | Promise
    done: str | Promise
    form: type[forms.Form]
    call: Callable[[Signature, AbstractBaseUser, dict[str, Any], dict[str, Any]], Moved]

    def fits(self, signature: Signature, *, is_reported: bool = False) -> bool:
        """Whether the state machine has such a move from where this signature is.

        To keep a published one is none: it answers the reports that are open.
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
                reason=RejectionReason(typed["reason"]),
                note=typed["note"],
            ),
        ),
        Button(
            Verb.KEEP,
            _("Keep"),
            _("Kept"),
            NoteForm,
            lambda signature, by, shown, typed: moderation.keep(
                signature_id=signature.pk,
                revision=shown["revision"],
                report_ids=shown["report"],
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


# --- One -------------------------------------------------------------------------------------


def page(
    request: HttpRequest,
    signature: Signature,
    *,
    beside: Beside | None = None,
    form: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    """One signature with what speaks for and against it, and the buttons that fit; read-only.

    ``form`` is one with mistakes, shown again. ``beside`` finds what is next to it in the list that
    the moderator came from.
    """
    sees_addresses = roles.may(request.user, ADDRESSES, signature.campaign)
    found = dossier(signature, sees_addresses=sees_addresses)
    filters = request.POST.get("filters", request.GET.get(desk.FILTERS, ""))
    context = {
        **site.each_context(request),
        "title": signature.name or signature.public_id,
        "opts": Signature._meta,
        "original": signature,
        "signature": signature,
        "dossier": found,
        "open_reports": found.open_reports,
        "sees_addresses": sees_addresses,
        "events": [past.told(event, with_note=sees_addresses) for event in found.events],
        "changed_since": past.changed_since(signature, found.events),
        "lane": desk.lane_now(signature),
        "asked": found.open_question,
        "deferred": signature.deferred_until and signature.deferred_until > timezone.now(),
        "filters": filters,
        "list_url": _list_url(filters),
        **_buttons(request, signature, found, form),
        **_eyes(request, signature, form),
        **(_neighbours(request, signature, filters, beside) if beside else {}),
    }
    request.current_app = site.name
    return TemplateResponse(request, "admin/campaign/signature/page.html", context, status=status)


def _buttons(
    request: HttpRequest, signature: Signature, found: Dossier, form: forms.Form | None
) -> dict[str, Any]:
    """The buttons that fit, for who may press them, and their forms; ``form`` in the place of its own."""
    if not roles.may(request.user, MODERATE, signature.campaign):
        return {"buttons": {}}
    reported = bool(found.open_reports)
    fitting = {
        verb: button
        for verb, button in BUTTONS.items()
        if button.fits(signature, is_reported=reported)
    }
    forms_shown: dict[str, forms.Form] = {
        "reject_form": RejectForm(),
        "hold_form": NoteForm(),
        "ask_form": AskForm(language=signature.language),
        "defer_form": DeferForm(),
        "check_form": CheckForm(),
    }
    names = {
        ApproveForm: "approve_form",
        RejectForm: "reject_form",
        AskForm: "ask_form",
        DeferForm: "defer_form",
        CheckForm: "check_form",
    }
    if form is not None:
        forms_shown[names.get(type(form), "hold_form")] = form
    return {
        "buttons": fitting,
        **forms_shown,
        "wrong": names.get(type(form), "") if form is not None else "",
        "may_check": signature.status in STANDING,
        "waits": [(value, label) for value, (label, _wait) in WAITS.items()],
        "question_max": QUESTION_MAX,
    }


def _eyes(request: HttpRequest, signature: Signature, form: forms.Form | None) -> dict[str, Any]:
    """What the approval of a protected name needs: see `four_eyes`."""
    guarded = signature.status == Status.HELD and four_eyes.guarded(signature)
    firsts = four_eyes.firsts(signature) if guarded else []
    return {
        "guarded": guarded,
        "approve_form": form if isinstance(form, ApproveForm) else ApproveForm(),
        "firsts": firsts,
        "approved_by_me": any(first.user_id == request.user.pk for first in firsts),
        "too_few": guarded
        and signature.campaign.four_eyes
        and four_eyes.moderators(signature.campaign) < 2,
    }


def _neighbours(
    request: HttpRequest, signature: Signature, filters: str, beside: Beside
) -> dict[str, str]:
    found = beside(request, filters, signature)
    names = ("next_url", "previous_url")
    return {
        name: _page_url(row.pk, filters) if row else ""
        for name, row in zip(names, found, strict=True)
    }


@require_POST
def decide_one(
    request: HttpRequest,
    *,
    pk: int,
    verb: str,
    next_of: NextOf,
    beside: Beside,
) -> HttpResponse:
    """Call the verb, say what came of it, and open the next one.

    What has changed since the page was shown is never decided: the page comes again, with a word.
    ``next_of`` gives the next one of the list that the moderator came from.
    """
    by = require_moderator(request)
    button = BUTTONS[verb]
    filters = request.POST.get("filters", "")
    signature = desk.find(pk)
    if signature is None:
        messages.warning(request, str(SignatureGone.message))
        return _to_list(filters)
    require_moderator(request, signature.campaign)
    shown, form = Shown(request.POST), _form_of(button, request, signature)
    if not (shown.is_valid() and form.is_valid()):
        return page(request, signature, beside=beside, form=form, status=422)
    before = shown.cleaned_data["status"]
    try:
        moved = button.call(signature, by, shown.cleaned_data, form.cleaned_data)
    except InvalidInput as error:
        for each in error.errors:
            form.add_error(each.field if each.field in form.fields else None, each.message)
        return page(request, signature, beside=beside, form=form, status=422)
    except SignatureGone as error:
        messages.warning(request, str(error))
        return _to_list(filters)
    except (ChangedMeanwhile, MoveRefused) as error:
        messages.warning(request, str(error))
        return to_page(pk, filters)
    _say(request, button, moved)
    if before != Status.HELD and desk.lane_of(filters) != desk.REPORTED:
        return to_page(pk, filters)
    following = next_of(request, filters, moved.signature)
    return to_page(following.pk, filters) if following else _to_list(filters)


def _form_of(button: Button, request: HttpRequest, signature: Signature) -> forms.Form:
    if button.form is AskForm:
        return AskForm(request.POST, language=signature.language)
    return button.form(request.POST)


def _say(request: HttpRequest, button: Button, moved: Moved) -> None:
    name = moved.signature.name or moved.signature.public_id
    link = reverse("admin:campaign_signature_change", args=[moved.signature.pk])
    done = button.done
    is_first = button.verb == Verb.APPROVE and moved.signature.status == Status.HELD
    if is_first:
        done = _("Approved by one of two; it waits for a second pair of eyes")
    if moved.changed or is_first:
        messages.success(
            request, format_html('{}: <a class="decided" href="{}">{}</a>', done, link, name)
        )
    else:
        said = _("Somebody else was faster; this one is %(status)s already")
        told = said % {"status": moved.signature.get_status_display()}
        messages.info(
            request, format_html('{}: <a class="decided" href="{}">{}</a>', told, link, name)
        )


def to_page(pk: int, filters: str) -> HttpResponseRedirect:
    """To the page of a signature, which remembers the list that the moderator came from."""
    return HttpResponseRedirect(_page_url(pk, filters))


def _to_list(filters: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(_list_url(filters))


def _page_url(pk: int, filters: str) -> str:
    link = reverse("admin:campaign_signature_change", args=[pk])
    return f"{link}?{urlencode({desk.FILTERS: filters})}" if filters else link


def _list_url(filters: str) -> str:
    link = reverse("admin:campaign_signature_changelist")
    return f"{link}?{filters}" if filters else link


# --- Many ------------------------------------------------------------------------------------


def preview(
    request: HttpRequest,
    signatures: list[Signature],
    *,
    verb: str,
    form: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    """Exactly what the one button below would decide: every selected one with its revision."""
    button = BUTTONS[verb]
    names = rules.matching_names(signatures)
    approving = button.verb == Verb.APPROVE
    fit = [pair for pair in zip(signatures, names, strict=True) if button.fits(pair[0])]
    # Two must look at these, each with a word on how: nobody does that to a page of them.
    guarded = [
        pair for pair in fit if approving and (pair[1] or four_eyes.held_for_a_name(pair[0]))
    ]
    context = {
        **site.each_context(request),
        "title": button.label,
        "opts": Signature._meta,
        "button": button,
        "action": reverse(f"admin:campaign_signature_many_{verb}"),
        "heading": _("This is what will be published")
        if approving
        else _("These will be rejected"),
        "rows": [pair for pair in fit if pair not in guarded],
        "guarded": [signature for signature, _names in guarded],
        "unfit": [row for row in signatures if not button.fits(row)],
        "form": form or button.form(),
        "filters": request.POST.get("filters", request.GET.urlencode()),
    }
    request.current_app = site.name
    return TemplateResponse(
        request, "admin/campaign/signature/preview.html", context, status=status
    )


@require_POST
def decide_many(request: HttpRequest, *, verb: str) -> HttpResponse:
    """Decide each of the previewed as a move of its own, and count what came of it."""
    by = require_moderator(request)
    button = BUTTONS[verb]
    filters = request.POST.get("filters", "")
    items = [_read_item(text) for text in request.POST.getlist("item")]
    if None in items or not 0 < len(items) <= AT_ONCE:
        messages.error(request, _("Nothing was decided: the list was not complete."))
        return _to_list(filters)
    chosen = {item["pk"]: item for item in items if item}
    rows = {row.pk: row for row in _selected(request, list(chosen))}
    form = button.form(request.POST)
    if not form.is_valid():
        return preview(request, list(rows.values()), verb=verb, form=form, status=422)
    alone = {"note": ""} if button.verb == Verb.APPROVE else {}
    outcomes: Counter[str] = Counter()
    for pk, item in chosen.items():
        try:
            if pk not in rows:
                raise SignatureGone
            moved = button.call(rows[pk], by, item, form.cleaned_data | alone)
            outcomes["done" if moved.changed else "already"] += 1
        except CampaignError as error:
            outcomes[error.code] += 1
    _say_many(request, button, outcomes)
    return _to_list(filters)


def _read_item(text: str) -> dict[str, Any] | None:
    item = Item(dict(zip(("pk", "revision", "status"), text.split(":"), strict=False)))
    return item.cleaned_data if item.is_valid() else None


def _selected(request: HttpRequest, pks: list[int]) -> list[Signature]:
    rows = roles.within(Signature.objects.filter(pk__in=pks), request.user, MODERATE)
    rows = rows.select_related("campaign", "discipline")
    return list(rows.defer("search").order_by("confirmed_at", "pk"))


def _say_many(request: HttpRequest, button: Button, outcomes: Counter[str]) -> None:
    if n := outcomes["done"]:
        messages.success(request, f"{button.done}: {n}.")
    if n := outcomes["already"]:
        said = ngettext(
            "%(n)s had been decided so by somebody else already.",
            "%(n)s had been decided so by somebody else already.",
            n,
        )
        messages.info(request, said % {"n": n})
    if n := outcomes[ChangedMeanwhile.code]:
        said = ngettext(
            "%(n)s has changed since it was shown, undecided: please look at it again.",
            "%(n)s have changed since they were shown, undecided: please look at them again.",
            n,
        )
        messages.warning(request, said % {"n": n})
    if n := outcomes[MoveRefused.code]:
        said = ngettext(
            "%(n)s was refused: that is not possible in its state now.",
            "%(n)s were refused: that is not possible in their state now.",
            n,
        )
        messages.warning(request, said % {"n": n})
    if n := outcomes[InvalidInput.code]:
        said = ngettext(
            "%(n)s bears a protected name, undecided: two people must look at it, each by itself.",
            "%(n)s bear a protected name, undecided: two people must look at each by itself.",
            n,
        )
        messages.warning(request, said % {"n": n})
    if n := outcomes[SignatureGone.code]:
        said = ngettext("%(n)s is not here any more.", "%(n)s are not here any more.", n)
        messages.warning(request, said % {"n": n})
