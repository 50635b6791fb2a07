"""Somebody asks once more to sign for another at the very moment at which they confirm that they asked."""

import threading
from functools import partial

import pytest
from django.db import OperationalError

from campaign import locks, outbox, representing
from campaign.links import Purpose, make_token
from campaign.models import Campaign, Mail, Representation, Signature
from tests.concurrency.guards import outcome_of, read_only
from tests.concurrency.threads import Meanwhile
from tests.factories import make_campaign

pytestmark = pytest.mark.django_db(transaction=True)

TYPED = {
    "representative_name": "Canary Agent",
    "representative_email": "canary.agent@agency.example.org",
    "name": "Zoë Moreau",
    "email": "zoe@example.org",
    "kind": "person",
    "language": "en",
    "show_name": True,
}


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def asked_again_while_it_is_confirmed(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> tuple[object, Meanwhile]:
    """What came of the second request; it has found the first one, and owes its mail next."""
    representing.ask(campaign=campaign, typed=TYPED)
    asked = Representation.objects.get()
    token = make_token(Purpose.REPRESENT, subject=asked.public_id, revision=asked.revision)
    confirming = Meanwhile(partial(representing.confirm, token))
    confirming.before(monkeypatch, outbox, "owe_caused")
    return outcome_of(lambda: representing.ask(campaign=campaign, typed=TYPED)), confirming


def test_who_confirms_waits_for_who_asks_once_more(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, confirming = asked_again_while_it_is_confirmed(campaign, monkeypatch)
    assert (again, confirming.end()) == (None, None)
    assert confirming.waited
    kinds = Mail.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["represent_confirm", "represent_confirm", "represented"]
    assert Signature.objects.count() == 1
    assert Representation.objects.get().confirmed_at is not None


def test_control_with_the_signature_not_locked_first_they_deadlock(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, lock = threading.current_thread(), locks.lock

    def only_by_who_confirms(signature_id: int | str) -> tuple[Signature, list[Signature]]:
        of = read_only if threading.current_thread() is main else lock
        return of(signature_id)

    monkeypatch.setattr(locks, "lock", only_by_who_confirms)
    again, confirming = asked_again_while_it_is_confirmed(campaign, monkeypatch)
    failed = [each for each in (again, confirming.end()) if each is not None]
    assert [type(each) for each in failed] == [OperationalError]
    assert "deadlock" in str(failed[0])
