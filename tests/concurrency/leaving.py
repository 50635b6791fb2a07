"""Somebody who leaves while others read."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from campaign import leaving
from campaign.models import Signature
from tests.concurrency.threads import PATIENCE, at_once
from tests.factories import manage_token


@contextmanager
def withdrawing(signature: Signature) -> Iterator[None]:
    """Somebody withdraws, and the commit comes as late as this block takes."""
    stamped, finish = threading.Event(), threading.Event()

    def withdraw() -> None:
        with transaction.atomic():
            leaving.withdraw(manage_token(signature))
            stamped.set()
            assert finish.wait(PATIENCE)

    outcome: list[Any] = []
    other = threading.Thread(target=lambda: outcome.extend(at_once([withdraw])))
    other.start()
    assert stamped.wait(PATIENCE)
    yield
    finish.set()
    other.join(PATIENCE)
    assert outcome == [None]
