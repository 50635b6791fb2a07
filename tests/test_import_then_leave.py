"""Who leaves between an import and the release of its batch is not published by it, however they are spelt."""

from collections.abc import Callable

import pytest

from campaign import leaving, moderation
from campaign.models import Campaign, ImportBatch, Mail, Signature
from campaign.models.signature import Status
from tests.batches import desk_of, imported
from tests.factories import (
    make_campaign,
    make_signature,
    manage_token,
    not_me_token,
    release,
    somebody,
)

pytestmark = pytest.mark.django_db

AGENCY = "agency@example.org"
LINES = [
    "name,email\n",
    f"A. Moreau,{AGENCY}\n",
    f"Bea Two,{AGENCY}\n",
    "Cy Three,\n",
]


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def signer(art: Campaign) -> Signature:
    return make_signature(art, name="Annelise Moreau", email=AGENCY)


def page_of(batch: ImportBatch) -> str:
    page = desk_of("anna").get(f"/admin/campaign/importbatch/{batch.pk}/change/")
    return " ".join(page.content.decode().split())


def rows(batch: ImportBatch) -> list[tuple[str, str, list[str]]]:
    """Name, status and reasons of each, in the order of the file."""
    found = Signature.objects.filter(batch=batch).order_by("pk")
    return list(found.values_list("name", "status", "hold_reasons"))


def told() -> list[str]:
    """Whom the release owes a mail."""
    mails = Mail.objects.filter(kind="published")
    return list(mails.order_by("pk").values_list("signature__name", flat=True))


def test_nobody_has_left_and_all_are_published(art: Campaign, signer: Signature) -> None:
    batch = imported(art, LINES)
    assert release(batch) == 3
    assert told() == ["A. Moreau", "Bea Two"]


def test_who_withdrew_meanwhile_is_looked_at_under_another_spelling(
    art: Campaign, signer: Signature
) -> None:
    batch = imported(art, LINES)
    leaving.withdraw(manage_token(signer))
    assert release(batch) == 2
    assert rows(batch) == [
        ("A. Moreau", "held", ["imported", "left"]),
        ("Bea Two", "published", []),
        ("Cy Three", "published", []),
    ]
    assert told() == ["Bea Two"]
    assert release(batch) == 0


def test_the_batch_says_how_many_it_left_out_and_the_signature_why(
    art: Campaign, signer: Signature
) -> None:
    batch = imported(art, LINES)
    leaving.withdraw(manage_token(signer))
    release(batch)
    shown = page_of(batch)
    assert "Not released with the others" in shown
    assert "1 more is held for another reason too: it is decided by itself." in shown
    held = Signature.objects.get(status=Status.HELD)
    desk = desk_of("anna")
    url = f"/admin/campaign/signature/{held.pk}/change/"
    # Of the address, which this moderator may not see, no more is told than that.
    assert "Somebody of this address withdrew" not in desk.get(url).content.decode()
    assert "The release of its batch leaves it out" in desk.get(url).content.decode()
    art.memberships.create(user=somebody("anna"), role="owner")
    assert "Somebody of this address withdrew, under a name" in desk.get(url).content.decode()


def test_a_moderator_who_knows_better_publishes_them_all_the_same(
    art: Campaign, signer: Signature
) -> None:
    batch = imported(art, LINES)
    leaving.withdraw(manage_token(signer))
    release(batch)
    held = Signature.objects.get(status=Status.HELD)
    moderation.approve(signature_id=held.pk, revision=held.revision, by=somebody("judge"))
    assert {status for _name, status, _reasons in rows(batch)} == {"published"}


@pytest.mark.parametrize("withdrew_before", [False, True])
def test_an_erasure_takes_what_a_file_has_of_the_same_person_and_lets_nobody_of_the_address_in(
    art: Campaign, signer: Signature, withdrew_before: bool
) -> None:
    batch = imported(art, LINES)
    if withdrew_before:
        leaving.withdraw(manage_token(signer))
    leaving.erase(manage_token(signer))
    assert not Signature.objects.filter(name__contains="Moreau").exists()
    assert Signature.objects.filter(status=Status.ERASED, email="").count() == 2
    assert release(batch) == 1
    assert rows(batch) == [
        ("", "erased", []),
        ("Bea Two", "held", ["imported", "left"]),
        ("Cy Three", "published", []),
    ]
    assert told() == []


@pytest.mark.parametrize("leave", [leaving.withdraw, leaving.erase])
def test_who_has_the_name_of_one_who_left_meanwhile_is_looked_at_without_an_address_too(
    art: Campaign, signer: Signature, leave: Callable[[str], None]
) -> None:
    batch = imported(art, ["name,email\n", "Annelise Moreau,\n", "Annelise Moreau,b@example.org\n"])
    leave(manage_token(signer))
    assert release(batch) == 0
    assert rows(batch) == [("Annelise Moreau", "held", ["imported", "name_left"])] * 2
    held = Signature.objects.filter(batch=batch).first()
    assert held is not None
    page = desk_of("anna").get(f"/admin/campaign/signature/{held.pk}/change/").content.decode()
    assert "Somebody of this name has left" in page
    assert "Somebody withdrew, or erased their data, under a name like this one." in page


def test_an_erasure_leaves_what_was_published_of_others_and_of_the_name_elsewhere(
    art: Campaign, signer: Signature
) -> None:
    bruno = make_signature(art, name="Bruno", email=AGENCY)
    batch = imported(art, ["name,email\n", "A. Moreau,other@example.org\n"])
    leaving.erase(manage_token(signer))
    bruno.refresh_from_db()
    assert (bruno.status, bruno.email) == (Status.PUBLISHED, AGENCY)
    assert release(batch) == 1


def test_an_address_that_did_not_sign_is_published_by_no_release(art: Campaign) -> None:
    pending = make_signature(art, name="Somebody Else", email=AGENCY, status=Status.PENDING)
    batch = imported(art, LINES)
    leaving.not_me(not_me_token(pending))
    assert release(batch) == 1
    assert rows(batch) == [
        ("A. Moreau", "held", ["imported", "left"]),
        ("Bea Two", "held", ["imported", "left"]),
        ("Cy Three", "published", []),
    ]
    assert told() == []
