"""Somebody confirms what they signed online, or signs by a member's link, at the very moment at which a
release comes to their line."""

from functools import partial
from typing import Any

import pytest

from campaign import member_links, moves, own_word, proofs, releases, signing
from campaign.errors import SignatureGone
from campaign.models import Campaign, ImportBatch, Signature, Vouching
from campaign.models.signature import Status
from tests.batches import imported
from tests.concurrency.threads import Meanwhile
from tests.counted import assert_exact
from tests.factories import confirm_token, details, make_campaign, make_signature, release
from tests.vouchers import link_for, make_voucher

pytestmark = pytest.mark.django_db(transaction=True)

LINES = ["name,email\n", "Ana One,ana@example.org\n"]


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def confirms(art: Campaign) -> tuple[ImportBatch, Meanwhile]:
    """Who asked to be counted without a name presses the button of their mail."""
    typed: dict[str, Any] = {"name": "Ana One", "email": "ana@example.org", "show_name": False}
    token = confirm_token(make_signature(art, status=Status.PENDING, **typed))
    return imported(art, LINES), Meanwhile(lambda: signing.confirm(token))


def uses_a_link(art: Campaign) -> tuple[ImportBatch, Meanwhile]:
    """A member asks by their link to be counted without a name."""
    typed = details(name="Ana One", email="ana@example.org", show_name=False)
    token = link_for(make_voucher(art), "ana@example.org").rstrip("/").rpartition("/")[2]
    sign = partial(member_links.sign, token, typed=typed, shown=False)
    return imported(art, LINES), Meanwhile(sign)


def rows() -> list[tuple[str, bool]]:
    return list(Signature.objects.order_by("pk").values_list("status", "show_name"))


def test_who_confirms_once_the_chunk_is_read_is_not_published_by_it(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, meanwhile = confirms(art)
    meanwhile.before(monkeypatch, releases, "_publish")
    assert release(batch) == 0
    assert meanwhile.end().changed
    assert not meanwhile.waited
    assert rows() == [("held", False)]
    assert_exact(art)


def test_who_confirms_once_their_line_is_looked_at_waits_and_finds_it_published(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, meanwhile = confirms(art)
    meanwhile.before(monkeypatch, moves, "move_locked")
    assert release(batch) == 1
    assert isinstance(meanwhile.end(), SignatureGone)
    assert meanwhile.waited
    assert ("published", True) in rows()
    assert_exact(art)


def test_control_a_release_that_does_not_look_again_publishes_what_waits_for_a_look(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, meanwhile = confirms(art)
    meanwhile.before(monkeypatch, releases, "_publish")
    released = moves.Decision(to=Status.PUBLISHED)
    monkeypatch.setattr(releases, "_released", lambda _signature, _others: released)
    assert release(batch) == 1
    assert meanwhile.end().changed
    assert rows() == [("published", False)]


def test_control_a_confirmation_that_does_not_look_at_the_line_again_changes_a_published_one(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, meanwhile = confirms(art)
    monkeypatch.setattr(own_word, "waits", lambda _its: True)
    meanwhile.before(monkeypatch, moves, "move_locked")
    assert release(batch) == 1
    assert meanwhile.end().changed
    assert rows() == [("published", False)]


def pressed_twice(art: Campaign, monkeypatch: pytest.MonkeyPatch) -> tuple[moves.Moved, Meanwhile]:
    """The button of a mail is pressed once more while the first press is carried out."""
    typed: dict[str, Any] = {"name": "Ana One", "email": "ana@example.org", "show_name": False}
    token = confirm_token(make_signature(art, status=Status.PENDING, **typed))
    imported(art, LINES)
    second = Meanwhile(lambda: signing.confirm(token))
    second.before(monkeypatch, proofs, "match_domain")
    return signing.confirm(token), second


def test_a_second_press_at_the_same_moment_waits_and_changes_nothing(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pressed_twice(art, monkeypatch)
    then = second.end()
    assert second.waited
    assert (first.changed, then.changed) == (True, False)
    assert then.signature.pk == first.signature.pk
    assert rows() == [("held", False)]
    assert_exact(art)


def test_control_a_second_press_that_looks_for_the_pending_one_alone_finds_it_gone(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_word, "took_in", lambda public_id: public_id)
    first, second = pressed_twice(art, monkeypatch)
    assert isinstance(second.end(), SignatureGone)
    assert first.changed


def test_a_member_who_signs_once_the_chunk_is_read_is_not_published_by_it(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, meanwhile = uses_a_link(art)
    meanwhile.before(monkeypatch, releases, "_publish")
    assert release(batch) == 0
    assert meanwhile.end() is None
    assert not meanwhile.waited
    assert rows() == [("held", False)]
    assert_exact(art)


def test_a_member_who_signs_once_their_line_is_looked_at_waits_and_is_vouched_for_as_it_stands(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, meanwhile = uses_a_link(art)
    meanwhile.before(monkeypatch, moves, "move_locked")
    assert release(batch) == 1
    assert meanwhile.end() is None
    assert meanwhile.waited
    assert rows() == [("published", True)]
    assert Vouching.objects.get().signature == Signature.objects.get()
    assert_exact(art)


def test_control_a_link_that_does_not_look_at_the_line_again_changes_a_published_one(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, meanwhile = uses_a_link(art)
    monkeypatch.setattr(own_word, "waits", lambda _its: True)
    meanwhile.before(monkeypatch, moves, "move_locked")
    assert release(batch) == 1
    assert meanwhile.end() is None
    assert rows() == [("published", False)]
