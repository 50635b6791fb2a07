"""The page of one signature and its decisions: POST only, each carries what its page showed."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaign import four_eyes, presence, rejections, roles
from campaign.admin import desk, looking, past, undo, verdicts
from campaign.admin.dossier import Dossier, dossier
from campaign.admin.site import site
from campaign.admin.verdicts import BUTTONS, FORMS, WAITS, Button, Shown
from campaign.errors import (
    ChangedMeanwhile,
    InvalidInput,
    MoveRefused,
    SignatureGone,
)
from campaign.models.campaign import Campaign
from campaign.models.question import QUESTION_MAX
from campaign.models.signature import STANDING, Signature, Status
from campaign.moves import Moved
from campaign.roles import ADDRESSES, LOOK, MODERATE, STEER

Beside = Callable[[HttpRequest, str, Signature], tuple[Signature | None, Signature | None]]
"""Given the filters of a list and one of its rows, the rows after and before it."""
View = Callable[..., HttpResponse]
NextOf = Callable[[HttpRequest, str, Signature], Signature | None]
"""Given the filters of a list and what has just been decided, what is to be decided next."""


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
        "events": [
            past.told(event, signature.campaign, with_note=sees_addresses) for event in found.events
        ],
        "changed_since": past.changed_since(signature, found.events),
        "rejected_for": rejections.find(signature.campaign, signature.rejection_reason).for_signer(
            get_language()
        ),
        "steers": roles.may(request.user, STEER, signature.campaign),
        "lane": desk.lane_now(signature),
        "asked": found.open_question,
        "deferred": signature.deferred_until and signature.deferred_until > timezone.now(),
        "colleagues": looking.begin(request, signature),
        "renew": presence.RENEW,
        "last": undo.last(request),
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
    reported = bool(found.open_reports) or bool(found.suspicion_ids)
    fitting = {
        verb: button
        for verb, button in BUTTONS.items()
        if button.fits(signature, is_reported=reported)
    }
    shown = {name: make(signature) for name, make in FORMS.items()}
    wrong = next((name for name in FORMS if type(form) is type(shown[name])), "")
    if form is not None and wrong:
        shown[wrong] = form
    return {
        "buttons": fitting,
        **shown,
        "wrong": wrong,
        "yes": verdicts.YES,
        "may_check": signature.status in STANDING,
        "waits": [(value, label) for value, (label, _wait) in WAITS.items()],
        "question_max": QUESTION_MAX,
    }


def _eyes(request: HttpRequest, signature: Signature, form: forms.Form | None) -> dict[str, Any]:
    """What to approve, or to keep, a protected name needs: see `four_eyes`."""
    held = signature.status == Status.HELD
    guarded = four_eyes.guarded(signature) if held else four_eyes.doubted(signature)
    takes_two = guarded and signature.campaign.four_eyes
    firsts = four_eyes.firsts(signature) if takes_two else []
    return {
        "guarded": guarded,
        "firsts": firsts,
        "approved_by_me": any(first.user_id == request.user.pk for first in firsts),
        "new_until": four_eyes.new_until(request.user, signature.campaign)
        if takes_two and isinstance(request.user, AbstractBaseUser)
        else None,
        "too_few": takes_two and four_eyes.moderators(signature.campaign) < 2,
    }


def _neighbours(
    request: HttpRequest, signature: Signature, filters: str, beside: Beside
) -> dict[str, str]:
    found = beside(request, filters, signature)
    names = ("next_url", "previous_url")
    pairs = zip(names, found, strict=True)
    return {name: _page_url(row.pk, filters) if row else "" for name, row in pairs}


# --- Deciding --------------------------------------------------------------------------------


def told_at_once(view: View) -> View:
    """Answer a script, which shows the next page itself, with where to go and what to say, as JSON.

    What goes to the whole page as messages is said by it, and so is what can be undone.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if "X-Desk" not in request.headers or not isinstance(response, HttpResponseRedirect):
            return response
        said = [
            {"level": message.level_tag, "html": conditional_escape(message.message)}
            for message in messages.get_messages(request)
        ]
        filters = request.POST.get("filters", "")
        context = {"last": undo.last(request), "filters": filters}
        last = render_to_string("admin/campaign/signature/last.html", context, request=request)
        return JsonResponse({"to": response.url, "said": said, "last": last})

    return answer


@require_POST
@told_at_once
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
        return to_list(filters)
    require_moderator(request, signature.campaign)
    shown, form = Shown(request.POST), button.read(request.POST, signature)
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
        return to_list(filters)
    except (ChangedMeanwhile, MoveRefused) as error:
        messages.warning(request, str(error))
        return to_page(pk, filters)
    _say(request, button, moved)
    undo.note(request, button.verb, moved)
    if before != Status.HELD and desk.lane_of(filters) not in {desk.REPORTED, desk.SUSPECT}:
        return to_page(pk, filters)
    presence.leave(pk, by.pk)
    following = next_of(request, filters, moved.signature)
    return to_page(following.pk, filters) if following else to_list(filters)


class UndoForm(forms.Form):
    """The decision that is taken back, as the page named it."""

    verb = forms.ChoiceField(choices=[(verb.value, verb.value) for verb in undo.UNDOES])
    revision = forms.IntegerField(min_value=1, max_value=2**31 - 1)


@require_POST
@told_at_once
def take_back(request: HttpRequest, *, pk: int) -> HttpResponse:
    """Take back what this moderator decided last, and show it again."""
    filters = request.POST.get("filters", "")
    signature, form = desk.find(pk), UndoForm(request.POST)
    by = require_moderator(request, signature.campaign if signature else None)
    if signature is None or not form.is_valid():
        messages.warning(request, str(SignatureGone.message))
        return to_list(filters)
    undo.undo(request, signature, by=by, **form.cleaned_data)
    return to_page(pk, filters)


def _say(request: HttpRequest, button: Button, moved: Moved) -> None:
    name = moved.signature.name or moved.signature.public_id
    link = reverse("admin:campaign_signature_change", args=[moved.signature.pk])
    done = verdicts.HALFWAY[button.verb] if moved.halfway else button.done
    if moved.changed or moved.halfway:
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


def to_list(filters: str) -> HttpResponseRedirect:
    """To the list with these filters."""
    return HttpResponseRedirect(_list_url(filters))


def _page_url(pk: int, filters: str) -> str:
    link = reverse("admin:campaign_signature_change", args=[pk])
    return f"{link}?{urlencode({desk.FILTERS: filters})}" if filters else link


def _list_url(filters: str) -> str:
    link = reverse("admin:campaign_signature_changelist")
    kept = desk.unpaged(filters)
    return f"{link}?{kept}" if kept else link
