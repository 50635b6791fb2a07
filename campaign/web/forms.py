"""What a form sent: read without trusting its size, its type or where it came from."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.details import REPRESENTATIVE
from campaign.errors import CampaignError, FieldError
from campaign.origins import may_post

FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}
TEXTS = ("name", "email", "kind", "discipline", "credit", "organisation", "country", "source")
LABELS: dict[str, str | Promise] = {
    "name": _("Name"),
    "email": _("E-mail address"),
    "representative_name": _("Your own name"),
    "representative_email": _("Your own e-mail address"),
    "representative_role": _("What you are to them"),
    "kind": _("I sign as"),
    "discipline": _("Discipline"),
    "credit": _("Known for"),
    "organisation": _("Organisation"),
    "country": _("Country"),
    "own_email": _("E-mail address"),
    "consent": _("I agree"),
    "reason": _("What is wrong?"),
    "note": _("What should we know?"),
    "site": _("Your site"),
    "answer": _("Your answer"),
}
NO_VERSION = -1
"""A statement version that no form of ours sends, so that it is never the current one."""


class BadForm(CampaignError):
    code = "bad_form"
    status = 400
    message = _("What arrived here was not a form that we can read. Please try it once more.")


class FormTooLarge(CampaignError):
    code = "too_large"
    status = 413
    message = _("What was sent is larger than any of our forms. Please shorten it.")


class ForeignOrigin(CampaignError):
    code = "foreign_origin"
    status = 403
    message = _("Please open the campaign’s own page and use the form there.")


def read_form(request: HttpRequest) -> QueryDict:
    """The fields of a POST; raises BadForm or FormTooLarge."""
    if request.content_type not in FORM_TYPES:
        raise BadForm
    # Django's own limit leaves out the files of a multipart form, and we ask for none.
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.PUBLIC_BODY_MAX:
        raise FormTooLarge
    try:
        return request.POST
    except RequestDataTooBig:
        raise FormTooLarge from None
    except (
        BadRequest,
        SuspiciousOperation,
        MultiPartParserError,
        UnreadablePostError,
        LookupError,
    ):
        raise BadForm from None


def check_origin(request: HttpRequest, sites: Iterable[str] = (), *, null: bool = False) -> None:
    """Raise ForeignOrigin for a POST that `origins.may_post` doesn't take."""
    origin = request.headers.get("Origin")
    if not may_post(origin, host=request.get_host(), sites=sites, null=null):
        raise ForeignOrigin


def typed_signature(form: Mapping[str, str], *, language: str) -> dict[str, Any]:
    """What `signing.sign` takes, of a form's fields; ``language`` is that of the page."""
    typed: dict[str, Any] = {field: form.get(field, "") for field in TEXTS}
    return {
        **typed,
        "language": language,
        # Left out by a form without the question: the name is shown, as in the API.
        "show_name": form.get("show_name") != "no",
        "newsletter": form.get("newsletter") == "yes",
        "consent": form.get("consent") == "yes",
    }


def typed_representation(form: Mapping[str, str]) -> dict[str, str]:
    """What stands in the fields of who signs for somebody else; {} of who signs for themselves.

    Those of a part that was folded shut again are sent, to stand there when it is opened, and don't count:
    the script says so by ``for_another``.
    """
    if form.get("for_another") == "no":
        return {}
    typed = {name: form.get(name, "") for name in REPRESENTATIVE}
    return typed if any(text.strip() for text in typed.values()) else {}


def typed_version(form: Mapping[str, str], field: str) -> int | None:
    """The version of statement or consent that the form showed, None if it doesn't say."""
    text = form.get(field, "")
    return typed_number(text) if text else None


def typed_number(text: str) -> int:
    """A hidden number of a form; one that no page ever had when it isn't a number of up to 8 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else NO_VERSION


def by_field(errors: Iterable[FieldError]) -> dict[str, str | Promise]:
    """The first sentence for each field, in the order of the form."""
    found: dict[str, str | Promise] = {}
    for error in errors:
        found.setdefault(error.field, error.message)
    place = {field: number for number, field in enumerate(LABELS)}
    return dict(sorted(found.items(), key=lambda item: place.get(item[0], len(place))))


def mistakes(errors: Mapping[str, str | Promise]) -> list[tuple[str, str | Promise, str | Promise]]:
    """The errors as the top of a page lists them: field, its label, what is wrong."""
    return [(field, LABELS.get(field, ""), message) for field, message in errors.items()]
