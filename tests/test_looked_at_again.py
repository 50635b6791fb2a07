"""What a signer changes while nobody looks is never published unseen, by whichever way back."""

from collections.abc import Callable

import pytest

from campaign import identity, intake, leaving, moderation, signing
from campaign.errors import ChangedMeanwhile
from campaign.models import Campaign, ImportBatch, Mail, ProtectedName, Signature
from campaign.models.signature import Status
from tests import factories
from tests.factories import (
    bring_to,
    confirm_token,
    details,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def rename(signature: Signature, name: str) -> None:
    signing.correct(
        manage_token(signature),
        typed={"name": name, "credit": "", "organisation": ""},
        revision=signature.revision,
    )
    signature.refresh_from_db()


def imported(campaign: Campaign, line: str) -> Signature:
    lines = ["name,email,featured\n", f"{line}\n"]
    intake.import_signers(campaign=campaign, lines=lines, file_name="x.csv", consent_note="form 1")
    return Signature.objects.latest("pk")


def release() -> int:
    return factories.release(ImportBatch.objects.get())


def test_a_renamed_import_is_not_released_with_its_batch(campaign: Campaign) -> None:
    signature = imported(campaign, "Anna Harmless,anna@example.org,")
    imported_as = Signature.objects.count()
    rename(signature, "Scarlett Johansson")
    assert signature.hold_reasons == ["renamed", "imported", "protected_name"]
    assert release() == 0
    signature.refresh_from_db()
    assert (signature.status, imported_as) == (Status.HELD, 1)


def test_a_protected_name_is_not_released_with_its_batch(campaign: Campaign) -> None:
    signature = imported(campaign, "R.E.M.,band@example.org,")
    assert signature.hold_reasons == ["imported", "protected_name"]
    assert release() == 0


def test_a_signature_renamed_while_rejected_is_restored_to_the_queue(campaign: Campaign) -> None:
    signature = make_signature(campaign, **details())
    bring_to(signature, Status.REJECTED)
    rename(signature, "Scarlett Johansson")
    moderation.restore(signature_id=signature.pk, revision=signature.revision, by=make_user())
    signature.refresh_from_db()
    assert signature.status == Status.HELD
    assert signature.hold_reasons == ["renamed", "protected_name"]


def test_a_restoring_of_what_was_not_shown_is_refused(campaign: Campaign) -> None:
    signature = make_signature(campaign, **details())
    bring_to(signature, Status.REJECTED)
    shown = signature.revision
    rename(signature, "Another Name")
    with pytest.raises(ChangedMeanwhile):
        moderation.restore(signature_id=signature.pk, revision=shown, by=make_user())
    assert Signature.objects.get().status == Status.REJECTED


def test_a_rejected_one_that_was_held_keeps_why_when_it_is_restored(campaign: Campaign) -> None:
    signature = make_signature(campaign, status=Status.HELD, name="Scarlett Johansson")
    reasons = Signature.objects.get().hold_reasons
    bring_to(signature, Status.REJECTED)
    moderation.restore(signature_id=signature.pk, revision=signature.revision, by=make_user())
    signature.refresh_from_db()
    assert (signature.status, signature.hold_reasons) == (Status.HELD, reasons)


def test_one_that_did_not_change_comes_back_to_the_list_and_is_told(campaign: Campaign) -> None:
    signature = make_signature(campaign, **details())
    bring_to(signature, Status.REJECTED)
    Mail.objects.filter(kind="rejected").update(status="sent")
    moderation.restore(signature_id=signature.pk, revision=signature.revision, by=make_user())
    signature.refresh_from_db()
    assert (signature.status, signature.hold_reasons) == (Status.PUBLISHED, [])
    assert Mail.objects.latest("pk").kind == "published"


def test_one_that_comes_back_before_the_mail_has_gone_is_told_nothing(campaign: Campaign) -> None:
    signature = make_signature(campaign, **details())
    bring_to(signature, Status.REJECTED)
    moderation.restore(signature_id=signature.pk, revision=signature.revision, by=make_user())
    mail = Mail.objects.latest("pk")
    assert (mail.kind, mail.status) == ("rejected", "suppressed")


@pytest.mark.parametrize("featured", ["", "true"])
def test_a_consent_on_file_does_not_cover_another_name(campaign: Campaign, featured: str) -> None:
    signature = imported(campaign, f"Carl Real,carl@example.org,{featured}")
    assert release() == 1
    signature.refresh_from_db()
    rename(signature, "Totally Different")
    assert (signature.status, signature.hold_reasons) == (Status.HELD, ["renamed"])


@pytest.mark.parametrize("leave", [leaving.withdraw, leaving.erase])
def test_who_was_rejected_and_leaves_is_held_when_they_sign_again(
    campaign: Campaign, leave: Callable[[str], None]
) -> None:
    signature = make_signature(campaign, **details())
    bring_to(signature, Status.REJECTED)
    leave(manage_token(signature))
    again = make_signature(campaign, status=Status.PENDING, **details())
    signing.confirm(confirm_token(again))
    again.refresh_from_db()
    assert (again.status, again.hold_reasons) == (Status.HELD, ["rejected_before", "rejected_name"])


def test_who_only_withdrew_is_published_again(campaign: Campaign) -> None:
    make_signature(campaign, status=Status.WITHDRAWN, **details())
    again = make_signature(campaign, status=Status.PENDING, **details())
    signing.confirm(confirm_token(again))
    again.refresh_from_db()
    assert again.status == Status.PUBLISHED


def test_a_name_protected_since_the_import_is_not_released_with_its_batch(
    campaign: Campaign,
) -> None:
    signature = imported(campaign, "Kate Protected,kate@example.org,")
    skeletons = sorted(identity.skeletons("Kate Protected"))
    ProtectedName.objects.create(campaign=campaign, name="Kate Protected", skeletons=skeletons)
    assert release() == 0
    signature.refresh_from_db()
    assert (signature.status, signature.hold_reasons) == ("held", ["imported", "protected_name"])


def test_an_old_page_does_not_approve_what_a_colleague_held_meanwhile(campaign: Campaign) -> None:
    signature = make_signature(campaign, status=Status.HELD, name="Scarlett Johansson")
    shown = signature.revision
    by = make_user()
    factories.approve(signature, by)
    moderation.hold(signature_id=signature.pk, by=by, note="do not publish")
    with pytest.raises(ChangedMeanwhile):
        moderation.approve(signature_id=signature.pk, revision=shown, by=by)
    assert Signature.objects.get().status == Status.HELD


def test_a_consent_on_file_does_not_cover_another_credit(campaign: Campaign) -> None:
    signature = imported(campaign, "Carl Real,carl@example.org,")
    release()
    signing.correct(
        manage_token(signature),
        typed={"name": "Carl Real", "credit": "Buy my coin", "organisation": ""},
        revision=1,
    )
    signature.refresh_from_db()
    assert (signature.status, signature.hold_reasons) == (Status.HELD, ["renamed"])


def test_a_spelling_of_the_same_name_stays_on_the_list(campaign: Campaign) -> None:
    signature = make_signature(campaign, **details())
    rename(signature, "Zoé MOREAU")
    assert signature.status == Status.PUBLISHED
