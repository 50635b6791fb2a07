"""Reports at the same moment as decisions, withdrawals and each other: one legal end, nobody forgotten."""

from functools import partial

import pytest
from django.db import IntegrityError
from django.db.models import QuerySet

from campaign import leaving, locks, moderation, moves, outbox, reporting
from campaign.errors import ChangedMeanwhile, MoveRefused
from campaign.links import Purpose, make_token
from campaign.models import Campaign, Event, Mail, Report, Signature
from campaign.models.mail import MailKind
from campaign.models.report import ReportStatus
from campaign.models.signature import RejectionReason, Status
from tests.concurrency.guards import outcome_of, read_only
from tests.concurrency.threads import Meanwhile, at_once
from tests.counted import assert_exact
from tests.factories import bring_to, make_campaign, make_signature, make_user, manage_token

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 15
OWN, OTHER = "own@example.org", "other@example.org"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def send(entry: Signature, email: str) -> None:
    typed = {"email": email, "reason": "not_signed", "note": ""}
    reporting.report(campaign=entry.campaign, public_id=entry.public_id, typed=typed, language="en")


def reported(entry: Signature, email: str = OWN) -> str:
    """The token in the mail of a report about it, to be confirmed."""
    send(entry, email)
    report = Report.objects.latest("pk")
    return make_token(Purpose.REPORT, subject=report.public_id, revision=1)


def reject(entry: Signature) -> moves.Moved:
    return moderation.reject(
        signature_id=entry.pk,
        revision=entry.revision,
        reason=RejectionReason.IMPERSONATION,
        by=make_user(),
    )


# --- Nobody who reports is forgotten ---------------------------------------------------------


def rejected_while_confirmed(monkeypatch: pytest.MonkeyPatch) -> tuple[Report, Meanwhile]:
    entry = make_signature(email=OWN)
    token = reported(entry, OTHER)
    rejection = Meanwhile(partial(reject, entry)).before(monkeypatch, reporting, "is_on_file")
    reporting.confirm(token)
    assert isinstance(rejection.end(), moves.Moved), rejection.outcome
    entry.refresh_from_db()
    assert entry.status == Status.REJECTED
    return Report.objects.get(), rejection


def test_a_rejection_that_comes_while_a_report_is_confirmed_answers_it(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, rejection = rejected_while_confirmed(monkeypatch)
    assert rejection.waited
    assert (report.status, report.outcome) == (ReportStatus.CLOSED, "removed")
    assert Mail.objects.filter(kind=MailKind.REPORT_REMOVED).count() == 1
    assert_exact(campaign)


def test_control_without_the_lock_the_report_stays_open_and_nobody_is_told(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "lock", read_only)
    report, rejection = rejected_while_confirmed(monkeypatch)
    assert not rejection.waited
    assert (report.status, report.outcome) == (ReportStatus.OPEN, "")
    assert not Mail.objects.filter(kind=MailKind.REPORT_REMOVED).exists()


def test_a_report_that_is_confirmed_while_a_rejection_is_written_is_answered(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = make_signature(campaign, email=OWN)
    token = reported(entry, OTHER)
    confirming = Meanwhile(partial(reporting.confirm, token)).before(monkeypatch, moves, "_apply")
    reject(entry)
    assert confirming.end() is None
    assert confirming.waited
    assert Report.objects.get().outcome == "removed"
    assert Mail.objects.filter(kind=MailKind.REPORT_REMOVED).count() == 1


def erased_while_answered(monkeypatch: pytest.MonkeyPatch) -> tuple[object, Meanwhile]:
    """Who reported erases their own data while what they reported is rejected."""
    entry, theirs = make_signature(name="Entry"), make_signature(email=OTHER)
    reporting.confirm(reported(entry, OTHER))
    erase = partial(leaving.erase, manage_token(theirs))
    erasing = Meanwhile(erase).before(monkeypatch, QuerySet, "update")
    rejected = outcome_of(partial(reject, entry))
    assert erasing.end() is None
    assert not Report.objects.exists()
    assert not Mail.objects.filter(kind=MailKind.REPORT_REMOVED).exists()
    return rejected, erasing


def test_who_erases_their_data_while_their_report_is_answered_waits_and_gets_no_mail(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected, erasing = erased_while_answered(monkeypatch)
    assert isinstance(rejected, moves.Moved), repr(rejected)
    assert erasing.waited


def test_control_without_its_lock_the_mail_of_a_report_that_is_gone_fails_the_decision(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows)
    rejected, _erasing = erased_while_answered(monkeypatch)
    assert isinstance(rejected, IntegrityError), repr(rejected)


# --- Hiding ----------------------------------------------------------------------------------


def test_a_report_confirmed_twice_at_once_hides_the_entry_once(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = reported(make_signature(campaign, email=OWN))
    again = Meanwhile(partial(reporting.confirm, token)).before(monkeypatch, moves, "_apply")
    reporting.confirm(token)
    assert again.end() is None
    assert again.waited
    assert Event.objects.filter(verb="hold").count() == 1
    assert Report.objects.get().status == ReportStatus.OPEN
    assert_exact(campaign)


def test_a_withdrawal_that_comes_while_the_entry_is_hidden_waits_and_wins(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = make_signature(campaign, email=OWN)
    token, leave = reported(entry), partial(leaving.withdraw, manage_token(entry))
    departure = Meanwhile(leave).before(monkeypatch, moves, "_apply")
    reporting.confirm(token)
    assert departure.end() is None
    assert departure.waited
    entry.refresh_from_db()
    assert entry.status == Status.WITHDRAWN
    assert Report.objects.get().outcome == "removed"
    assert_exact(campaign)


def test_control_without_the_lock_the_hiding_fails_over_the_withdrawal(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = make_signature(campaign, email=OWN)
    token, leave = reported(entry), partial(leaving.withdraw, manage_token(entry))
    monkeypatch.setattr(locks, "lock", read_only)
    departure = Meanwhile(leave).before(monkeypatch, moves, "_apply")
    assert isinstance(outcome_of(partial(reporting.confirm, token)), MoveRefused)
    assert departure.end() is None


@pytest.mark.parametrize("address", [OWN, OTHER])
def test_a_report_at_the_same_moment_as_an_approval_stays_in_the_lane_or_a_strangers_is_answered(
    campaign: Campaign, address: str
) -> None:
    by = make_user()
    ends = set()
    for number in range(ROUNDS):
        entry = make_signature(campaign, email=f"{number}.{OWN}")
        token = reported(entry, f"{number}.{address}")
        bring_to(entry, Status.HELD)
        entry.refresh_from_db()
        approve = partial(moderation.approve, signature_id=entry.pk, revision=entry.revision, by=by)
        confirmed, approved = at_once([partial(reporting.confirm, token), approve])
        assert confirmed is None, repr(confirmed)
        expected = moves.Moved if address == OTHER else (moves.Moved, ChangedMeanwhile)
        assert isinstance(approved, expected), repr(approved)
        entry.refresh_from_db()
        ends.add((entry.status, Report.objects.get(signature=entry).status))
    unseen = (Status.HELD if address == OWN else Status.PUBLISHED, ReportStatus.OPEN)
    assert ends <= {unseen, *([] if address == OWN else [(Status.PUBLISHED, ReportStatus.CLOSED)])}
    assert_exact(campaign)


# --- Caps ------------------------------------------------------------------------------------


def test_many_reports_at_once_cause_an_address_no_more_mails_than_its_cap(
    campaign: Campaign,
) -> None:
    entries = [make_signature(campaign, name=f"Name {n}") for n in range(4)]
    calls = [partial(send, entry, f"victim+{n}@example.org") for n in range(3) for entry in entries]
    assert at_once(calls) == [None] * len(calls)
    mails = Mail.objects.filter(kind=MailKind.REPORT_CONFIRM)
    assert mails.count() == Report.objects.count() == outbox.STRANGERS_A_DAY


def test_many_reports_at_once_about_one_name_are_no_more_than_its_cap(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "REPORTS_A_DAY", 5)
    entry = make_signature(campaign)
    calls = [partial(send, entry, f"r{n}@example.org") for n in range(12)]
    assert at_once(calls) == [None] * len(calls)
    assert Mail.objects.filter(kind=MailKind.REPORT_CONFIRM).count() == Report.objects.count() == 5
