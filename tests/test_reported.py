"""A report is confirmed: what it does to its entry, what comes of it, and what is kept."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from campaign import delivery, leaving, letters, moderation, retention, signing
from campaign.links import Purpose, make_token
from campaign.models import Campaign, Event, ImportBatch, Mail, Report, Signature
from campaign.models.api_key import Scope
from campaign.models.mail import MailKind
from campaign.models.report import ReportOutcome, ReportStatus
from campaign.models.signature import HoldReason, RejectionReason, Status
from tests.counted import assert_exact
from tests.factories import (
    bearer,
    bring_to,
    details,
    make_campaign,
    make_key,
    make_signature,
    make_user,
    manage_token,
    release,
)
from tests.reports import (
    API,
    confirmed,
    html_of,
    import_file,
    link_of,
    page_of,
    public,
    send,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def entry(campaign: Campaign) -> Signature:
    """On the list as Zoë Moreau, by a mailbox that is not hers."""
    return make_signature(campaign, **details(email="impostor@example.com"))


# --- Confirming ------------------------------------------------------------------------------


def test_opening_the_link_changes_nothing_and_the_button_does_once(
    client: Client, entry: Signature
) -> None:
    send(client, entry)
    link = link_of(Report.objects.get())
    page = client.get(link)
    assert page.status_code == 200
    assert "This is me, but I did not sign." in page.content.decode()
    assert "I was asked and said no." in page.content.decode()
    assert client.head(link).status_code == 200
    assert Report.objects.get().status == ReportStatus.UNCONFIRMED

    assert client.post(link).status_code == 200
    first = Report.objects.get()
    assert (first.status, first.on_file) == (ReportStatus.OPEN, False)

    again = client.post(link)
    assert again.status_code == 200
    assert "A moderator looks at it before anything else." in again.content.decode()
    assert Report.objects.values().get() == {**vars_of(first)}
    for response in (page, again):
        assert response["Cache-Control"] == "no-store"
        assert not response.cookies


def vars_of(report: Report) -> dict[str, Any]:
    return {name: value for name, value in vars(report).items() if not name.startswith("_")}


def test_a_link_that_is_not_whole_too_old_or_of_something_else_does_nothing(
    client: Client, entry: Signature
) -> None:
    send(client, entry)
    report = Report.objects.get()
    link = link_of(report)
    other = make_token(Purpose.MANAGE, subject=report.public_id, revision=1)
    assert client.post(f"{link[:-4]}/").status_code == 400
    assert client.post(f"/report/{other}/").status_code == 400
    assert client.post("/report/é/").status_code == 400
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert client.get(link).status_code == 410
        assert client.post(link).status_code == 410
    assert Report.objects.get().status == ReportStatus.UNCONFIRMED
    report.delete()
    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410


def test_from_any_other_address_nothing_of_the_entry_changes(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    import_file(campaign, "Zoe Moreaux,near@example.org", "Ann,ann@example.org", consent="May")
    make_signature(campaign, name="Zoë Moreau", email="namesake@example.org")
    before = public(client), Signature.objects.order_by("pk").values().get(pk=entry.pk)
    events = Event.objects.count()
    for address in ("stranger", "near", "ann", "namesake"):
        report = confirmed(client, entry, email=f"{address}@example.org")
        assert (report.status, report.on_file) == (ReportStatus.OPEN, False), address
    assert (public(client), Signature.objects.values().get(pk=entry.pk)) == before
    assert Event.objects.count() == events
    assert_exact(campaign)


@pytest.mark.parametrize("consent", ["forms of May", ""])
@pytest.mark.parametrize("spelt", ["Zoë Moreau", "zoe  MOREAU"])
def test_from_an_address_on_file_for_the_name_the_entry_is_hidden_at_once(
    client: Client, campaign: Campaign, entry: Signature, consent: str, spelt: str
) -> None:
    import_file(campaign, f"{spelt},Real.Zoe@example.org", consent=consent)
    send(client, entry, email="real.zoe@example.org")
    assert public(client)[0][0]["id"] == entry.public_id  # not before it is confirmed
    published_at = entry.published_at

    answer = client.post(link_of(Report.objects.get()))

    assert "hidden until a moderator has looked at it" in answer.content.decode()
    entry.refresh_from_db()
    assert (entry.status, entry.hold_reasons) == (Status.HELD, [HoldReason.REPORTED])
    assert entry.published_at == published_at
    signers, changes, numbers = public(client)
    assert signers == []
    assert changes[-1]["id"] == entry.public_id
    assert changes[-1]["removed"] is True
    assert numbers["published"] == 0
    event = Event.objects.filter(signature=entry).latest("pk")
    assert (event.verb, event.actor, event.reason) == ("hold", "reporter", "reported")
    assert (event.from_status, event.to_status) == ("published", "held")
    assert Report.objects.get().on_file is True
    assert_exact(campaign)


def test_the_entrys_own_address_hides_it_too(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    confirmed(client, entry, email="Impostor@example.com")
    entry.refresh_from_db()
    assert entry.status == Status.HELD


@pytest.mark.parametrize("status", [Status.PUBLISHED, Status.REJECTED, Status.WITHDRAWN])
def test_an_address_is_on_file_whatever_became_of_its_own_signature(
    client: Client, campaign: Campaign, entry: Signature, status: str
) -> None:
    import_file(campaign, "Zoë Moreau,file@example.org", consent="forms of May")
    theirs = Signature.objects.get(email="file@example.org")
    by = make_user()
    if status == Status.PUBLISHED:
        moderation.approve(signature_id=theirs.pk, revision=1, by=by)
    elif status == Status.REJECTED:
        reason = RejectionReason.DUPLICATE
        moderation.reject(signature_id=theirs.pk, revision=1, reason=reason, by=by)
    else:
        leaving.withdraw(manage_token(theirs))
    assert confirmed(client, entry, email="file@example.org").on_file is True
    entry.refresh_from_db()
    assert entry.status == Status.HELD


def test_who_is_on_file_as_one_name_cannot_take_another_and_hide_its_entry(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    import_file(campaign, "Mallory,mallory@example.org", consent="forms of May")
    mallory = Signature.objects.get(email="mallory@example.org")
    typed = {"name": "Zoë Moreau", "credit": "", "organisation": ""}
    signing.correct(manage_token(mallory), typed=typed, revision=1)

    assert confirmed(client, entry, email="mallory@example.org").on_file is False

    entry.refresh_from_db()
    assert entry.status == Status.PUBLISHED


def test_on_file_in_another_campaign_is_a_stranger_here(client: Client, entry: Signature) -> None:
    other = make_campaign(slug="other")
    import_file(other, "Zoë Moreau,file@example.org", consent="forms of May")
    assert confirmed(client, entry, email="file@example.org").on_file is False
    entry.refresh_from_db()
    assert entry.status == Status.PUBLISHED


def test_what_a_moderator_kept_against_an_address_it_does_not_hide_again(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    import_file(
        campaign,
        "Zoë Moreau,file@example.org",
        "Zoë Moreau,second@example.org",
        consent="forms of May",
    )
    confirmed(client, entry, email="file@example.org")
    entry.refresh_from_db()
    moderation.approve(signature_id=entry.pk, revision=entry.revision, by=make_user())

    again = confirmed(client, entry, email="file@example.org")

    assert (again.on_file, again.status) == (True, ReportStatus.OPEN)
    entry.refresh_from_db()
    assert entry.status == Status.PUBLISHED
    confirmed(client, entry, email="second@example.org")
    entry.refresh_from_db()
    assert entry.status == Status.HELD


def test_one_that_its_signer_has_hidden_meanwhile_is_not_held(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    send(client, entry, email="impostor@example.com")
    signing.show(manage_token(entry), show_name=False)
    before = Signature.objects.values().get(pk=entry.pk)
    page = client.post(link_of(Report.objects.get()))
    assert page.status_code == 200
    assert "Zoë Moreau" not in page.content.decode()
    assert Signature.objects.values().get(pk=entry.pk) == before
    assert Report.objects.get().status == ReportStatus.OPEN


# --- What comes of it ------------------------------------------------------------------------


def test_a_rejection_answers_every_open_report_and_none_of_another(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    reports = [confirmed(client, entry, email=f"r{n}@example.org") for n in range(2)]
    send(client, entry, email="silent@example.org")
    other = confirmed(client, make_signature(campaign, name="Ann"), email="r3@example.org")
    entry.refresh_from_db()
    moderation.reject(
        signature_id=entry.pk,
        revision=entry.revision,
        reason=RejectionReason.IMPERSONATION,
        by=make_user(),
        note="internal doubt",
    )
    told = Mail.objects.filter(kind=MailKind.REPORT_REMOVED)
    assert set(told.values_list("report", flat=True)) == {report.pk for report in reports}
    message = letters.render(told.earliest("pk"))
    assert message.to == ["r0@example.org"]
    assert message.subject == "About your report: Art is not a quarry"
    assert "It is not on the list any more." in message.body
    for inside in ("internal doubt", "impostor", "We could not confirm"):
        assert inside not in f"{message.body}{html_of(message)}"
    assert set(Report.objects.values_list("email", "status", "outcome")) == {
        *(("r0@example.org", "closed", "removed"), ("r1@example.org", "closed", "removed")),
        *(("silent@example.org", "unconfirmed", ""), (other.email, "open", "")),
    }
    page = client.get(link_of(reports[0])).content.decode()
    assert "The entry is not on the list any more." in page
    late = Report.objects.get(email="silent@example.org")
    assert client.post(link_of(late)).status_code == 200
    late.refresh_from_db()
    assert (late.status, late.outcome) == (ReportStatus.CLOSED, ReportOutcome.REMOVED)


def test_an_approval_of_a_hidden_one_says_that_it_stays(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    report = confirmed(client, entry, email="impostor@example.com")
    entry.refresh_from_db()
    moderation.approve(signature_id=entry.pk, revision=entry.revision, by=make_user())
    report.refresh_from_db()
    assert (report.status, report.outcome) == (ReportStatus.CLOSED, ReportOutcome.KEPT)
    message = letters.render(Mail.objects.get(kind=MailKind.REPORT_KEPT))
    assert "The entry stays on the list." in message.body
    assert "privacy@example.org" in message.body
    assert "stays on the list" in client.get(link_of(report)).content.decode()
    assert_exact(campaign)


def test_a_withdrawal_answers_too_and_an_erasure_takes_the_reports_along(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    first = confirmed(client, entry)
    link = link_of(first)
    leaving.withdraw(manage_token(entry))
    first.refresh_from_db()
    assert first.outcome == ReportOutcome.REMOVED
    assert Mail.objects.filter(kind=MailKind.REPORT_REMOVED, status="queued").count() == 1
    leaving.erase(manage_token(entry))
    assert not Report.objects.exists()
    assert not Mail.objects.exists()
    assert client.get(link).status_code == 410


def test_who_reported_an_entry_is_still_told_when_its_signer_leaves_before_the_mail_went_out(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    confirmed(client, entry)
    bring_to(entry, "rejected")
    Mail.objects.exclude(kind__in=("report_removed", "rejected")).delete()
    leaving.withdraw(manage_token(entry))
    owed = dict(Mail.objects.values_list("kind", "status"))
    assert owed == {"report_removed": "queued", "rejected": "suppressed"}
    assert delivery.deliver_due() == 1
    [message] = mail.outbox
    assert message.to == ["zoe@example.org"]
    assert "It is not on the list any more." in message.body


def test_a_mail_to_a_reporter_that_the_withdrawal_makes_untrue_is_not_sent(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    send(client, entry)
    unconfirmed = Mail.objects.get(kind="report_confirm")
    leaving.withdraw(manage_token(entry))
    assert delivery.deliver_due() == 0
    unconfirmed.refresh_from_db()
    assert (unconfirmed.status, mail.outbox) == ("suppressed", [])


def test_the_release_of_a_batch_publishes_no_reported_one(
    client: Client, campaign: Campaign
) -> None:
    import_file(campaign, "Zoë Moreau,file@example.org", consent="forms of May")
    theirs = Signature.objects.get(email="file@example.org")
    release(ImportBatch.objects.get())
    confirmed(client, theirs, email="file@example.org")
    assert release(ImportBatch.objects.get()) == 0
    theirs.refresh_from_db()
    assert (theirs.status, theirs.hold_reasons) == (Status.HELD, [HoldReason.REPORTED])


# --- What is kept, and what nobody sees ------------------------------------------------------


def test_reports_are_deleted_when_their_time_is_over_and_open_ones_stay(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    send(client, entry, email="silent@example.org")
    confirmed(client, entry, email="open@example.org")
    other = make_signature(campaign, name="Ann")
    confirmed(client, other, email="closed@example.org")
    leaving.withdraw(manage_token(other))

    def left_after(days: float) -> set[str]:
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            retention.expire()
        return {email.partition("@")[0] for email in Report.objects.values_list("email", flat=True)}

    assert left_after(6.9) == {"silent", "open", "closed"}
    assert left_after(7.1) == {"open", "closed"}
    assert left_after(89.9) == {"open", "closed"}
    assert left_after(90.1) == {"open"}
    assert (
        not Mail.objects.filter(report__isnull=False)
        .exclude(report__email="open@example.org")
        .exists()
    )


def test_who_erases_their_own_data_takes_the_reports_that_they_made_along(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    mine = make_signature(campaign, name="Ann", email="ann@example.org")
    confirmed(client, entry, email="Ann@example.org")
    confirmed(client, entry, email="other@example.org")
    leaving.erase(manage_token(mine))
    assert Report.objects.get().email == "other@example.org"


def test_the_file_of_a_signers_data_has_what_they_reported_and_not_who_reported_them(
    client: Client, campaign: Campaign, entry: Signature
) -> None:
    mine = make_signature(campaign, name="Ann", email="ann@example.org")
    confirmed(client, entry, email="Ann@example.org", note="it is not her")
    confirmed(client, mine, email="canary@example.org", note="canary")
    response = client.get(f"/manage/{manage_token(mine)}/data.json")
    held = response.json()
    [report] = held["reports"]
    assert (report["email"], report["note"]) == ("Ann@example.org", "it is not her")
    assert held["withheld"]["reports_of_others"] == 1
    assert {mail["kind"] for mail in held["mails"]} == {"confirm"}
    assert "canary" not in response.content.decode()


def test_nothing_of_a_reporter_reaches_the_public_a_program_or_the_log(
    client: Client, campaign: Campaign, entry: Signature, caplog: pytest.LogCaptureFixture
) -> None:
    confirmed(client, entry, email="canary-r@example.org", note="canary-n")
    held = make_signature(campaign, name="Ann", email="own@example.org")
    confirmed(client, held, email="own@example.org", note="canary-n")
    key = bearer(make_key(campaign, Scope.READ_PRIVATE))
    paths = [
        *("/art/", "/art/signers/", page_of(entry), f"{API}signers/", f"{API}counts/"),
        *(f"/art/signers/{entry.public_id}/", f"{API}signers/{entry.public_id}/"),
        *(f"{API}corrections/", f"{API}feed.atom"),
        *(f"{API}signers/?updated_since=2026-01-01T00:00:00Z",),
    ]
    for path in paths:
        text = client.get(path).content.decode()
        assert "canary" not in text, path
    private = client.get(f"{API}private/signatures/", headers=key)
    assert private.status_code == 200
    assert "reported" in private.content.decode()
    assert "canary" not in private.content.decode()
    assert "canary" not in caplog.text
