"""A signature waits for its signer's answer, or until a time, and comes back into its lane by itself."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaign import leaving, letters, retention, signing
from campaign.models import Campaign, Event, EventNote, Mail, Question, Signature
from campaign.models.event import Verb
from campaign.models.mail import MailKind, MailStatus
from campaign.models.signature import Status
from tests.desk import QUEUE, carried, counts, lane, moderator, page, press, said, words
from tests.factories import make_campaign, make_signature, manage_token
from tests.reports import confirmed

pytestmark = pytest.mark.django_db

LINK = re.compile(r"http://testserver(/answer/[\w.-]+/)")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def desk() -> Client:
    return moderator()


@pytest.fixture
def held(campaign: Campaign) -> Signature:
    return make_signature(status=Status.HELD, name="Ann Person", email="ann@example.org")


def ask(desk: Client, signature: Signature, question: str = "Is it you?") -> str:
    """Ask, and give the link in the mail that goes out."""
    response = press(desk, signature, "ask", question=question)
    assert "Asked" in said(response)
    return link_of(signature)


def link_of(signature: Signature) -> str:
    mail = Mail.objects.filter(signature=signature, kind=MailKind.QUESTION).latest("pk")
    [link] = set(LINK.findall(str(letters.render(mail).body)))
    return str(link)


def waits(desk: Client) -> dict[str, list[str]]:
    return {value: lane(desk, value) for value in ("rest", "", "asked", "deferred")}


# --- Asking ----------------------------------------------------------------------------------


def test_a_question_goes_out_by_mail_and_its_answer_brings_the_signature_back(
    desk: Client, held: Signature, client: Client
) -> None:
    link = ask(desk, held, "Which film\nwas it?")

    assert waits(desk) == {"rest": [], "": [], "asked": ["Ann Person"], "deferred": []}
    assert counts(desk)["asked"] == "1"
    assert "waits for an answer" in words(desk.get(page(held)))
    shown = words(client.get(link))
    assert "Which film was it?" in shown
    assert "Ann Person" in shown
    assert not client.cookies

    answered = client.post(link, {"answer": "A Film,\n2019."})

    assert answered.status_code == 200
    assert "Thank you, your answer is with us." in words(answered)
    assert waits(desk) == {"rest": ["Ann Person"], "": ["Ann Person"], "asked": [], "deferred": []}
    text = words(desk.get(page(held)))
    assert "A Film, 2019." in text
    assert "The signer has answered a question" in text
    assert ">Answered</span>" in words(desk.get(f"{QUEUE}?status=rest"))
    verbs = Event.objects.filter(signature=held).values_list("verb", "actor")
    assert list(verbs)[-2:] == [("ask", "moderator"), ("answer", "signer")]
    held.refresh_from_db()
    assert (held.status, held.revision) == (Status.HELD, 1)


def test_the_mail_says_what_is_asked_in_the_signers_language_and_its_subject_says_nothing_typed(
    desk: Client, campaign: Campaign
) -> None:
    french = make_signature(status=Status.HELD, name="Zoë Moreau", language="fr")
    ask(desk, french, "Quel <b>film</b> ?")

    letter = letters.render(Mail.objects.get(signature=french, kind=MailKind.QUESTION))
    assert "Quel <b>film</b> ?" in str(letter.body)
    assert "Quel &lt;b&gt;film&lt;/b&gt; ?" in str(letter.alternatives[0][0])
    assert "film" not in letter.subject
    assert "L’art n’est pas une carrière" in letter.subject
    assert letter.extra_headers["Content-Language"] == "fr"


def test_one_of_the_questions_that_are_asked_most_can_be_chosen(
    desk: Client, held: Signature
) -> None:
    press(desk, held, "ask", suggested="1", question="")

    assert Question.objects.get().text == (
        "Which work are you known for under this name? A link that shows it helps us."
    )


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"question": ""}, "Please fill this in."),
        ({"question": " \u200b \n"}, "Please fill this in."),
        ({"question": "x" * 1001}, "Please use at most 1,000 characters."),
        ({"question": "", "suggested": "99"}, "Select a valid choice."),
    ],
)
def test_a_question_that_is_none_is_not_sent_and_what_was_typed_is_kept(
    desk: Client, held: Signature, typed: dict[str, str], told: str
) -> None:
    response = press(desk, held, "ask", **typed)

    assert response.status_code == 422
    assert told in words(response)
    assert typed["question"].strip()[:900] in response.content.decode()
    assert not Question.objects.exists()
    assert not Mail.objects.filter(kind=MailKind.QUESTION).exists()


def test_a_question_is_about_what_was_shown(desk: Client, held: Signature) -> None:
    form = carried(desk, held, "ask")
    signing.correct(manage_token(held), typed={"name": "Another Name"}, revision=1)

    response = desk.post(f"{QUEUE}{held.pk}/ask/", {**form, "question": "You?"}, follow=True)

    assert "has changed since it was shown" in said(response)
    assert not Question.objects.exists()


def test_the_answer_comes_once_and_a_second_press_changes_nothing(
    desk: Client, held: Signature, client: Client
) -> None:
    link = ask(desk, held)
    client.post(link, {"answer": "Yes."})
    again = client.post(link, {"answer": "No."})

    assert again.status_code == 200
    assert "Yes." in words(again)
    assert Question.objects.get().answer == "Yes."
    assert Event.objects.filter(verb=Verb.ANSWER).count() == 1


@pytest.mark.parametrize("answer", ["", "  ", "\u200b", "x" * 2001])
def test_an_answer_that_is_none_is_told_so_beside_the_field(
    desk: Client, held: Signature, client: Client, answer: str
) -> None:
    link = ask(desk, held)

    response = client.post(link, {"answer": answer})

    assert response.status_code == 422
    assert 'id="answer-error"' in response.content.decode()
    assert lane(desk, "asked") == ["Ann Person"]


def test_how_long_an_answer_may_be_stands_beside_it_and_a_longer_one_is_kept_whole(
    desk: Client, held: Signature, client: Client
) -> None:
    link = ask(desk, held)
    asked = client.get(link).content.decode()
    hint = re.search(r'id="answer-hint">(.*?)</p>', asked, re.DOTALL)
    assert hint is not None
    assert "Please use at most 2,000 characters." in hint[1]
    assert "maxlength" not in asked  # a browser would cut what is pasted in silence

    refused = client.post(link, {"answer": "x" * 2001}).content.decode()

    assert "x" * 2001 in refused
    # On top, and beside the field.
    assert refused.count("Please use at most 2,000 characters.") == 2


def test_a_link_that_is_broken_old_or_of_another_purpose_shows_nothing(
    desk: Client, held: Signature, client: Client
) -> None:
    link = ask(desk, held)

    assert client.get(f"{link[:-4]}/").status_code == 400
    assert client.get(link.replace("/answer/", "/manage/")).status_code == 400
    assert client.get(f"/answer/{manage_token(held)}/").status_code == 400
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        late = client.get(link)
        assert late.status_code == 410
        assert client.post(link, {"answer": "Me."}).status_code == 410
    assert late["Cache-Control"] == "no-store"
    assert not Question.objects.get().answer


def test_what_is_decided_needs_no_answer_any_more(
    desk: Client, held: Signature, client: Client
) -> None:
    link = ask(desk, held)
    press(desk, held, "reject", reason="content")

    response = client.post(link, {"answer": "Me."})

    assert response.status_code == 410
    assert "needs no answer any more" in words(response)
    assert not Question.objects.get().answer
    assert Mail.objects.get(kind=MailKind.QUESTION).status == MailStatus.SUPPRESSED


def test_a_correction_brings_it_back_too_and_the_answer_is_still_taken(
    desk: Client, held: Signature, client: Client
) -> None:
    link = ask(desk, held)
    signing.correct(manage_token(held), typed={"credit": "A Film"}, revision=1)

    assert lane(desk, "rest") == ["Ann Person"]
    assert client.post(link, {"answer": "I put it right."}).status_code == 200
    assert "I put it right." in words(desk.get(page(held)))


def test_a_second_question_takes_the_place_of_the_first(
    desk: Client, held: Signature, client: Client
) -> None:
    first = ask(desk, held, "First?")
    second = ask(desk, held, "Second?")

    assert "First?" in words(client.get(first))
    client.post(second, {"answer": "Second answer."})
    assert lane(desk, "rest") == ["Ann Person"]
    assert list(Question.objects.values_list("text", "answer")) == [
        ("First?", ""),
        ("Second?", "Second answer."),
    ]


def test_whoever_has_no_address_cannot_be_asked(desk: Client, held: Signature) -> None:
    form = carried(desk, held, "ask")
    Signature.objects.filter(pk=held.pk).update(email="", canonical_email="")

    response = desk.post(f"{QUEUE}{held.pk}/ask/", {**form, "question": "You?"}, follow=True)

    assert "not possible" in said(response)
    assert "/ask/" not in response.content.decode()


def test_a_reported_one_can_be_asked_while_it_stands_on_the_list(
    desk: Client, campaign: Campaign, client: Client
) -> None:
    listed = make_signature(name="Listed Person")
    confirmed(client, listed)

    ask(desk, listed)

    assert lane(desk, "reported") == []
    assert lane(desk, "asked") == ["Listed Person"]
    client.post(link_of(listed), {"answer": "It is me."})
    assert lane(desk, "reported") == ["Listed Person"]
    listed.refresh_from_db()
    assert listed.status == Status.PUBLISHED


def test_erasure_deletes_questions_and_answers(
    desk: Client, held: Signature, client: Client
) -> None:
    link = ask(desk, held)
    client.post(link, {"answer": "Private words."})
    leaving.erase(manage_token(held))

    assert not Question.objects.exists()
    assert client.get(link).status_code == 410
    assert "Private words." not in words(desk.get(page(held)))


def test_the_signers_data_has_what_was_asked_and_answered(
    desk: Client, held: Signature, client: Client
) -> None:
    client.post(ask(desk, held), {"answer": "Yes."})

    data: Any = client.get(f"/manage/{manage_token(held)}/data.json").json()

    assert [(each["text"], each["answer"]) for each in data["questions"]] == [
        ("Is it you?", "Yes.")
    ]


def test_nobody_is_reminded_of_a_question(desk: Client, held: Signature) -> None:
    ask(desk, held)
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        assert retention.remind() == 0
    assert Mail.objects.filter(kind=MailKind.QUESTION).count() == 1


# --- Deferring -------------------------------------------------------------------------------


def test_a_deferred_one_is_away_until_its_time_and_back_without_anybody(
    desk: Client, held: Signature
) -> None:
    response = press(desk, held, "defer", wait="days", note="their agent calls on Friday")

    assert "Deferred" in said(response)
    assert waits(desk) == {"rest": [], "": [], "asked": [], "deferred": ["Ann Person"]}
    assert EventNote.objects.get().text == "their agent calls on Friday"
    assert "their agent calls on Friday" in words(desk.get(page(held)))
    Signature.objects.filter(pk=held.pk).update(deferred_until=timezone.now())
    assert waits(desk) == {"rest": ["Ann Person"], "": ["Ann Person"], "asked": [], "deferred": []}


def test_it_can_be_deferred_until_a_time_in_utc(desk: Client, held: Signature) -> None:
    until = timezone.now().replace(microsecond=0, second=0) + timedelta(days=5)

    press(desk, held, "defer", until=f"{until:%Y-%m-%dT%H:%M}")

    held.refresh_from_db()
    assert held.deferred_until == until
    event = Event.objects.get(verb=Verb.DEFER)
    assert event.reason == f"{until:%Y-%m-%dT%H:%MZ}"


@pytest.mark.parametrize("until", ["", "2001-01-01T00:00", "2999-01-01T00:00", "soon", "\0"])
def test_a_time_that_is_none_past_or_far_is_told_so(
    desk: Client, held: Signature, until: str
) -> None:
    response = press(desk, held, "defer", until=until)

    assert response.status_code == 422
    text = words(response)
    assert 'class="errors"' in text
    assert f'id="id_until" value="{until}"' in text
    held.refresh_from_db()
    assert held.deferred_until is None


def test_a_deferred_one_can_be_taken_up_again_or_decided_at_once(
    desk: Client, held: Signature
) -> None:
    press(desk, held, "defer", wait="week")
    press(desk, held, "take_up")
    assert lane(desk, "rest") == ["Ann Person"]

    press(desk, held, "defer", wait="week")
    press(desk, held, "approve")
    held.refresh_from_db()
    assert (held.status, held.deferred_until) == (Status.PUBLISHED, None)


def test_a_correction_or_a_report_brings_a_deferred_one_back(
    desk: Client, held: Signature, campaign: Campaign, client: Client
) -> None:
    press(desk, held, "defer", wait="week")
    signing.correct(manage_token(held), typed={"credit": "A Film"}, revision=1)
    assert lane(desk, "rest") == ["Ann Person"]

    listed = make_signature(name="Listed Person")
    confirmed(client, listed)
    press(desk, listed, "defer", wait="week")
    assert lane(desk, "reported") == []
    confirmed(client, listed, email="somebody@example.org")
    assert lane(desk, "reported") == ["Listed Person"]
