"""The guards of a move, each turned off for the control that must fail, and what came of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Q

from campaign import trip
from campaign.errors import SignatureGone
from campaign.models import Signature


def outcome_of(call: Callable[[], object]) -> object:
    """What it returned, or the exception that it raised."""
    try:
        return call()
    except Exception as error:
        return error


def read_only(signature_id: int | str) -> tuple[Signature, list[Signature]]:
    """`locks.lock` without its lock."""
    found = Signature.objects.select_related("campaign", "discipline").filter(
        Q(public_id=signature_id) if isinstance(signature_id, str) else Q(pk=signature_id)
    )
    signature = found.first()
    if signature is None:
        raise SignatureGone
    others = Signature.objects.filter(canonical_email=signature.canonical_email)
    return signature, list(others.exclude(pk=signature.pk))


def forget_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """The UPDATE of a move filters by id alone."""

    update = trip.update

    def by_id(row: Signature, columns: dict[str, Any], **_conditions: Any) -> trip.Statement:
        return update(row, columns)

    monkeypatch.setattr(trip, "update", by_id)
