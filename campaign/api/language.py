"""Which language an answer speaks: ``?language=``, else the browser's wishes, else the campaign's first."""

from collections.abc import Iterator, Sequence

from django.utils.translation.trans_real import parse_accept_lang_header


def choose(languages: Sequence[str], *, asked: str | None, accept: str) -> str:
    """One of a campaign's ``languages``, whatever the product itself speaks."""
    known = {language.lower(): language for language in languages}
    wishes = [asked] if asked else _wishes(accept)
    return next((known[wish.lower()] for wish in wishes if wish.lower() in known), languages[0])


def _wishes(accept: str) -> Iterator[str]:
    for wish, weight in parse_accept_lang_header(accept):
        if weight > 0:
            yield from (wish, wish.partition("-")[0])
