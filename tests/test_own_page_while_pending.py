"""Who uses their own page before they have confirmed leaves no trace that would keep their request."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.utils import timezone

from campaign import closing, history, outbox, retention, signing
from campaign.links import Purpose
from campaign.models import Campaign, Event, EventNote, Mail, Pulse, Representation, Signature
from campaign.models.event import Verb
from campaign.models.mail import MailKind
from campaign.models.signature import UNCONFIRMED_KEPT, Status
from tests.factories import (
    confirm_token,
    details,
    make_campaign,
    make_signature,
    manage_token,
    not_me_token,
)
from tests.representing import asked

pytestmark = pytest.mark.django_db

CLOSES = datetime(2027, 1, 31, 12, tzinfo=UTC)
OVER = datetime(2027, 2, 28, 12, tzinfo=UTC)
EXTRA = f"closes_at = {CLOSES.isoformat()}\nretention_months = 1\n"

USES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "hide": ({}, {"action": "hide"}),
    "show": ({"show_name": False}, {"action": "show"}),
    "subscribe": ({}, {"action": "subscribe"}),
    "unsubscribe": ({"newsletter": True}, {"action": "unsubscribe"}),
    "correct": ({}, {"action": "correct", "credit": "Another Song", "revision": "1"}),
}
"""What signers do on their own page: what they had typed, and the form that they post."""


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification", extra=EXTRA)


@pytest.fixture(autouse=True)
def at_once() -> None:
    """What else a commit would look at, which a test never reaches: who refers to a row that goes."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def use(client: Client, signature: Signature, **form: str) -> None:
    """Post a form of the own page, which changes the row."""
    columns = {"show_name", "newsletter", "credit"}
    before = Signature.objects.values(*columns).get(pk=signature.pk)
    assert client.post(f"/manage/{manage_token(signature)}/", form).status_code == 200
    assert Signature.objects.values(*columns).get(pk=signature.pk) != before


# --- How a request ends ----------------------------------------------------------------------


def expire(client: Client, signature: Signature) -> None:
    Pulse.objects.create(campaign=signature.campaign, at=timezone.now(), received=1, confirmed=1)
    with time_machine.travel(signature.created_at + UNCONFIRMED_KEPT + timedelta(hours=1)):
        said = retention.expire()
    assert said["unconfirmed signatures"] == 1
    assert said["rates by the minute"] == 1  # and what comes after it


def close(client: Client, signature: Signature) -> None:
    with time_machine.travel(OVER):
        closing.empty()


def withdraw(client: Client, signature: Signature) -> None:
    _post(client, f"/manage/{manage_token(signature)}/", action="withdraw", sure="yes")


def erase(client: Client, signature: Signature) -> None:
    _post(client, f"/manage/{manage_token(signature)}/", action="erase", sure="yes")


def say_that_it_was_somebody_else(client: Client, signature: Signature) -> None:
    _post(client, f"/not-me/{not_me_token(signature)}/")


def confirm_another(client: Client, signature: Signature) -> None:
    """The same name and address, with other details."""
    typed = details(email=signature.email, credit="The Other Songs")
    another = make_signature(signature.campaign, status=Status.PENDING, **typed)
    assert another.pk != signature.pk
    _post(client, f"/confirm/{confirm_token(another)}/")
    assert Signature.objects.filter(pk=another.pk, status=Status.PUBLISHED).exists()


def _post(client: Client, path: str, **form: str) -> None:
    assert client.post(path, form).status_code == 200


ENDS = (expire, close, withdraw, erase, say_that_it_was_somebody_else, confirm_another)
End = Callable[[Client, Signature], None]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
@pytest.mark.parametrize("action", USES)
def test_a_request_that_was_changed_before_it_was_confirmed_is_deleted_like_any(
    client: Client, art: Campaign, action: str, end: End
) -> None:
    typed, form = USES[action]
    signature = make_signature(art, status=Status.PENDING, **details(**typed))
    use(client, signature, **form)
    end(client, signature)
    assert not Signature.objects.filter(pk=signature.pk).exists()
    assert not Event.objects.filter(signature=signature.pk).exists()


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_so_is_one_that_a_release_of_before_has_left_an_event_of(
    client: Client, art: Campaign, end: End
) -> None:
    signature = make_signature(art, status=Status.PENDING, **details())
    _as_it_was_left(signature)
    end(client, signature)
    assert not Signature.objects.filter(pk=signature.pk).exists()
    assert not Event.objects.filter(signature=signature.pk).exists()
    assert not EventNote.objects.exists()


def _as_it_was_left(signature: Signature) -> Event:
    event = history.event(
        signature, Verb.AMEND, history.SIGNER, before=Status.PENDING, reason="show_name"
    )
    event.save()
    EventNote.objects.create(event=event, text="a note")
    return event


def test_a_representative_erases_what_whom_they_signed_for_has_changed(client: Client) -> None:
    make_campaign(publication="after_verification")
    signature = asked(client)
    use(client, signature, action="hide")
    page = outbox.link_to(Purpose.MY_DATA, Representation.objects.get())
    _post(client, page, action="erase", sure="yes")
    assert not Signature.objects.exists()


@pytest.mark.parametrize("end", [expire, close])
def test_the_events_of_who_has_confirmed_stay(client: Client, art: Campaign, end: End) -> None:
    stays = make_signature(art, name="Stays", credit="A Song")
    goes = make_signature(art, status=Status.PENDING, **details())
    _as_it_was_left(goes)
    events = set(stays.events.values_list("verb", flat=True))
    end(client, goes)
    assert events <= set(stays.events.values_list("verb", flat=True))
    for refused in (stays.events.all()._raw_delete, _update):
        with (
            pytest.raises((IntegrityError, InternalError), match="is immutable"),
            transaction.atomic(),
        ):
            refused("default")


def _update(_using: str) -> None:
    Event.objects.update(reason="another")


def test_nobody_changes_the_event_of_one_that_is_pending_either(art: Campaign) -> None:
    _as_it_was_left(make_signature(art, status=Status.PENDING, **details()))
    with pytest.raises((IntegrityError, InternalError), match="is immutable"), transaction.atomic():
        _update("default")


# --- How it goes on --------------------------------------------------------------------------


@pytest.mark.parametrize("action", USES)
def test_the_page_leads_on_to_a_confirmation_with_which_the_history_begins(
    client: Client, art: Campaign, action: str
) -> None:
    typed, form = USES[action]
    signature = make_signature(art, status=Status.PENDING, **details(**typed))
    use(client, signature, **form)
    assert not Event.objects.exists()
    signature.refresh_from_db()
    _post(client, f"/confirm/{confirm_token(signature)}/")
    assert list(Event.objects.values_list("verb", "from_status", "to_status")) == [
        ("confirm", "pending", "published")
    ]


@pytest.mark.parametrize("action", USES)
def test_what_was_typed_before_the_change_is_asked_for_in_a_row_of_its_own(
    client: Client, art: Campaign, action: str
) -> None:
    typed, form = USES[action]
    signature = make_signature(art, status=Status.PENDING, **details(**typed))
    use(client, signature, **form)
    signing.sign(campaign=art, typed=details(**typed))
    fresh = Signature.objects.latest("pk")
    assert fresh.pk != signature.pk
    first = Signature.objects.values("show_name", "newsletter", "credit")
    assert first.get(pk=fresh.pk) != first.get(pk=signature.pk)
    assert Mail.objects.filter(kind=MailKind.CONFIRM).latest("pk").signature_id == fresh.pk


def test_the_same_change_of_two_requests_is_no_clash(client: Client, art: Campaign) -> None:
    first = make_signature(art, status=Status.PENDING, **details(credit="One"))
    second = make_signature(art, status=Status.PENDING, **details(credit="Two"))
    for signature in (first, second):
        use(client, signature, action="correct", credit="Another Song", revision="1")
    keys = set(Signature.objects.values_list("credit", flat=True))
    assert (keys, Signature.objects.count()) == ({"Another Song"}, 2)
