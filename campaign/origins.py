"""Which sites may post: the forms carry no cookie and no CSRF token, so the Origin header is asked."""

from collections.abc import Iterable

from django.conf import settings


def may_post(
    origin: str | None, *, host: str, sites: Iterable[str] = (), null: bool = False
) -> bool:
    """Whether a POST with that Origin header is taken: our own pages, or one of ``sites``.

    ``host`` is the request's own. No header means no browser of today (a program, or the one-click
    POST of a mail program), which could leave it out anyhow. "null" is what every page can make
    itself (a sandboxed frame), so taking it would be no check at all; our own forms never send it,
    since our Referrer-Policy is same-origin. With ``null`` it is taken all the same, where a token
    is the authority: some mail programs open links in a sandbox.
    """
    if origin is None or (null and origin == "null"):
        return True
    # Compared as it stands: taking a hostile header apart is where mistakes are made.
    return origin in {f"https://{host}", f"http://{host}", settings.BASE_URL, *sites}
