"""Everything that changes a number happens to one campaign, some of it at once: each stays exact."""

from functools import partial
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from campaign import (
    brakes,
    counts,
    leaving,
    member_links,
    moderation,
    proofs,
    public_numbers,
    removal,
    removing,
    signing,
    vouching,
)
from campaign.criteria import Rule
from campaign.history import Actor
from campaign.models import Campaign, Signature
from campaign.models.brake import Brake
from campaign.models.signature import Evidence, RejectionReason, Status
from tests.concurrency.threads import at_once
from tests.factories import (
    approve,
    confirm_token,
    details,
    make_campaign,
    make_signature,
    manage_token,
    somebody,
)
from tests.representing import asked
from tests.vouchers import link_for, make_voucher, own_user

pytestmark = pytest.mark.django_db(transaction=True)

NUMBERS = ("received", "confirmed", "published", "held", "withdrawn", "removed")


@pytest.fixture
def art(providers: None) -> Campaign:
    return make_campaign(publication="after_verification")


def exact(art: Campaign) -> dict[str, int]:
    """The public numbers, which a recount finds too, before and after the changes are folded."""
    public = public_numbers.counts(art)
    for _ in range(2):
        out = StringIO()
        call_command("check_counts", stdout=out)
        assert out.getvalue() == "every number is that of a recount\n"
        counts.fold()
    folded = public_numbers.counts(art)
    assert {**folded, "as_of": ""} == {**public, "as_of": ""}
    return {name: public[name] for name in NUMBERS}


def numbers(*values: int) -> dict[str, int]:
    return dict(zip(NUMBERS, values, strict=True))


def by_evidence(art: Campaign) -> dict[str, int]:
    rows = public_numbers.counts(art)["by_evidence"]
    return {row["evidence"]: row["published"] for row in rows}


def ok(outcomes: list[object]) -> None:
    assert not [each for each in outcomes if isinstance(each, Exception)], outcomes


def test_every_number_is_that_of_a_recount_whatever_happens_at_once(
    art: Campaign, client: Client
) -> None:
    # Ten sign, two of them by one address; eight confirm at once, four of them twice.
    pending = [
        make_signature(status=Status.PENDING, name=f"Person {letter}") for letter in "ABCDEFGHIJ"
    ]
    assert exact(art) == numbers(10, 0, 0, 0, 0, 0)
    tokens = [confirm_token(each) for each in pending]
    ok(at_once([partial(signing.confirm, token) for token in [*tokens[:8], *tokens[:4]]]))
    assert exact(art) == numbers(10, 8, 8, 0, 0, 0)

    # An organisation's link signs and vouches; it confirms another by hand, while a third proves more.
    guild = make_voucher(art)
    own = own_user(guild)
    link = link_for(guild, "member@example.org").rstrip("/").rpartition("/")[2]
    typed = details(name="Member M", email="member@example.org")
    [first, second, third, *rest] = pending[:8]
    note = "met her at the fair"
    staff = Actor.moderator(somebody("ann"))
    grant = partial(proofs.grant, method=Evidence.STAFF, actor=staff, note=note)
    ok(
        at_once(
            [
                partial(member_links.sign, link, typed=typed, shown=True),
                partial(vouching.confirm_name, voucher=guild, public_id=first.public_id, by=own),
                partial(grant, signature_id=second.pk),
                partial(grant, signature_id=first.pk),
            ]
        )
    )
    assert exact(art) == numbers(11, 9, 9, 0, 0, 0)
    assert by_evidence(art) == {"email": 6, "staff": 2, "vouched": 1}
    for proof in (*first.proofs.all(), *second.proofs.all()):
        proofs.revoke(proof_id=proof.pk, actor=staff)
    assert exact(art) == numbers(11, 9, 9, 0, 0, 0)
    assert by_evidence(art) == {"email": 8, "vouched": 1}

    # Somebody signs for somebody, who confirms; a protected name waits, and two approve it at once.
    theirs = asked(client)
    signing.confirm(confirm_token(theirs))
    star = make_signature(status=Status.HELD, name="Scarlett Johansson")
    assert exact(art) == numbers(13, 11, 9, 2, 0, 0)
    yes = partial(moderation.approve, signature_id=star.pk, revision=1, note=note)
    ok(at_once([partial(yes, by=somebody("ann")), partial(yes, by=somebody("ben"))]))
    theirs.refresh_from_db()
    approve(theirs, somebody("ann"))
    assert exact(art) == numbers(13, 11, 11, 0, 0, 0)

    # The brake comes while two confirm: whoever it held is published by its release, while one leaves.
    pull = partial(brakes.pull, art, Brake.PUBLICATION, by=None)
    ok(at_once([pull, *(partial(signing.confirm, token) for token in tokens[8:])]))
    waits = brakes.waiting(art).count()
    assert exact(art) == numbers(13, 13, 13 - waits, waits, 0, 0)
    brakes.let_go(art, Brake.PUBLICATION, by=None)
    brakes.publish_held(art, waiting_n=waits, by=somebody("ann"))
    ok(at_once([brakes.publish_due, partial(leaving.withdraw, manage_token(third))]))
    assert exact(art) == numbers(13, 13, 12, 0, 1, 0)

    # A rule removes them by name while two of them leave, and is undone while another one does.
    run = removal.preview(campaign=art, rule=Rule(name="Person *"), by=somebody("ann"))
    words = {"en": "Made up.", "fr": "Inventés."}
    removal.start(removal=run, reason=RejectionReason.CONTENT, words=words, by=somebody("ann"))
    leave = [
        partial(leaving.withdraw, manage_token(rest[0])),
        partial(leaving.erase, manage_token(rest[1])),
    ]
    ok(at_once([removing.carry_on, *leave]))
    assert exact(art) == numbers(13, 13, 3, 0, 3, 7)
    run.refresh_from_db()
    removal.undo(removal=run, by=somebody("ann"))
    ok(at_once([removing.carry_on, partial(leaving.erase, manage_token(rest[2]))]))
    assert exact(art) == numbers(13, 13, 9, 0, 4, 0)
    ok(at_once([partial(leaving.erase, manage_token(each)) for each in (first, second, third)]))
    assert exact(art) == numbers(13, 13, 7, 0, 6, 0)
    left = Signature.objects.filter(status=Status.ERASED)
    assert set(left.values_list("name", "email")) == {("", "")}
