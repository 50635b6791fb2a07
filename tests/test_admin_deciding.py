"""One signature on its page: what speaks for and against it, and each decision."""

import pytest
from django.test import Client

from campaign import leaving, moves
from campaign.history import SIGNER
from campaign.models import Campaign, Event, EventNote, Mail
from campaign.models.event import Verb
from campaign.models.mail import MailKind
from campaign.models.signature import HoldReason, Status
from tests.desk import QUEUE, carried, correct, moderator, page, press, said, words
from tests.factories import make_campaign, make_signature, make_user, manage_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def desk() -> Client:
    return moderator()


def test_the_page_shows_what_would_be_published_and_what_speaks_for_and_against(
    desk: Client, campaign: Campaign
) -> None:
    make_signature(status=Status.PUBLISHED, name="Earlier Name", email="shared@example.org")
    make_signature(status=Status.PUBLISHED, name="Scarlett Joh", email="else@example.org")
    signature = make_signature(
        status=Status.HELD,
        name="Scаrlett Johansson",
        email="shared@example.org",
        credit="A Film",
        organisation="An Agency",
    )

    text = desk.get(page(signature)).content.decode()

    for shown in ("Scаrlett Johansson", "A Film", "An Agency", "shared@example.org"):
        assert shown in text
    assert "Its name is like a protected name" in text
    assert "This address has signed with another name" in text
    assert "Earlier Name" in text
    assert "It looks like the protected name “Scarlett Johansson”" in text


def test_a_reason_that_needs_no_more_words_is_said_once(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(status=Status.HELD, name="Ann Person")
    assert words(desk.get(page(signature))).count("The campaign reviews every signature") == 1


def test_a_reader_goes_through_the_list_and_decides_nothing(campaign: Campaign) -> None:
    first, second = (make_signature(status=Status.HELD, name=name) for name in ("Ann", "Bo"))
    client = Client()
    client.force_login(make_user("view_signature", username="reader"))

    text = words(client.get(page(first)))

    assert f'href="{page(second)}" data-key="n"' in text
    assert 'method="post" action="/admin/campaign' not in text
    assert "Keys" not in text


def test_approving_publishes_and_opens_the_next_one(desk: Client, campaign: Campaign) -> None:
    first = make_signature(status=Status.HELD, name="First Held")
    second = make_signature(status=Status.HELD, name="Second Held")

    response = press(desk, first, "approve")

    first.refresh_from_db()
    assert first.status == Status.PUBLISHED
    assert response.redirect_chain == [(page(second), 302)]
    assert "Approved" in said(response)
    assert "First Held" in said(response)
    assert Mail.objects.filter(signature=first, kind=MailKind.PUBLISHED).count() == 1
    event = Event.objects.filter(signature=first, verb=Verb.APPROVE).get()
    assert (event.actor, event.user and event.user.username) == ("moderator", "moderator")

    response = press(desk, second, "approve")
    assert response.redirect_chain == [(QUEUE, 302)]


def test_the_next_one_is_of_the_list_that_the_moderator_came_from(
    desk: Client, campaign: Campaign
) -> None:
    group = make_signature(status=Status.HELD, name="A Group", kind="group")
    make_signature(status=Status.HELD, name="A Person")
    other = make_signature(status=Status.HELD, name="Another Group", kind="group")

    filters = "kind__exact=group"
    form = carried(desk, group, "approve") | {"filters": filters}
    response = desk.post(f"{QUEUE}{group.pk}/approve/", form)

    assert response.headers["Location"] == f"{page(other)}?_changelist_filters=kind__exact%3Dgroup"


@pytest.mark.parametrize("paged", ["p=3&", "p=1&", "all=&", "p=x&"])
def test_a_list_that_shrinks_below_its_page_is_still_the_list_that_the_moderator_came_from(
    desk: Client, campaign: Campaign, paged: str
) -> None:
    group = make_signature(status=Status.HELD, name="A Group", kind="group")
    make_signature(status=Status.HELD, name="A Person")
    other = make_signature(status=Status.HELD, name="Another Group", kind="group")
    filters = f"{paged}kind__exact=group"

    opened = desk.get(page(group), {"_changelist_filters": filters})
    assert opened.context["list_url"] == f"{QUEUE}?kind__exact=group"
    form = carried(desk, group, "approve") | {"filters": filters}
    moved = desk.post(f"{QUEUE}{group.pk}/approve/", form)
    assert moved.headers["Location"].startswith(f"{page(other)}?")

    form = carried(desk, other, "approve") | {"filters": filters}
    moved = desk.post(f"{QUEUE}{other.pk}/approve/", form)
    assert moved.headers["Location"] == f"{QUEUE}?kind__exact=group"


def test_rejecting_needs_a_reason_that_the_signer_is_told_and_keeps_the_note_inside(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.HELD, name="Not Themselves")

    refused = press(desk, signature, "reject", note="called their agent")
    signature.refresh_from_db()
    assert refused.status_code == 422
    assert "This field is required" in refused.content.decode()
    assert "called their agent" in refused.content.decode()
    assert signature.status == Status.HELD

    press(desk, signature, "reject", reason="impersonation", note="called their agent")

    signature.refresh_from_db()
    assert (signature.status, signature.rejection_reason) == (Status.REJECTED, "impersonation")
    assert Mail.objects.filter(signature=signature, kind=MailKind.REJECTED).count() == 1
    assert EventNote.objects.get().text == "called their agent"
    text = desk.get(page(signature)).content.decode()
    assert "We could not confirm that this is you." in text
    assert "called their agent" in text


def test_what_was_renamed_while_a_moderator_looked_is_not_approved_unseen(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.HELD, name="Harmless Name")
    form = carried(desk, signature, "approve")
    moves.amend(signature_id=signature.pk, actor=SIGNER, changes={"name": "Scarlett Johansson"})

    response = desk.post(f"{QUEUE}{signature.pk}/approve/", form, follow=True)

    signature.refresh_from_db()
    assert signature.status == Status.HELD
    assert response.redirect_chain == [(page(signature), 302)]
    assert "has changed since it was shown" in said(response)
    assert "Scarlett Johansson" in response.content.decode()
    assert not Mail.objects.filter(signature=signature, kind=MailKind.PUBLISHED).exists()


def test_two_moderators_who_decide_the_same_one_are_told(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(status=Status.HELD, name="Looked At Twice")
    approval, rejection = (carried(desk, signature, verb) for verb in ("approve", "reject"))
    press(desk, signature, "approve")

    again = desk.post(f"{QUEUE}{signature.pk}/approve/", approval, follow=True)
    assert "Somebody else was faster" in said(again)

    rejection |= {"reason": "content"}
    against = desk.post(f"{QUEUE}{signature.pk}/reject/", rejection, follow=True)
    signature.refresh_from_db()
    assert signature.status == Status.PUBLISHED
    assert "has changed since it was shown" in said(against)


def test_a_signature_withdrawn_or_gone_meanwhile_is_said_so(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.HELD, name="Leaves Now")
    form = carried(desk, signature, "approve")
    leaving.withdraw(manage_token(signature))

    response = desk.post(f"{QUEUE}{signature.pk}/approve/", form, follow=True)
    signature.refresh_from_db()
    assert signature.status == Status.WITHDRAWN
    assert "has changed since it was shown" in said(response)

    response = desk.post(f"{QUEUE}999999/approve/", form, follow=True)
    assert response.redirect_chain == [(QUEUE, 302)]
    assert "not here any more" in said(response)


def test_a_published_one_is_held_and_a_rejected_one_restored(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.PUBLISHED, name="There And Back")

    response = press(desk, signature, "hold", note="a letter arrived")
    signature.refresh_from_db()
    assert (signature.status, signature.hold_reasons) == (Status.HELD, [HoldReason.MODERATOR])
    assert response.redirect_chain == [(page(signature), 302)]
    assert "a letter arrived" in response.content.decode()

    press(desk, signature, "reject", reason="content")
    press(desk, signature, "restore")
    signature.refresh_from_db()
    assert signature.status == Status.HELD


def test_a_rejected_one_that_its_signer_changed_says_what_a_restoring_does(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.PUBLISHED, name="Not A Name")
    press(desk, signature, "reject", reason="not_a_name")
    before = words(desk.get(page(signature)))
    assert "Back on the list at once, as before the rejection." in before
    assert "What was rejected is not what stands here" not in before

    correct(signature, name="A Better Name")

    after = words(desk.get(page(signature)))
    for told in (
        "Why it would be held again",
        "The signer changed what is shown",
        "What was rejected is not what stands here: it has been changed since then.",
        "Held again, to be approved or not: this alone publishes nothing.",
        "<b>Changed</b>",
        "the signer",
    ):
        assert told in after
    assert "Why it is held" not in after
    assert ">Changed</span>" in desk.get(f"{QUEUE}?status=rejected").content.decode()

    press(desk, signature, "restore")
    signature.refresh_from_db()
    assert signature.status == Status.HELD
    assert not Mail.objects.filter(signature=signature, kind=MailKind.PUBLISHED).count() > 1


def test_the_past_is_told_in_the_language_of_the_moderator(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.HELD, name="First Name", credit="A Film")
    correct(signature, name="Second Name", credit="Another")

    text = words(desk.get(page(signature), headers={"accept-language": "fr"}))

    assert '<b>Modifiée</b> <span class="quiet">le signataire</span> <p>Référence, Nom' in text
    assert "<b>Confirmée</b>" in text


def test_an_erased_one_shows_no_buttons_and_no_name(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(status=Status.ERASED, name="Forgotten Person")

    text = desk.get(page(signature)).content.decode()

    assert signature.public_id in text
    assert "Forgotten Person" not in text
    assert 'method="post" action="/admin/campaign' not in text


def test_a_name_is_never_markup(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(status=Status.HELD, name="Held")
    moves.amend(
        signature_id=signature.pk, actor=SIGNER, changes={"name": "<b>x</b>", "credit": "<i>y"}
    )
    signature.refresh_from_db()

    for response in (desk.get(page(signature)), desk.get(QUEUE), press(desk, signature, "approve")):
        text = response.content.decode()
        assert "<b>x</b>" not in text
        assert "<i>y" not in text
