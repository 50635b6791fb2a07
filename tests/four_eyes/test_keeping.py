"""What was published before its name became protected is kept by two moderators as well."""

import pytest
from django.test import Client

from campaign import moderation, moves, suspicions
from campaign.errors import InPersonOnly
from campaign.history import SIGNER
from campaign.models import Approval, Campaign, Event, Mail, Signature
from campaign.models.api_key import ApiKey, Scope
from campaign.models.event import Verb
from campaign.models.report import Report, ReportStatus
from campaign.models.signature import Status
from tests import reports
from tests.desk import QUEUE, said
from tests.factories import make_key, make_signature, somebody
from tests.four_eyes.desk import (
    NOTE,
    approve,
    desk_of,
    doubt,
    is_open,
    keep,
    page_of,
    protect_unsearched,
    status,
)

pytestmark = pytest.mark.django_db


def test_to_keep_what_is_like_a_name_protected_since_takes_two(doubted: Signature) -> None:
    anna, ben = desk_of("anna"), desk_of("ben")
    assert "Keep as the first of two" in page_of(anna, doubted)
    assert "Kept by one of two" in said(keep(anna, doubted))
    assert (status(doubted), is_open(doubted)) == (Status.PUBLISHED, True)
    shown = page_of(anna, doubted)
    assert "Yours is one of two" in shown
    assert "Keep as" not in shown
    assert "One of two: anna" in ben.get(QUEUE, {"status": "suspect"}).content.decode()

    seen = page_of(ben, doubted)
    assert "Keep as the second" in seen
    assert NOTE in seen
    assert "Kept:" in said(keep(ben, doubted, note="saw her post about it"))
    assert (status(doubted), is_open(doubted)) == (Status.PUBLISHED, False)
    acts = Event.objects.filter(signature=doubted).order_by("pk")[1:]
    assert [(act.verb, str(act.user), act.note.text) for act in acts] == [
        (Verb.SECOND, "anna", NOTE),
        (Verb.KEEP, "ben", "saw her post about it"),
    ]
    assert not Approval.objects.exists()
    assert not Mail.objects.filter(kind="published").exists()


def test_one_who_keeps_it_twice_is_one_pair_of_eyes(doubted: Signature) -> None:
    anna = desk_of("anna")
    for _ in range(3):
        assert "one of two" in said(keep(anna, doubted))
    assert is_open(doubted)
    assert Approval.objects.count() == 1
    assert Event.objects.filter(verb=Verb.SECOND).count() == 1
    assert not Event.objects.filter(verb=Verb.KEEP).exists()


@pytest.mark.parametrize("note", ["", "fine so"])
def test_without_a_word_on_how_it_was_checked_nothing_is_kept(
    doubted: Signature, note: str
) -> None:
    answer = keep(desk_of("anna"), doubted, note=note)
    assert answer.status_code == 422
    assert "how you checked" in answer.content.decode()
    assert not Approval.objects.exists()


def test_its_reporters_are_told_when_the_second_has_kept_it(doubted: Signature) -> None:
    report = reports.confirmed(Client(), doubted)
    keep(desk_of("anna"), doubted, report=report.pk)
    assert Report.objects.get().status == ReportStatus.OPEN
    keep(desk_of("ben"), doubted, report=report.pk)
    assert Report.objects.get().status == ReportStatus.CLOSED
    assert Mail.objects.filter(kind="report_kept").count() == 1


def test_against_a_report_alone_one_keeps_it_without_a_note(campaign: Campaign) -> None:
    signature = make_signature(campaign, name="Ana Prado")
    report = reports.confirmed(Client(), signature)
    anna = desk_of("anna")
    assert "Keep as the first" not in page_of(anna, signature)
    keep(anna, signature, report=report.pk, note="")
    assert Report.objects.get().status == ReportStatus.CLOSED
    assert not Approval.objects.exists()


def test_another_name_that_it_is_like_makes_the_first_yes_void(doubted: Signature) -> None:
    keep(desk_of("anna"), doubted)
    doubt(doubted, "Anna Prado")
    assert "one of two" in said(keep(desk_of("ben"), doubted))
    assert is_open(doubted)
    keep(desk_of("anna"), doubted)
    assert not is_open(doubted)


def test_it_is_void_too_before_the_search_for_that_name_has_come_to_it(doubted: Signature) -> None:
    keep(desk_of("anna"), doubted)
    protect_unsearched(doubted.campaign, "Anna Prado")
    assert "changed since it was shown" in said(keep(desk_of("ben"), doubted))
    assert "one of two" in said(keep(desk_of("ben"), doubted))
    assert is_open(doubted)
    assert not Event.objects.filter(verb=Verb.KEEP).exists()


def test_a_page_names_all_that_it_is_kept_against_however_many_and_whatever_it_is_now(
    doubted: Signature,
) -> None:
    names = [f"{first} Prado" for first in ("Anas", "Anna", "Anja", "Anya", "Anka", "Anda")]
    for name in names:
        doubt(doubted, name)
    page = page_of(desk_of("anna"), doubted)
    assert [name for name in ("Ana Prado", *names) if f"“{name}”" not in page] == []
    assert page.count('name="suspicion"') % 7 == 0

    Campaign.objects.update(rules={"near_name": False})
    page = page_of(desk_of("anna"), doubted)
    assert [name for name in names if f"“{name}”" not in page] == []


@pytest.mark.parametrize("searched", [True, False])
def test_a_page_that_does_not_show_another_name_that_it_is_like_keeps_nothing(
    doubted: Signature, searched: bool
) -> None:
    anna, ben = desk_of("anna"), desk_of("ben")
    [shown] = suspicions.ids_of(doubted)
    assert f'name="suspicion" value="{shown}"' in page_of(anna, doubted)
    (doubt if searched else lambda of, name: protect_unsearched(of.campaign, name))(
        doubted, "Anna Prado"
    )
    for client in (anna, ben, anna):
        answer = keep(client, doubted, suspicion=[shown])
        assert "changed since it was shown" in said(answer)
    assert not Approval.objects.exists()
    assert not Event.objects.filter(verb__in=(Verb.SECOND, Verb.KEEP)).exists()
    names = suspicions.open_ones().values_list("name__name", flat=True)
    assert set(names) == {"Ana Prado", "Anna Prado"}
    assert page_of(anna, doubted).count('name="suspicion"') % 2 == 0
    assert "one of two" in said(keep(anna, doubted))
    assert "Kept:" in said(keep(ben, doubted))
    assert not is_open(doubted)


def test_a_correction_makes_the_first_to_keep_it_void(doubted: Signature) -> None:
    keep(desk_of("anna"), doubted)
    changes = {"credit": "Another film"}
    moves.amend(signature_id=doubted.pk, actor=SIGNER, changes=changes)
    doubted.refresh_from_db()
    assert "one of two" in said(keep(desk_of("ben"), doubted))
    assert is_open(doubted)


def test_a_yes_to_its_staying_is_none_to_its_coming_back(doubted: Signature) -> None:
    keep(desk_of("anna"), doubted)
    moderation.hold(signature_id=doubted.pk, by=somebody("anna"))
    assert not Approval.objects.exists()
    doubted.refresh_from_db()
    approve(desk_of("ben"), doubted)
    assert status(doubted) == Status.HELD


def test_without_four_eyes_one_keeps_it_with_a_note(doubted: Signature) -> None:
    Campaign.objects.update(four_eyes=False)
    anna = desk_of("anna")
    assert keep(anna, doubted, note="").status_code == 422
    assert "Kept:" in said(keep(anna, doubted))
    assert not is_open(doubted)


def test_a_program_keeps_nothing_that_is_like_a_protected_name(doubted: Signature) -> None:
    make_key(doubted.campaign, Scope.MODERATE)
    with pytest.raises(InPersonOnly):
        moderation.keep(
            signature_id=doubted.pk,
            revision=doubted.revision,
            report_ids=[],
            suspicion_ids=suspicions.ids_of(doubted),
            by=ApiKey.objects.get(),
            note=NOTE,
        )
    assert is_open(doubted)


def test_many_at_once_keep_nothing(doubted: Signature) -> None:
    anna = desk_of("anna")
    for verb in ("approve", "keep"):
        chosen = {"action": f"{verb}_selected", "_selected_action": [doubted.pk]}
        anna.post(f"{QUEUE}?status=suspect", chosen)
        items = [f"{doubted.pk}:{doubted.revision}:published"]
        anna.post(f"{QUEUE}many/{verb}/", {"item": items, "note": NOTE})
    assert is_open(doubted)
    assert not Approval.objects.exists()


def test_who_keeps_one_of_the_lane_comes_to_the_next(
    campaign: Campaign, doubted: Signature
) -> None:
    after = make_signature(campaign, name="Ana Torres")
    doubt(after, "Ana Torres")
    answer = keep(desk_of("anna"), doubted, filters="status=suspect")
    assert answer.redirect_chain[0][0].startswith(f"{QUEUE}{after.pk}/change/")
