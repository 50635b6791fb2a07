"""The inbox page of development: where the mails arrive while there is no mail server."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from campaign import inbox
from campaign.errors import NotFound
from campaign.languages import site_languages
from campaign.web.answers import door, private_page
from campaign.web.language import speak

SHOWN = 100


@door(writes=False)
def mails(request: HttpRequest) -> HttpResponse:
    """The newest mails, one a line."""
    _require_inbox()
    speech = speak(request, site_languages())
    names = inbox.names()
    letters = [letter for name in names[:SHOWN] if (letter := inbox.letter(name))]
    context = {"letters": letters, "more": len(names) - len(letters)}
    return private_page(request, "pages/inbox.html", context, speech=speech)


# A mail brings its own styles, and the frame that shows it inherits this page's policy. (django-csp
# types its decorators for views without arguments only.)
@csp_update({"style-src": [UNSAFE_INLINE], "frame-src": [SELF]})  # type: ignore[arg-type]
@door(writes=False)
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail, as HTML and as plain text with links."""
    _require_inbox()
    letter = inbox.letter(name)
    if letter is None:
        raise NotFound
    speech = speak(request, site_languages())
    return private_page(request, "pages/inbox_mail.html", {"letter": letter}, speech=speech)


def _require_inbox() -> None:
    if settings.INBOX_DIR is None:
        raise NotFound
