"""The own page says what is so: of one that waits, was refused, or that nobody sees yet, as of a listed one."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaign.links import Purpose
from campaign.models import Campaign, Signature
from campaign.models.signature import Status
from campaign.outbox import link_to
from tests.factories import details, make_campaign, make_signature

pytestmark = pytest.mark.django_db

MARKUP = re.compile(r"<[^>]+>")

PUBLISHED = "It is published."
COUNTED = "You are counted without your name."
COMES = "It will be on the list when the statement opens."
SEEN = "Your name, and what you gave with it, except your mail address."
NUMBER = "Nothing of you but the number"
NOT_YET = "Nothing yet. It will be on the list when the statement opens."
NOTHING = "Nothing. What you gave is with us alone."
MARK = "Mark beside it"
IS_SHOWN = "Your name is shown by your choice."
WILL_SHOW = "Your name will be shown with your signature, by your choice."
WILL_COUNT = "You will be counted without your name."
CHECKED = "What you change goes through the same checks as at first."
OFF_THE_LIST = "A moderator looks at what you change. Until then your name is off the list."
SAVED_ONLY = "What you change is saved. By itself it does not bring your signature back."
LIST_SAYS = "The list then says so, with the day"

ALL = {
    *(PUBLISHED, COUNTED, COMES, SEEN, NUMBER, NOT_YET, NOTHING, MARK, IS_SHOWN, WILL_SHOW),
    *(WILL_COUNT, CHECKED, OFF_THE_LIST, SAVED_ONLY, LIST_SAYS),
}
LISTED = {PUBLISHED, SEEN, MARK, IS_SHOWN, LIST_SAYS}


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def page_of(signature: Signature) -> str:
    return link_to(Purpose.MANAGE, signature)


def words(response: Any) -> str:
    """What somebody reads on a page."""
    return " ".join(MARKUP.sub(" ", response.content.decode()).split())


def said(response: Any) -> set[str]:
    """Which of these sentences a page has; the longer of two that begin alike."""
    text = words(response)
    found = {sentence for sentence in ALL if sentence in text}
    return found - ({COMES} if text.count(COMES) == text.count(NOT_YET) else set())


@pytest.mark.parametrize(
    ("status", "typed", "what"),
    [
        (Status.PENDING, {}, {NOTHING, WILL_SHOW, CHECKED}),
        (Status.PENDING, {"show_name": False}, {NOTHING, WILL_COUNT, CHECKED}),
        (Status.HELD, {}, {NOTHING, WILL_SHOW, CHECKED}),
        (Status.HELD, {"show_name": False}, {NOTHING, WILL_COUNT, CHECKED}),
        (Status.PUBLISHED, {}, {*LISTED, CHECKED}),
        (Status.PUBLISHED, {"show_name": False}, {COUNTED, NUMBER, CHECKED}),
        (Status.REJECTED, {}, {NOTHING, SAVED_ONLY}),
        (Status.REJECTED, {"show_name": False}, {NOTHING, SAVED_ONLY}),
    ],
)
def test_at_each_status_it_says_what_everybody_sees_and_what_would_be(
    client: Client, campaign: Campaign, status: Status, typed: dict[str, bool], what: set[str]
) -> None:
    signature = make_signature(campaign, status=status, **typed)
    assert said(client.get(page_of(signature))) == what


@pytest.mark.parametrize(
    ("shown", "what"),
    [(True, {COMES, NOT_YET, WILL_SHOW}), (False, {WILL_COUNT, NOTHING})],
)
def test_before_the_opening_nothing_is_published_yet(
    client: Client, campaign: Campaign, shown: bool, what: set[str]
) -> None:
    signature = make_signature(campaign, show_name=shown)
    Campaign.objects.update(opens_at=timezone.now() + timedelta(days=1))
    page = client.get(page_of(signature))
    assert said(page) - {LIST_SAYS, CHECKED} == what


def test_who_vouches_or_is_featured_is_said_to_be_looked_at_again(
    client: Client, campaign: Campaign
) -> None:
    reviewed = make_signature(make_campaign(slug="looked"), **details())
    featured = make_signature(campaign, name="Ann Reed")
    Signature.objects.filter(pk=featured.pk).update(featured=True)
    proven = make_signature(campaign, name="Bo Dale")
    Signature.objects.filter(pk=proven.pk).update(evidence="staff")
    for signature in (reviewed, featured, proven):
        assert said(client.get(page_of(signature))) == {*LISTED, OFF_THE_LIST}


def test_a_correction_of_a_rejected_one_is_saved_and_promises_no_look(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign, status=Status.REJECTED)
    form = {"action": "correct", "revision": str(signature.revision), "name": "Zoé Moreau"}
    page = client.post(page_of(signature), form)
    assert "Your corrections are saved." in words(page)
    assert "A moderator looks" not in words(page)
    assert "write to: privacy@example.org" in words(page)
    signature.refresh_from_db()
    assert (signature.status, signature.name) == (Status.REJECTED, "Zoé Moreau")


def test_a_rejected_one_is_offered_no_choice_of_how_it_is_counted(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign, status=Status.REJECTED)
    path = page_of(signature)
    page = client.get(path).content.decode()
    assert 'value="hide"' not in page
    assert "Your name on the list" not in page
    assert "shown by name" not in page
    # By a page from before the decision.
    assert "Your corrections are saved." in words(client.post(path, {"action": "hide"}))


@pytest.mark.parametrize(
    ("status", "hidden", "shown"),
    [
        (
            Status.PUBLISHED,
            "Your name is no longer shown. Your signature still counts.",
            "Your name is on the list now",
        ),
        (Status.HELD, WILL_COUNT, WILL_SHOW),
        (Status.PENDING, WILL_COUNT, WILL_SHOW),
    ],
)
def test_what_was_chosen_is_answered_by_what_it_means_now(
    client: Client, campaign: Campaign, status: Status, hidden: str, shown: str
) -> None:
    path = page_of(make_signature(campaign, status=status))
    for action, sentence in (("hide", hidden), ("show", shown)):
        answer = client.post(path, {"action": action}).content.decode()
        notice = re.search(r'<p class="notice" role="status">(.*?)</p>', answer, re.DOTALL)
        assert notice is not None
        assert notice[1].startswith(sentence)


def test_news_come_once_it_is_confirmed(client: Client, campaign: Campaign) -> None:
    waits = make_signature(campaign, status=Status.PENDING, newsletter=True)
    assert "You will get the campaign’s news by mail." in words(client.get(page_of(waits)))
    signed = make_signature(campaign, name="Ann Reed", newsletter=True)
    assert "You get the campaign’s news by mail." in words(client.get(page_of(signed)))


# --- To who leaves ---------------------------------------------------------------------------

GONE = "Your name is gone from the list."
COPIES = "Copies of the list"


@pytest.mark.parametrize(
    ("status", "typed", "was_listed"),
    [
        (Status.PUBLISHED, {}, True),
        (Status.PUBLISHED, {"show_name": False}, False),
        (Status.REJECTED, {}, True),
        (Status.HELD, {"name": "Scarlett Johansson"}, False),
        (Status.PENDING, {}, False),
    ],
)
def test_only_who_was_on_the_list_hears_that_they_are_gone_from_it(
    client: Client, campaign: Campaign, status: Status, typed: dict[str, Any], was_listed: bool
) -> None:
    signature = make_signature(campaign, status=status, **typed)
    path = page_of(signature)
    if status != Status.PENDING:
        left = client.post(path, {"action": "withdraw", "sure": "yes"})
        for page in (left, client.get(path)):
            assert "Your signature is withdrawn" in words(page)
            assert (GONE in words(page)) == was_listed
            assert (COPIES in words(page)) == was_listed
    erased = words(client.post(path, {"action": "erase", "sure": "yes"}))
    assert "Your data are deleted" in erased
    assert (COPIES in erased) == was_listed
    assert ("Everything that was typed with your address is deleted." in erased) != was_listed
