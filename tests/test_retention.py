"""What ends by itself: the command says how much and deletes it, and the numbers stay long after a close."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from campaign import (
    closing,
    counts,
    intake,
    leaving,
    organising,
    placing,
    printing,
    retention,
    signing,
    tasks,
)
from campaign.campaign_file import parse
from campaign.models import (
    Alert,
    AuditEntry,
    AuditNote,
    Campaign,
    Event,
    EventNote,
    ImportBatch,
    LeftName,
    Mail,
    MailQuota,
    PrintEntry,
    Proof,
    Pulse,
    Question,
    RejectedName,
    Representation,
    Signature,
    Suppression,
    WebhookDelivery,
)
from campaign.models.membership import Role
from campaign.models.signature import Status
from tests.batches import imported
from tests.campaign_form import inputs
from tests.counted import assert_exact
from tests.factories import (
    OPENED,
    campaign_file,
    confirm_token,
    make_campaign,
    make_member,
    make_signature,
    manage_token,
    release,
)

pytestmark = pytest.mark.django_db

CLOSES = datetime(2027, 1, 31, 12, tzinfo=UTC)
OVER = datetime(2027, 2, 28, 12, tzinfo=UTC)
"""A month later, which has no 31st day."""
EXTRA = f"closes_at = {CLOSES.isoformat()}\nretention_months = 1\n"


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification", extra=EXTRA)


def run(*options: str) -> dict[str, int]:
    """What the command says, by kind."""
    out = StringIO()
    call_command("expire", *options, stdout=out)
    lines = [line.split(maxsplit=1) for line in out.getvalue().splitlines()]
    return {name: int(n) for n, name in lines if n.isdecimal()}


def numbers(campaign: Campaign) -> dict[counts.Key, int]:
    return counts.snapshot(campaign.pk)


def everything() -> str:
    """All that any table holds, in small letters."""
    models: tuple[Any, ...] = (
        *(Signature, Event, EventNote, AuditEntry, AuditNote, Mail, Representation, PrintEntry),
        *(Proof, Question, ImportBatch, Suppression, RejectedName, LeftName),
    )
    return str([list(model.objects.values()) for model in models]).lower()


class Killed(Exception):
    """The worker is no more."""


# --- What ends by itself ---------------------------------------------------------------------


def test_a_dry_run_says_how_much_would_go_and_deletes_nothing() -> None:
    campaign = make_campaign(publication="after_verification")
    make_signature(campaign, status="pending", name="Never Confirmed")
    make_signature(campaign, name="Stays")
    Pulse.objects.create(campaign=campaign, at=timezone.now(), received=1, confirmed=1)
    Alert.objects.create(campaign=campaign, kind="rate_high", n=50, at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(days=91), tick=False):
        said = run("--dry-run")
        assert list(said) == [*retention.KINDS, "signatures long after the close"]
        assert {name: n for name, n in said.items() if n} == {
            "unconfirmed signatures": 1,
            "slots of addresses": 2,
            "slots of addresses in all campaigns": 2,
            "rates by the minute": 1,
            "alerts": 1,
        }
        assert run("--dry-run") == said
        assert Signature.objects.filter(name="Never Confirmed").exists()
        assert MailQuota.objects.exists()
        assert run() == said
        assert not Signature.objects.filter(name="Never Confirmed").exists()
        assert Signature.objects.filter(name="Stays").exists()
        assert set(run().values()) == {0}


@pytest.fixture
def five_are_over(monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """Five whom nobody confirmed in time, of whom two are deleted together."""
    campaign = make_campaign(publication="after_verification")
    for number in range(5):
        make_signature(campaign, status="pending", name=f"Never {number}")
    make_signature(campaign, name="Stays")
    monkeypatch.setattr(retention, "UNCONFIRMED_KEPT", timedelta(0))
    monkeypatch.setattr(retention, "DISCARDED_AT_ONCE", 2)
    return campaign


def test_killed_among_the_unconfirmed_it_goes_on_where_it_stood(
    five_are_over: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    discard, last = placing.discard, Signature.objects.order_by("pk")[2].pk

    def until_killed(signature_ids: Iterable[int]) -> int:
        if last in signature_ids:
            raise Killed
        return discard(signature_ids)

    monkeypatch.setattr(placing, "discard", until_killed)
    with pytest.raises(Killed):
        retention.expire()
    assert Signature.objects.filter(status=Status.PENDING).count() == 3
    assert_exact(five_are_over)
    monkeypatch.setattr(placing, "discard", discard)
    assert retention.expire()["unconfirmed signatures"] == 3
    assert Signature.objects.get().name == "Stays"
    assert_exact(five_are_over)


def test_one_that_is_confirmed_before_its_turn_stays(
    five_are_over: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    discard, last = placing.discard, Signature.objects.get(name="Never 4")
    token = confirm_token(last)

    def meanwhile(signature_ids: Iterable[int]) -> int:
        signing.confirm(token)
        return discard(signature_ids)

    monkeypatch.setattr(placing, "discard", meanwhile)
    assert retention.expire()["unconfirmed signatures"] == 4
    last.refresh_from_db()
    assert (last.status, Signature.objects.count()) == (Status.PUBLISHED, 2)
    assert_exact(five_are_over)


def test_without_time_the_unconfirmed_wait_for_the_next_run_and_the_command_ends_with_all(
    five_are_over: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "DISCARD_FOR", -1.0)
    assert retention.due()["unconfirmed signatures"] == 5
    assert retention.expire()["unconfirmed signatures"] == 2
    assert retention.due()["unconfirmed signatures"] == 3
    assert run("--dry-run")["unconfirmed signatures"] == 3
    assert run()["unconfirmed signatures"] == 3
    assert Signature.objects.get().name == "Stays"


def test_a_kind_that_breaks_keeps_no_other_and_is_said_at_the_end(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_rows: Any) -> int:
        raise Killed

    for kind in ("unconfirmed signatures", "alerts"):
        monkeypatch.setitem(retention.KINDS, kind, replace(retention.KINDS[kind], delete=broken))
    now = timezone.now()
    Pulse.objects.create(campaign=art, at=now, received=1, confirmed=1)
    hook = art.webhooks.create(url="https://hooks.example.org/", events=["milestone"])
    WebhookDelivery.objects.create(webhook=hook, event="test")
    with time_machine.travel(now + timedelta(days=31), tick=False), pytest.raises(Killed):
        tasks.expire()
    assert not Pulse.objects.exists()
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    ("kind", "days"), [("alerts", 90), ("rates by the minute", 2), ("webhook messages", 30)]
)
def test_what_only_served_its_day_goes_when_its_time_is_over_and_not_before(
    art: Campaign, kind: str, days: int
) -> None:
    now = timezone.now()
    hook = art.webhooks.create(url="https://hooks.example.org/", events=["milestone"])
    WebhookDelivery.objects.create(webhook=hook, event="test")
    Alert.objects.create(campaign=art, kind="rate_high", n=50, at=now)
    Pulse.objects.create(campaign=art, at=now, received=1, confirmed=1)
    with time_machine.travel(now + timedelta(days=days, seconds=-5), tick=False):
        assert retention.expire()[kind] == 0
    with time_machine.travel(now + timedelta(days=days, seconds=5), tick=False):
        assert retention.expire()[kind] == 1


def owed_long_before_the_opening(campaign: Campaign) -> datetime:
    """The announcement of one that is released 40 days before the campaign opens, and a test that was sent;
    when it opens."""
    opens_at = timezone.now() + timedelta(days=40)
    Campaign.objects.update(opens_at=opens_at)
    hook = campaign.webhooks.create(
        url="https://hooks.example.org/", events=["signature.published"]
    )
    WebhookDelivery.objects.create(webhook=hook, event="test", status="delivered")
    lines = ["name,email\n", "Ana Prado,ana@example.org\n"]
    assert release(imported(campaign, lines)) == 1
    return opens_at


def messages_after_expiry(at: datetime) -> list[str]:
    with time_machine.travel(at, tick=False):
        retention.expire()
    return list(WebhookDelivery.objects.order_by("pk").values_list("event", flat=True))


def test_what_is_announced_from_the_opening_on_waits_for_it_and_thirty_days_more(
    art: Campaign,
) -> None:
    opens_at = owed_long_before_the_opening(art)
    assert messages_after_expiry(opens_at - timedelta(seconds=5)) == ["signature.published"]
    assert messages_after_expiry(opens_at + timedelta(days=30, seconds=-5)) == [
        "signature.published"
    ]
    assert messages_after_expiry(opens_at + timedelta(days=30, seconds=5)) == []


def test_it_waits_while_nobody_knows_when_the_campaign_opens(art: Campaign) -> None:
    opens_at = owed_long_before_the_opening(art)
    Campaign.objects.update(opens_at=None, closes_at=None)
    assert messages_after_expiry(opens_at + timedelta(days=90)) == ["signature.published"]


def test_once_it_is_open_a_webhook_that_rests_or_is_off_keeps_nothing_longer_than_thirty_days(
    art: Campaign,
) -> None:
    now = timezone.now()
    for off in ({"active": False}, {"rests_until": now + timedelta(days=31)}):
        hook = art.webhooks.create(url="https://hooks.example.org/", events=["milestone"], **off)
        WebhookDelivery.objects.create(webhook=hook, event="milestone", number=100)
    assert messages_after_expiry(now + timedelta(days=30, seconds=-5)) == ["milestone"] * 2
    assert messages_after_expiry(now + timedelta(days=30, seconds=5)) == []


def test_a_print_list_that_kept_a_name_through_an_erasure_gives_it_up(art: Campaign) -> None:
    erased, stays = make_signature(art, name="Canary"), make_signature(art, name="Stays")
    owner = make_member(art, Role.OWNER)
    made = printing.order(campaign=art, by=owner, reason="Full page in the Gazette")
    line: dict[str, Any] = {"print_list": made, "credit": "A Song", "discipline": "musician"}
    PrintEntry.objects.create(position=1, signature=erased, **line)
    PrintEntry.objects.create(position=2, signature=stays, name="Stays", **line)
    leaving.erase(manage_token(erased))
    PrintEntry.objects.filter(position=1).update(name="Canary", credit="A Song")
    assert run("--dry-run")["lines of print lists of who was erased"] == 1
    assert run()["lines of print lists of who was erased"] == 1
    assert list(printing.lines(made)) == [b"\n", b"Stays\tA Song\t\tmusician\n"]
    assert run()["lines of print lists of who was erased"] == 0


# --- Long after the close --------------------------------------------------------------------


def full(campaign: Campaign) -> None:
    """One of each status, with what stands beside them."""
    make_signature(campaign, name="Canary Listed", credit="Canary Song", country="FR")
    make_signature(campaign, name="Canary Hidden", show_name=False)
    make_signature(campaign, name="Canary Held", status="held")
    make_signature(campaign, name="Canary Rejected", status="rejected")
    make_signature(campaign, name="Canary Withdrawn", status="withdrawn")
    make_signature(campaign, name="Canary Erased", status="erased")
    make_signature(campaign, name="Canary Pending", status="pending")
    intake.import_signers(
        campaign=campaign,
        lines=["name,evidence_note\n", "Canary Imported,Canary note\n"],
        file_name="canary.csv",
        consent_note="Canary vouches",
    )
    owner = make_member(campaign, Role.OWNER)
    printing.order(campaign=campaign, by=owner, reason="Canary Gazette")
    signer = Signature.objects.get(name="Canary Listed")
    PrintEntry.objects.create(
        print_list=campaign.print_lists.get(), position=1, signature=signer, name=signer.name
    )


def test_long_after_the_close_no_personal_data_are_left_and_the_numbers_are_the_same(
    client: Client, art: Campaign
) -> None:
    full(art)
    before = numbers(art)
    shown = client.get("/api/v1/campaigns/art/counts/").json()
    with time_machine.travel(OVER, tick=False):
        assert run("--dry-run")["signatures long after the close"] == 7
        assert "canary" in everything()
        assert LeftName.objects.exists()
        tasks.expire()
        tasks.empty()
        after = client.get("/api/v1/campaigns/art/counts/").json()
        assert client.get("/api/v1/campaigns/art/signers/").json()["results"] == []
        assert "Canary" not in client.get("/art/signers/").content.decode()
    assert "canary" not in everything()
    assert not LeftName.objects.exists()
    assert set(Signature.objects.values_list("status", flat=True)) == {Status.ERASED}
    assert_exact(art)
    for name in ("received", "confirmed", "published", "held", "withdrawn", "removed", "by_day"):
        assert after[name] == shown[name], name
    assert (shown["anonymous"], after["anonymous"]) == (1, after["published"])
    assert sum(each["published"] for each in after["by_discipline"]) == 0
    assert before[("published", "all", "")] == 2


def test_names_that_a_release_protected_go_with_the_rest_and_those_of_the_file_stay(
    art: Campaign,
) -> None:
    release(imported(art, ["name,featured\n", "Canary Featured,yes\n"]))
    # As a release of before left it, of somebody who has erased since.
    batch = ImportBatch.objects.get()
    art.protected_names.create(name="Canary Erased", batch=batch, skeletons=["canaryerased"])
    with time_machine.travel(OVER, tick=False):
        tasks.empty()
    names = art.protected_names.values_list("name", flat=True)
    assert set(names) == {"Scarlett Johansson", "R.E.M.", "REM"}


def test_nothing_goes_a_second_before(art: Campaign) -> None:
    full(art)
    with time_machine.travel(OVER - timedelta(seconds=1), tick=False):
        assert closing.due() == closing.empty() == 0
    assert Signature.objects.filter(name="Canary Listed").exists()


def test_a_campaign_without_a_close_keeps_what_it_has() -> None:
    campaign = make_campaign(publication="after_verification")
    make_signature(campaign, name="Stays")
    with time_machine.travel(OVER + timedelta(days=3650), tick=False):
        assert closing.empty() == 0
    assert Signature.objects.get().name == "Stays"


def test_another_campaign_is_left_alone(art: Campaign) -> None:
    other = make_campaign(slug="other", publication="after_verification")
    make_signature(art, name="Goes")
    make_signature(other, name="Stays")
    with time_machine.travel(OVER, tick=False):
        assert closing.empty() == 1
    assert list(Signature.objects.exclude(name="").values_list("name", flat=True)) == ["Stays"]


def test_cut_off_it_goes_on_where_it_stood_and_twice_changes_nothing(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        make_signature(art, name=f"Signer {number}")
    with time_machine.travel(OVER, tick=False):
        erase, last = closing._erase, Signature.objects.order_by("pk")[2].pk

        def until_killed(signature_id: int) -> bool:
            if signature_id == last:
                raise KeyboardInterrupt
            return erase(signature_id)

        monkeypatch.setattr(closing, "_erase", until_killed)
        with pytest.raises(KeyboardInterrupt):
            closing.empty()
        monkeypatch.setattr(closing, "_erase", erase)
        assert Signature.objects.filter(status=Status.ERASED).count() == 2
        assert_exact(art)
        assert closing.empty() == 3
        events = Event.objects.count()
        assert closing.empty() == 0
        assert Event.objects.count() == events
    assert_exact(art)
    entry = AuditEntry.objects.get(action="emptied")
    assert (entry.number, entry.user) == (3, None)


def test_one_that_cannot_be_erased_keeps_no_other_and_no_other_campaign(art: Campaign) -> None:
    other = make_campaign(slug="other", publication="after_verification", extra=EXTRA)
    stuck = make_signature(art, name="Stuck")
    for campaign in (art, other):
        make_signature(campaign, name=f"Goes from {campaign.slug}")
        leaving.erase(manage_token(make_signature(campaign, name="Left")))
    with time_machine.travel(OVER, tick=False):
        with _refused(stuck), pytest.raises(DatabaseError, match="not this one"):
            closing.empty()
        left = Signature.objects.exclude(status=Status.ERASED)
        assert list(left.values_list("name", "status")) == [("Stuck", "published")]
        assert not LeftName.objects.exists()
        done = AuditEntry.objects.filter(action="emptied").order_by("pk")
        assert list(done.values_list("campaign__slug", "number")) == [("art", 1), ("other", 1)]
        assert closing.empty() == 1
    for campaign in (art, other):
        assert_exact(campaign)


@contextmanager
def _refused(signature: Signature) -> Iterator[None]:
    """The database lets nobody change this row."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;"
            "CREATE TRIGGER refused BEFORE UPDATE ON campaign_signature"
            f" FOR EACH ROW WHEN (OLD.id = {signature.pk}) EXECUTE FUNCTION refuse()"
        )
        yield
        cursor.execute("DROP TRIGGER refused ON campaign_signature; DROP FUNCTION refuse()")


def test_without_time_the_rest_is_left_to_the_next_run(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(art, name="Waits")
    monkeypatch.setattr(closing, "EMPTY_FOR", -1.0)
    with time_machine.travel(OVER, tick=False):
        assert closing.empty() == 0
        assert Signature.objects.get().name == "Waits"


def test_a_close_that_is_put_off_meanwhile_saves_who_is_not_erased_yet(art: Campaign) -> None:
    signature = make_signature(art, name="Saved")
    with time_machine.travel(OVER, tick=False):
        [found] = closing.over(timezone.now())
        text = campaign_file(publication="after_verification", opens_at=OPENED, extra=EXTRA)
        later = (CLOSES + timedelta(days=365)).isoformat()
        organising.load_campaign(parse(text.replace(CLOSES.isoformat(), later)))
        assert found.data_kept_until == OVER
        assert closing._erase(signature.pk) is False
    signature.refresh_from_db()
    assert (signature.status, signature.name) == (Status.PUBLISHED, "Saved")


# --- A slip of the finger --------------------------------------------------------------------

LONG_AGO = "closes_at = 2020-06-01T00:00:00Z\n"


def load(path: Path, extra: str) -> str:
    """Load the campaign from a file with these lines; what the command says."""
    file, out = path / "art.toml", StringIO()
    opened = datetime(2020, 1, 1, tzinfo=UTC)
    file.write_text(campaign_file(publication="after_verification", opens_at=opened, extra=extra))
    call_command("load_campaign", file, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("before", "slip", "key"),
    [
        ("", LONG_AGO, "closes_at"),
        (LONG_AGO + "retention_months = 120\n", LONG_AGO, "retention_months"),
    ],
)
def test_a_file_that_would_erase_everybody_is_refused_and_says_what_it_would_do(
    tmp_path: Path, before: str, slip: str, key: str
) -> None:
    load(tmp_path, "")
    make_signature(name="Stays")
    load(tmp_path, before)
    with pytest.raises(
        CommandError, match=rf"{key}: would erase the personal data of 1 signature,"
    ):
        load(tmp_path, slip)
    assert closing.due() == closing.empty() == 0
    assert Signature.objects.get().name == "Stays"
    assert "nothing changed" in load(tmp_path, before)


def test_a_campaign_that_nobody_signed_may_have_had_its_time(tmp_path: Path) -> None:
    load(tmp_path, "")
    assert "closes_at" in load(tmp_path, LONG_AGO)


def test_the_form_refuses_it_at_its_input_when_looked_at_and_when_saved(client: Client) -> None:
    campaign = make_campaign(
        publication="after_verification", opens_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    make_signature(campaign, name="Stays")
    client.force_login(make_member(campaign, Role.OWNER))
    path = f"/admin/campaign/campaign/{campaign.pk}/edit/"
    typed = {**inputs(client.get(path).content.decode()), "closes_at": "2020-06-01T00:00"}
    for button in ("_look", "_save"):
        answer = client.post(path, {**typed, button: "on"})
        assert answer.status_code == 422
        [(_label, anchor, [error])] = answer.context["form"].wrong
        assert anchor == "f-closes-at"
        assert "would erase the personal data of 1 signature, kept until 2021-06-01" in error
    assert closing.empty() == 0
    assert Campaign.objects.get().closes_at is None


def test_however_the_end_was_moved_nothing_goes_before_a_day_has_passed(art: Campaign) -> None:
    make_signature(art, name="Seen in time")
    Campaign.objects.update(opens_at="2020-01-01T00:00Z", closes_at="2020-06-01T00:00Z")
    now = timezone.now()
    assert closing.due() == closing.empty() == 0
    with time_machine.travel(now + timedelta(hours=23, minutes=59), tick=False):
        assert closing.empty() == 0
    with time_machine.travel(now + timedelta(hours=24, minutes=1), tick=False):
        assert closing.empty() == 1


def test_fewer_months_begin_that_day_and_anything_else_does_not(art: Campaign) -> None:
    begun = Campaign.objects.get().retention_set_at
    Campaign.objects.update(goal=7, retention_set_at="2020-01-01T00:00Z")
    assert Campaign.objects.get().retention_set_at == begun
    Campaign.objects.update(retention_months=2)
    assert Campaign.objects.get().retention_set_at >= begun


def test_the_campaigns_page_says_when_the_data_go_and_of_how_many(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    make_signature(campaign)
    make_signature(campaign)
    client.force_login(make_member(campaign, Role.OWNER))

    def shown() -> str:
        page = client.get(f"/admin/campaign/campaign/{campaign.pk}/change/").content.decode()
        return " ".join(page.split())

    assert "<dt>Personal data are erased</dt> <dd> – </dd>" in shown()
    make_campaign(publication="after_verification", extra=EXTRA)
    assert "<dd> 2027-02-28 12:00 UTC, of 2 signatures </dd>" in shown()
    assert "nobody can bring them back" not in shown()
    with time_machine.travel(OVER - timedelta(days=30), tick=False):
        client.force_login(User.objects.get(username="owner"))
        assert "nobody can bring them back" in shown()


# --- What the numbers say --------------------------------------------------------------------


def test_who_erased_it_themselves_counts_as_withdrawn_as_ever(art: Campaign) -> None:
    signature = make_signature(art, name="Left")
    leaving.erase(manage_token(signature))
    with time_machine.travel(OVER, tick=False):
        assert closing.empty() == 0
    assert numbers(art)[("withdrawn", "all", "")] == 1
    assert ("published", "all", "") not in numbers(art)


def test_a_webhook_is_told_that_the_campaign_took_it_off(art: Campaign) -> None:
    hook = art.webhooks.create(
        url="https://hooks.example.org/", events=["signature.removed", "signature.withdrawn"]
    )
    signature = make_signature(art, name="Listed")
    with time_machine.travel(OVER, tick=False):
        closing.empty()
    told = WebhookDelivery.objects.filter(webhook=hook).values_list("event", "signer")
    assert list(told) == [("signature.removed", signature.public_id)]


def test_the_database_counts_nobody_who_stands_as_something_else(art: Campaign) -> None:
    make_signature(art)
    with pytest.raises(IntegrityError, match="counts_as_what_it_is"), transaction.atomic():
        Signature.objects.update(counted_as="held")
