"""The text that is signed: exact bytes, versions, translations, and the wording of the consent."""

import hashlib
import re
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.test import Client

from campaign import letters
from campaign.campaign_file import parse
from campaign.models import Campaign, Consent, Mail, Signature, StatementText, StatementVersion
from campaign.models.mail import MailKind
from campaign.organising import load_campaign
from tests.counted import assert_exact
from tests.factories import campaign_file, details, make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db

BASE = "/api/v1/campaigns/art/"
BODY = 'body = "We made it.\\n\\nAsk us first."'
FRENCH = """
[statement.fr]
title = "L’art n’est pas une carrière"
body = "Nous l’avons fait.\\n\\nDemandez-nous d’abord."
consent = "J’accepte que mon nom soit publié."
"""


def load(text: str) -> list[str]:
    return load_campaign(parse(text))


def changed(old: str, new: str) -> str:
    text = campaign_file(publication="after_verification")
    assert old in text
    return text.replace(old, new)


def statement(client: Client, language: str) -> dict[str, Any]:
    body: dict[str, Any] = client.get(f"{BASE}?language={language}").json()
    return body


def exact(client: Client, version: int, language: str) -> bytes:
    response = client.get(f"{BASE}statements/{version}/{language}.txt")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Language"] == language
    return response.content


# --- Exact bytes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Art is not a quarry\n\nWe made it.\n\nAsk us first.\n"),
        (
            "fr",
            "L’art n’est pas une carrière\n\nNous l’avons fait.\n\nDemandez-nous d’abord.\n",
        ),
    ],
)
def test_the_sha256_of_the_exact_bytes_is_the_one_that_the_campaign_names(
    client: Client, language: str, text: str
) -> None:
    make_campaign()
    sha256 = statement(client, language)["statement"]["sha256"]
    assert exact(client, 1, language) == text.encode()
    assert hashlib.sha256(exact(client, 1, language)).hexdigest() == sha256


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "body",
    [
        BODY,
        'body = "\\n Cafe\\u0301.\\r\\n\\r\\nAsk us first.\\r\\n\\n"',
        'body = "We made it.\\rAsk us first."',
    ],
)
def test_title_and_body_of_the_campaign_are_what_its_sha256_is_of(
    client: Client, language: str, body: str
) -> None:
    load(changed(BODY, body))
    told = statement(client, language)
    text = f"{told['title']}\n\n{told['body_markdown']}".encode()
    assert hashlib.sha256(text).hexdigest() == told["statement"]["sha256"]
    assert text == exact(client, 1, language)


def test_the_campaign_links_to_the_exact_text_of_its_language(
    client: Client, settings: Any
) -> None:
    make_campaign()
    for language in ("en", "fr"):
        link = statement(client, language)["links"]["statement"]
        assert link == f"{settings.BASE_URL}{BASE}statements/1/{language}.txt"


def test_decomposed_letters_and_windows_lines_are_made_one_form(client: Client) -> None:
    text = changed(BODY, 'body = "Cafe\\u0301.\\r\\n\\r\\nAsk us first.\\r\\n"')
    load(text)
    assert exact(client, 1, "en") == "Art is not a quarry\n\nCafé.\n\nAsk us first.\n".encode()
    # Only the form differs: nothing that was signed has changed.
    assert load(changed(BODY, 'body = "Café.\\n\\nAsk us first."')) == []
    assert StatementVersion.objects.count() == 1


@pytest.mark.parametrize(
    "path", ["statements/2/en.txt", "statements/0/en.txt", "statements/1/de.txt", "statements/1/EN.txt",
             "statements/99999999999999999999/en.txt", "statements/x/en.txt", "statements/1/%00.txt",
             "statements/-1/en.txt", "statements/1/en"]
)  # fmt: skip
def test_a_text_that_never_was_is_not_found(client: Client, path: str) -> None:
    make_campaign()
    response = client.get(BASE + path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


# --- Versions --------------------------------------------------------------------------------


def test_a_changed_text_is_a_new_version_and_signatures_stay_at_theirs(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    before = make_signature(campaign, name="Early Bird")
    old = exact(client, 1, "en")

    changes = load(changed("Ask us first", "Ask us before"))
    assert [line.split(":")[0] for line in changes] == [
        "statement version 2 en",
        "statement version 2 fr",
    ]
    after = make_signature(campaign, name="Late Bird")

    body = statement(client, "en")
    assert body["statement"]["version"] == 2
    assert body["body_markdown"] == "We made it.\n\nAsk us before.\n"
    assert exact(client, 1, "en") == old
    assert exact(client, 2, "en") == b"Art is not a quarry\n\nWe made it.\n\nAsk us before.\n"
    assert exact(client, 2, "fr") == exact(client, 1, "fr")
    signed = {
        s["name"]: s["statement_version"] for s in client.get(f"{BASE}signers/").json()["results"]
    }
    assert signed == {"Early Bird": 1, "Late Bird": 2}
    for signature, version in ((before, 1), (after, 2)):
        assert (
            client.get(f"{BASE}signers/{signature.public_id}/").json()["statement_version"]
            == version
        )


def test_what_has_changed_is_said_on_the_page_and_to_who_signed_before(client: Client) -> None:
    make_campaign(publication="after_verification")
    signature = make_signature()
    assert "What has changed" not in client.get("/art/").content.decode()
    noted = changed("Ask us first", "Ask us before").replace(
        'consent = "I agree', 'note = "“First” became <before>."\nconsent = "I agree'
    )
    assert load(noted)[-1] == "note on statement version 2: changed"
    assert load(noted) == []
    page = client.get("/art/").content.decode()
    assert "What has changed in version 2:" in page
    assert "“First” became &lt;before&gt;." in page
    # It is said in the language of the text.
    assert "became" not in client.get("/art/?language=fr").content.decode()
    own = client.get(f"/manage/{manage_token(signature)}/").content.decode()
    assert "Your signature stays under the one that you signed." in " ".join(own.split())
    assert "“First” became &lt;before&gt;." in own
    # It can be mended, and the exact text is none the wiser.
    before = exact(client, 2, "en")
    assert load(noted.replace("became", "is now")) == ["note on statement version 2: changed"]
    assert "is now" in client.get("/art/").content.decode()
    assert exact(client, 2, "en") == before
    assert StatementVersion.objects.count() == 2


def test_a_changed_title_is_a_new_version_and_a_changed_goal_is_none(client: Client) -> None:
    make_campaign(publication="after_verification")
    load(changed("Art is not a quarry", "Art is no quarry"))
    assert statement(client, "fr")["statement"]["version"] == 2
    load(changed("goal = 1000", "goal = 2000").replace("Art is not a quarry", "Art is no quarry"))
    assert statement(client, "fr")["statement"]["version"] == 2


def test_an_old_text_that_comes_back_is_a_version_of_its_own(client: Client) -> None:
    make_campaign(publication="after_verification")
    load(changed("Ask us first", "Ask us before"))
    load(changed("Ask us first", "Ask us first"))
    assert statement(client, "en")["statement"]["version"] == 3
    assert exact(client, 3, "en") == exact(client, 1, "en")


def test_a_translation_added_later_is_a_hash_more_and_no_new_version(client: Client) -> None:
    english = campaign_file(publication="after_verification")
    english = english[: english.index("[statement.fr]")]
    load(english)
    campaign = Campaign.objects.get()
    make_signature(campaign, name="Early Bird")
    assert client.get(f"{BASE}statements/1/fr.txt").status_code == 404
    assert statement(client, "fr")["language"] == "en"

    [line, consent] = load(english + FRENCH)
    sha256 = hashlib.sha256(exact(client, 1, "fr")).hexdigest()
    assert line == f"statement version 1 fr: {sha256}"
    assert consent == "consent fr: added"
    french = statement(client, "fr")
    assert (french["language"], french["statement"]) == ("fr", {"version": 1, "sha256": sha256})
    assert StatementVersion.objects.count() == 1
    assert client.get(f"{BASE}signers/").json()["results"][0]["statement_version"] == 1


def test_a_signature_is_bound_to_the_language_that_it_was_given_in(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    make_signature(campaign, language="fr")
    assert Signature.objects.get().statement.language == "fr"
    assert client.get(f"{BASE}signers/").json()["results"][0]["language"] == "fr"


def test_who_asks_to_sign_in_a_language_without_a_text_signs_the_default_one(
    client: Client,
) -> None:
    english = campaign_file(publication="after_verification")
    load(english[: english.index("[statement.fr]")])
    response = client.post(
        f"{BASE}signatures/", details(language="fr"), content_type="application/json"
    )
    assert response.status_code == 202
    assert Signature.objects.get().statement.language == "en"


# --- Signing a version -----------------------------------------------------------------------


@pytest.mark.parametrize(("version", "status"), [(1, 409), (2, 202), (3, 409), (None, 202)])
def test_only_the_current_version_can_be_signed(
    client: Client, version: int | None, status: int
) -> None:
    make_campaign(publication="after_verification")
    load(changed("Ask us first", "Ask us before"))
    body = details(statement_version=version)
    response = client.post(f"{BASE}signatures/", body, content_type="application/json")
    assert response.status_code == status
    assert Signature.objects.count() == (1 if status == 202 else 0)
    if status == 409:
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "statement_changed"
        assert client.get(f"{BASE}counts/").json()["received"] == 0


def test_a_pending_signature_stays_with_the_version_that_it_was_given_for(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    pending = make_signature(campaign, status="pending")
    load(changed("Ask us first", "Ask us before"))
    pending.refresh_from_db()
    assert pending.statement.version.number == 1


AFRESH = [
    (("Ask us first", "Ask us before"), 2, "I agree that my name is published."),
    (("my name is published", "my name is shown"), 1, "I agree that my name is shown."),
]
"""What an organiser changes, and the version and consent that are given from then on."""


def ask(client: Client, **typed: Any) -> int:
    body = details(**typed)
    return client.post(f"{BASE}signatures/", body, content_type="application/json").status_code


def mailed_links() -> list[str]:
    """The links to confirm, in the order in which the mails were owed."""
    mails = Mail.objects.filter(kind=MailKind.CONFIRM).order_by("pk")
    bodies = " ".join(str(letters.render(mail).body) for mail in mails)
    return re.findall(r"http://testserver(/confirm/[\w.-]+/)", bodies)


@pytest.mark.parametrize(("edit", "version", "consent"), AFRESH)
def test_who_sends_the_same_again_after_a_change_signs_what_they_read_then(
    client: Client, edit: tuple[str, str], version: int, consent: str
) -> None:
    campaign = make_campaign(publication="after_verification")
    assert ask(client) == 202  # anybody may have typed it
    earlier = Signature.objects.get()
    load(changed(*edit))
    assert ask(client, statement_version=version) == 202
    first, second = mailed_links()
    assert client.post(second).status_code == 200

    signature = Signature.objects.get()
    assert (signature.status, signature.statement.version.number) == ("published", version)
    assert signature.consent is not None
    assert signature.consent.text == consent
    assert signature.signed_at > earlier.signed_at
    assert client.post(first).status_code == 410
    assert Signature.objects.get() == signature
    assert_exact(campaign)


@pytest.mark.parametrize(("edit", "version", "consent"), AFRESH)
def test_the_same_sent_twice_after_a_change_is_one_row_and_takes_the_slots_of_its_address(
    client: Client, edit: tuple[str, str], version: int, consent: str
) -> None:
    make_campaign(publication="after_verification")
    ask(client)
    load(changed(*edit))
    for _ in range(3):
        assert ask(client, statement_version=version) == 202
    earlier, later = Signature.objects.order_by("pk")
    mailed = Mail.objects.order_by("pk").values_list("signature_id", flat=True)
    assert list(mailed) == [earlier.pk, later.pk, later.pk]


def test_what_is_confirmed_by_the_earlier_mail_is_what_was_asked_for_then(client: Client) -> None:
    make_campaign(publication="after_verification")
    ask(client)
    load(changed("Ask us first", "Ask us before"))
    ask(client)
    assert client.post(mailed_links()[0]).status_code == 200
    assert Signature.objects.get().statement.version.number == 1


def test_the_same_in_another_language_is_another_request(client: Client) -> None:
    make_campaign(publication="after_verification")
    for language in ("en", "fr", "en"):
        ask(client, language=language)
    signed = Signature.objects.order_by("pk").values_list("statement__language", flat=True)
    assert list(signed) == ["en", "fr"]


def test_the_same_in_a_language_that_has_its_text_since_is_another_request(client: Client) -> None:
    english = campaign_file(publication="after_verification")
    english = english[: english.index("[statement.fr]")]
    load(english)
    ask(client, language="fr")
    load(english + FRENCH)
    ask(client, language="fr")
    signed = Signature.objects.order_by("pk").values_list("statement__language", flat=True)
    assert list(signed) == ["en", "fr"]


# --- Language --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("en;q=0.1,fr;q=0.9", "fr"),
        ("de", "en"),
        ("*", "en"),
    ],
)
def test_the_browser_says_the_language_if_the_address_does_not(
    client: Client, accept: str, expected: str
) -> None:
    make_campaign()
    response = client.get(BASE, headers={"Accept-Language": accept} if accept else {})
    assert response.json()["language"] == response["Content-Language"] == expected
    assert "Accept-Language" in response["Vary"]
    assert (
        client.get(f"{BASE}?language=fr", headers={"Accept-Language": accept}).json()["language"]
        == "fr"
    )


def test_the_first_language_of_the_campaign_is_the_default_whatever_the_product_speaks(
    client: Client,
) -> None:
    load(campaign_file().replace('["en", "fr"]', '["fr", "en"]'))
    assert client.get(BASE).json()["language"] == "fr"
    assert client.get(BASE, headers={"Accept-Language": "de"}).json()["language"] == "fr"
    assert client.get(BASE, headers={"Accept-Language": "en-GB"}).json()["language"] == "en"
    assert client.get("/api/v1/campaigns/").json()["results"][0]["language"] == "fr"


def test_a_campaign_may_speak_a_language_that_the_product_does_not(client: Client) -> None:
    text = (
        campaign_file()
        .replace('["en", "fr"]', '["en", "pt-BR"]')
        .replace("[statement.fr]", "[statement.pt-BR]")
    )
    load(text.replace(', fr = "Musicien, musicienne"', "").replace(', fr = "Auteur, autrice"', ""))
    assert client.get(f"{BASE}?language=pt-BR").json()["language"] == "pt-BR"
    assert (
        client.get(BASE, headers={"Accept-Language": "pt-BR,pt;q=0.9,en;q=0.5"}).json()["language"]
        == "pt-BR"
    )
    assert client.get(f"{BASE}statements/1/pt-BR.txt").status_code == 200


@pytest.mark.parametrize("accept", ["x" * 10_000, "fr;q=x", ";;;", "\x7f", "en-" * 500, "fr;q=0"])
def test_a_broken_accept_language_is_no_error(client: Client, accept: str) -> None:
    make_campaign()
    assert client.get(BASE, headers={"Accept-Language": accept}).json()["language"] == "en"


# --- Consent ---------------------------------------------------------------------------------


def test_the_wording_of_the_consent_is_versioned(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    before = make_signature(campaign)
    changes = load(changed("I agree that my name is published.", "I agree, and may withdraw."))
    assert changes == ["consent en: changed"]
    after = make_signature(campaign)
    assert statement(client, "en")["consent"] == "I agree, and may withdraw."
    assert statement(client, "en")["statement"]["version"] == 1
    assert before.consent is not None
    assert after.consent is not None
    assert before.consent.text == "I agree that my name is published."
    assert after.consent.text == "I agree, and may withdraw."
    assert Consent.objects.filter(language="en").count() == 2


# --- The database ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE campaign_statementtext SET body = 'Something else'",
        "UPDATE campaign_statementtext SET sha256 = repeat('0', 64)",
        "UPDATE campaign_statementtext SET language = 'de' WHERE language = 'fr'",
        "DELETE FROM campaign_statementtext",
        "UPDATE campaign_consent SET text = 'Everything'",
        "DELETE FROM campaign_consent",
    ],
)
def test_the_database_refuses_to_change_what_was_signed(client: Client, sql: str) -> None:
    make_campaign()
    before = exact(client, 1, "en")
    with (
        connection.cursor() as cursor,
        pytest.raises(Error, match="is immutable"),
        transaction.atomic(),
    ):
        cursor.execute(sql)
    assert exact(client, 1, "en") == before
    assert StatementText.objects.count() == Consent.objects.count() == 2
