"""What moderators see of reports, and how they answer them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaign import moderation, reporting
from campaign.errors import ChangedMeanwhile
from campaign.links import Purpose, make_token
from campaign.models import Campaign, Event, Mail, Report, Signature
from campaign.models.mail import MailKind
from campaign.models.report import ReportOutcome, ReportStatus
from campaign.models.signature import HoldReason, Status
from tests.counted import assert_exact
from tests.factories import MODERATOR, first_page_leads_to, make_campaign, make_signature, make_user

pytestmark = pytest.mark.django_db

QUEUE = "/admin/campaign/signature/"
LANE = f"{QUEUE}?status=reported"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def desk() -> Client:
    """The browser of a moderator."""
    client = Client()
    client.force_login(make_user(*MODERATOR))
    return client


def reported(entry: Signature, email: str = "zoe@example.org", **typed: str) -> Report:
    """A report about it that its mailbox has confirmed."""
    reporting.report(
        campaign=entry.campaign,
        public_id=entry.public_id,
        typed={"email": email, "reason": "not_me", "note": "Ask my agent.", **typed},
        language="en",
    )
    report = Report.objects.latest("pk")
    reporting.confirm(make_token(Purpose.REPORT, subject=report.public_id, revision=1))
    report.refresh_from_db()
    return report


def names(response: Any) -> list[str]:
    return [row.name for row in response.context["cl"].result_list]


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def press(client: Client, signature: Signature, verb: str, **typed: str) -> Any:
    """Read the form of that button off the page that the lane opens, fill it in, and press."""
    page = f"{QUEUE}{signature.pk}/change/?_changelist_filters=status%3Dreported"
    return client.post(f"{QUEUE}{signature.pk}/{verb}/", {**carried(client, page, verb), **typed})


def carried(client: Client, page: str, verb: str) -> dict[str, list[str]]:
    text = client.get(page).content.decode()
    form = re.search(rf'action="{QUEUE}\d+/{verb}/">(.*?)</form>', text, re.DOTALL)
    assert form, f"no {verb} button"
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[1]):
        found.setdefault(name, []).append(value)
    return found


# --- The lane --------------------------------------------------------------------------------


def test_the_first_page_leads_to_what_is_reported_while_something_is(
    desk: Client, campaign: Campaign
) -> None:
    make_signature(campaign, status=Status.HELD, name="Held Alone")
    assert first_page_leads_to(desk) == f"{QUEUE}?status=rest"
    report = reported(make_signature(campaign, name="Reported"))
    assert first_page_leads_to(desk) == LANE
    response = desk.get(LANE)
    assert names(response) == ["Reported"]
    assert names(desk.get(QUEUE)) == ["Held Alone"]
    moderation.keep(
        signature_id=report.signature_id,
        revision=1,
        report_ids=[report.pk],
        suspicion_ids=[],
        by=make_user(username="m"),
    )
    assert first_page_leads_to(desk) == f"{QUEUE}?status=rest"


def test_the_lane_has_published_and_held_ones_the_longest_reported_first(
    desk: Client, campaign: Campaign
) -> None:
    second = make_signature(campaign, name="Second")
    first = make_signature(campaign, name="First", email="first@example.org")
    reported(second)
    reported(first, "first@example.org")
    reported(second, "again@example.org")
    third = make_signature(campaign, name="Unconfirmed")
    reporting.report(
        campaign=campaign,
        public_id=third.public_id,
        typed={"email": "a@example.org", "reason": "other"},
        language="en",
    )
    long_ago = timezone.now() - timedelta(days=1)
    Report.objects.filter(signature=first).update(confirmed_at=long_ago)
    first.refresh_from_db()
    assert first.status == Status.HELD  # its own address is on file for it

    response = desk.get(LANE)

    assert names(response) == ["First", "Second"]
    text = words(response)
    assert "Somebody else × 2" in text
    assert "Somebody else, address on file" in text
    assert ">2</span>" in re.sub(r"\s+", "", response.content.decode())  # beside Reported
    for private in ("zoe@example.org", "Ask my agent."):
        assert private not in text


def test_the_lane_asks_as_often_for_many_as_for_one(desk: Client, campaign: Campaign) -> None:
    reported(make_signature(campaign, name="One"))
    desk.get(LANE)
    with CaptureQueriesContext(connection) as one:
        desk.get(LANE)
    for n in range(4):
        reported(make_signature(campaign, name=f"More {n}"), f"r{n}@example.org")
    with CaptureQueriesContext(connection) as five:
        desk.get(LANE)
    assert len(five) == len(one)


def test_the_page_says_what_was_reported_by_whom_and_whether_they_are_on_file(
    desk: Client, campaign: Campaign
) -> None:
    entry = make_signature(campaign, name="Reported", email="own@example.org")
    reported(entry, note="First line\nsecond <b>line</b>")
    text = words(desk.get(f"{QUEUE}{entry.pk}/change/"))
    assert "This is somebody else who uses my name." in text
    assert "zoe@example.org" in text
    assert "second &lt;b&gt;line&lt;/b&gt;" in text
    assert "address on file for this name" not in text
    assert "please confirm your report" not in text  # among the mails to the signer
    reported(entry, "own@example.org")
    text = words(desk.get(f"{QUEUE}{entry.pk}/change/"))
    assert "address on file for this name" in text
    assert "Reported from an address that is on file for this name" in text
    assert "somebody who reported it" in text


def test_a_name_held_because_its_address_was_rejected_before_opens_in_the_list(
    desk: Client, campaign: Campaign
) -> None:
    make_signature(campaign, status=Status.REJECTED, name="First", email="a@example.org")
    make_signature(campaign, name="Second", email="a@example.org")
    assert "Rejected before" in words(desk.get(QUEUE))


# --- Answers ---------------------------------------------------------------------------------


def test_keeping_closes_the_reports_that_were_shown_tells_who_made_them_and_opens_the_next(
    desk: Client, campaign: Campaign
) -> None:
    entry = make_signature(campaign, name="Stays")
    following = make_signature(campaign, name="Next")
    reports = [reported(entry), reported(entry, "b@example.org")]
    reported(following, "c@example.org")
    before = Signature.objects.values().get(pk=entry.pk)

    response = press(desk, entry, "keep", note="called their agent")

    assert f"{QUEUE}{following.pk}/change/" in response["Location"]
    assert Signature.objects.values().get(pk=entry.pk) == before
    assert set(Report.objects.filter(signature=entry).values_list("status", "outcome")) == {
        ("closed", "kept")
    }
    told = Mail.objects.filter(kind=MailKind.REPORT_KEPT).values_list("report", flat=True)
    assert set(told) == {report.pk for report in reports}
    event = Event.objects.filter(signature=entry).latest("pk")
    assert (event.verb, event.from_status, event.to_status) == ("keep", "published", "published")
    assert event.note.text == "called their agent"
    page = desk.get(f"{QUEUE}{entry.pk}/change/")
    assert "Kept as it was" in words(page)
    assert "/keep/" not in page.content.decode()
    assert names(desk.get(LANE)) == ["Next"]


def test_a_report_that_comes_after_the_page_was_shown_is_not_answered_unseen(
    desk: Client, campaign: Campaign
) -> None:
    entry = make_signature(campaign, name="Stays")
    seen = reported(entry)
    form = carried(desk, f"{QUEUE}{entry.pk}/change/", "keep")
    unseen = reported(entry, "late@example.org")

    desk.post(f"{QUEUE}{entry.pk}/keep/", {**form, "note": ""})

    seen.refresh_from_db()
    unseen.refresh_from_db()
    assert (seen.status, unseen.status) == (ReportStatus.CLOSED, ReportStatus.OPEN)
    assert names(desk.get(LANE)) == ["Stays"]


def test_the_second_of_two_moderators_who_keep_it_is_told_and_writes_nothing(
    desk: Client, campaign: Campaign
) -> None:
    entry = make_signature(campaign, name="Stays")
    reported(entry)
    form = carried(desk, f"{QUEUE}{entry.pk}/change/", "keep")
    desk.post(f"{QUEUE}{entry.pk}/keep/", form)
    again = desk.post(f"{QUEUE}{entry.pk}/keep/", form, follow=True)
    assert "Somebody else was faster" in words(again)
    assert Event.objects.filter(verb="keep").count() == 1
    assert Mail.objects.filter(kind=MailKind.REPORT_KEPT).count() == 1


def test_what_has_changed_or_left_since_it_was_shown_is_not_kept(campaign: Campaign) -> None:
    entry = make_signature(campaign, name="Stays")
    report = reported(entry)
    by = make_user()
    for revision, status in ((2, Status.PUBLISHED), (1, Status.HELD)):
        Signature.objects.filter(pk=entry.pk).update(status=status)
        with pytest.raises(ChangedMeanwhile):
            moderation.keep(
                signature_id=entry.pk,
                revision=revision,
                report_ids=[report.pk],
                suspicion_ids=[],
                by=by,
            )
    report.refresh_from_db()
    assert report.status == ReportStatus.OPEN


def test_holding_leaves_it_in_the_lane_and_approving_answers(
    desk: Client, campaign: Campaign
) -> None:
    entry = make_signature(campaign, name="Held Now")
    report = reported(entry)
    press(desk, entry, "hold", note="")
    report.refresh_from_db()
    assert report.status == ReportStatus.OPEN
    assert names(desk.get(LANE)) == ["Held Now"]
    assert names(desk.get(QUEUE)) == ["Held Now"]
    entry.refresh_from_db()
    assert entry.hold_reasons == [HoldReason.MODERATOR]
    press(desk, entry, "approve")
    report.refresh_from_db()
    assert (report.status, report.outcome) == (ReportStatus.CLOSED, ReportOutcome.KEPT)
    assert names(desk.get(LANE)) == []


@pytest.mark.parametrize(
    ("address", "counts"), [("me@example.org", False), ("else@example.org", True)]
)
def test_a_page_from_before_a_report_by_an_address_on_file_approves_nothing(
    desk: Client, campaign: Campaign, address: str, counts: bool
) -> None:
    entry = make_signature(campaign, name="Not Me", email="me@example.org")
    reporting.report(
        campaign=campaign,
        public_id=entry.public_id,
        typed={"email": address, "reason": "not_me", "note": ""},
        language="en",
    )
    report = Report.objects.get()
    press(desk, entry, "hold", note="")
    form = carried(desk, f"{QUEUE}{entry.pk}/change/", "approve")
    reporting.confirm(make_token(Purpose.REPORT, subject=report.public_id, revision=1))

    said = words(desk.post(f"{QUEUE}{entry.pk}/approve/", form, follow=True))

    entry.refresh_from_db()
    report.refresh_from_db()
    assert ("changed since" in said) is not counts
    assert entry.status == (Status.PUBLISHED if counts else Status.HELD)
    assert report.outcome == (ReportOutcome.KEPT if counts else "")
    assert Mail.objects.filter(kind=MailKind.REPORT_KEPT).count() == counts
    assert_exact(campaign)
    if counts:
        return
    assert entry.hold_reasons == [HoldReason.MODERATOR, HoldReason.REPORTED]
    assert list(entry.events.values_list("actor", "verb", "reason", "revision"))[-1] == (
        "reporter",
        "amend",
        "reported",
        entry.revision,
    )
    press(desk, entry, "approve")
    report.refresh_from_db()
    assert report.outcome == ReportOutcome.KEPT
    assert names(desk.get(LANE)) == []


def test_rejecting_a_published_one_from_the_lane_takes_it_off_the_list_and_answers(
    desk: Client, campaign: Campaign
) -> None:
    entry = make_signature(campaign, name="False Name")
    report = reported(entry)
    response = press(desk, entry, "reject", reason="impersonation", note="")
    assert response["Location"] == LANE
    entry.refresh_from_db()
    report.refresh_from_db()
    assert (entry.status, report.outcome) == (Status.REJECTED, ReportOutcome.REMOVED)
    assert_exact(campaign)


def test_ids_of_reports_that_are_none_or_of_another_signature_close_nothing(
    desk: Client, campaign: Campaign
) -> None:
    entry, other = make_signature(campaign, name="One"), make_signature(campaign, name="Other")
    reported(entry)
    theirs = reported(other, "b@example.org")
    form = {"revision": "1", "status": "published", "note": ""}
    for ids in (["x"], ["\0"], ["9" * 5000], ["9" * 20], [str(theirs.pk)], []):
        response = desk.post(f"{QUEUE}{entry.pk}/keep/", {**form, "report": ids})
        assert response.status_code == 302, ids
    assert set(Report.objects.values_list("status", flat=True)) == {"open"}


def test_a_viewer_sees_that_it_is_reported_and_no_word_of_who_did_nor_a_button(
    campaign: Campaign,
) -> None:
    client = Client()
    client.force_login(make_user("view_signature", username="viewer"))
    entry = make_signature(campaign, name="Reported")
    reported(entry)
    text = client.get(f"{QUEUE}{entry.pk}/change/").content.decode()
    assert "This is somebody else who uses my name." in text
    assert "Ask my agent." not in text
    assert "zoe@example.org" not in text
    assert "/keep/" not in text
    assert client.post(f"{QUEUE}{entry.pk}/keep/", {"revision": 1}).status_code == 403


def test_the_operators_list_of_mails_says_whom_one_goes_to_and_no_address(
    campaign: Campaign,
) -> None:
    client = Client()
    client.force_login(make_user("view_mail", username="operator"))
    reported(make_signature(campaign, name="Reported"))
    text = client.get("/admin/campaign/mail/").content.decode()
    assert "who reported" in text
    assert "the signer of" in text
    assert "zoe@example.org" not in text


def test_a_note_that_is_too_long_comes_back_with_a_word_and_keeps_nothing(
    desk: Client, campaign: Campaign
) -> None:
    """A browser counts a line break as one character, and the form that comes in has two."""
    report = reported(make_signature(campaign, name="Reported"))
    note = "line\r\n" * 335
    response = press(desk, report.signature, "keep", note=note)
    assert response.status_code == 422
    keep = re.search(r'/keep/">(.*?)</form>', response.content.decode(), re.DOTALL)
    assert keep
    assert "line\n" * 300 in keep[1].replace("\r\n", "\n")
    assert "at most 2000 characters (it has 2008)" in keep[1]
    assert "Note for colleagues" in keep[1]
    report.refresh_from_db()
    assert report.status == ReportStatus.OPEN
