"""Which language an answer speaks: its address says, then the browser; never a cookie."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header


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


def choose(
    languages: Sequence[str],
    *,
    asked: str | None = None,
    preferred: str | None = None,
    accept: str | None = None,
) -> Speech:
    """One of ``languages``, whatever the product itself speaks; all codes in any case.

    ``asked`` (by ``?language=``), else ``preferred`` (what the signer chose before), else the best
    of ``accept`` (an Accept-Language header), else the first.
    """
    if found := _among(languages, asked or ""):
        return Speech(found, languages, asked=True)
    language = _among(languages, preferred or "") or _wished(languages, accept or "")
    return Speech(language or languages[0], languages, asked=False)


def site_languages() -> list[str]:
    """The languages of the interface, the default first."""
    codes = [code for code, _name in settings.LANGUAGES]
    return sorted(codes, key=lambda code: code != settings.LANGUAGE_CODE)


def offered(languages: Sequence[str]) -> list[str]:
    """In which a campaign's pages are to be had: its statement's ``languages``, then ours.

    A page in ours alone shows the statement in its default language, and says so.
    """
    return [*languages, *(code for code in site_languages() if not _among(languages, code))]


def interface_language(language: str) -> str:
    """The language of the interface for a statement's language: itself, or English."""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


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


def _wished(languages: Sequence[str], accept: str) -> str | None:
    for wish, weight in parse_accept_lang_header(accept):
        # A weight of zero says: anything but this one.
        if weight and (
            found := _among(languages, wish) or _among(languages, wish.partition("-")[0])
        ):
            return found
    return None


def _among(languages: Sequence[str], code: str) -> str | None:
    return next((language for language in languages if language.lower() == code.lower()), None)
