"""Noting that a key is used never stands in the way of what it is used for."""

from functools import partial

import pytest
from django.db import transaction
from django.test import Client

from campaign import keys
from campaign.models import ApiKey, AuditEntry
from campaign.models.api_key import Scope
from tests.concurrency.threads import Meanwhile, at_once
from tests.factories import bearer, make_campaign, make_key, make_user

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = "/api/v1/campaigns/art/private/signatures/0/"


def test_a_request_does_not_wait_for_who_holds_the_row_of_its_key() -> None:
    headers = bearer(make_key(make_campaign(), Scope.READ_PRIVATE))
    with transaction.atomic():
        ApiKey.objects.select_for_update().get()
        other = Meanwhile(lambda: Client().get(NOBODY, headers=headers).status_code)
        other.happen()
        assert (other.waited, other.end()) == (False, 404)
    assert ApiKey.objects.get().last_used_at is None


def test_an_update_that_skips_nothing_would_wait() -> None:
    """The control: what the test above would see."""
    make_key(make_campaign(), Scope.READ_PRIVATE)
    with transaction.atomic():
        ApiKey.objects.select_for_update().get()
        other = Meanwhile(lambda: ApiKey.objects.update(last_used_at=None))
        other.happen()
        assert other.waited
    assert other.end() == 1


def test_a_key_that_many_use_at_once_is_noted_and_answers_all() -> None:
    headers = bearer(make_key(make_campaign(), Scope.READ_PRIVATE))
    ask = partial(Client().get, NOBODY, headers=headers)
    assert [answer.status_code for answer in at_once([ask] * 12)] == [404] * 12
    assert ApiKey.objects.get().last_used_at is not None


def test_a_key_that_two_revoke_at_once_is_revoked_once() -> None:
    make_key(make_campaign(), Scope.SIGN)
    key, by = ApiKey.objects.get(), make_user()
    outcomes = at_once([partial(keys.revoke, key, by=by)] * 8)
    assert sorted(outcomes) == [False] * 7 + [True]
    assert AuditEntry.objects.filter(action="key_revoked").count() == 1
