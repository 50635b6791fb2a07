"""Whom an owner invites today is no second pair of eyes before tomorrow."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaign import members
from campaign.models import Approval, Campaign, Membership, Signature
from campaign.models.membership import Role
from campaign.models.signature import Status
from tests.desk import said
from tests.factories import make_member
from tests.four_eyes.desk import approve, desk_of, is_open, keep, page_of, status

pytestmark = pytest.mark.django_db


LATER = timedelta(days=30)


def joined(campaign: Campaign, username: str, role: Role, at: datetime) -> User:
    with time_machine.travel(at, tick=False):
        return make_member(campaign, role, username=username)


def test_whom_an_owner_invites_today_is_no_pair_of_eyes_before_tomorrow(
    campaign: Campaign, star: Signature
) -> None:
    now = timezone.now() + LATER
    joined(campaign, "olga", Role.OWNER, timezone.now())
    joined(campaign, "sock", Role.MODERATOR, now)
    with time_machine.travel(now + timedelta(hours=23, minutes=59), tick=False):
        olga, sock = desk_of("olga"), desk_of("sock")
        shown = page_of(sock, star)
        assert "You are new here: your yes to a protected name counts from" in shown
        assert "Approve as" not in shown
        # Neither as the first of two, nor as the second.
        for _ in range(2):
            answer = approve(sock, star)
            assert answer.status_code == 422
            assert status(star) == Status.HELD
            assert not Approval.objects.filter(user__username="sock").exists()
            approve(olga, star)
    with time_machine.travel(now + timedelta(hours=24, minutes=1), tick=False):
        sock = desk_of("sock")
        assert "You are new here" not in page_of(sock, star)
        approve(sock, star)
    assert status(star) == Status.PUBLISHED


def test_who_keeps_what_is_doubted_is_no_newcomer_either(doubted: Signature) -> None:
    now = timezone.now() + LATER
    joined(doubted.campaign, "sock", Role.MODERATOR, now)
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        keep(desk_of("anna"), doubted)
        assert keep(desk_of("sock"), doubted).status_code == 422
    assert is_open(doubted)


def test_a_reader_who_is_promoted_is_new_as_a_moderator(
    campaign: Campaign, star: Signature
) -> None:
    olga = joined(campaign, "olga", Role.OWNER, timezone.now())
    joined(campaign, "rita", Role.READER, timezone.now())
    now = timezone.now() + LATER
    with time_machine.travel(now, tick=False):
        membership = Membership.objects.get(user__username="rita")
        members.change_role(membership_id=membership.pk, role=Role.MODERATOR, by=olga)
        assert approve(desk_of("rita"), star).status_code == 422
    with time_machine.travel(now + timedelta(hours=25), tick=False):
        assert "one of two" in said(approve(desk_of("rita"), star))


def test_those_that_a_campaign_begins_with_are_not_made_to_wait(
    campaign: Campaign, star: Signature, pair: list[Client]
) -> None:
    for client in pair:
        assert approve(client, star).status_code == 200
    assert status(star) == Status.PUBLISHED


def test_who_moderates_every_campaign_is_never_new(star: Signature) -> None:
    with time_machine.travel(timezone.now() + LATER, tick=False):
        for username in ("anna", "ben"):
            approve(desk_of(username), star)
    assert status(star) == Status.PUBLISHED
