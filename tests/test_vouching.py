"""Vouching, the whole way: admitted, links made, opened, used by one button, listed, taken back."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from campaign import delivery, leaving, member_links, retention, tasks, vouchers, vouching
from campaign.campaign_file import parse
from campaign.models import (
    AuditEntry,
    Campaign,
    Event,
    LinkBatch,
    Mail,
    MemberLink,
    Proof,
    Signature,
    Voucher,
    Vouching,
)
from campaign.models.signature import Status
from campaign.organising import load_campaign
from tests.counted import assert_exact
from tests.factories import (
    campaign_file,
    details,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
)
from tests.smtp import Sink
from tests.vouchers import let_180_days_pass, link_for, make_voucher, member_form

pytestmark = pytest.mark.django_db

SIGNERS = "/api/v1/campaigns/art/signers/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def voucher(campaign: Campaign) -> Voucher:
    return make_voucher(campaign)


def numbers(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/api/v1/campaigns/art/counts/").json()
    return answer


def per_organisation(client: Client) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/campaigns/art/vouchers/").json()
    results: list[dict[str, Any]] = answer["results"]
    return results


def only_mail(sink: Sink) -> tuple[str, str]:
    """What Zoë's one mail says, and the path of her own page in it."""
    delivery.deliver_due()
    [mail] = sink.received
    assert mail["To"] == "zoe@example.org"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    [path] = set(re.findall(rf"{settings.BASE_URL}(/manage/[\w.-]+/)", text))
    return " ".join(text.split()), path


# --- One button ------------------------------------------------------------------------------


def test_opening_a_link_changes_nothing_and_one_button_signs_confirms_and_vouches(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")

    page = client.get(link)
    assert page.status_code == 200
    assert "Actors’ Guild" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert not page.cookies
    assert client.head(link).status_code == 200
    assert not Signature.objects.exists()
    assert MemberLink.objects.get().used_at is None

    done = client.post(link, member_form())
    assert done.status_code == 200
    assert "You have signed. Thank you." in done.content.decode()
    for private in ("/manage/", "Zoë", "Quarry", "Actors’ Guild"):
        assert private not in done.content.decode(), private

    signature = Signature.objects.get()
    assert (signature.status, signature.evidence) == (Status.PUBLISHED, "vouched")
    shown = client.get(f"{SIGNERS}{signature.public_id}/").json()
    assert shown["name"] == "Zoë Moreau"
    assert set(shown["evidence"]) == {"method", "at"}
    assert shown["evidence"]["method"] == "vouched"
    assert per_organisation(client) == []
    found = numbers(client)
    assert (found["received"], found["confirmed"], found["published"]) == (1, 1, 1)
    assert found["by_evidence"] == [{"evidence": "vouched", "published": 1}]
    assert not Mail.objects.exists()
    assert_exact(campaign)


def test_with_the_separate_tick_the_organisation_stands_beside_the_name_everywhere(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form(member="yes"))

    signature = Signature.objects.get()
    evidence = client.get(f"{SIGNERS}{signature.public_id}/").json()["evidence"]
    assert evidence["by"] == "Actors’ Guild"
    assert client.get(SIGNERS).json()["results"][0]["evidence"] == evidence
    assert per_organisation(client) == [{"name": "Actors’ Guild", "published": 1}]
    for page in ("/art/signers/", f"/art/signers/{signature.public_id}/"):
        assert "Actors’ Guild" in client.get(page).content.decode(), page
    csv = b"".join(client.get("/api/v1/campaigns/art/signers.csv")).decode()
    assert "evidence_by" in csv.splitlines()[0]
    assert "Actors’ Guild" in csv
    line = b"".join(client.get("/api/v1/campaigns/art/signers.jsonl")).decode()
    assert '"by":"Actors’ Guild"' in line.replace(" : ", ":")
    assert_exact(campaign)


def test_the_rules_hold_a_protected_name_and_a_campaign_that_reviews_reviews(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    form = member_form(name="Scarlett Johansson")
    done = client.post(link_for(voucher, "zoe@example.org"), form)

    assert "or will once a moderator has looked at it" in done.content.decode()
    signature = Signature.objects.get()
    assert signature.status == Status.HELD
    assert "protected_name" in signature.hold_reasons
    assert signature.evidence == "vouched"
    assert client.get(SIGNERS).json()["results"] == []

    reviewing = make_campaign(slug="reviewing")
    other = make_voucher(reviewing)
    client.post(link_for(other, "zoe@example.org"), member_form())
    assert Signature.objects.get(campaign=reviewing).hold_reasons == ["review"]


def test_who_has_signed_already_is_vouched_for_by_the_same_form_or_by_the_address_alone(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    zoe = make_signature(campaign, **details())
    ann = make_signature(campaign, name="Ann Bee", email="ann@example.org")

    signed = client.post(link_for(voucher, "zoe@example.org"), member_form())
    joined = client.post(
        link_for(voucher, "ann@example.org"), {"action": "join", "own_email": "ANN@example.org"}
    )

    assert "You have signed. Thank you." in signed.content.decode()
    said = "<bdi>Actors’ Guild</bdi> vouches for you now, and a mail tells you"
    assert said in " ".join(joined.content.decode().split())
    assert Signature.objects.count() == 2
    for signature in (zoe, ann):
        signature.refresh_from_db()
        assert signature.evidence == "vouched"
    assert Proof.objects.filter(method="vouched").count() == 2
    assert_exact(campaign)


@pytest.mark.parametrize("action", ["sign", "join"])
def test_who_had_signed_before_is_told_by_mail_and_decides_there_whether_the_name_is_shown(
    client: Client, campaign: Campaign, voucher: Voucher, sink: Sink, action: str
) -> None:
    zoe = make_signature(campaign, **details())
    Mail.objects.all().delete()
    typed = member_form(action=action, own_email="zoe@example.org", member="yes")
    client.post(link_for(voucher, "zoe@example.org"), typed)

    zoe.refresh_from_db()
    assert (zoe.evidence, zoe.member_of) == ("vouched", None)
    assert per_organisation(client) == []
    text, page = only_mail(sink)
    assert "Actors’ Guild says that you are one of its members." in text
    its = {"action": "member", "vouching": Vouching.objects.get().pk}
    shown = client.post(page, its)
    assert "The organisation’s name stands beside yours now." in shown.content.decode()
    assert per_organisation(client) == [{"name": "Actors’ Guild", "published": 1}]


def test_of_an_address_what_stands_is_vouched_for_and_not_what_was_rejected_after_it(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    typed: dict[str, Any] = {"campaign": campaign, "email": "zoe@example.org"}
    first = make_signature(**typed, name="Zoë Moreau")
    second = make_signature(**typed, name="Another Name", status=Status.REJECTED)
    Mail.objects.all().delete()
    join = {"action": "join", "own_email": "zoe@example.org"}
    client.post(link_for(voucher, "zoe@example.org"), join)
    assert Vouching.objects.get().signature == MemberLink.objects.get().signature == first
    assert Mail.objects.get().signature == first
    second.refresh_from_db()
    assert second.evidence == "email"


def test_of_an_address_with_nothing_but_a_rejected_one_that_is_vouched_for(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    typed: dict[str, Any] = {"campaign": campaign, "email": "zoe@example.org"}
    rejected = make_signature(**typed, name="Zoë Moreau", status=Status.REJECTED)
    make_signature(**typed, name="Another Name", status=Status.PENDING)
    join = {"action": "join", "own_email": "zoe@example.org"}
    client.post(link_for(voucher, "zoe@example.org"), join)
    assert Vouching.objects.get().signature == rejected


def test_one_organisation_tells_a_signer_once_however_often_it_makes_links(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    make_signature(campaign, **details())
    Mail.objects.all().delete()
    for _ in range(3):
        link = link_for(voucher, "zoe@example.org")
        client.post(link, {"action": "join", "own_email": "zoe@example.org"})
        vouching.take_back_address(voucher=voucher, email="zoe@example.org", by=voucher.admitted_by)
    assert [mail.kind for mail in Mail.objects.all()] == ["vouched"]
    assert Vouching.objects.count() == 3


def test_who_has_not_signed_keeps_the_link_and_is_led_to_the_form(
    client: Client, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")
    answer = client.post(link, {"action": "join", "own_email": "zoe@example.org"})
    assert answer.status_code == 200
    assert "If you have not, you can still sign." in " ".join(answer.content.decode().split())
    assert 'href="?language=en">Sign with one button</a>' in answer.content.decode()
    assert MemberLink.objects.get().used_at is None
    assert not Mail.objects.exists()
    client.post(link, member_form())
    assert Signature.objects.get().status == Status.PUBLISHED


def test_a_pending_signature_with_the_same_details_is_replaced_by_the_confirmed_one(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    make_signature(campaign, status=Status.PENDING, **details())
    client.post(link_for(voucher, "zoe@example.org"), member_form())
    assert Signature.objects.get().status == Status.PUBLISHED
    assert numbers(client)["published"] == 1
    assert_exact(campaign)


def test_one_that_was_given_to_an_earlier_text_is_replaced_too(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    make_signature(campaign, status=Status.PENDING, **details())
    text = campaign_file(publication="after_verification")
    load_campaign(parse(text.replace("Ask us first", "Ask us before")))
    form = {**member_form(), "statement_version": "2"}
    client.post(link_for(voucher, "zoe@example.org"), form)
    signature = Signature.objects.get()
    assert (signature.status, signature.statement.version.number) == (Status.PUBLISHED, 2)
    assert numbers(client)["published"] == 1
    assert_exact(campaign)


# --- What does not work ----------------------------------------------------------------------


def test_another_address_than_the_links_own_signs_nothing_and_is_said_beside_the_field(
    client: Client, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")
    answer = client.post(link, member_form(email="other@example.org"))

    assert answer.status_code == 422
    text = answer.content.decode()
    assert "This link was sent to another address." in text
    assert "Zoë Moreau" in text
    assert not Signature.objects.exists()
    assert MemberLink.objects.get().used_at is None
    # The same mailbox written another way is the same.
    assert client.post(link, member_form(email=" ZOE@Example.org ")).status_code == 200


def test_guessing_the_address_of_a_strangers_link_ends_after_twenty_tries(
    client: Client, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        for n in range(member_links.TRIES):
            answer = client.post(link, member_form(email=f"guess{n}@example.org"))
            assert "sent to another address" in answer.content.decode()
        for email in ("once-more@example.org", "zoe@example.org"):
            answer = client.post(link, member_form(email=email))
            assert answer.status_code == 422
            assert "tried too often" in answer.content.decode(), email
    assert not Signature.objects.exists()
    with time_machine.travel("2026-11-22T13:00:00Z", tick=False):
        client.post(link, member_form())
    assert Signature.objects.get().status == Status.PUBLISHED


def guess(client: Client, link: str, n: int, *, of: str) -> str:
    """What the page says to a wrong address that is typed in that network."""
    typed = member_form(email=f"guess{n}@example.org")
    return str(client.post(link, typed, REMOTE_ADDR=of).content.decode())


def test_who_uses_up_the_tries_of_a_link_keeps_its_member_from_nothing(
    client: Client, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        for n in range(100):
            said = guess(client, link, n, of="198.51.100.7")
        assert "tried too often" in said
        join = {"action": "join", "own_email": "zoe@example.org"}
        there = client.post(link, join, REMOTE_ADDR="198.51.100.7")
        assert "tried too often" in there.content.decode()
        # One network alone leaves of the wide one what it is to have.
        assert "another address" in guess(client, link, 1, of="198.51.100.8")
        assert client.post(link, member_form(), REMOTE_ADDR="203.0.113.5").status_code == 200
    assert Signature.objects.get().status == Status.PUBLISHED


def test_the_networks_around_one_guess_sixty_times_together(
    client: Client, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        told = [guess(client, link, n, of=f"198.51.100.{n}") for n in range(61)]
        assert ["another address" in page for page in told] == [True] * 60 + [False]
        assert client.post(link, member_form(), REMOTE_ADDR="203.0.113.5").status_code == 200


def test_from_everywhere_a_link_takes_a_thousand_guesses_an_hour(
    client: Client, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert member_links.CEILING == 1000
    monkeypatch.setattr(member_links, "CEILING", 3)
    link = link_for(voucher, "zoe@example.org")
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        told = [guess(client, link, n, of=f"10.{n}.7.1") for n in range(4)]
        assert ["another address" in page for page in told] == [True] * 3 + [False]
        refused = client.post(link, member_form(), REMOTE_ADDR="203.0.113.5")
        assert refused.status_code == 422
    assert not Signature.objects.exists()


def test_the_right_address_is_no_try(client: Client, voucher: Voucher) -> None:
    link = link_for(voucher, "zoe@example.org")
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        for _ in range(member_links.TRIES + 1):
            assert client.post(link, member_form()).status_code == 200


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("other@example.org", "This link was sent to another address."),
        ("nobody", "This is not a whole e-mail address."),
    ],
)
def test_a_wrong_address_of_who_has_signed_already_is_said_beside_its_own_field(
    client: Client, voucher: Voucher, typed: str, said: str
) -> None:
    link = link_for(voucher, "zoe@example.org")
    answer = client.post(link, {"action": "join", "own_email": typed})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#own_email"' in text
    assert 'href="#email"' not in text
    assert re.search(rf'id="own_email-error"[^>]*>\s*{re.escape(said)}', text)
    assert f'value="{typed}"' in text


def test_a_form_without_consent_or_name_keeps_what_was_typed(
    client: Client, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")
    answer = client.post(link, member_form(consent="", name="", credit="Quarry Songs"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "You can only sign if you agree." in text
    assert "Please fill this in." in text
    assert "Quarry Songs" in text
    assert not Signature.objects.exists()


def test_a_used_link_mails_the_link_to_ones_page_and_takes_no_second_name(
    client: Client, voucher: Voucher, sink: Sink
) -> None:
    link = link_for(voucher, "zoe@example.org")
    client.post(link, member_form())

    again = client.get(link)
    assert again.status_code == 200
    assert "Mail me the link to my signature" in again.content.decode()
    other = client.post(link, member_form(name="Another Name"))
    assert other.status_code == 200
    assert Signature.objects.get().name == "Zoë Moreau"

    mailed = client.post(link, {"action": "renew"})
    assert "If we still hold anything of the address" in mailed.content.decode()
    assert [mail.kind for mail in Mail.objects.all()] == ["signed_already"]
    _text, page = only_mail(sink)
    assert "Zoë Moreau" in client.get(page).content.decode()


def test_the_same_form_sent_twice_is_a_success_that_changes_nothing(
    client: Client, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")
    first = client.post(link, member_form())
    before = Signature.objects.values().get(), Event.objects.count()
    again = client.post(link, member_form(member="yes"))
    assert (again.status_code, again.content) == (200, first.content)
    assert (Signature.objects.values().get(), Event.objects.count()) == before
    assert not Mail.objects.exists()


@pytest.mark.parametrize("what", ["replaced", "batch", "organisation", "expired", "unknown"])
def test_a_link_that_works_no_more_says_so(client: Client, voucher: Voucher, what: str) -> None:
    by, link = voucher.admitted_by, link_for(voucher, "zoe@example.org")
    at = timedelta(0)
    if what == "replaced":
        link_for(voucher, "zoe@example.org")
    elif what == "batch":
        vouchers.revoke_batch(batch=LinkBatch.objects.get(), by=by)
    elif what == "organisation":
        vouchers.revoke(voucher=voucher, by=by)
    elif what == "expired":
        at = timedelta(days=181)
    else:
        MemberLink.objects.all().delete()
    with time_machine.travel(voucher.admitted_at + at):
        for answer in (client.get(link), client.post(link, member_form())):
            assert answer.status_code == 410
            assert "This link does not work any more" in answer.content.decode()
    assert not Signature.objects.exists()


def test_a_broken_link_and_one_for_another_purpose_get_their_own_page(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    assert client.get("/vouch/nonsense/").status_code == 400
    answer = client.get(f"/vouch/{manage_token(signature)}/")
    assert answer.status_code == 400
    assert "belongs to another page" in answer.content.decode()


BY_ACTION = {
    "look": None,
    "sign": member_form(),
    "join": {"action": "join", "own_email": "zoe@example.org", "language": "en"},
    "join by another address": {"action": "join", "own_email": "ann@example.org"},
    "renew": {"action": "renew", "language": "en"},
    "nothing known": {"action": "nonsense"},
}
"""What can be asked of a link's page."""


def ask(client: Client, link: str, action: str) -> Any:
    form = BY_ACTION[action]
    return client.get(link) if form is None else client.post(link, form)


@pytest.mark.parametrize("action", [each for each in BY_ACTION if each != "renew"])
def test_a_link_of_a_paused_campaign_says_so_and_has_nothing_to_send_in(
    client: Client, campaign: Campaign, voucher: Voucher, action: str
) -> None:
    make_signature(campaign, **details())
    link = link_for(voucher, "zoe@example.org")
    Campaign.objects.filter(pk=campaign.pk).update(paused_at=voucher.admitted_at)
    answer = ask(client, link, action)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Signing is paused" in page
    assert "Please come back a little later." in page
    assert "<form" not in page
    # Whoever has signed finds the way to their signature below, as on every page of it.
    assert 'href="/art/my-signature/?language=en"' in page
    assert not Vouching.objects.exists()
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("action", [each for each in BY_ACTION if each != "renew"])
def test_a_link_of_a_closed_campaign_mails_who_signed_by_it_their_own_page_and_says_to_whom(
    client: Client, campaign: Campaign, voucher: Voucher, action: str
) -> None:
    make_signature(campaign, **details())
    link = link_for(voucher, "zoe@example.org")
    Campaign.objects.filter(pk=campaign.pk).update(closes_at=timezone.now())
    answer = ask(client, link, action)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Signing has ended" in page
    assert 'value="renew"' in page
    assert "It goes to the address that signed by this link." in page
    assert "It goes to the address that got this one." not in page
    assert not Vouching.objects.exists()
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("column", ["paused_at", "closes_at"])
def test_who_signed_by_a_link_is_mailed_their_own_page_while_signing_is_paused_or_over(
    client: Client, campaign: Campaign, voucher: Voucher, column: str
) -> None:
    link = link_for(voucher, "zoe@example.org")
    client.post(link, member_form())
    Campaign.objects.filter(pk=campaign.pk).update(**{column: timezone.now()})
    answer = ask(client, link, "renew")
    assert answer.status_code == 200
    assert "Look in your inbox" in answer.content.decode()
    assert Mail.objects.get().kind == "signed_already"


@pytest.mark.parametrize("action", BY_ACTION)
@pytest.mark.parametrize(
    ("date", "said"),
    [(True, "Opens on 1 June 2031, 14:30 UTC."), (False, "Not open yet")],
)
def test_a_link_before_the_opening_says_when_it_is_and_nothing_of_the_campaign(
    client: Client, campaign: Campaign, voucher: Voucher, date: bool, said: str, action: str
) -> None:
    used = link_for(voucher, "ann@example.org")
    client.post(used, member_form(email="ann@example.org"))
    opens = datetime(2031, 6, 1, 14, 30, tzinfo=UTC) if date else None
    links = (link_for(voucher, "zoe@example.org"), used)
    Campaign.objects.filter(pk=campaign.pk).update(opens_at=opens, paused_at=voucher.admitted_at)
    for link in links:
        answer = ask(client, link, action)
        assert answer.status_code == 409
        assert answer["Cache-Control"] == "no-store"
        page = answer.content.decode()
        assert said in page
        assert ("Opens on" in page) == date
        assert "Please keep this link" in page
        for secret in ("Art is not a quarry", "Example Organiser", "/art/", "<form"):
            assert secret not in page, secret
    assert Signature.objects.count() == Vouching.objects.count() == 1
    assert not Mail.objects.exists()


def test_a_link_from_before_the_opening_signs_afterwards(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")
    opens = timezone.now() + timedelta(days=1)
    Campaign.objects.filter(pk=campaign.pk).update(opens_at=opens)
    assert client.post(link, member_form()).status_code == 409
    with time_machine.travel(opens + timedelta(minutes=1)):
        assert client.get(link).status_code == 200
        assert client.post(link, member_form()).status_code == 200
    assert Signature.objects.get().status == Status.PUBLISHED


def test_a_link_that_works_no_more_leads_to_the_pages_where_anybody_signs(
    client: Client, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")
    vouchers.revoke(voucher=voucher, by=voucher.admitted_by)
    for answer in (client.get(link), client.post(link, member_form())):
        assert answer.status_code == 410
        assert 'href="/art/?language=en"' in answer.content.decode()


# --- Taking back -----------------------------------------------------------------------------


def test_a_revoked_batch_lets_the_evidence_fall_back_and_gives_the_quota_back(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form(member="yes"))
    batch = LinkBatch.objects.get()
    link_for(voucher, "stays@example.org")

    vouchers.revoke_batch(batch=batch, by=voucher.admitted_by)
    tasks.unvouch()

    signature = Signature.objects.get()
    assert (signature.status, signature.evidence) == (Status.PUBLISHED, "email")
    assert signature.evidence_at == signature.confirmed_at
    shown = client.get(f"{SIGNERS}{signature.public_id}/").json()
    assert set(shown["evidence"]) == {"method", "at"}
    assert per_organisation(client) == []
    voucher.refresh_from_db()
    assert voucher.taken == 1
    assert MemberLink.objects.get().batch != batch
    assert Vouching.objects.get().ended_at is not None
    assert_exact(campaign)
    tasks.unvouch()
    assert Event.objects.filter(verb="revoke").count() == 1


def test_a_revoked_organisation_vouches_for_nobody_and_nobody_leaves_the_list(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    other = make_voucher(campaign, "Writers’ Union")
    for email in ("zoe@example.org", "ann@example.org"):
        client.post(link_for(voucher, email), member_form(email=email, name=f"Name of {email[:3]}"))
    client.post(
        link_for(other, "ann@example.org"), {"action": "join", "own_email": "ann@example.org"}
    )

    assert vouchers.revoke(voucher=voucher, by=voucher.admitted_by)
    tasks.unvouch()

    evidence = dict(Signature.objects.values_list("email", "evidence"))
    assert evidence == {"zoe@example.org": "email", "ann@example.org": "vouched"}
    assert numbers(client)["published"] == 2
    assert_exact(campaign)
    entries = AuditEntry.objects.filter(action="voucher_revoked")
    assert [entry.details for entry in entries] == [{"voucher": voucher.pk}]


def test_one_address_is_taken_back_whether_its_link_was_used_or_not_and_nothing_tells(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form())
    unused = link_for(voucher, "ann@example.org")
    by = voucher.admitted_by

    for email in ("zoe@example.org", "ann@example.org", "nobody@example.org"):
        vouching.take_back_address(voucher=voucher, email=email, by=by)

    assert Signature.objects.get().evidence == "email"
    assert client.get(unused).status_code == 410
    voucher.refresh_from_db()
    assert (voucher.taken, MemberLink.objects.count()) == (0, 0)


def test_an_address_that_is_taken_back_after_its_signer_withdrew_gives_its_place_back(
    client: Client, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form())
    leaving.withdraw(manage_token(Signature.objects.get()))
    by = voucher.admitted_by

    for _ in range(2):
        vouching.take_back_address(voucher=voucher, email="zoe@example.org", by=by)

    voucher.refresh_from_db()
    assert (voucher.taken, MemberLink.objects.count()) == (0, 0)
    assert AuditEntry.objects.filter(action="links_revoked").count() == 1


def test_erasing_a_signature_deletes_the_vouching_and_leaves_the_link_as_if_unused(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form(member="yes"))
    signature = Signature.objects.get()

    leaving.erase(manage_token(signature))

    link = MemberLink.objects.get()
    assert (link.used_at, link.signature) == (None, None)
    assert not Vouching.objects.exists()
    assert not Proof.objects.exists()
    signature.refresh_from_db()
    assert (signature.status, signature.member_of) == (Status.ERASED, None)
    assert per_organisation(client) == []
    assert_exact(campaign)


def test_nobody_vouches_for_who_withdrew_and_a_revocation_passes_over_them(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form(member="yes"))
    leaving.withdraw(manage_token(Signature.objects.get()))
    assert per_organisation(client) == []
    assert not Vouching.objects.exists()
    vouchers.revoke(voucher=voucher, by=voucher.admitted_by)
    tasks.unvouch()
    assert Signature.objects.get().status == Status.WITHDRAWN
    assert_exact(campaign)


def test_who_left_signs_again_by_the_same_link(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    link = link_for(voucher, "zoe@example.org")
    for leave in (leaving.withdraw, leaving.erase):
        client.post(link, member_form())
        leave(manage_token(Signature.objects.get(status=Status.PUBLISHED)))
    client.post(link, member_form())
    statuses = Signature.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [Status.WITHDRAWN, Status.ERASED, Status.PUBLISHED]
    assert_exact(campaign)


def test_a_link_of_a_newer_list_works_once_more_after_the_older_one_is_taken_back(
    client: Client, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form())
    older = LinkBatch.objects.get()
    link = link_for(voucher, "zoe@example.org")
    vouchers.revoke_batch(batch=older, by=voucher.admitted_by)
    tasks.unvouch()
    assert Signature.objects.get().evidence == "email"

    client.post(link, {"action": "join", "own_email": "zoe@example.org"})

    assert Signature.objects.get().evidence == "vouched"
    voucher.refresh_from_db()
    assert (voucher.taken, MemberLink.objects.count()) == (1, 1)


# --- By hand ---------------------------------------------------------------------------------


def test_a_name_on_the_list_is_confirmed_by_hand_within_the_quota_and_taken_back(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    by = make_user(username="guild")
    signature, other = make_signature(campaign), make_signature(campaign, name="Other")
    vouchers.set_quota(voucher=voucher, quota=1, by=by)

    first = vouching.confirm_name(voucher=voucher, public_id=signature.public_id, by=by)
    assert vouching.confirm_name(voucher=voucher, public_id=signature.public_id, by=by) == first
    with pytest.raises(Exception, match="another look"):
        vouching.confirm_name(voucher=voucher, public_id=other.public_id, by=by)

    shown = client.get(f"{SIGNERS}{signature.public_id}/").json()["evidence"]
    assert shown["method"] == "vouched"
    assert "by" not in shown
    assert vouching.take_back(vouching=first, by=by)
    assert not vouching.take_back(vouching=first, by=by)
    assert client.get(f"{SIGNERS}{signature.public_id}/").json()["evidence"]["method"] == "email"
    voucher.refresh_from_db()
    assert voucher.taken == 0
    actors = Event.objects.filter(verb__in=("prove", "revoke")).values_list("actor", "user")
    assert list(actors) == [("voucher", by.pk), ("voucher", by.pk)]
    assert_exact(campaign)


# --- Retention -------------------------------------------------------------------------------


def test_hashes_are_deleted_with_the_life_of_their_links_or_a_day_after_the_close(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    link_for(voucher, "zoe@example.org", "ann@example.org")
    with time_machine.travel(voucher.admitted_at + timedelta(days=179)):
        tasks.expire()
        assert MemberLink.objects.count() == 2
    Campaign.objects.filter(pk=campaign.pk).update(
        closes_at=voucher.admitted_at + timedelta(days=10)
    )
    with time_machine.travel(voucher.admitted_at + timedelta(days=10, hours=23)):
        tasks.expire()
        assert MemberLink.objects.count() == 2
    with time_machine.travel(voucher.admitted_at + timedelta(days=11, minutes=1)):
        tasks.expire()
        assert not MemberLink.objects.exists()


def test_a_second_list_takes_the_places_that_the_first_gave_back_when_its_time_was_over(
    client: Client, campaign: Campaign
) -> None:
    voucher, other = make_voucher(campaign, quota=3), make_voucher(campaign, "Label", quota=2)
    by = voucher.admitted_by
    members = ("zoe@example.org", "ann@example.org")
    used = link_for(voucher, *members)
    client.post(used, member_form())
    link_for(other, "bo@example.org")
    vouching.confirm_name(
        voucher=voucher, public_id=make_signature(campaign, name="By Hand").public_id, by=by
    )
    assert taken(voucher, other) == (3, 1)

    let_180_days_pass()
    for deleted in (3, 0):  # nothing comes back twice
        assert retention.expire()["links of members"] == deleted
        assert taken(voucher, other) == (1, 0)  # the name; of the links used and unused alike
    second = link_for(voucher, *members)
    assert taken(voucher, other) == (3, 0)
    assert LinkBatch.objects.latest("pk").refused == {}
    assert client.get(second).status_code == 200

    # Who signed by the first is still vouched for by it, and has no link of it that could come back.
    vouching.take_back_address(voucher=voucher, email="zoe@example.org", by=by)
    assert taken(voucher, other) == (2, 0)
    assert vouching.take_back(vouching=vouching.by_hand(voucher).get(), by=by)
    assert taken(voucher, other) == (1, 0)
    assert_exact(campaign)


def taken(*each: Voucher) -> tuple[int, ...]:
    """How much of its quota each has taken."""
    now = dict(Voucher.objects.values_list("pk", "taken"))
    return tuple(now[voucher.pk] for voucher in each)


def test_hashes_of_a_campaign_without_end_go_after_180_days(
    client: Client, voucher: Voucher
) -> None:
    link_for(voucher, "zoe@example.org")
    with time_machine.travel(voucher.admitted_at + timedelta(days=180, minutes=1)):
        tasks.expire()
    assert not MemberLink.objects.exists()
