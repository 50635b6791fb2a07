"""Work of many parts of which one that fails keeps none of the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class Parts:
    """A context manager for each of the parts in turn: what fails in it ends that part alone."""

    def __init__(self, kinds: tuple[type[Exception], ...]) -> None:
        self.kinds = kinds
        self.first: Exception | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        failure: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        if not isinstance(failure, self.kinds):
            return False
        # The first alone: without a database, or on a full disk, each of very many parts is one.
        self.first = self.first or failure
        return True


@contextmanager
def after(*kinds: type[Exception]) -> Iterator[Parts]:
    """Go on after failures of these kinds in ``with each:``; the first is raised at the end.

    What no part raised, or another kind, ends the whole at once. ``after(Exception)`` goes on after the
    soft time limit of a task too.
    """
    each = Parts(kinds)
    yield each
    if each.first is not None:
        raise each.first
