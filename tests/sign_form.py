"""The form on a campaign's page, without a browser: what it says, and how tests fill it in."""

import re
from email.message import Message
from html import unescape
from typing import Any

from django.test import Client

from campaign.models import Mail, Signature, TallyChange
from tests.e2e.browser import Form, Page, read

PATH = "/art/"
FORM = {
    "action": "sign",
    "language": "fr",
    "statement_version": "1",
    "consent_version": "1",
    "kind": "person",
    "name": "Zoë Moreau",
    "email": "zoe@example.org",
    "discipline": "musician",
    "credit": "The Quarry Songs",
    "organisation": "",
    "country": "FR",
    "show_name": "yes",
    "consent": "yes",
}
BLANK = "Veuillez remplir ce champ."
TOO_LONG = "Veuillez vous en tenir à 200 caractères au plus."
LINK = "Veuillez retirer les adresses de sites et de courriels."
MARKUP = "Veuillez retirer les balises telles que < et >."
NO_LETTERS = "Veuillez l’écrire avec des lettres\xa0: des images seules ne font pas un nom."
FORMULA = "Cela commence comme une formule de tableur\xa0; veuillez l’écrire autrement."
NO_ADDRESS = "Veuillez indiquer votre adresse électronique."
HALF_AN_ADDRESS = (
    "Cette adresse électronique est incomplète. Il faut une adresse comme nom@example.org."
)
LONG_ADDRESS = "Cette adresse électronique est trop longue."
DEAD_ADDRESS = (
    "Aucun courriel ne peut arriver à cette adresse. Veuillez vérifier ce qui suit le signe @."
)
CHOOSE = "Veuillez choisir dans la liste."
AGREE = "Vous ne pouvez signer qu’en donnant votre accord."


def post(client: Client, **typed: Any) -> Page:
    """Send the form with these fields, None for one that is left out; the page that answers it."""
    form = {name: value for name, value in {**FORM, **typed}.items() if value is not None}
    return answer(client.post(PATH, form, headers={"Accept-Language": "fr"}))


def press(client: Client, form: Form, **typed: Any) -> Page:
    """Send a form of an answer as it stands there, but for these fields."""
    return answer(client.post(form.action.partition("#")[0], {**form.fields, **typed}))


def answer(response: Any) -> Page:
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"
    headers = Message()
    headers["Content-Language"] = response["Content-Language"]
    return read(Page(PATH, response.status_code, headers, response.content))


def wrong(page: Page) -> dict[str, str]:
    """What is said beside each field."""
    beside = re.findall(r'id="(\w+)-error"[^>]*>([^<]*)</p>', page.raw.decode())
    return {field: unescape(words) for field, words in beside if words}


def summed_up(page: Page) -> list[str]:
    """The fields that the summary on top leads to, each of which is there."""
    html = page.raw.decode()
    _, found, rest = html.partition('id="errors"')
    fields = re.findall(r'<a href="#(\w+)">', rest.partition("</div>")[0]) if found else []
    assert all(html.count(f' id="{field}"') == 1 for field in fields)
    return fields


def title(page: Page) -> str:
    found = re.search(r"<title>\s*(.*?)\s*</title>", page.raw.decode(), re.DOTALL)
    assert found is not None
    return unescape(found[1])


def sign_form(page: Page) -> Form:
    return page.form(action="sign")


def is_sent(page: Page) -> bool:
    return page.status == 200 and 'data-step="sent"' in page.raw.decode()


def said_version(client: Client, language: str) -> str:
    """The version of the consent's wording as it is said beside the tick."""
    html = client.get(f"{PATH}?language={language}").content.decode()
    found = re.search(r'id="consent-version">\D*(\d+)\D*</p>', html)
    assert found is not None
    return found[1]


def nothing_is_stored() -> bool:
    return not (Signature.objects.exists() or Mail.objects.exists() or TallyChange.objects.exists())
