"""Who has no link that works asks the organiser, whose commands answer."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from campaign import intake, leaving
from campaign.models import Event, Signature
from campaign.models.campaign import Campaign
from campaign.models.signature import Status
from tests.counted import assert_exact
from tests.factories import make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def said(command: str, public_id: str) -> str:
    out = StringIO()
    call_command(command, public_id, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("status", [s for s in Status if s != Status.PENDING])
def test_a_signer_is_erased_for_who_asks_and_the_organiser_did_it(
    art: Campaign, status: Status
) -> None:
    signature = make_signature(art, name="Xyzzy", email="xyzzy@example.org", status=status)
    assert said("erase_signer", signature.public_id) == f"{signature.public_id} is erased\n"
    signature.refresh_from_db()
    assert (signature.status, signature.name, signature.email) == (Status.ERASED, "", "")
    last = Event.objects.latest("pk")
    by = "signer" if status == Status.ERASED else "organiser"
    assert (last.verb, last.actor) == ("erase", by)
    assert signature.public_id in Path(settings.JOURNAL_FILE).read_text()
    assert_exact(art)


def test_one_without_an_address_can_be_shown_and_erased(art: Campaign) -> None:
    file = ["name\n", "Xyzzy\n"]
    intake.import_signers(campaign=art, lines=file, file_name="x.csv", consent_note="form 1")
    its = Signature.objects.get().public_id
    assert json.loads(said("export_signer", its))["signature"]["name"] == "Xyzzy"
    said("erase_signer", its)
    assert Signature.objects.get().status == Status.ERASED


def test_who_withdrew_is_shown_what_is_still_held(art: Campaign) -> None:
    signature = make_signature(art, name="Xyzzy", email="z@example.org")
    leaving.withdraw(manage_token(signature))
    held = json.loads(said("export_signer", signature.public_id))
    assert (held["signature"]["name"], held["signature"]["email"]) == ("", "z@example.org")
    assert "Xyzzy" not in str(held)


def test_what_nobody_has_confirmed_is_deleted(art: Campaign) -> None:
    pending = make_signature(art, status=Status.PENDING)
    said("erase_signer", pending.public_id)
    assert not Signature.objects.exists()


@pytest.mark.parametrize("command", ["erase_signer", "export_signer"])
def test_an_unknown_id_is_said_and_does_nothing(art: Campaign, command: str) -> None:
    make_signature(art)
    before = list(Signature.objects.values())
    with pytest.raises(CommandError, match="there is no signature nobody"):
        said(command, "nobody")
    assert list(Signature.objects.values()) == before
