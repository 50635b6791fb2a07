"""A member uses their link and stands in a file that waits for its release: what they say is what is shown."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from campaign import delivery, releases, signing, sites, vouching
from campaign.models import (
    Campaign,
    Event,
    ImportBatch,
    Mail,
    MemberLink,
    Signature,
    Voucher,
    Vouching,
)
from campaign.models.signature import Status
from tests.batches import imported
from tests.counted import assert_exact
from tests.factories import (
    bring_to,
    confirm_token,
    details,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
    release,
)
from tests.smtp import Sink
from tests.vouchers import link_for, make_voucher, member_form

pytestmark = pytest.mark.django_db

EMAIL = "zoe@example.org"
LINES = ["name,email,credit\n", f"Zoë Moreau,{EMAIL},A File\n", "Bea Two,bea@example.org,\n"]
STAR = ["name,email,credit\n", f"Scarlett Johansson,{EMAIL},A File\n"]


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def voucher(campaign: Campaign) -> Voucher:
    return make_voucher(campaign)


def sign(voucher: Voucher, **typed: str) -> None:
    """By their link; to be counted without their name."""
    form = member_form(**{"show_name": "no", "credit": "Her Own", **typed})
    answer = Client().post(link_for(voucher, EMAIL), form)
    assert answer.status_code == 200
    assert "You have signed. Thank you." in answer.content.decode()


def line() -> Signature:
    return Signature.objects.get(canonical_email=EMAIL)


def names(client: Client) -> list[str]:
    listed = client.get("/api/v1/campaigns/art/signers/").json()["results"]
    return [each["name"] for each in listed]


def test_what_a_member_says_by_their_link_stands_in_the_place_of_what_the_file_said(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    batch = imported(campaign, LINES)
    brought = line()
    sign(voucher)

    its = line()
    assert (its.pk, its.public_id, its.batch) == (brought.pk, brought.public_id, batch)
    assert (its.status, its.show_name, its.credit) == ("held", False, "Her Own")
    assert its.hold_reasons == ["renamed", "imported"]
    assert its.consent is not None
    assert its.signed_at > brought.signed_at
    assert (its.evidence, its.member_of) == ("vouched", None)
    assert MemberLink.objects.get().signature == its
    assert Vouching.objects.get().signature == its
    verbs = Event.objects.filter(signature=its).order_by("pk").values_list("verb", "actor")
    assert list(verbs) == [("import", "organiser"), ("confirm", "signer"), ("prove", "signer")]
    assert_exact(campaign)

    assert releases.waiting(batch).count() == 1
    assert release(batch) == 1
    assert names(client) == ["Bea Two"]
    bring_to(line(), Status.PUBLISHED)
    assert names(client) == ["Bea Two"]
    counted = client.get("/api/v1/campaigns/art/counts/").json()
    assert (counted["received"], counted["published"], counted["anonymous"]) == (1, 2, 1)
    assert_exact(campaign)


def test_so_it_is_where_more_than_its_import_holds_the_line(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    imported(campaign, STAR)
    sign(voucher, name="Scarlett Johansson")
    its = line()
    assert (its.show_name, its.credit) == (False, "Her Own")
    assert its.hold_reasons == ["renamed", "imported", "protected_name"]
    bring_to(its, Status.PUBLISHED)
    assert names(client) == []


def test_a_line_that_another_organisation_vouches_for_already_is_no_word_of_its_signer(
    campaign: Campaign, voucher: Voucher
) -> None:
    imported(campaign, LINES)
    union = make_voucher(campaign, name="Singers’ Union")
    Client().post(link_for(union, EMAIL), {"action": "join", "own_email": EMAIL})
    sign(voucher)
    assert (line().show_name, line().credit, line().evidence) == (False, "Her Own", "vouched")
    assert Vouching.objects.filter(signature=line(), ended_at=None).count() == 2


def test_the_same_details_that_wait_for_their_mail_are_closed(
    campaign: Campaign, voucher: Voucher
) -> None:
    own = {"email": EMAIL, "show_name": False, "credit": "Her Own"}
    for typed in (own, {**own, "credit": "Another"}):
        make_signature(campaign, status=Status.PENDING, **typed)
    imported(campaign, LINES)
    sign(voucher)
    its = line()
    assert (its.status, its.credit) == ("held", "Her Own")
    assert_exact(campaign)


@pytest.mark.parametrize("member", ["", "yes"])
def test_the_organisation_does_not_stand_beside_the_name_and_its_signer_is_told_how_it_may(
    client: Client, campaign: Campaign, voucher: Voucher, sink: Sink, member: str
) -> None:
    imported(campaign, LINES)
    sign(voucher, show_name="yes", member=member)
    assert line().member_of is None  # it was perhaps the organisation that ticked this
    assert list(Mail.objects.values_list("kind", flat=True)) == ["vouched"]
    delivery.deliver_due()
    assert [mail["To"] for mail in sink.received] == [EMAIL]

    bring_to(line(), Status.PUBLISHED)
    [listed] = client.get("/api/v1/campaigns/art/signers/").json()["results"]
    assert (listed["name"], listed["credit"]) == ("Zoë Moreau", "Her Own")
    assert listed["evidence"].get("by") is None


def by_mail(_voucher: Voucher) -> None:
    signing.confirm(confirm_token(Signature.objects.get(status=Status.PENDING)))


def on_own_page(_voucher: Voucher) -> None:
    signing.correct(manage_token(line()), typed={"credit": "Her Own"}, revision=line().revision)


def hidden(_voucher: Voucher) -> None:
    signing.show(manage_token(line()), show_name=False)


def shown_again(voucher: Voucher) -> None:
    hidden(voucher)
    signing.show(manage_token(line()), show_name=True)


def refused(voucher: Voucher) -> None:
    """Another organisation, which had vouched for the line."""
    union = make_voucher(voucher.campaign, name="Singers’ Union")
    form = {"action": "join", "own_email": EMAIL}
    assert Client().post(link_for(union, EMAIL), form).status_code == 200
    [its] = vouching.of_signature(line())
    vouching.refuse(manage_token(line()), vouching_id=its.pk)


def refused_too_late(voucher: Voucher) -> None:
    """Another organisation, which has taken its word back since the page was shown."""
    union = make_voucher(voucher.campaign, name="Singers’ Union")
    form = {"action": "join", "own_email": EMAIL}
    assert Client().post(link_for(union, EMAIL), form).status_code == 200
    [its] = vouching.of_signature(line())
    vouching.take_back(vouching=its, by=make_user("guild"))
    vouching.refuse(manage_token(line()), vouching_id=its.pk)


def named_a_site(_voucher: Voucher) -> None:
    sites.name(manage_token(line()), typed="zoe.example.com")


def by_another_link(voucher: Voucher) -> None:
    sign(make_voucher(voucher.campaign, name="Singers’ Union"))


@pytest.mark.parametrize(
    "say",
    [
        *(by_mail, on_own_page, hidden, shown_again, named_a_site),
        *(refused, refused_too_late, by_another_link),
    ],
)
def test_what_its_signer_has_said_of_it_before_a_link_changes_no_more(
    campaign: Campaign, voucher: Voucher, say: Callable[[Voucher], None]
) -> None:
    """Nobody knows whether it was they who typed this, or the organisation that made the link."""
    if say is by_mail:
        make_signature(campaign, status=Status.PENDING, **details(email=EMAIL, show_name=False))
    imported(campaign, LINES)
    say(voucher)
    Mail.objects.all().delete()
    before = line()

    sign(voucher, show_name="yes", credit="Another", newsletter="yes", member="yes")
    its = line()
    said = ("name", "show_name", "credit", "newsletter", "member_of", "signed_at", "hold_reasons")
    for column in said:
        assert getattr(its, column) == getattr(before, column), column
    assert its.evidence == "vouched"
    assert Vouching.objects.filter(voucher=voucher, signature=its, shown_at=None).count() == 1
    assert list(Mail.objects.values_list("kind", flat=True)) == ["vouched"]
    assert_exact(campaign)


def released(campaign: Campaign) -> None:
    release(ImportBatch.objects.get())


def rejected(_campaign: Campaign) -> None:
    bring_to(line(), Status.REJECTED)


@pytest.mark.parametrize("end", [released, rejected])
def test_a_line_that_waits_no_more_is_vouched_for_as_it_stands(
    campaign: Campaign, voucher: Voucher, end: Callable[[Campaign], Any]
) -> None:
    imported(campaign, LINES)
    end(campaign)
    before = line()
    sign(voucher, member="yes")
    its = line()
    for column in ("status", "name", "show_name", "credit", "signed_at", "hold_reasons"):
        assert getattr(its, column) == getattr(before, column), column
    assert (its.evidence, its.member_of) == ("vouched", None)
    assert Signature.objects.count() == 2


def test_a_link_that_was_used_changes_nothing_more(campaign: Campaign, voucher: Voucher) -> None:
    imported(campaign, LINES)
    link = link_for(voucher, EMAIL)
    for typed in ({"show_name": "no", "credit": "Her Own"}, {"credit": "Another"}):
        assert Client().post(link, member_form(**typed)).status_code == 200
    assert (line().show_name, line().credit) == (False, "Her Own")
    assert Vouching.objects.count() == 1
