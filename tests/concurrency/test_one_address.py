"""One address, a thousand tries at once by all doors together: it gets its few mails, and no more."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from ipaddress import ip_address
from itertools import count
from random import Random

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.utils import timezone

from campaign import letters, outbox, reporting, retention, signing
from campaign.links import Purpose, link_path
from campaign.models import Campaign, Mail, MailDay, MailQuota, Report
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from tests.concurrency.threads import Meanwhile, at_once
from tests.factories import confirm_token, details, make_campaign, make_signature
from tests.reports import import_file
from tests.representing import LINK
from tests.representing import TYPED as FOR_SOMEBODY
from tests.sign_form import FORM
from tests.vouchers import link_for, make_voucher, member_form

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("providers")]

VICTIM = "victim@example.org"
SPELLINGS = (VICTIM, "VICTIM@example.org", "victim+a@example.org", "Victim+b@EXAMPLE.org")
TRIES, THREADS = 1000, 40

Door = Callable[[Client, int], None]


class Doors:
    """All ways in which somebody can have a mail sent to an address, of some campaigns."""

    def __init__(self, slugs: tuple[str, ...]) -> None:
        self.campaigns = [make_campaign(slug=slug, extra='bot_check = "off"') for slug in slugs]
        self.entries, self.old_links, self.representing = [], [], []
        self.member_links, self.data_links = [], []
        for campaign in self.campaigns:
            self.entries.append(
                make_signature(campaign, email=f"entry@{campaign.slug}.example.org")
            )
            mine = make_signature(campaign, status=Status.PENDING, email=VICTIM, name="Own Name")
            self.old_links.append(confirm_token(mine))
            self.representing.append(self._asked(campaign))
            self.member_links.append(self._used_link(campaign))
            self.data_links.append(self._reported(campaign))
        for table in (Mail, MailQuota, MailDay):  # what came of the preparation
            table.objects.all().delete()

    def _asked(self, campaign: Campaign) -> str:
        """The link of somebody who says that they sign for the victim."""
        agent = {"representative_email": f"agent@{campaign.slug}.example.net", "email": VICTIM}
        Client().post(f"/{campaign.slug}/", {**FOR_SOMEBODY, **agent})
        mail = Mail.objects.filter(kind=MailKind.REPRESENT_CONFIRM).latest("pk")
        found = LINK.findall(str(letters.render(mail).body))
        return str(next(path for path in found if path.startswith("/represent/")))

    def _used_link(self, campaign: Campaign) -> str:
        """The path of a member's link that the victim has signed by."""
        link = link_for(make_voucher(campaign), VICTIM)
        member = member_form(email=VICTIM, name="Member Name")
        assert Client().post(link, member).status_code == 200
        return link

    def _reported(self, campaign: Campaign) -> str:
        """The path to what is held of the victim as a reporter."""
        entry, typed = self.entries[-1], {"email": VICTIM, "reason": "other", "note": ""}
        reporting.report(campaign=campaign, public_id=entry.public_id, typed=typed, language="en")
        its = Report.objects.latest("pk").public_id
        return link_path(Purpose.MY_DATA, subject=its, revision=1)

    def all(self) -> list[Door]:
        return [
            self.sign_form,
            self.sign_embed,
            self.sign_api,
            self.resend_page,
            self.resend_api,
            self.my_signature,
            self.renew,
            self.renew_member,
            self.renew_my_data,
            self.sign_for_somebody,
            self.confirm_for_the_victim,
            self.report,
            self.import_them,
            self.remind,
        ]

    def sign_form(self, client: Client, n: int) -> None:
        typed = {**FORM, "email": SPELLINGS[n % 4], "name": f"Form {'abcdefghij'[n % 10]}"}
        self._taken(client.post(f"/{self._slug(n)}/", typed))

    def sign_embed(self, client: Client, n: int) -> None:
        typed = {**FORM, "email": SPELLINGS[n % 4], "name": f"Frame {'abcdefghij'[n % 10]}"}
        self._taken(client.post(f"/embed/{self._slug(n)}/", typed))

    def sign_api(self, client: Client, n: int) -> None:
        typed = details(email=SPELLINGS[n % 4], name=f"Api {'abcdefghij'[n % 10]}")
        self._taken(self._api(client, n, "signatures/", typed))

    def resend_page(self, client: Client, n: int) -> None:
        self._taken(client.post(f"/{self._slug(n)}/", {"action": "resend", "email": VICTIM}))

    def resend_api(self, client: Client, n: int) -> None:
        self._taken(self._api(client, n, "signatures/resend/", {"email": SPELLINGS[n % 4]}))

    def my_signature(self, client: Client, n: int) -> None:
        self._taken(client.post(f"/{self._slug(n)}/my-signature/", {"email": SPELLINGS[n % 4]}))

    def renew_member(self, client: Client, n: int) -> None:
        link = self.member_links[n % len(self.member_links)]
        self._taken(client.post(link, {"action": "renew"}))

    def renew_my_data(self, client: Client, n: int) -> None:
        link = self.data_links[n % len(self.data_links)]
        self._taken(client.post(link, {"action": "renew"}))

    def renew(self, client: Client, n: int) -> None:
        token = self.old_links[n % len(self.old_links)]
        self._taken(client.post(f"/confirm/{token}/", {"action": "renew"}))

    def sign_for_somebody(self, client: Client, n: int) -> None:
        who = {"representative_email": SPELLINGS[n % 4], "email": f"other{n}@example.org"}
        self._taken(client.post(f"/{self._slug(n)}/", {**FOR_SOMEBODY, **who}))

    def confirm_for_the_victim(self, client: Client, n: int) -> None:
        self._taken(client.post(self.representing[n % len(self.representing)]))

    def report(self, client: Client, n: int) -> None:
        entry = self.entries[n % len(self.entries)]
        path = f"/{entry.campaign.slug}/signers/{entry.public_id}/report/"
        typed = {"email": SPELLINGS[n % 4], "reason": "other", "note": ""}
        self._taken(client.post(path, typed))

    def import_them(self, _client: Client, n: int) -> None:
        import_file(self.campaigns[n % len(self.campaigns)], f"File Name {n},{SPELLINGS[n % 4]}")

    def remind(self, _client: Client, _n: int) -> None:
        retention.remind()

    def _slug(self, n: int) -> str:
        return self.campaigns[n % len(self.campaigns)].slug

    def _api(self, client: Client, n: int, path: str, typed: dict[str, object]) -> object:
        path = f"/api/v1/campaigns/{self._slug(n)}/{path}"
        return client.post(path, json.dumps(typed), content_type="application/json")

    def _taken(self, response: object) -> None:
        status = getattr(response, "status_code", 0)
        assert status in {200, 202}, (status, getattr(response, "content", b"")[:500])


def tried(doors: Doors, tries: int, threads: int, first: int = 0) -> None:
    """So many tries, of each door as many, in any order and by so many threads at once."""
    ways = doors.all()
    all_tries = [(ways[n % len(ways)], first + n // len(ways)) for n in range(tries)]
    Random(6).shuffle(all_tries)
    addresses = count(int(ip_address("203.0.113.0")))

    def run(place: int) -> int:
        for door, n in all_tries[place::threads]:
            door(Client(REMOTE_ADDR=str(ip_address(next(addresses)))), n)
            connections.close_all()  # back into the pool, as after a request
        return len(all_tries[place::threads])

    assert sum(at_once([partial(run, place) for place in range(threads)])) == tries


def to_the_victim() -> Counter[tuple[str, date]]:
    """How many mails are due to the victim, by campaign and UTC day."""
    waits = Mail.objects.select_related("campaign", "signature", "report", "representation")
    return Counter(
        (mail.campaign.slug, mail.due_at.date())
        for mail in waits
        if mail.recipient.canonical_email.startswith("victim")
    )


def by_day(got: Counter[tuple[str, date]]) -> list[int]:
    """How many on each day that has any, by all campaigns."""
    days: Counter[date] = Counter()
    for (_slug, day), n in got.items():
        days[day] += n
    return [days[day] for day in sorted(days)]


def test_of_a_thousand_tries_at_once_by_all_doors_six_mails_at_most_are_due_on_each_day(
    record_property: Callable[[str, object], None],
) -> None:
    doors = Doors(("art", "two", "three"))
    used = to_the_victim()
    tried(doors, TRIES, THREADS)
    got = to_the_victim()
    days = by_day(got)
    record_property(
        "measured",
        f"one address, {TRIES} tries by {len(doors.all())} doors: {days[0]} mails today,"
        f" {max(days)} at most on {len(days) - 1} days to come, by files",
    )
    assert not used
    assert max(got.values()) <= outbox.STRANGERS_A_DAY
    assert days[0] > 0
    assert len(days) > 2
    assert max(days) <= outbox.EVERYWHERE_A_DAY
    # Who comes on the next day finds the slots taken that files were dated to.
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        tried(doors, 10 * len(doors.all()), 10, first=TRIES)
    got = to_the_victim()
    assert max(got.values()) <= outbox.STRANGERS_A_DAY
    assert max(by_day(got)) <= outbox.EVERYWHERE_A_DAY


def test_control_without_the_slots_every_try_is_a_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "WELCOME", "SELECT TRUE")
    doors = Doors(("art",))
    tried(doors, 4 * len(doors.all()), 4)
    assert to_the_victim().total() > 4 * outbox.EVERYWHERE_A_DAY - 6


# --- Two files at once -----------------------------------------------------------------------

LOOKED_AT = """
SELECT mailbox FROM unnest(%(mailboxes)s::text[]) AS asked(mailbox)
LEFT JOIN campaign_mailday quota ON quota.address_hash = mailbox AND quota.day = %(day)s
WHERE COALESCE(quota.n, 0) < %(limit)s
"""


def two_files(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Of two mails that strangers have caused, a file of one campaign, and of another when it has its days."""
    one, two, three = (make_campaign(slug=slug) for slug in ("one", "two", "three"))
    for n in range(2):
        signing.sign(campaign=three, typed=details(email=VICTIM, name=f"Own {'ab'[n]}"))
    lines = [f"Name {name},victim+{name}@example.org" for name in "abcde"]
    second = Meanwhile(lambda: import_file(two, *lines)).before(monkeypatch, outbox, "owe_imported")
    import_file(one, *lines)
    second.end()
    return second


def test_of_two_files_at_once_the_second_sees_what_the_first_has_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second = two_files(monkeypatch)
    assert second.waited
    assert second.outcome is None
    assert by_day(to_the_victim()) == [6, 5, 1]
    assert max(to_the_victim().values()) == outbox.STRANGERS_A_DAY


def test_control_files_that_only_look_overfill_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_OF_ALL", LOOKED_AT)
    assert not two_files(monkeypatch).waited
    assert by_day(to_the_victim()) == [8, 4]
