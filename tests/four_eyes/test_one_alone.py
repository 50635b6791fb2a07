"""A campaign with one moderator is told how to go on; nobody switches it off while two could look."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from campaign.models import Approval, AuditEntry, Campaign, Membership, Signature
from campaign.models.membership import Role
from campaign.models.signature import Status
from tests.campaign_form import inputs
from tests.desk import said
from tests.factories import (
    campaign_file,
    make_campaign,
    make_member,
    make_signature,
    make_user,
    on_record,
    somebody,
)
from tests.four_eyes.desk import STAR, approve, desk_of, page_of, status

pytestmark = pytest.mark.django_db


def test_a_campaign_with_one_moderator_is_told_how_to_go_on(star: Signature) -> None:
    anna = make_user("view_signature", "view_campaign", username="anna")
    Membership.objects.create(user=anna, campaign=star.campaign, role=Role.OWNER)
    somebody("maker").user_permissions.clear()
    client = Client()
    client.force_login(anna)
    assert "This campaign has one moderator" in page_of(client, star)
    campaign_page = f"/admin/campaign/campaign/{star.campaign.pk}/"
    shown = client.get(f"{campaign_page}change/").content.decode()
    assert "One person can moderate this campaign" in " ".join(shown.split())

    client.post(f"{campaign_page}four-eyes/", {"on": "no"})
    entry = AuditEntry.objects.get(action="four_eyes")
    assert (entry.user, entry.campaign, entry.details) == (anna, star.campaign, {"on": False})
    assert "This campaign has one moderator" not in page_of(client, star)
    assert approve(client, star, note="").status_code == 422
    approve(client, star)
    assert status(star) == Status.PUBLISHED

    client.post(f"{campaign_page}four-eyes/", {"on": "yes"})
    client.post(f"{campaign_page}four-eyes/", {"on": "yes"})
    assert AuditEntry.objects.filter(action="four_eyes").count() == 2
    assert Campaign.objects.get().four_eyes


def test_a_moderator_who_is_no_owner_cannot_switch_it_off(campaign: Campaign) -> None:
    ben = make_user(username="ben")
    Membership.objects.create(user=ben, campaign=campaign, role=Role.MODERATOR)
    client = Client()
    client.force_login(ben)
    answer = client.post(f"/admin/campaign/campaign/{campaign.pk}/four-eyes/", {"on": "no"})
    assert answer.status_code in {403, 404}
    assert Campaign.objects.get().four_eyes
    assert not on_record().exists()


def test_the_file_switches_it_on_record_too(campaign: Campaign) -> None:
    make_campaign(extra="four_eyes = false")
    assert not Campaign.objects.get().four_eyes
    assert [entry.details for entry in on_record()] == [{"on": False}]
    make_campaign()
    assert Campaign.objects.get().four_eyes
    assert on_record().count() == 2


def test_nobody_switches_it_off_while_two_could_look(
    campaign: Campaign, pair: list[Client], tmp_path: Path
) -> None:
    olga, path = pair[0], f"/admin/campaign/campaign/{campaign.pk}/"
    page = " ".join(olga.get(f"{path}change/").content.decode().split())
    assert "while two can look, nobody can" in page
    assert "Do without four eyes" not in page
    answer = olga.post(f"{path}four-eyes/", {"on": "no"}, follow=True)
    assert said(answer) == "Four eyes: cannot be switched off: 2 people can moderate this campaign"

    typed = inputs(olga.get(f"{path}edit/").content.decode())
    typed.pop("four_eyes")
    for button in ("_look", "_save"):
        answer = olga.post(f"{path}edit/", {**typed, button: "on"})
        assert answer.status_code == 422
        [(_label, anchor, _mistakes)] = answer.context["form"].wrong
        assert anchor == "f-four-eyes"

    file = tmp_path / "art.toml"
    file.write_text(campaign_file(publication="after_verification", extra="four_eyes = false"))
    with pytest.raises(CommandError, match="four_eyes: cannot be switched off: 2 people"):
        call_command("load_campaign", file)
    assert Campaign.objects.get().four_eyes
    assert not on_record().exists()


def test_off_since_it_was_one_it_is_told_of_the_second_and_switched_on_freely(
    campaign: Campaign,
) -> None:
    make_campaign(publication="after_verification", extra="four_eyes = false")
    make_member(campaign, Role.OWNER, username="olga")
    make_member(campaign, Role.MODERATOR, username="mona")
    make_campaign(publication="after_verification", extra="four_eyes = false")
    olga, path = desk_of("olga"), f"/admin/campaign/campaign/{campaign.pk}/"
    page = " ".join(olga.get(f"{path}change/").content.decode().split())
    assert "That is enough for four eyes" in page
    olga.post(f"{path}four-eyes/", {"on": "yes"})
    assert Campaign.objects.get().four_eyes


def test_a_yes_of_before_it_was_switched_off_counts_neither_then_nor_when_it_is_on_again(
    campaign: Campaign, pair: list[Client]
) -> None:
    olga, mona = pair
    star = make_signature(campaign, status=Status.HELD, name=STAR)
    somebody("maker").user_permissions.clear()
    approve(olga, star)
    Membership.objects.filter(user__username="mona").update(role=Role.READER)
    path = f"/admin/campaign/campaign/{campaign.pk}/four-eyes/"
    olga.post(path, {"on": "no"})
    assert not Campaign.objects.get().four_eyes
    assert status(star) == Status.HELD
    assert not Approval.objects.exists()
    assert "How did you check" in page_of(olga, star)  # she can say it anew
    olga.post(path, {"on": "yes"})
    Membership.objects.filter(user__username="mona").update(role=Role.MODERATOR)
    assert "one of two" in said(approve(mona, star))
    assert status(star) == Status.HELD


def test_a_second_moderator_of_another_campaign_counts_for_nothing(campaign: Campaign) -> None:
    other = make_campaign(slug="other")
    for username, where in (("anna", campaign), ("ben", other)):
        user = make_user(username=username)
        Membership.objects.create(user=user, campaign=where, role=Role.MODERATOR)
    star = make_signature(campaign, status=Status.HELD, name=STAR)
    somebody("maker").user_permissions.clear()
    client = Client()
    client.force_login(User.objects.get(username="anna"))
    assert "This campaign has one moderator" in page_of(client, star)
