"""Which page an address of the admin belongs to, where the address itself only takes what is sent to it."""

from django.urls import Resolver404, resolve, reverse


def page_of(path: str) -> str:
    """The nearest address above this one that opens as a page: that of a row, a list, or the first."""
    first = reverse("admin:index")
    while path.startswith(first) and path != first:
        path = path.rstrip("/").rpartition("/")[0] + "/"
        try:
            found = resolve(path)
        except Resolver404:
            continue
        # Django's address of a row, which has no name, takes any text for the row's number.
        if found.url_name or str(found.kwargs.get("object_id", "")).isdigit():
            return path
    return first
