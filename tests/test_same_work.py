"""The same work for a known and an unknown address, so that time doesn't tell them apart."""

from collections.abc import Callable
from ipaddress import ip_address

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign import intake, leaving, networks, outbox, queue, reporting, signing
from campaign.models import Campaign, Mail, MailQuota
from campaign.models.signature import Status
from tests.factories import details, make_campaign, make_signature, make_user, not_me_token

pytestmark = pytest.mark.django_db

NETWORK = networks.hashes(ip_address("203.0.113.9"))

CASES = [
    "unknown",
    "pending",
    "held",
    "published",
    "rejected",
    "withdrawn",
    "no slot",
    "left alone",
]


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def prepare(campaign: Campaign, case: str) -> None:
    if case in Status.values:
        make_signature(campaign, status=case, **details())
    if case == "no slot":
        for _ in range(3):
            signing.sign(campaign=campaign, typed=details(name="Somebody Else"))
    if case == "left alone":
        signature = make_signature(campaign, status=Status.PENDING, **details(name="Somebody Else"))
        leaving.not_me(not_me_token(signature))


def work(
    act: Callable[[], None],
    capture: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[list[str], list[str]]:
    """The kinds of statements that it ran, and the tasks that it told of."""
    told: list[str] = []
    connection.run_on_commit.clear()  # those of the transaction around the test, never run
    monkeypatch.setattr(queue, "tell", told.append)
    with capture(execute=True), CaptureQueriesContext(connection) as queries:
        act()
    statements = "; ".join(query["sql"] for query in queries.captured_queries).split(";")
    kinds = [
        (*statement.split()[:3], *["if"] * ("SELECT count(*)" in statement))
        for statement in statements
        if statement.strip()
    ]
    # Kept or undone takes as long; and names of savepoints are random.
    return sorted(
        " ".join(kind[:1] if kind[0] == "SAVEPOINT" else kind)
        for kind in kinds
        if kind[0] not in {"RELEASE", "ROLLBACK"}
    ), told


@pytest.mark.parametrize("case", CASES)
def test_signing_does_the_same_work(
    campaign: Campaign,
    case: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signing.sign(campaign=campaign, typed=details(email="warm@example.org"))
    prepare(campaign, case)

    def sign(email: str) -> tuple[list[str], list[str]]:
        return work(
            lambda: signing.sign(campaign=campaign, typed=details(email=email), network=NETWORK),
            django_capture_on_commit_callbacks,
            monkeypatch,
        )

    known, fresh = sign("zoe@example.org"), sign("nobody@example.org")
    assert known == fresh
    assert known[1] == ["campaign.deliver"]


@pytest.mark.parametrize("case", CASES)
def test_resending_does_the_same_work(
    campaign: Campaign,
    case: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signing.resend(campaign=campaign, email="warm@example.org")
    prepare(campaign, case)

    def resend(email: str) -> tuple[list[str], list[str]]:
        return work(
            lambda: signing.resend(campaign=campaign, email=email),
            django_capture_on_commit_callbacks,
            monkeypatch,
        )

    known, fresh = resend("zoe@example.org"), resend("nobody@example.org")
    assert known == fresh
    assert known[1] == ["campaign.deliver"]


@pytest.mark.parametrize("case", [*CASES, "on file"])
def test_reporting_does_the_same_work(
    campaign: Campaign,
    case: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = make_signature(campaign, **details(email="entry@example.org"))
    if case == "on file":
        lines = ["name,email\r\n", "Zoë Moreau,zoe@example.org\r\n"]
        intake.import_signers(
            campaign=campaign, lines=lines, file_name="a.csv", consent_note="forms of May"
        )
    prepare(campaign, case)

    def report(email: str) -> tuple[list[str], list[str]]:
        typed = {"email": email, "reason": "other", "note": ""}
        return work(
            lambda: reporting.report(
                campaign=campaign, public_id=entry.public_id, typed=typed, language="en"
            ),
            django_capture_on_commit_callbacks,
            monkeypatch,
        )

    report("warm@example.org")
    known, fresh = report("zoe@example.org"), report("nobody@example.org")
    assert known == fresh
    assert known[1] == ["campaign.deliver"]


def test_a_wrong_password_does_the_same_work_for_a_name_that_nobody_has(
    client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_user("view_signature", username="zoe")

    def log_in(name: str) -> tuple[list[str], list[str]]:
        def post() -> None:
            typed = {"username": name, "password": "wrong"}
            assert client.post("/admin/login/", typed).status_code == 200

        return work(post, django_capture_on_commit_callbacks, monkeypatch)

    log_in("warm")
    assert log_in("zoe") == log_in("nobody")


def test_what_is_undone_leaves_no_mail_to_nobody(campaign: Campaign) -> None:
    with transaction.atomic():
        signing.resend(campaign=campaign, email="nobody@example.org")
    assert not Mail.objects.exists()
    assert MailQuota.objects.get().n == 1


@pytest.mark.parametrize(("slots", "is_read"), [(3, True), (0, False)])
@pytest.mark.parametrize("act", ["sign", "resend"])
def test_without_a_slot_no_row_of_the_address_is_read(
    campaign: Campaign, act: str, slots: int, is_read: bool
) -> None:
    make_signature(campaign, status=Status.PENDING, **details())
    MailQuota.objects.update(n=outbox.STRANGERS_A_DAY - slots)
    if act == "sign":
        signing.sign(campaign=campaign, typed=details())
    else:
        signing.resend(campaign=campaign, email="zoe@example.org")
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmax <> 0 FROM campaign_signature")  # locked by a transaction
        assert cursor.fetchall() == [(is_read,)]
