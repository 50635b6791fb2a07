"""Every address of the admin, by the name of its path."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def paths(patterns: Any, inside: bool = False) -> Iterator[URLPattern]:
    """Every path below /admin/ that has a name."""
    for each in patterns:
        within = inside or str(each.pattern).startswith("admin/")
        if isinstance(each, URLResolver):
            yield from paths(each.url_patterns, within)
        elif within and each.name:
            yield each


NAMES = {str(path.name): path for path in paths(get_resolver().url_patterns)}
