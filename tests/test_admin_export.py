"""Signatures leave by the admin with a reason, on record, as CSV or XLSX, and with no formula in them."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from campaign import sheets
from campaign.models import Campaign
from campaign.models.membership import Role
from tests.factories import make_campaign, make_member, make_signature, on_record

pytestmark = pytest.mark.django_db

PAGE = "/admin/campaign/printlist/export/"


@pytest.fixture
def art() -> Campaign:
    return make_campaign()


@pytest.fixture
def owner(client: Client, art: Campaign) -> Client:
    client.force_login(make_member(art, Role.OWNER))
    return client


def take(client: Client, form: str = "csv", **typed: Any) -> Any:
    campaign = Campaign.objects.get(slug="art")
    typed = {"campaign": campaign.pk, "form": form, "reason": "Mailing of 22 November", **typed}
    return client.post(PAGE, typed)


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


def test_a_csv_holds_addresses_and_its_taking_is_on_record(owner: Client, art: Campaign) -> None:
    make_signature(art, name="Zoë Moreau", email="zoe@example.org")
    make_signature(art, name="Not Confirmed", status="pending")
    answer = take(owner)
    assert answer["Content-Disposition"] == 'attachment; filename="art-signatures.csv"'
    assert "no-store" in answer["Cache-Control"]
    assert [(row["name"], row["email"]) for row in rows(answer)] == [
        ("Zoë Moreau", "zoe@example.org")
    ]
    entry = on_record().get()
    assert (entry.action, entry.number, entry.details) == ("export", 1, {"form": "csv"})
    assert entry.user is not None
    assert entry.user.username == "owner"
    assert entry.note.text == "Mailing of 22 November"


def test_a_workbook_says_the_same_as_the_csv(owner: Client, art: Campaign) -> None:
    make_signature(art, name="Zoë Moreau", credit="+44 Songs")
    make_signature(art, name="-M-", status="held")
    expected = list(csv.reader(io.StringIO(take(owner).getvalue().decode(), newline="")))
    answer = take(owner, "xlsx")
    sheet = load_workbook(io.BytesIO(answer.getvalue())).worksheets[0]
    found = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert found == expected
    assert any("'+44 Songs" in row for row in found)
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_it_may_be_of_one_status_and_of_who_wants_news(owner: Client, art: Campaign) -> None:
    make_signature(art, name="A", newsletter=True)
    make_signature(art, name="B")
    make_signature(art, name="C", newsletter=True, status="held")
    chosen = take(owner, status="published", newsletter="on")
    assert [row["name"] for row in rows(chosen)] == ["A"]


def test_a_workbook_of_too_many_is_refused_with_a_word(
    owner: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(art, name="A")
    make_signature(art, name="B")
    monkeypatch.setattr(sheets, "ROWS_LIMIT", 1)
    answer = take(owner, "xlsx")
    assert answer.status_code == 422
    assert "A workbook takes 1 signatures at most. Please take CSV." in answer.content.decode()
    assert not on_record().exists()


def test_without_a_reason_nothing_leaves(owner: Client, art: Campaign) -> None:
    make_signature(art, email="canary@example.org")
    answer = take(owner, reason=" ")
    assert answer.status_code == 422
    assert "canary@example.org" not in answer.content.decode()
    assert not on_record().exists()


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.READER])
def test_nobody_but_an_owner_exports(client: Client, art: Campaign, role: Role) -> None:
    client.force_login(make_member(art, role))
    assert client.get(PAGE).status_code == 403
    assert take(client).status_code == 403
    assert not on_record().exists()


def test_an_owner_of_another_campaign_cannot_choose_this_one(art: Campaign) -> None:
    other, stranger = make_campaign(slug="other"), Client()
    stranger.force_login(make_member(other, Role.OWNER, username="stranger"))
    assert take(stranger).status_code == 422
    assert not on_record().exists()
