"""A campaign's own reasons to refuse a signature: in its file, its mails, its pages and its API."""

from typing import Any

import pytest
from django.test import Client

from campaign import letters, moderation
from campaign.campaign_file import FileMistake, parse, write
from campaign.campaign_parts import values
from campaign.errors import InvalidInput
from campaign.models import Campaign, Mail, Signature
from campaign.models.api_key import Scope
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from campaign.organising import load_campaign
from tests.desk import QUEUE, moderator, page, press, words
from tests.factories import (
    bearer,
    campaign_file,
    make_campaign,
    make_key,
    make_signature,
    make_user,
    manage_token,
)

pytestmark = pytest.mark.django_db

REASONS = """
rejection_reasons = [
  {slug = "no-creator", en = "This is for creators.", fr = "Ceci est pour les créateurs.", public = {en = "They were no creators.", fr = "Ce n’étaient pas des créateurs."}},
  "impersonation",
  {slug = "duplicate", en = "We have you already.", public = {en = "They were there already."}},
]
"""


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(extra=REASONS)


@pytest.fixture
def desk() -> Client:
    return moderator()


def rejected(desk: Client, reason: str, **typed: Any) -> Signature:
    signature = make_signature(status=Status.HELD, **typed)
    press(desk, signature, "reject", reason=reason)
    signature.refresh_from_db()
    assert (signature.status, signature.rejection_reason) == (Status.REJECTED, reason)
    return signature


def test_moderators_choose_among_the_campaigns_reasons_in_its_order(
    desk: Client, campaign: Campaign
) -> None:
    held = make_signature(status=Status.HELD, name="Ann Person")

    text = words(desk.get(page(held)))

    texts = [
        "This is for creators.",
        "We could not confirm that this is you.",
        "We have you already.",
    ]
    assert [text.index(each) for each in texts] == sorted(text.index(each) for each in texts)
    assert "The text that was given cannot be published." not in text
    refused = press(desk, held, "reject", reason="content")
    assert refused.status_code == 422
    held.refresh_from_db()
    assert held.status == Status.HELD


def test_the_signer_reads_it_in_their_own_language(
    desk: Client, campaign: Campaign, client: Client
) -> None:
    french = rejected(desk, "no-creator", name="Zoë Moreau", language="fr")
    english = rejected(desk, "no-creator", name="Ann Person")
    ours = rejected(desk, "impersonation", name="Bob Person", language="fr")

    def mail(signature: Signature) -> str:
        return str(
            letters.render(Mail.objects.get(signature=signature, kind=MailKind.REJECTED)).body
        )

    assert "Ceci est pour les créateurs." in mail(french)
    assert "This is for creators." in mail(english)
    assert "creators" not in mail(ours)
    shown = words(client.get(f"/manage/{manage_token(french)}/"))
    assert "Ceci est pour les créateurs." in shown
    assert "no-creator" not in shown


def test_a_language_without_words_of_its_own_gets_those_of_the_first(
    desk: Client, campaign: Campaign
) -> None:
    french = rejected(desk, "duplicate", name="Zoë Moreau", language="fr")

    letter = letters.render(Mail.objects.get(signature=french, kind=MailKind.REJECTED))
    assert "We have you already." in str(letter.body)


def test_the_corrections_say_it_in_the_words_for_the_public(
    desk: Client, campaign: Campaign, client: Client
) -> None:
    for name in ("Ann Person", "Bob Person"):
        listed = make_signature(name=name)
        press(desk, listed, "reject", reason="no-creator")

    def told(language: str) -> list[tuple[int, str]]:
        url = f"/api/v1/campaigns/art/corrections/?language={language}"
        return [(each["number"], each["reason"]) for each in client.get(url).json()["results"]]

    assert told("en") == [(2, "They were no creators.")]
    assert told("fr") == [(2, "Ce n’étaient pas des créateurs.")]
    assert "Ce n’étaient pas des créateurs." in words(client.get("/art/corrections/?language=fr"))


def test_the_admin_and_a_program_say_it_too(desk: Client, campaign: Campaign) -> None:
    signature = rejected(desk, "no-creator", name="Ann Person")

    assert words(desk.get(page(signature))).count("This is for creators.") == 2
    assert "This is for creators." in words(desk.get(f"{QUEUE}?status=rejected"))
    key = bearer(make_key(campaign, Scope.READ_PRIVATE))
    api = f"/api/v1/campaigns/art/private/signatures/{signature.public_id}/"
    assert desk.get(api, headers=key).json()["rejection_reason"] == "no-creator"


def test_a_program_rejects_for_one_of_them_and_for_no_other(campaign: Campaign) -> None:
    held = make_signature(status=Status.HELD, name="Ann Person")
    key = bearer(make_key(campaign, Scope.MODERATE))
    url = f"/api/v1/campaigns/art/private/signatures/{held.public_id}/reject/"

    def reject(reason: Any) -> Any:
        body = {"revision": 1, "status": "held", "reason": reason}
        return Client().post(url, body, content_type="application/json", headers=key)

    wrong = reject("content")
    assert wrong.status_code == 400
    assert [(each["field"], each["code"]) for each in wrong.json()["errors"]] == [
        ("reason", "unknown_choice")
    ]
    assert reject(7).status_code == 400
    held.refresh_from_db()
    assert held.status == Status.HELD
    assert reject("no-creator").json()["status"] == "rejected"


def test_many_of_several_campaigns_are_rejected_for_what_all_of_them_have(
    desk: Client, campaign: Campaign
) -> None:
    other = make_campaign(slug="other")
    rows = [make_signature(each, status=Status.HELD, name="Ann") for each in (campaign, other)]
    chosen = {"action": "reject_selected", "_selected_action": [row.pk for row in rows]}

    text = words(desk.post(QUEUE, chosen))

    assert 'value="impersonation"' in text
    assert 'value="duplicate"' in text
    assert 'value="no-creator"' not in text
    assert 'value="content"' not in text


def test_without_reasons_of_its_own_a_campaign_has_ours(desk: Client) -> None:
    campaign = make_campaign()
    assert campaign.rejection_reasons == []
    rejected(desk, "content", name="Ann Person")


def test_a_file_that_is_written_back_is_the_same(campaign: Campaign) -> None:
    text = write(values(campaign))

    assert load_campaign(parse(text)) == []
    assert '"impersonation"' in text
    assert load_campaign(parse(campaign_file(extra=REASONS))) == []


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ('{slug = "mine"}', "rejection_reasons[1].en: is missing"),
        ('{slug = "mine", en = "No."}', "rejection_reasons[1].public.en: is missing"),
        (
            '{slug = "mine", fr = "Non.", public = {en = "No."}}',
            "rejection_reasons[1].en: is missing",
        ),
        ('{slug = "Mine", en = "No.", public = {en = "No."}}', "must be of small letters"),
        ('{slug = "mine", en = "No.", public = {de = "Nein."}}', "public.de: is not a key"),
        ('"content", "content"', "names 'content' twice"),
        ('""', "must be a text or a table"),
        ("7", "must be a text or a table"),
        (
            ", ".join(f'{{slug = "r{n}", en = "No.", public = {{en = "No."}}}}' for n in range(10)),
            "are more than 9",
        ),
    ],
)
def test_a_mistake_in_them_is_named(line: str, mistake: str) -> None:
    with pytest.raises(FileMistake) as error:
        parse(campaign_file(extra=f"rejection_reasons = [{line}]"))
    assert mistake in str(error.value)


def test_a_reason_that_signers_have_been_told_is_not_lost(desk: Client, campaign: Campaign) -> None:
    rejected(desk, "no-creator", name="Ann Person")

    with pytest.raises(FileMistake, match="'no-creator' is missing, and there are signatures"):
        load_campaign(parse(campaign_file()))
    campaign.refresh_from_db()
    assert len(campaign.rejection_reasons) == 3
    # Ours have words without the file.
    load_campaign(parse(campaign_file(extra=REASONS.replace('  "impersonation",\n', ""))))


def test_the_verb_refuses_what_the_campaign_does_not_offer(campaign: Campaign) -> None:
    held = make_signature(status=Status.HELD, name="Ann Person")
    with pytest.raises(InvalidInput):
        moderation.reject(signature_id=held.pk, revision=1, reason="content", by=make_user())
    held.refresh_from_db()
    assert held.status == Status.HELD
