"""A body that nobody reads. Loaded before Django is ready, so nothing of ours is imported here."""

from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig


class Refused:
    """In the place of a body that is too large: whoever reads it is told so, however they read."""

    def read(self, *_size: Any) -> NoReturn:
        raise RequestDataTooBig("the body is larger than settings.PUBLIC_BODY_MAX")

    readline = read

    def close(self) -> None:
        pass
