"""Which sites may post: the forms carry no cookie and no CSRF token, so the Origin header is asked."""

from collections.abc import Iterable

from django.conf import settings


def may_post(origin: str | None, *, host: str, sites: Iterable[str]) -> bool:
    """Whether a POST with that Origin header is taken: our own pages, or one of ``sites``.

    ``host`` is the request's own. No header means no browser of today (a program, or the one-click
    POST of a mail program), which could leave it out anyhow; "null" means a page that hides where
    it is, which none of ours does.
    """
    if origin is None:
        return True
    # Compared as it stands: taking a hostile header apart is where mistakes are made.
    return origin in {f"https://{host}", f"http://{host}", settings.BASE_URL, *sites}
