"""Who moderates is told by mail of what should not wait: a number and a link, and only while they want it."""

import re
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from campaign import delivery, leaving, letters, tasks
from campaign.models import Alert, AuditEntry, Campaign, Mail, Membership, Notice, Signature
from campaign.models.alert import AlertKind
from campaign.models.membership import Role
from campaign.models.signature import Status
from tests.factories import make_campaign, make_member, make_signature, manage_token
from tests.smtp import Sink

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
NAME = "Scarlett Johansson"


@pytest.fixture
def campaign() -> Campaign:
    with time_machine.travel(NOON, tick=False):
        return make_campaign(publication="after_verification")


@pytest.fixture
def moderator(campaign: Campaign) -> User:
    return make_member(campaign, Role.MODERATOR)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def held(minutes: int = 0, **typed: Any) -> Signature:
    with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
        signature = make_signature(status=Status.HELD, name=NAME, **typed)
    Mail.objects.exclude(kind="alert").delete()
    return signature


def ring(minutes: int = 1) -> None:
    with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
        tasks.ring()


def to_whom() -> list[str]:
    mails = Mail.objects.filter(kind="alert").order_by("pk")
    return list(mails.values_list("notice__membership__user__username", flat=True))


def choose(user: User, membership: Membership, *kinds: str) -> Any:
    typed = {"membership": membership.pk, "kinds": kinds}
    return browser(user).post("/admin/account/alerts/", typed)


def read(mail: Message) -> str:
    parts = [part for part in mail.walk() if not part.is_multipart()]
    payloads = [part.get_payload(decode=True) for part in parts]
    whole = [each.decode() for each in payloads if isinstance(each, bytes)]
    assert len(whole) == 2
    return "\n".join([str(mail["Subject"]), *whole])


def test_a_protected_name_that_is_held_is_told_by_a_link_and_without_the_name(
    campaign: Campaign, moderator: User, sink: Sink
) -> None:
    held(email="canary@example.org")
    ring()
    assert delivery.deliver_due() == 1
    [mail] = sink.received
    assert mail["To"] == "moderator@example.org"
    assert mail["List-Unsubscribe"] is None
    assert "A protected name is held" in str(mail["Subject"])
    said = read(mail)
    for secret in ("Johansson", "Scarlett", "canary"):
        assert secret not in said
    assert (
        "1 signature that may be of a protected name waits for you, held or already on the list."
        in said
    )
    assert "http://testserver/admin/account/" in said
    link = re.search(r"http://testserver(/admin/campaign/signature/\S+)", said)
    assert link
    page = browser(moderator).get(link[1])
    assert page.status_code == 200
    assert NAME in page.content.decode()


def test_each_kind_leads_to_a_page_that_opens_and_is_the_same_in_both_parts(
    campaign: Campaign, moderator: User
) -> None:
    subjects = set()
    for kind in AlertKind:
        letter = letters.example_alert(campaign, kind, "en")
        html = str(letter.alternatives[0][0])
        subjects.add(letter.subject)
        links = re.findall(r"http://testserver(/admin/\S+)", str(letter.body))
        assert len(links) == 2
        for link in links:
            assert link.replace("&", "&amp;") in html
            assert browser(moderator).get(link).status_code == 200, link
    assert len(subjects) == len(AlertKind)


def test_owners_and_moderators_are_told_and_nobody_else(campaign: Campaign) -> None:
    for role in (Role.OWNER, Role.READER, Role.MODERATOR, Role.ORGANISATION):
        make_member(campaign, role)
    make_member(make_campaign(slug="elsewhere"), Role.OWNER, username="elsewhere")
    User.objects.create_superuser("root", "root@example.org", "secret")
    for username, changed in (
        ("left", {"is_active": False}),
        ("mute", {"email": ""}),
        ("invited", {"password": "!never chosen"}),
    ):
        user = make_member(campaign, Role.MODERATOR, username=username)
        User.objects.filter(pk=user.pk).update(**changed)
    held()
    ring()
    assert to_whom() == ["owner", "moderator"]


def test_each_switches_a_kind_off_for_themselves_alone(campaign: Campaign, moderator: User) -> None:
    owner = make_member(campaign, Role.OWNER)
    [theirs] = Membership.objects.filter(user=moderator)
    page = browser(moderator).get("/admin/account/").content.decode()
    assert page.count('name="kinds"') == page.count("checked") == len(AlertKind)
    others = [kind.value for kind in AlertKind if kind != AlertKind.PROTECTED]
    assert choose(moderator, theirs, *others).status_code == 302
    page = browser(moderator).get("/admin/account/").content.decode()
    assert page.count("checked") == len(AlertKind) - 1
    held()
    ring()
    assert to_whom() == [owner.username]
    entry = AuditEntry.objects.get(action="alerts_chosen")
    assert (entry.user, entry.campaign) == (moderator, campaign)
    assert entry.details == {"off": ["protected_held"]}


def test_nobody_switches_for_another_nor_what_they_are_not_told(
    campaign: Campaign, moderator: User
) -> None:
    owner, reader = make_member(campaign, Role.OWNER), make_member(campaign, Role.READER)
    root = User.objects.create_superuser("root", "root@example.org", "secret")
    of = {each.user_id: each for each in Membership.objects.all()}
    for by, whose in ((owner, moderator), (root, moderator), (moderator, owner), (reader, reader)):
        assert choose(by, of[whose.pk]).status_code == 404
    assert choose(moderator, of[moderator.pk], "no such kind").status_code == 404
    assert browser(moderator).post("/admin/account/alerts/", {"membership": "x"}).status_code == 404
    assert not Membership.objects.exclude(silenced=[]).exists()
    assert "alerts" not in browser(reader).get("/admin/account/").content.decode()


@pytest.mark.parametrize("how", ["removed", "reader", "switched off", "silenced"])
def test_what_was_owed_is_not_sent_to_who_is_out_meanwhile(
    campaign: Campaign, moderator: User, sink: Sink, how: str
) -> None:
    owner = make_member(campaign, Role.OWNER)
    [theirs] = Membership.objects.filter(user=moderator)
    held()
    ring()
    assert to_whom() == ["moderator", "owner"]
    if how == "removed":
        browser(owner).post(f"/admin/campaign/membership/{theirs.pk}/remove/")
    elif how == "reader":
        typed = {"role": "reader"}
        browser(owner).post(f"/admin/campaign/membership/{theirs.pk}/role/", typed)
    elif how == "switched off":
        User.objects.filter(pk=moderator.pk).update(is_active=False)
    else:
        choose(moderator, theirs)
    assert delivery.deliver_due() == 1
    assert [mail["To"] for mail in sink.received] == ["owner@example.org"]
    assert Notice.objects.count() == (1 if how == "removed" else 2)


def test_within_a_quarter_of_an_hour_there_is_one(campaign: Campaign, moderator: User) -> None:
    held()
    ring(1)
    held(2, credit="A film")
    for minutes in (3, 15):
        ring(minutes)
        assert to_whom() == ["moderator"]
    ring(17)
    assert to_whom() == ["moderator"] * 2
    alert = Alert.objects.order_by("pk").first()
    assert alert
    member = Membership.objects.get(user=moderator)
    with pytest.raises(IntegrityError, match="notice_once"), transaction.atomic():
        Notice.objects.create(alert=alert, membership=member)


def test_a_mailbox_that_takes_none_keeps_no_signer_waiting(
    campaign: Campaign, moderator: User, sink: Sink
) -> None:
    sink.rcpt["moderator@example.org"] = "450 full"
    held()
    ring()
    make_signature(campaign, status=Status.PENDING, email="waits@example.org")
    delivery.deliver_due()
    assert [mail["To"] for mail in sink.received] == ["waits@example.org"]
    assert Mail.objects.get(kind="alert").status == "deferred"
    owed = list(Mail.objects.order_by("-urgent").values_list("kind", flat=True))
    assert owed == ["confirm", "alert"]


def test_erasing_the_signature_touches_nothing_of_it(campaign: Campaign, moderator: User) -> None:
    signature = held()
    ring()
    before = list(Mail.objects.values())
    leaving.erase(manage_token(signature))
    signature.refresh_from_db()
    assert signature.status == Status.ERASED
    assert list(Mail.objects.filter(kind="alert").values()) == before
    assert Notice.objects.count() == 1


def test_a_mail_is_about_a_signature_or_a_notice_and_never_both(
    campaign: Campaign, moderator: User
) -> None:
    signature = held()
    ring()
    for wrong in (
        {"signature": signature},
        {"kind": "published"},
        {"notice": None},
        {"notice": None, "signature": signature},
        {"kind": "published", "signature": signature},
    ):
        with pytest.raises(IntegrityError, match="mail_to_a_member"), transaction.atomic():
            Mail.objects.filter(kind="alert").update(**wrong)


def test_the_operator_sees_to_whom_it_went(campaign: Campaign, moderator: User) -> None:
    held()
    ring()
    page = browser(moderator).get("/admin/campaign/mail/").content.decode()
    assert "moderator (art)" in page
