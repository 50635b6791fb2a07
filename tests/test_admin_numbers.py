"""The statistics on the admin's first page: charts, tables and the API's counts never disagree."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from campaign import charts, counts, public_numbers, statistics
from campaign.leaving import withdraw
from campaign.models import Campaign, HourTally, Mail, Membership, TallyChange
from campaign.models.address import Unreachable
from campaign.models.signature import Status
from campaign.signing import confirm, sign
from tests.factories import (
    confirm_token,
    details,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 20, 12, 30, tzinfo=UTC)


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def desk(art: Campaign) -> Client:
    client, reader = Client(), make_user(username="reader")
    Membership.objects.create(user=reader, campaign=art, role="reader")
    client.force_login(reader)
    return client


@contextmanager
def at(when: datetime) -> Iterator[None]:
    """What happens inside happens then; requests to sign are dated by the database's own clock."""
    before = TallyChange.objects.order_by("pk").last()
    with time_machine.travel(when, tick=False):
        yield
    fresh = TallyChange.objects.filter(state="received", pk__gt=before.pk if before else 0)
    fresh.update(at=when)


def busy(art: Campaign) -> None:
    """A few days: who signed, confirmed after a while, was held, withdrew."""
    with at(NOW - timedelta(days=3)):
        early = make_signature(art, status=Status.PENDING)
        make_signature(art, discipline="author", country="FR")
    with at(NOW - timedelta(days=3) + timedelta(minutes=10)):
        confirm(confirm_token(early))
    with at(NOW - timedelta(hours=2)):
        make_signature(art, status=Status.HELD)
        gone = make_signature(art, country="DE")
        make_signature(art, status=Status.PENDING)
        sign(campaign=art, typed=details(email="x@example.org", show_name=False))
    with at(NOW):
        withdraw(manage_token(gone))
        make_signature(art, show_name=False)


def texts(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


# --- Over time -------------------------------------------------------------------------------


@pytest.mark.parametrize("folded", ["never", "between", "at the end"])
def test_the_hours_say_when_and_sum_to_the_counts(art: Campaign, folded: str) -> None:
    with at(NOW - timedelta(days=40)):
        make_signature(art)
    if folded == "between":
        counts.fold(3)
    busy(art)
    if folded == "at the end":
        while counts.fold(2):
            pass
    progress = statistics.progress(art, NOW)
    public = public_numbers.counts(art)
    for course in (progress.by_hour, progress.by_day):
        for name in statistics.SERIES:
            assert course.total(name) == public[name], name
    said = {
        each.at: (each.received, each.confirmed, each.published)
        for each in progress.by_hour.moments
        if each.received or each.confirmed or each.published
    }
    assert said == {
        datetime(2026, 5, 20, 10, tzinfo=UTC): (4, 2, 1),
        datetime(2026, 5, 20, 12, tzinfo=UTC): (1, 1, 0),  # one came, one left
    }
    days = {each.at.day: each.confirmed for each in progress.by_day.moments if each.confirmed}
    assert days == {17: 2, 20: 3}
    assert (progress.by_day.earlier.received, progress.by_day.earlier.published) == (1, 1)
    assert len(progress.by_hour.moments) == 48
    assert len(progress.by_day.moments) == 30


def test_the_days_of_the_api_are_those_of_the_chart(art: Campaign) -> None:
    busy(art)
    make = public_numbers.counts(art)["by_day"]
    # A day of the API is that of first publication, whoever left since is off its day; a chart's is when.
    assert sum(each["published"] for each in make) == statistics.progress(art, NOW).by_day.total(
        "published"
    )


def test_how_long_it_took_to_confirm(art: Campaign) -> None:
    for minutes in (1, 1, 1, 1, 10, 10, 10, 10, 10, 600):
        with at(NOW - timedelta(minutes=minutes)):
            signature = make_signature(art, status=Status.PENDING)
        with at(NOW):
            confirm(confirm_token(signature))
    counts.fold(5)
    waiting = statistics.progress(art, NOW).waiting
    assert waiting.number == 10
    assert waiting.median is not None
    assert waiting.nine_tenths is not None
    assert abs(waiting.median / timedelta(minutes=10) - 1) < 0.1
    assert abs(waiting.nine_tenths / timedelta(minutes=10) - 1) < 0.1
    later = statistics.progress(art, NOW + timedelta(days=10))
    assert (later.waiting.number, later.waiting_lately.number) == (10, 0)
    assert later.waiting_lately.median is None


def test_folding_twice_counts_nothing_twice(art: Campaign) -> None:
    busy(art)
    before = counts.hours(art.pk, NOW)
    assert counts.fold() > 0
    assert counts.fold() == 0
    assert sorted(counts.hours(art.pk, NOW)) == sorted(before)
    assert HourTally.objects.filter(waited__gte=0).exists()


def test_another_campaign_is_not_among_them(art: Campaign) -> None:
    busy(make_campaign(slug="film", publication="after_verification"))
    assert statistics.progress(art, NOW).by_day.total("received") == 0


# --- The page --------------------------------------------------------------------------------


def test_the_first_page_has_the_numbers_of_the_api(
    desk: Client, client: Client, art: Campaign
) -> None:
    busy(art)
    with at(NOW):
        page = desk.get("/admin/").content.decode()
        public = client.get("/api/v1/campaigns/art/counts/").json()
    text = texts(page)
    for label, name in (
        ("Received", "received"),
        ("Confirmed", "confirmed"),
        ("Published", "published"),
        ("Held", "held"),
    ):
        assert f"{label} {public[name]} " in text, label
    in_all = f"in all {public['received']} {public['confirmed']} {public['published']} "
    assert text.count(in_all) == 2
    for table in ("by_discipline", "by_country"):
        for row in public[table]:
            name = (
                row.get("country", "") if table == "by_country" else row["discipline"].capitalize()
            )
            assert f"{name or 'none given'} {row['published']} " in text
    # Every number of a table is a bar, and says so.
    assert "2026-05-20 10:00: 4" in page
    assert page.count("<rect") > 3 * (48 + 30)


def test_charts_are_drawn_without_asking_anybody(desk: Client, art: Campaign) -> None:
    busy(art)
    page = desk.get("/admin/").content.decode()
    for svg in re.findall(r"<svg viewBox=\"0 0 \d+ 100\".*?</svg>", page, re.DOTALL):
        assert re.search(r'role="img"\s+aria-labelledby="c-(hour|day)-\w+"', svg)
        assert "<title" in svg
    assert not re.search(r'(src|href)="https?://(?!127\.0\.0\.1|localhost|testserver)', page)
    assert "style=" not in re.sub(
        r"<(header|nav|aside).*?</\1>",
        "",
        page.partition('class="dossier"')[2].partition("</main>")[0],
    )


def test_the_queue_is_one_click_away_and_says_how_long_it_has_waited(
    desk: Client, art: Campaign
) -> None:
    with at(NOW - timedelta(days=2)):
        make_signature(art, name="Scarlett Johansson", status=Status.HELD)
    with at(NOW - timedelta(hours=3)):
        make_signature(art, name="Scarlett Johanson", status=Status.HELD)
    with at(NOW):
        page = desk.get("/admin/").content.decode()
    assert 'class="button button-yes" href="/admin/campaign/signature/?status=protected"' in page
    assert "Open the queue (2)" in texts(page)
    assert "Protected names 2 2 days 2 days" in texts(page)


def test_mail_says_what_became_of_it(desk: Client, art: Campaign) -> None:
    with at(NOW - timedelta(hours=2)):
        for _each in range(3):
            make_signature(art, status=Status.PENDING)
        Mail.objects.order_by("pk")[:1].get()
        Mail.objects.filter(pk=Mail.objects.order_by("pk").values("pk")[:1]).update(status="failed")
    health = statistics.mail_health(art, NOW)
    assert dict(health.by_status) == {
        "queued": 2,
        "claimed": 0,
        "sent": 0,
        "deferred": 0,
        "failed": 1,
        "suppressed": 0,
    }
    assert (health.waiting, health.oldest) == (2, timedelta(hours=2))
    assert statistics.mail_health(make_campaign(slug="film"), NOW).since is None


def test_mail_says_how_many_mailboxes_are_gone(desk: Client, art: Campaign) -> None:
    for n, (reason, until) in enumerate(
        [
            ("bounced", NOW + timedelta(days=1)),
            ("bounced", NOW + timedelta(days=2)),
            ("bounced", NOW - timedelta(days=1)),  # tried again from then on
            ("complained", None),
        ]
    ):
        Unreachable.objects.create(address_hash=f"{n}", reason=reason, until=until)
    health = statistics.mail_health(art, NOW)
    assert (health.bounced, health.complained) == (2, 1)
    with at(NOW):
        page = texts(desk.get("/admin/").content.decode())
    assert "Bounced 2 mailboxes of all campaigns Complained 1 mailboxes of all campaigns" in page


def test_each_sees_the_campaigns_that_are_theirs(desk: Client, art: Campaign) -> None:
    film = make_campaign(slug="film", publication="after_verification")
    make_signature(film, discipline="author")
    for asked in ("", "film", "nowhere", "\0"):
        page = desk.get("/admin/", {"campaign": asked}).content.decode()
        assert "film" not in texts(page).replace("campaign=film", "")
        assert "Received 0 " in texts(page)


def test_one_chooses_among_several(art: Campaign) -> None:
    make_campaign(slug="film")
    client, operator = Client(), make_user("view_signature", username="operator")
    client.force_login(operator)
    make_signature(art)
    assert '<option value="film" selected>' in client.get("/admin/?campaign=film").content.decode()
    assert "Received 1 " in texts(client.get("/admin/?campaign=art").content.decode())


def test_an_admin_without_a_campaign_says_so() -> None:
    client = Client()
    client.force_login(make_user("view_signature", username="operator"))
    assert "There is no campaign yet." in client.get("/admin/").content.decode()


# --- Charts ----------------------------------------------------------------------------------


def test_bars_stand_on_the_ground_and_hang_below_it() -> None:
    chart = charts.chart([("a", 3), ("b", -1), ("c", 0)])
    assert [(bar.y, bar.height) for bar in chart.bars] == [(0, 75), (75, 25), (75, 0)]
    assert (chart.ground, chart.total, chart.highest, chart.width) == (75, 2, 3, 30)
    assert (chart.first, chart.last) == ("a", "c")


def test_nothing_is_a_flat_line() -> None:
    chart = charts.chart([("a", 0), ("b", 0)])
    assert [bar.height for bar in chart.bars] == [0, 0]
    assert chart.ground == 100
