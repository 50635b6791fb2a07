"""Who withdraws leaves no name, and is known again all the same."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from campaign import (
    departed,
    intake,
    leaving,
    letters,
    organising,
    placing,
    printing,
    retention,
    signing,
)
from campaign.campaign_file import parse
from campaign.models.campaign import Campaign, ProtectedName
from campaign.models.event import Event, EventNote
from campaign.models.evidence import Proof, Site
from campaign.models.mail import Mail, MailKind
from campaign.models.name_numbers import LeftName, WithdrawnName
from campaign.models.print_list import PrintEntry, PrintList
from campaign.models.question import Question
from campaign.models.signature import Signature, Status
from tests.batches import imported
from tests.factories import (
    campaign_file,
    confirm_token,
    make_campaign,
    make_report,
    make_signature,
    make_user,
    manage_token,
    release,
)

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
    Proof.objects.create(
        signature=signature, method="domain", domain="xyzzy.example.com", at=timezone.now()
    )
    Site.objects.create(signature=signature, domain="xyzzy.example.com")
    Question.objects.create(signature=signature, text="Xyzzy?")
    Signature.objects.update(evidence_note="Xyzzy said so", sort_name="Xyzzy, Canary")
    assert "xyzzy" in everything()
    leaving.withdraw(manage_token(signature))
    assert "xyzzy" not in everything()
    signature.refresh_from_db()
    assert (signature.status, signature.email) == (Status.WITHDRAWN, "z@example.org")


def test_notes_and_a_frozen_print_list_keep_what_they_say_until_an_erasure(art: Campaign) -> None:
    signature = make_canary(art, Status.PUBLISHED)
    EventNote.objects.create(event=Event.objects.latest("pk"), text="called Xyzzy at home")
    by = make_user()
    printed = PrintList.objects.create(campaign=art, by=by, number=1)
    PrintEntry.objects.create(
        print_list=printed, position=1, signature=signature, name="Xyzzy Canary"
    )
    leaving.withdraw(manage_token(signature))
    assert everything().count("xyzzy") == 2
    assert [entry.position for entry in printing.left_since(printed)] == [1]
    leaving.erase(manage_token(signature))
    assert "xyzzy" not in everything()


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


def test_what_outlives_an_erasure_are_numbers_that_no_row_leads_to(art: Campaign) -> None:
    leaving.erase(manage_token(make_canary(art, Status.PUBLISHED)))
    for row in LeftName.objects.values():
        assert set(row) == {"id", "campaign_id", "key"}
    ours = {each.key for each in LeftName.objects.all()}
    assert len(ours) == 3  # how it looks, and how it sounds read in two ways
    theirs = make_campaign(slug="other")
    leaving.erase(manage_token(make_canary(theirs, Status.PUBLISHED)))
    assert not ours & set(LeftName.objects.filter(campaign=theirs).values_list("key", flat=True))


def test_who_withdrew_may_sign_again_under_the_very_name(client: Client, art: Campaign) -> None:
    leaving.withdraw(manage_token(make_canary(art, Status.PUBLISHED)))
    make_canary(art, Status.PUBLISHED)
    listed = client.get("/api/v1/campaigns/art/signers/").json()["results"]
    assert [each["name"] for each in listed] == ["Xyzzy Canary"]
    assert Signature.objects.filter(status=Status.WITHDRAWN, name="").count() == 1


# --- Protected by a release ------------------------------------------------------------------


def released(art: Campaign, *lines: str) -> dict[str, Signature]:
    """The lines of a file with consent, all of them featured, once their batch is released; by address."""
    given = ["name,email,featured\n", *(f"{line},yes\n" for line in lines)]
    assert release(imported(art, given)) == len(lines)
    return {each.email: each for each in Signature.objects.filter(status=Status.PUBLISHED)}


def by_release() -> list[str]:
    brought = ProtectedName.objects.exclude(batch=None)
    return list(brought.values_list("name", flat=True))


@pytest.mark.parametrize("leave", [leaving.withdraw, leaving.erase])
def test_whose_name_a_release_protected_leaves_none_and_holds_nobody_any_more(
    art: Campaign, leave: Callable[[str], None]
) -> None:
    [signature] = released(art, "Xyzzy Canary,z@example.org").values()
    assert by_release() == ["Xyzzy Canary"]
    leave(manage_token(signature))
    assert by_release() == []
    assert "xyzzy" not in everything()
    pending = make_signature(art, status=Status.PENDING, name="Xyzzy Canary")
    signing.confirm(confirm_token(pending))
    pending.refresh_from_db()
    assert (pending.status, pending.hold_reasons) == (Status.PUBLISHED, [])


def test_a_name_that_another_released_line_bears_is_protected_until_that_one_leaves_too(
    art: Campaign,
) -> None:
    its = released(art, "Xyzzy Canary,a@example.org", "Xyzzy Canary,b@example.org")
    leaving.withdraw(manage_token(its["a@example.org"]))
    assert by_release() == ["Xyzzy Canary"]
    leaving.erase(manage_token(its["b@example.org"]))
    assert by_release() == []


def test_a_name_of_the_campaign_file_is_the_organisers_and_stays(art: Campaign) -> None:
    [signature] = released(art, "Xyzzy Canary,z@example.org").values()
    text = campaign_file(publication="after_verification")
    organising.load_campaign(parse(text.replace("Scarlett Johansson", "Xyzzy Canary")))
    assert by_release() == []
    leaving.erase(manage_token(signature))
    assert ProtectedName.objects.filter(name="Xyzzy Canary").count() == 1


def test_who_signed_by_themselves_takes_no_name_along_that_a_release_protected(
    art: Campaign,
) -> None:
    namesake = make_canary(art, Status.PUBLISHED)
    released(art, "Xyzzy Canary,other@example.org")
    leaving.withdraw(manage_token(namesake))
    assert by_release() == ["Xyzzy Canary"]


def test_a_name_that_its_signer_corrects_is_protected_no_more(art: Campaign) -> None:
    [signature] = released(art, "Xyzzy Canary,z@example.org").values()
    token = manage_token(signature)
    signing.correct(token, typed={"credit": "Songs"}, revision=signature.revision)
    assert by_release() == ["Xyzzy Canary"]
    signature.refresh_from_db()
    signing.correct(token, typed={"name": "Zoë Canary"}, revision=signature.revision)
    assert by_release() == []
    assert "xyzzy" not in everything()


def test_names_that_releases_of_before_left_go_by_the_clock(art: Campaign) -> None:
    its = released(art, "Xyzzy Canary,z@example.org", "Ana Stays,ana@example.org")
    kept = ProtectedName.objects.get(name="Xyzzy Canary")
    leaving.withdraw(manage_token(its["z@example.org"]))
    kept.pk = None
    kept.save()  # that release did not delete it
    assert retention.due()["protected names of who left"] == 1
    assert retention.expire()["protected names of who left"] == 1
    assert by_release() == ["Ana Stays"]
    assert retention.expire()["protected names of who left"] == 0


# --- Known again -----------------------------------------------------------------------------

AGAIN = [
    ("Annelise Moreau", "ANNELISE MOREAU"),
    ("Annelise Moreau", "Moreau, Annelise"),
    ("Annelise Moreau", "Anelise Moreau"),
    ("Annelise Moreau", "Annelise Morreau"),
    ("Annelise Moreau", "Annelise Moraeu"),
    ("Annelise Moreau", "Annelise Morneau"),
    ("Annelise Moreau", "A. Moreau"),
    ("Annelise Moreau", "A. Morneau"),
    ("A. Moreau", "Annelise Moreau"),
    ("Annelise Moreau", "Annelise Karin Moreau"),
    ("Annelise Karin Moreau", "Annelise Moreau"),
    ("Annelise Moreau", "Dr Annelise Moreau"),
    ("Annelise Moreau", "Annelise Moreau (New York)"),
    ("Annelise Moreau", "Annelise Moreau, Kulturverein Nord"),
    ("Annelise Moreau", "Annelise Moreau aka Lise"),
    ("Clara Schumann", "Clara J. M. Schumann"),
    ("Clara J. M. Schumann", "Clara Schumann"),
    ("Hans-Peter Schmidt", "H.-P. Schmidt"),
    ("Hans-Peter Schmidt", "Schmidt, H.P."),
    ("Karl-Heinz Meier", "Dr. Karlheinz Meier"),
    ("John Ronald Reuel Tolkien", "J.R.R. Tolkien"),
    ("J. R. R. Tolkien", "John Ronald Reuel Tolkien"),
    ("Gabriel Dupont", "Gabrjel Dupont"),
    ("Karl Weber", "Carl Weber"),
    ("Анна Петрова", "Anna Petrova"),
    ("李小龍", "李小龍"),
    ("Sting", "STING"),
    ("Sting", "Sting (Police)"),
    ("Madonna", "Madona"),
    ("Christine Bode", "C. Bode"),
    ("राम कुमार", "कुमार राम"),
    ("রবীন্দ্রনাথ ঠাকুর", "রবিন্দ্রনাথ ঠাকুর"),
    ("עמוס עוז", "עוֹז עָמוֹס"),
    ("עָמוֹס עוֹז", "עוז עמוס"),
    ("أُمّ كُلْثُوم", "كلثوم أم"),
    ("أحمد شوقي", "شوقي احمد"),
]
ANOTHER = [
    ("Annelise Moreau", "Anna Moreau"),
    ("Annelise Moreau", "Bruno Moreau"),
    ("Annelise Moreau", "Annelise"),
    ("Annelise Moreau", "A. M."),
    ("A. Moreau", "B. Moreau"),
    ("Louis Dupont", "Louise Dupont"),
    ("Robert Dupont", "Roberta Dupont"),
    ("Wang Wei", "Wang Wen"),
    ("Li Wei Chen", "Li Wen Chen"),
    ("Udo Weber", "Ugo Weber"),
    ("Amir Haddad", "Samir Haddad"),
    ("Lars Olsen", "Mars Olsen"),
    ("Jörg Weber", "Jürg Weber"),
    ("Heiner Weber", "Reiner Weber"),
    ("Nelly Klein", "Kelly Klein"),
    ("Ana", "Ane"),
    ("Ana", "Bruno"),
    ("Ana", ""),
    ("Sting", "String"),
    ("李小龍", "李小明"),
    ("राम कुमार", "रीमा कुमारी"),
    ("सीता देवी", "सोते दिवि"),
    ("রিতা সেন", "রত সিনা"),
    ("சீதா ராமன்", "சுதா ராமன்"),
    ("สุดา ทองดี", "สีดา ทองดี"),
    ("משה כהן", "מֹשֶׁה לֵוִי"),
    ("محمد علي", "مُحَمَّد عُمَر"),
]


def of(name: str, email: str = "a@example.org") -> departed.Spelling:
    """A name that withdrew, as it comes out of the database."""
    return departed.Spelling.read(json.loads(json.dumps(departed.left(1, email, name))))


@pytest.mark.parametrize(("left", "typed"), AGAIN)
def test_another_spelling_is_known_again(left: str, typed: str) -> None:
    assert departed.typed(1, "a@example.org", typed).is_like(of(left))


@pytest.mark.parametrize(("left", "typed"), ANOTHER)
def test_another_person_is_not_taken_for_who_left(left: str, typed: str) -> None:
    assert not departed.typed(1, "a@example.org", typed).is_like(of(left))


def test_the_numbers_of_one_name_are_others_for_each_address_and_campaign() -> None:
    ours = set(re.findall(r"\d{10,}", json.dumps(of("Annelise Moreau"))))
    theirs = set(re.findall(r"\d{10,}", json.dumps(of("Annelise Moreau", "b@example.org"))))
    another = json.dumps(departed.left(2, "a@example.org", "Annelise Moreau"))
    assert len(ours) > 10
    assert not ours & theirs
    assert not ours & set(re.findall(r"\d{10,}", another))


@pytest.mark.parametrize("name", ["Ａ1bсd" * 40, "a " * 100, "Abcdefg " * 25])
def test_the_longest_names_leave_what_fits_into_a_row(name: str) -> None:
    kept = json.dumps(departed.left(1, "a@example.org", name[:200]))
    assert 20 < len(kept) < 100_000
    assert departed.typed(1, "a@example.org", name[:200]).is_like(of(name[:200]))


def test_what_a_file_says_of_an_address_is_no_digest_that_a_guess_can_check(art: Campaign) -> None:
    lines = ["name,email\n", "Ana,ana@example.org\n"]
    given: dict[str, Any] = {"campaign": art, "file_name": "x.csv", "consent_note": "form 1"}
    intake.import_signers(lines=lines, **given)
    plain = placing.import_key("ana@example.org", "ana")
    assert Signature.objects.get().import_key == plain
    leaving.withdraw(manage_token(Signature.objects.get()))
    assert Signature.objects.get().import_key == placing.sealed_key(plain) != plain
    again = intake.import_signers(lines=lines, **given)
    assert (again.added, again.known, again.left) == (0, 0, 1)


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


def test_numbers_that_an_older_release_left_of_an_erased_name_go_by_the_clock(
    art: Campaign,
) -> None:
    stays, erased = make_canary(art, Status.PUBLISHED), make_signature(art, name="Ana")
    for signature in (stays, erased):
        leaving.withdraw(manage_token(signature))
    kept = WithdrawnName.objects.get(signature=erased)
    leaving.erase(manage_token(erased))
    kept.save(force_insert=True)  # that release did not know the table
    assert retention.expire()["numbers of names that were erased"] == 1
    assert [each.signature_id for each in WithdrawnName.objects.all()] == [stays.pk]


@pytest.mark.parametrize("expired", [False, True])
def test_who_left_before_is_not_brought_back_either(art: Campaign, expired: bool) -> None:
    signature = kept_by_an_older_release(art)
    before = Signature.objects.values("updated_at", "revision", "public_id").get()
    if expired:
        retention.expire()
    file = ["name,email\n", "Dr Xyzzy Canary,z@example.org\n"]
    report = intake.import_signers(
        campaign=art, lines=file, file_name="x.csv", consent_note="form 1"
    )
    assert (report.added, report.left) == (0, 1)
    assert Signature.objects.values("updated_at", "revision", "public_id").get() == before
    assert Signature.objects.get().pk == signature.pk
