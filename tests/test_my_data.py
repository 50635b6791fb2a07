"""Who signed for somebody else, or reported an entry, sees what is held of them and has it deleted."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as outbox
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from campaign import delivery, leaving, letters, signing
from campaign.links import Purpose, make_token
from campaign.models import Campaign, Event, Mail, Report, Representation, Signature
from campaign.models.mail import MailKind
from campaign.models.membership import Role
from campaign.models.signature import HoldReason, Status
from tests.counted import assert_exact
from tests.factories import (
    confirm_token,
    make_campaign,
    make_member,
    make_signature,
    manage_token,
)

pytestmark = pytest.mark.django_db

AGENT = "canary.agent@agency.example.org"
TYPED = {
    "action": "sign",
    "language": "en",
    "representative_name": "Canary Agent",
    "representative_email": AGENT,
    "representative_role": "Canary manager",
    "name": "Zoë Moreau",
    "email": "zoe@example.org",
    "kind": "person",
    "show_name": "yes",
}
SURE = {"action": "erase", "sure": "yes"}


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def link(kind: MailKind, path: str = "my-data") -> str:
    """The path of a link in the newest mail of that kind."""
    body = str(letters.render(Mail.objects.filter(kind=kind).latest("pk")).body)
    found = re.search(rf"http://testserver(/{path}/[\w.-]+/)", body)
    assert found is not None
    return found[1]


def ask(client: Client, **typed: str) -> str:
    """Sign for somebody; the link to one's own data in the mail about it."""
    assert client.post("/art/", {**TYPED, **typed}).status_code == 200
    return link(MailKind.REPRESENT_CONFIRM)


def ask_and_confirm(client: Client, **typed: str) -> Signature:
    """A signature that both sides have confirmed."""
    ask(client, **typed)
    client.post(link(MailKind.REPRESENT_CONFIRM, "represent"))
    signature = Signature.objects.latest("pk")
    signing.confirm(confirm_token(signature))
    signature.refresh_from_db()
    return signature


def report(client: Client, signature: Signature, email: str = AGENT) -> str:
    form = {"reason": "not_me", "note": "Canary note", "email": email}
    path = f"/art/signers/{signature.public_id}/report/"
    assert client.post(path, form).status_code == 200
    return link(MailKind.REPORT_CONFIRM)


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def everything() -> str:
    models = (Signature, Representation, Report, Event, Mail)
    return str([list(model._default_manager.values()) for model in models]).lower()


# --- By the link of a mail -------------------------------------------------------------------


def test_the_mail_leads_a_representative_to_all_that_is_held_and_a_look_changes_nothing(
    client: Client, campaign: Campaign
) -> None:
    page = ask(client)
    before = everything()
    shown = words(client.get(page))
    for told in ("Canary Agent", "Canary manager", AGENT, "please confirm that you sign"):
        assert told in shown
    assert "Zoë" not in shown  # whom it is for is no datum of theirs
    assert client.head(page).status_code == 200
    assert everything() == before
    answer = client.get(page)
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")
    assert not answer.cookies


def test_without_the_tick_nothing_is_deleted(client: Client, campaign: Campaign) -> None:
    page = ask(client)
    before = everything()
    answer = client.post(page, {"action": "erase"})
    assert answer.status_code == 422
    assert "Please tick the box if you are sure." in words(answer)
    assert everything() == before


def test_erased_a_request_that_waits_is_gone_as_a_whole(client: Client, campaign: Campaign) -> None:
    page = ask(client)
    assert "Your data are deleted" in words(client.post(page, SURE))
    assert not Signature.objects.exists()
    assert "canary" not in everything()
    assert client.get(page).status_code == 410
    assert client.post(page, SURE).status_code == 200  # a second time is a success


def test_erased_what_the_other_has_confirmed_stays_theirs_without_the_name(
    client: Client, campaign: Campaign
) -> None:
    page = ask(client)
    client.post(link(MailKind.REPRESENT_CONFIRM, "represent"))
    signature = Signature.objects.get()
    signing.confirm(confirm_token(signature))
    acted = Representation.objects.values("public_id", "created_at", "confirmed_at").get()

    client.post(page, SURE)

    signature.refresh_from_db()
    assert (signature.status, signature.name) == (Status.HELD, "Zoë Moreau")
    assert signature.hold_reasons == [HoldReason.REPRESENTED]
    assert "canary" not in everything()
    left = Representation.objects.get()
    assert (left.name, left.role, left.email, left.canonical_email) == ("", "", "", "")
    assert {name: getattr(left, name) for name in acted} == acted
    own = words(client.get(f"/manage/{manage_token(signature)}/"))
    assert "has had their name deleted since" in own
    assert not Mail.objects.filter(kind=MailKind.REPRESENT_CONFIRM).exists()


def test_all_of_the_address_goes_and_nothing_of_anybody_else(
    client: Client, campaign: Campaign
) -> None:
    listed = make_signature(campaign, name="Bo Dale")
    ask_and_confirm(client)
    ask(client, name="Ana Sousa", email="ana@example.org")
    report(client, listed)
    kept = ask_and_confirm(
        client, representative_email="other@example.org", name="Cy", email="c@d.org"
    )
    before = Representation.objects.values().get(signature=kept)

    client.post(link(MailKind.REPORT_CONFIRM), SURE)

    assert not Report.objects.exists()
    assert sorted(Signature.objects.values_list("name", flat=True)) == [
        "Bo Dale",
        "Cy",
        "Zoë Moreau",
    ]
    assert Representation.objects.filter(canonical_email=AGENT).count() == 0
    assert Representation.objects.values().get(signature=kept) == before


def test_who_reported_sees_and_deletes_it_by_the_mail_about_the_decision_too(
    client: Client, campaign: Campaign
) -> None:
    listed = make_signature(campaign, name="Bo Dale", email="bo@example.org")
    report(client, listed)
    client.post(link(MailKind.REPORT_CONFIRM, "report"))
    leaving.withdraw(manage_token(listed))
    page = link(MailKind.REPORT_REMOVED)
    shown = words(client.get(page))
    assert "Canary note" in shown
    assert "the entry left the list" in shown
    client.post(page, SURE)
    assert "canary" not in everything()


def test_a_link_of_another_purpose_or_too_old_opens_and_deletes_nothing(
    client: Client, campaign: Campaign
) -> None:
    page = ask(client)
    made = Representation.objects.get()
    foreign = make_token(Purpose.REPRESENT, subject=made.public_id, revision=1)
    for path in (f"/my-data/{foreign}/", "/my-data/nonsense/", "/my-data/é/"):
        assert client.get(path).status_code == 400
        assert client.post(path, SURE).status_code == 400
    with time_machine.travel(timezone.now() + timedelta(days=366)):
        assert client.get(page).status_code == 410
        assert client.post(page, SURE).status_code == 410
    assert Representation.objects.get().name == "Canary Agent"


# --- A link that is too old ------------------------------------------------------------------

RENEW = {"action": "renew"}


def later(days: int = 366) -> Any:
    return time_machine.travel(timezone.now() + timedelta(days=days))


def test_a_link_that_is_too_old_offers_a_new_one_and_that_opens_the_page(
    client: Client, campaign: Campaign
) -> None:
    listed = make_signature(campaign, name="Bo Dale")
    ask_and_confirm(client)
    for page in (link(MailKind.REPRESENT_CONFIRM), report(client, listed, "b@example.org")):
        with later():
            old = client.get(page)
            assert old.status_code == 410
            assert "Mail me a new link" in words(old)
            assert not Mail.objects.filter(kind=MailKind.MY_DATA).exists()  # a look mails nothing
            sent = client.post(page, RENEW)
            assert sent.status_code == 200
            new = link(MailKind.MY_DATA)
            assert delivery.deliver_due() >= 1
            assert "What we hold of you" in words(client.get(new))
        Mail.objects.filter(kind=MailKind.MY_DATA).delete()
    to = [mail.to for mail in outbox.outbox if "Your data" in str(mail.subject)]
    assert to == [[AGENT], ["b@example.org"]]


def test_a_signer_who_leaves_does_not_keep_the_new_link_from_who_asked_for_it(
    client: Client, campaign: Campaign
) -> None:
    listed = make_signature(campaign, name="Bo Dale")
    page = report(client, listed, "b@example.org")
    with later():
        assert client.post(page, RENEW).status_code == 200
        leaving.withdraw(manage_token(listed))
        delivery.deliver_due()
        assert Mail.objects.get(kind=MailKind.MY_DATA).status == "sent"
        assert "What we hold of you" in words(client.get(link(MailKind.MY_DATA)))


def test_it_says_the_same_whether_anything_is_held_or_a_mail_may_go(
    client: Client, campaign: Campaign
) -> None:
    page = ask(client)
    with later():
        told = [words(client.post(page, RENEW)) for _ in range(5)]
        assert Mail.objects.filter(kind=MailKind.MY_DATA).count() == 3
        Signature.objects.all().delete()
        told.append(words(client.post(page, RENEW)))
    assert len(set(told)) == 1
    assert not Mail.objects.exists()


def test_a_link_that_is_no_genuine_one_mails_nobody(client: Client, campaign: Campaign) -> None:
    page = ask(client)
    made = Representation.objects.get()
    foreign = make_token(Purpose.REPRESENT, subject=made.public_id, revision=1)
    before = everything()
    for path in (f"/my-data/{foreign}/", page[:-2] + "/", "/my-data/nonsense/"):
        assert client.post(path, RENEW).status_code == 400
    foreign_origin = client.post(page, RENEW, headers={"origin": "https://evil.example"})
    assert foreign_origin.status_code == 403
    assert everything() == before


def test_the_database_sends_such_a_link_to_one_of_them_and_no_signer(campaign: Campaign) -> None:
    signature = make_signature(campaign)
    with pytest.raises(IntegrityError, match="to_one_of_them"), transaction.atomic():
        Mail.objects.create(
            campaign=campaign, signature=signature, kind=MailKind.MY_DATA, urgent=True
        )


def test_a_form_of_another_site_deletes_nothing(client: Client, campaign: Campaign) -> None:
    page = ask(client)
    assert client.post(page, SURE, headers={"origin": "https://evil.example"}).status_code == 403
    assert Representation.objects.get().name == "Canary Agent"


# --- By one's own page -----------------------------------------------------------------------


def test_who_erases_their_own_signature_is_gone_from_what_they_signed_for_others(
    client: Client, campaign: Campaign
) -> None:
    own = make_signature(campaign, name="Canary Agent", email=AGENT)
    theirs = ask_and_confirm(client)
    ask(client, name="Ana Sousa", email="ana@example.org")

    answer = client.post(f"/manage/{manage_token(own)}/", SURE)

    assert answer.status_code == 200
    assert "canary" not in everything()
    theirs.refresh_from_db()
    assert (theirs.status, theirs.name) == (Status.HELD, "Zoë Moreau")
    assert not Signature.objects.filter(name="Ana Sousa").exists()
    assert_exact(campaign)


def test_who_only_withdraws_stays_on_record_as_representative(
    client: Client, campaign: Campaign
) -> None:
    own = make_signature(campaign, name="Somebody", email=AGENT)
    ask_and_confirm(client)
    leaving.withdraw(manage_token(own))
    assert Representation.objects.get().name == "Canary Agent"


def test_a_moderator_reads_that_it_was_erased_and_two_of_them_are_not_taken_for_one(
    client: Client, campaign: Campaign
) -> None:
    first = ask_and_confirm(client)
    ask_and_confirm(client, representative_email="b@example.org", name="Ana", email="ana@d.org")
    for made in Representation.objects.all():
        token = make_token(Purpose.MY_DATA, subject=made.public_id, revision=1)
        client.post(f"/my-data/{token}/", SURE)
    desk = Client()
    desk.force_login(make_member(campaign, Role.MODERATOR))
    page = words(desk.get(f"/admin/campaign/signature/{first.pk}/change/"))
    assert "somebody who has had their name deleted since" in page
    assert "Signed for by the same" not in page


def test_the_database_keeps_no_half_of_an_erased_representative(
    client: Client, campaign: Campaign
) -> None:
    ask(client)
    with pytest.raises(IntegrityError, match="whole_or_empty"), transaction.atomic():
        Representation.objects.update(name="")
