"""Links and quotas at the same moment: used once, never beyond the quota, dead when they are revoked."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, OperationalError
from django.db.models import QuerySet
from django.test import Client

from campaign import (
    journal,
    leaving,
    link_batches,
    locks,
    member_links,
    proofs,
    retention,
    signing,
    vouchers,
    vouching,
)
from campaign.errors import InvalidInput
from campaign.member_links import LinkGone
from campaign.models import (
    AuditEntry,
    Campaign,
    Event,
    LinkBatch,
    MemberLink,
    Refusal,
    Signature,
    Voucher,
    Vouching,
)
from campaign.models.signature import Evidence, Status
from tests.concurrency.guards import outcome_of, read_only
from tests.concurrency.threads import Meanwhile, at_once
from tests.counted import assert_exact
from tests.factories import details, make_campaign, make_signature, make_user, manage_token
from tests.vouchers import let_180_days_pass, link_for, make_voucher

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 10


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def voucher(campaign: Campaign) -> Voucher:
    return make_voucher(campaign)


def token(voucher: Voucher, email: str = "zoe@example.org") -> str:
    return link_for(voucher, email).rstrip("/").rpartition("/")[2]


def sign(token: str, **typed: Any) -> None:
    member_links.sign(token, typed=details(**typed), shown=True)


def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the guard away that the tests below are about."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self.all())


# --- A link ----------------------------------------------------------------------------------


def test_a_link_that_many_use_at_once_signs_once(campaign: Campaign, voucher: Voucher) -> None:
    for number in range(ROUNDS):
        mine = token(voucher, f"m{number}@example.org")
        typed = [
            {"email": f"m{number}@example.org", "name": f"Name {'I' * n} of {number}"}
            for n in range(1, 4)
        ]
        outcomes = at_once([partial(sign, mine, **each) for each in typed])
        assert outcomes == [None] * 3
    assert Signature.objects.count() == Vouching.objects.count() == ROUNDS
    assert_exact(campaign)


def used_by_two(voucher: Voucher, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    mine = token(voucher)
    second = Meanwhile(partial(sign, mine, name="Second Name"))
    second.before(monkeypatch, signing, "draft")
    sign(mine, name="First Name")
    second.end()
    return second


def test_who_comes_while_the_link_is_used_waits_and_changes_nothing(
    voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = used_by_two(voucher, monkeypatch)
    assert second.waited
    assert second.outcome is None
    assert Signature.objects.get().name == "First Name"


def test_control_without_its_lock_one_link_signs_twice(
    voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked(monkeypatch)
    second = used_by_two(voucher, monkeypatch)
    assert second.outcome is None
    assert Signature.objects.count() == 2


def test_the_same_form_sent_twice_at_once_is_a_success_twice(
    campaign: Campaign, voucher: Voucher
) -> None:
    mine = token(voucher)
    outcomes = at_once([partial(sign, mine)] * 4)
    assert outcomes == [None] * 4
    assert Signature.objects.count() == Vouching.objects.count() == 1
    assert_exact(campaign)


# --- A quota ---------------------------------------------------------------------------------


def confirm(voucher: Voucher, signature: Signature, by: Any) -> Vouching:
    return vouching.confirm_name(voucher=voucher, public_id=signature.public_id, by=by)


def last_of_the_quota(
    campaign: Campaign, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> tuple[Meanwhile, Any]:
    """Two names are confirmed at once, and the quota has room for one."""
    by = make_user()
    one, two = (make_signature(campaign, name=name) for name in ("One", "Two"))
    vouchers.set_quota(voucher=voucher, quota=1, by=by)
    second = Meanwhile(partial(confirm, voucher, two, by)).before(monkeypatch, vouchers, "take")
    try:
        first: Any = confirm(voucher, one, by)
    except Exception as error:
        first = error
    second.end()
    voucher.refresh_from_db()
    return second, first


def test_of_two_who_take_the_last_of_a_quota_one_is_told_that_it_is_used_up(
    campaign: Campaign, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, first = last_of_the_quota(campaign, voucher, monkeypatch)
    assert isinstance(first, Vouching)
    assert second.waited
    assert isinstance(second.outcome, InvalidInput)
    assert voucher.taken == Vouching.objects.count() == 1


def test_control_without_the_lock_nothing_but_the_database_refuses_the_second(
    campaign: Campaign, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked(monkeypatch)
    second, first = last_of_the_quota(campaign, voucher, monkeypatch)
    assert isinstance(second.outcome, Vouching)
    assert isinstance(first, IntegrityError)
    assert "voucher_within_its_quota" in str(first)
    assert voucher.taken == 1


def test_lists_and_names_at_once_never_go_beyond_the_quota(
    campaign: Campaign, voucher: Voucher
) -> None:
    by = make_user()
    vouchers.set_quota(voucher=voucher, quota=30, by=by)
    names = [make_signature(campaign, name=f"Name {'I' * n}") for n in range(1, 6)]
    batches = [
        link_batches.order(
            voucher=voucher,
            label=f"list {each}",
            chunks=["\n".join(["email", *(f"{each}{n}@example.org" for n in range(20))]).encode()],
            by=by,
        )
        for each in "abc"
    ]
    at_once(
        [*(partial(confirm, voucher, name, by) for name in names), *[link_batches.work] * 3],
    )
    link_batches.work()
    voucher.refresh_from_db()
    hand = Vouching.objects.count()
    assert voucher.taken == MemberLink.objects.count() + hand == 30
    made = LinkBatch.objects.filter(pk__in=[batch.pk for batch in batches])
    assert sum(made.values_list("made", flat=True)) == MemberLink.objects.count()


# --- Taking back -----------------------------------------------------------------------------


def test_a_batch_that_is_revoked_while_its_link_is_used_vouches_for_nobody_in_the_end(
    campaign: Campaign, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = token(voucher)
    batch, by = LinkBatch.objects.get(), make_user()

    def revoke() -> None:
        vouchers.revoke_batch(batch=batch, by=by)
        vouching.undo()

    revoking = Meanwhile(revoke).before(monkeypatch, proofs, "grant")
    sign(mine)
    revoking.end()
    vouching.undo()
    signature = Signature.objects.get()
    assert (signature.status, signature.evidence) == (Status.PUBLISHED, Evidence.EMAIL)
    assert signature.member_of is None
    assert not MemberLink.objects.exists()
    voucher.refresh_from_db()
    assert voucher.taken == 0
    assert_exact(campaign)
    with pytest.raises(LinkGone):
        sign(mine)


def take_back(voucher: Voucher) -> None:
    vouching.take_back_address(voucher=voucher, email="zoe@example.org", by=voucher.admitted_by)


def taken_back_while_used(voucher: Voucher, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """The organisation takes an address back when its link is used, and that is not committed yet."""
    mine = token(voucher)
    taking = Meanwhile(partial(take_back, voucher)).before(monkeypatch, proofs, "grant")
    sign(mine)
    assert taking.end() is None
    assert taking.waited
    voucher.refresh_from_db()
    return taking


def test_an_address_that_is_taken_back_while_its_link_is_used_is_vouched_for_no_more(
    campaign: Campaign, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_back_while_used(voucher, monkeypatch)
    signature = Signature.objects.get()
    assert (signature.status, signature.evidence) == (Status.PUBLISHED, Evidence.EMAIL)
    assert signature.member_of is None
    assert not Vouching.objects.filter(ended_at=None).exists()
    assert (voucher.taken, MemberLink.objects.count()) == (0, 0)
    assert AuditEntry.objects.filter(action="links_revoked").count() == 1
    assert_exact(campaign)


def test_control_read_and_then_deleted_the_used_link_goes_and_what_it_vouched_for_stands(
    voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_and_delete(links: QuerySet[MemberLink]) -> int:
        return sum(link.delete()[0] for link in links.filter(signature=None))

    monkeypatch.setattr(vouching, "_delete_unused", read_and_delete)
    taken_back_while_used(voucher, monkeypatch)
    assert Vouching.objects.filter(ended_at=None).count() == 1
    assert (voucher.taken, MemberLink.objects.count()) == (0, 0)


def taken_back_while_erased(voucher: Voucher, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Its signer erases when an address whose link was used is about to be vouched for no more."""
    sign(token(voucher))
    signature = Signature.objects.get()
    erasing = Meanwhile(partial(leaving.erase, manage_token(signature)))
    erasing.before(monkeypatch, vouching, "_end")
    return [outcome_of(partial(take_back, voucher)), erasing.end()]


def test_an_address_that_is_taken_back_while_its_signer_erases_makes_nobody_wait(
    campaign: Campaign, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert taken_back_while_erased(voucher, monkeypatch) == [None, None]
    assert Signature.objects.get().status == Status.ERASED
    assert not Vouching.objects.exists()
    assert not MemberLink.objects.exists()
    assert_exact(campaign)


def test_control_with_a_lock_of_the_used_link_they_deadlock(
    voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = vouching._delete_unused

    def lock_and_delete(links: QuerySet[MemberLink]) -> int:
        list(links.select_for_update())
        return delete(links)

    monkeypatch.setattr(vouching, "_delete_unused", lock_and_delete)
    outcomes = taken_back_while_erased(voucher, monkeypatch)
    assert [type(each) for each in outcomes if each is not None] == [OperationalError]


def shown_while_taken_back(
    client: Client, voucher: Voucher, monkeypatch: pytest.MonkeyPatch, *, action: str = "member"
) -> str:
    """The organisation takes its word back when its signer has just asked for its name beside theirs.

    What their page says.
    """
    member_links.sign(token(voucher), typed=details(), shown=False)
    signature = Signature.objects.get()
    its = Vouching.objects.get()
    taking = Meanwhile(partial(take_back, voucher)).before(monkeypatch, locks, "lock_one")
    form = {"action": action, "vouching": str(its.pk)}
    answer = client.post(f"/manage/{manage_token(signature)}/", form)
    assert (answer.status_code, taking.end()) == (200, None)
    assert not taking.waited
    return answer.content.decode()


@pytest.mark.parametrize("action", ["member", "no-member"])
def test_an_organisation_that_takes_its_word_back_is_shown_no_more(
    client: Client,
    campaign: Campaign,
    voucher: Voucher,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
) -> None:
    page = shown_while_taken_back(client, voucher, monkeypatch, action=action)
    assert "beside yours now" not in page
    signature = Signature.objects.get()
    assert (signature.member_of, signature.evidence) == (None, Evidence.EMAIL)
    [its] = Vouching.objects.all()
    assert (its.ended_at is None, its.shown_at) == (False, None)
    events = Event.objects.filter(actor="signer", verb="amend")
    assert not events.exists()
    assert_exact(campaign)


def test_control_without_the_second_look_it_is_shown_by_nobodys_word(
    client: Client, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouching, "_require_standing", lambda _vouching: None)
    shown_while_taken_back(client, voucher, monkeypatch)
    assert Signature.objects.get().member_of == voucher
    assert not Vouching.objects.filter(ended_at=None).exists()


def test_a_refusal_holds_where_the_organisation_takes_its_word_back_at_that_moment(
    client: Client, campaign: Campaign, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_links.sign(token(voucher), typed=details(), shown=False)
    signature, its = Signature.objects.get(), Vouching.objects.get()
    taking = Meanwhile(partial(take_back, voucher)).before(monkeypatch, vouching, "_end")
    form = {"action": "not-theirs", "vouching": str(its.pk)}
    assert client.post(f"/manage/{manage_token(signature)}/", form).status_code == 200
    assert taking.end() is None
    assert Refusal.objects.get().signature == signature
    assert refusals_told() == [(signature.public_id, voucher.pk)]
    assert not Vouching.objects.filter(ended_at=None).exists()
    assert_exact(campaign)


def refusals_told() -> list[tuple[str, int]]:
    """Whose refusal of which organisation is in the journal."""
    lines = journal.read(Path(settings.JOURNAL_FILE))
    return [(each.signer, each.voucher) for each in lines if each.did == "refuse"]


def refused_while_confirmed(voucher: Voucher, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """A signer refuses what was taken back when the organisation is about to vouch once more, by hand."""
    signature = make_signature(voucher.campaign)
    by = make_user(username="guild")
    its = confirm(voucher, signature, by)
    vouching.take_back(vouching=its, by=by)
    refuse = partial(vouching.refuse, manage_token(signature), vouching_id=its.pk)
    refusing = Meanwhile(refuse).before(monkeypatch, proofs, "grant")
    confirm(voucher, signature, by)
    assert refusing.end() is True
    assert Refusal.objects.get().signature == signature
    assert refusals_told() == [(signature.public_id, voucher.pk)]
    return refusing


def test_who_refuses_an_organisation_that_vouches_at_that_moment_is_not_vouched_for(
    campaign: Campaign, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refused_while_confirmed(voucher, monkeypatch).waited
    assert not Vouching.objects.filter(ended_at=None).exists()
    voucher.refresh_from_db()
    assert voucher.taken == 0
    assert_exact(campaign)


def test_control_without_the_lock_of_the_organisation_it_vouches_for_who_refused_it(
    voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouchers, "locked", lambda pk: Voucher.objects.get(pk=pk))
    assert not refused_while_confirmed(voucher, monkeypatch).waited
    assert Vouching.objects.filter(ended_at=None).exists()


def taken_back_while_shown(voucher: Voucher, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """The organisation takes its word back when that was looked at, and its name is about to be shown."""
    member_links.sign(token(voucher), typed=details(), shown=False)
    its = Vouching.objects.get()
    taking = Meanwhile(partial(take_back, voucher)).before(monkeypatch, vouching, "show")
    vouching.let_show(manage_token(its.signature), vouching_id=its.pk, shown=True)
    assert taking.end() is None
    assert not Vouching.objects.filter(ended_at=None).exists()
    return taking


def test_an_organisation_that_takes_its_word_back_while_it_is_shown_waits_and_is_hidden(
    campaign: Campaign, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert taken_back_while_shown(voucher, monkeypatch).waited
    assert Signature.objects.get().member_of is None
    assert_exact(campaign)


def test_control_without_the_lock_it_stays_shown_by_nobodys_word(
    voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "lock_one", lambda signature_id: read_only(signature_id)[0])
    assert not taken_back_while_shown(voucher, monkeypatch).waited
    assert Signature.objects.get().member_of == voucher


def test_revoking_and_erasing_at_once_neither_deadlock_nor_leave_anything(
    campaign: Campaign, voucher: Voucher
) -> None:
    for number in range(ROUNDS):
        email, name = f"e{number}@example.org", f"Eve {'I' * (number + 1)}"
        sign(token(voucher, email), email=email, name=name)
        signature = Signature.objects.get(email=email)
        its = Vouching.objects.get(signature=signature)
        revoke = partial(vouching.take_back, vouching=its, by=voucher.admitted_by)
        outcomes = at_once([revoke, partial(leaving.erase, manage_token(signature))])
        assert not any(isinstance(each, Exception) for each in outcomes), outcomes
        signature.refresh_from_db()
        assert (signature.status, signature.member_of) == (Status.ERASED, None)
        assert not Vouching.objects.filter(signature=signature).exists()
        assert not MemberLink.objects.filter(signature=signature).exists()
    assert_exact(campaign)


# --- The end of a list's time ----------------------------------------------------------------


def expired_while_the_next_list_is_written(
    voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> Meanwhile:
    """The links of a list are over when the next one, of the same member, has just found theirs there."""
    link_for(voucher, "zoe@example.org")
    let_180_days_pass()
    expiring = Meanwhile(retention.expire)
    expiring.before(monkeypatch, link_batches, "new_public_id")
    link_for(voucher, "zoe@example.org")
    assert not isinstance(expiring.end(), Exception), expiring.outcome
    voucher.refresh_from_db()
    assert MemberLink.objects.count() == 1
    return expiring


def test_links_that_are_over_when_the_next_list_takes_their_place_give_none_back(
    voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    expiring = expired_while_the_next_list_is_written(voucher, monkeypatch)
    assert expiring.waited
    assert expiring.outcome["links of members"] == 0
    assert voucher.taken == 1


def test_control_without_the_lock_a_member_has_a_link_that_took_nothing(
    voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked(monkeypatch)
    expiring = expired_while_the_next_list_is_written(voucher, monkeypatch)
    assert not expiring.waited
    assert voucher.taken == 0


def test_links_that_many_workers_find_over_give_their_places_back_once(voucher: Voucher) -> None:
    link_for(voucher, "zoe@example.org", "ann@example.org")
    confirm(voucher, make_signature(voucher.campaign, name="By Hand"), voucher.admitted_by)
    let_180_days_pass()
    said = at_once([retention.expire] * 4)
    assert sorted(each["links of members"] for each in said) == [0, 0, 0, 2]
    voucher.refresh_from_db()
    assert (voucher.taken, MemberLink.objects.count()) == (1, 0)
