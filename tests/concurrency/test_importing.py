"""The same file imported twice at once, the same batch released twice at once."""

from functools import partial

import pytest
from django.db import IntegrityError

from campaign import counts, intake, moves, placing, releases, signing
from campaign.intake import ImportReport, import_signers
from campaign.models import AuditEntry, Campaign, Event, ImportBatch, Mail, Signature
from campaign.models.signature import Status
from tests.concurrency.threads import Meanwhile, at_once
from tests.factories import confirm_token, make_campaign, make_signature, make_user

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 30
NOTE = "Consent forms 1 to 30, vouched for by the Example Agency."


def import_file(campaign: Campaign, consent_note: str = NOTE) -> ImportReport:
    rows = [f"Person {n},person{n}@example.org" for n in range(PEOPLE)]
    return import_signers(
        campaign=campaign,
        lines=["name,email", *rows],
        file_name="signers.csv",
        consent_note=consent_note,
    )


@pytest.mark.parametrize("consent_note", [NOTE, ""])
def test_one_file_imported_twice_at_once_adds_everybody_once(
    monkeypatch: pytest.MonkeyPatch, consent_note: str
) -> None:
    campaign = make_campaign()
    again = Meanwhile(partial(import_file, campaign, consent_note))
    again.before(monkeypatch, intake, "_place")
    first = import_file(campaign, consent_note)
    second = again.end()
    assert isinstance(second, ImportReport), repr(second)
    assert sorted([(first.added, first.known), (second.added, second.known)]) == [
        (0, PEOPLE),
        (PEOPLE, 0),
    ]
    assert Signature.objects.count() == PEOPLE
    assert Mail.objects.count() == (0 if consent_note else PEOPLE)
    assert ImportBatch.objects.count() == 1


def test_control_without_one_import_at_a_time_the_second_breaks_off_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign()
    monkeypatch.setattr(intake, "_one_at_a_time", lambda campaign: campaign)
    monkeypatch.setattr(moves, "once_more", lambda act: act())
    again = Meanwhile(partial(import_file, campaign)).before(monkeypatch, intake, "_place")
    with pytest.raises(IntegrityError):
        import_file(campaign)
    assert again.end().added == PEOPLE


def test_one_batch_released_twice_at_once_publishes_everybody_once() -> None:
    campaign = make_campaign()
    import_file(campaign)
    shown = {"batch_id": ImportBatch.objects.get().pk, "waiting_n": PEOPLE}
    releases.preview(by=make_user(username="first"), **shown)
    by = make_user(username="second")
    at_once([partial(releases.release, by=by, **shown)] * 2)
    assert AuditEntry.objects.filter(action="batch_released").count() == 1
    assert sum(at_once([releases.release_due] * 2)) == PEOPLE
    assert set(Signature.objects.values_list("status", flat=True)) == {Status.PUBLISHED}
    assert Event.objects.filter(verb="approve").count() == PEOPLE
    assert Mail.objects.filter(kind="published").count() == PEOPLE
    assert counts.snapshot(campaign.pk) == counts.recount(campaign.pk)


def import_while_one_confirms(monkeypatch: pytest.MonkeyPatch) -> ImportReport:
    """What came of a file of which one person confirms a form of theirs just before it is placed."""
    campaign = make_campaign()
    named = {"name": "Person 7", "email": "person7@example.org"}
    token = confirm_token(make_signature(campaign, status=Status.PENDING, **named))
    Meanwhile(lambda: signing.confirm(token)).before(monkeypatch, placing, "place")
    return import_file(campaign)


def test_an_import_while_one_of_its_people_confirms_takes_all_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = import_while_one_confirms(monkeypatch)
    assert (report.added, report.known, report.mistakes) == (PEOPLE - 1, 1, [])
    assert Signature.objects.count() == PEOPLE


def test_control_without_a_second_look_the_import_breaks_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moves, "once_more", lambda act: act())
    with pytest.raises(IntegrityError):
        import_while_one_confirms(monkeypatch)
    assert not ImportBatch.objects.exists()
