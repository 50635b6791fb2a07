"""Which language a page speaks: by its address, then by the browser; never by a cookie."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import locale
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from campaign.letters import interface_language


@dataclass(frozen=True)
class Speech:
    """What one answer speaks.

    ``language`` is that of the content, out of ``languages``; ``interface`` is that of all
    around it. ``asked`` says that the address chose it, so that the browser's wishes don't matter.
    """

    language: str
    languages: Sequence[str]
    asked: bool

    @property
    def interface(self) -> str:
        return interface_language(self.language)


def speak(request: HttpRequest, languages: Sequence[str], preferred: str | None = None) -> Speech:
    """The language of ``?language=``, else ``preferred``, else the browser's, else the first."""
    asked = _among(languages, request.GET.get("language", ""))
    if asked:
        return Speech(asked, languages, asked=True)
    language = _among(languages, preferred or "") or _wished(request, languages) or languages[0]
    return Speech(language, languages, asked=False)


def site_languages() -> list[str]:
    """The languages of the interface, the default first."""
    codes = [code for code, _name in settings.LANGUAGES]
    return sorted(codes, key=lambda code: code != settings.LANGUAGE_CODE)


def direction(language: str) -> str:
    """``rtl`` or ``ltr``, as the attribute ``dir`` has it."""
    return "rtl" if language.partition("-")[0] in settings.LANGUAGES_BIDI else "ltr"


def own_name(language: str) -> str:
    """What a language calls itself: Français."""
    try:
        name = str(translation.get_language_info(language)["name_local"])
    except KeyError:
        return language
    return name[:1].upper() + name[1:]


def _wished(request: HttpRequest, languages: Sequence[str]) -> str | None:
    header = request.headers.get("Accept-Language", "")
    for wish, weight in parse_accept_lang_header(header):
        # A weight of zero says: anything but this one.
        if weight and (
            found := _among(languages, wish) or _among(languages, wish.partition("-")[0])
        ):
            return found
    return None


def _among(languages: Sequence[str], code: str) -> str | None:
    return next((language for language in languages if language.lower() == code.lower()), None)


class LocaleMiddleware(locale.LocaleMiddleware):
    """Django's, but it leaves alone what has said its language itself.

    Django's own adds ``Vary: Accept-Language`` to every answer: a page in the language of its
    address would be kept once for every browser's wishes.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.has_header("Content-Language"):
            return response
        return super().process_response(request, response)
