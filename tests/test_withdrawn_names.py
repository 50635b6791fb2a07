"""Who withdraws leaves no name, and is known again all the same."""

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from campaign import blocks, intake, leaving, letters, retention
from campaign.models.campaign import Campaign
from campaign.models.mail import Mail, MailKind
from campaign.models.name_numbers import WithdrawnName
from campaign.models.signature import Signature, Status
from tests.factories import make_campaign, make_report, make_signature, manage_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def everything() -> str:
    """Every row of every table of ours, in small letters."""
    ours = [model for model in apps.get_models() if model._meta.app_label == "campaign"]
    return str([list(model._base_manager.values()) for model in ours]).lower()


def make_canary(art: Campaign, status: Status) -> Signature:
    return make_signature(
        art,
        name="Xyzzy Canary",
        credit="Xyzzy Credit",
        organisation="Xyzzy House",
        email="z@example.org",
        country="FR",
        status=status,
    )


@pytest.mark.parametrize("status", [Status.HELD, Status.PUBLISHED, Status.REJECTED])
def test_who_withdraws_leaves_no_name_in_any_table(art: Campaign, status: Status) -> None:
    signature = make_canary(art, status)
    assert "xyzzy" in everything()
    leaving.withdraw(manage_token(signature))
    assert "xyzzy" not in everything()
    signature.refresh_from_db()
    assert (signature.status, signature.email, signature.country) == (
        Status.WITHDRAWN,
        "z@example.org",
        "FR",
    )


def test_who_reported_the_name_is_told_without_it(art: Campaign) -> None:
    signature = make_canary(art, Status.PUBLISHED)
    make_report(signature, "reporter@example.org")
    leaving.withdraw(manage_token(signature))
    letter = letters.render(Mail.objects.get(kind=MailKind.REPORT_REMOVED))
    assert letter.to == ["reporter@example.org"]
    assert "You reported an entry on the list of signers of" in letter.body
    assert "xyzzy" not in str((letter.subject, letter.body, letter.alternatives)).lower()


def test_who_erases_after_it_leaves_not_even_the_numbers(art: Campaign) -> None:
    signature = make_canary(art, Status.PUBLISHED)
    leaving.withdraw(manage_token(signature))
    assert WithdrawnName.objects.filter(signature=signature).exists()
    leaving.erase(manage_token(signature))
    assert not WithdrawnName.objects.exists()


def test_who_withdrew_may_sign_again_under_the_very_name(client: Client, art: Campaign) -> None:
    leaving.withdraw(manage_token(make_canary(art, Status.PUBLISHED)))
    make_canary(art, Status.PUBLISHED)
    listed = client.get("/api/v1/campaigns/art/signers/").json()["results"]
    assert [each["name"] for each in listed] == ["Xyzzy Canary"]
    assert Signature.objects.filter(status=Status.WITHDRAWN, name="").count() == 1


# --- Known again -----------------------------------------------------------------------------

AGAIN = [
    ("Annelise Moreau", "ANNELISE MOREAU"),
    ("Annelise Moreau", "Moreau, Annelise"),
    ("Annelise Moreau", "Anelise Moreau"),
    ("Annelise Moreau", "Annelise Morreau"),
    ("Annelise Moreau", "Annelise Moraeu"),
    ("Annelise Moreau", "Annelise Morneau"),
    ("Annelise Moreau", "A. Moreau"),
    ("A. Moreau", "Annelise Moreau"),
    ("Annelise Moreau", "Annelise Karin Moreau"),
    ("Annelise Karin Moreau", "Annelise Moreau"),
    ("Annelise Moreau", "Dr Annelise Moreau"),
    ("Анна Петрова", "Anna Petrova"),
    ("李小龍", "李小龍"),
    ("Sting", "STING"),
    ("Christine Bode", "C. Bode"),
]
ANOTHER = [
    ("Annelise Moreau", "Anna Moreau"),
    ("Annelise Moreau", "Bruno Moreau"),
    ("A. Moreau", "B. Moreau"),
    ("Louis Dupont", "Louise Dupont"),
    ("Robert Dupont", "Roberta Dupont"),
    ("Annelise Moreau", "Annelise"),
    ("Ana", "Ane"),
    ("Ana", "Bruno"),
    ("Ana", ""),
    ("李小龍", "李小明"),
]


@pytest.mark.parametrize(("left", "typed"), AGAIN)
def test_another_spelling_is_known_again(art: Campaign, left: str, typed: str) -> None:
    signature = make_signature(art, name=left)
    leaving.withdraw(manage_token(signature))
    assert blocks.returns(typed, WithdrawnName.objects.get().numbers)


@pytest.mark.parametrize(("left", "typed"), ANOTHER)
def test_another_person_is_not_taken_for_who_left(art: Campaign, left: str, typed: str) -> None:
    signature = make_signature(art, name=left)
    leaving.withdraw(manage_token(signature))
    assert not blocks.returns(typed, WithdrawnName.objects.get().numbers)


def test_the_longest_name_leaves_as_many_numbers_as_a_row_holds(art: Campaign) -> None:
    signature = make_signature(art, name="Abcdefg " * 24 + "Hijklmno")
    leaving.withdraw(manage_token(signature))
    assert len(WithdrawnName.objects.get().numbers) < 1000


# --- From before -----------------------------------------------------------------------------


def kept_by_an_older_release(art: Campaign) -> Signature:
    """A row as releases left it that kept the name of who withdrew."""
    signature = make_canary(art, Status.PUBLISHED)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaign_signature SET status = 'withdrawn' WHERE id = %s", [signature.pk]
        )
    return signature


def test_names_from_before_go_by_the_clock_and_not_by_looking(art: Campaign) -> None:
    kept_by_an_older_release(art)
    assert retention.due()["names of who withdrew"] == 1
    assert "xyzzy" in everything()
    assert retention.expire()["names of who withdrew"] == 1
    assert "xyzzy" not in everything()
    assert retention.due()["names of who withdrew"] == 0
    assert retention.expire()["names of who withdrew"] == 0


def test_who_left_before_is_not_brought_back_either(art: Campaign) -> None:
    signature = kept_by_an_older_release(art)
    before = Signature.objects.values("updated_at", "revision", "public_id").get()
    retention.expire()
    file = ["name,email\n", "Dr Xyzzy Canary,z@example.org\n"]
    report = intake.import_signers(
        campaign=art, lines=file, file_name="x.csv", consent_note="form 1"
    )
    assert (report.added, report.left) == (0, 1)
    assert Signature.objects.values("updated_at", "revision", "public_id").get() == before
    assert Signature.objects.get().pk == signature.pk
