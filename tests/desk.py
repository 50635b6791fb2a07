"""What tests of the moderators' desk do: look at its pages, and press their buttons."""

import re
from typing import Any

from django.test import Client

from campaign import signing
from campaign.models import Signature
from tests.factories import MODERATOR, make_user, manage_token

QUEUE = "/admin/campaign/signature/"


def moderator(username: str = "moderator", *rights: str) -> Client:
    """The browser of somebody who moderates every campaign."""
    client = Client()
    client.force_login(make_user(*MODERATOR, *rights, username=username))
    return client


def page(signature: Signature, filters: str = "") -> str:
    """The address of a signature's page, come from the list with these filters."""
    link = f"{QUEUE}{signature.pk}/change/"
    return f"{link}?_changelist_filters={filters}" if filters else link


def names(response: Any) -> list[str]:
    return [row.name for row in response.context["cl"].result_list]


def lane(client: Client, value: str) -> list[str]:
    """The names in a lane, in its order."""
    return names(client.get(QUEUE, {"status": value} if value else {}))


def counts(client: Client) -> dict[str, str]:
    """What each lane says of how many are in it."""
    work = client.get(QUEUE).context["work"]
    return {each["query"].removeprefix("?status="): each["count"] for each in work}


def carried(client: Client, signature: Signature, verb: str, filters: str = "") -> dict[str, str]:
    """What the form of that button carries on the page."""
    text = client.get(page(signature, filters)).content.decode()
    form = re.search(rf'action="{QUEUE}{signature.pk}/{verb}/">(.*?)</form>', text, re.DOTALL)
    assert form, f"no {verb} button"
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[1]))


def press(client: Client, signature: Signature, verb: str, filters: str = "", **typed: str) -> Any:
    """Read the form of that button off the signature's page, fill it in, and press."""
    form = carried(client, signature, verb, filters)
    return client.post(f"{QUEUE}{signature.pk}/{verb}/", {**form, **typed}, follow=True)


def words(response: Any) -> str:
    """The page with its white space folded."""
    return " ".join(response.content.decode().split())


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def correct(signature: Signature, **typed: str) -> None:
    """As the signer does on their own page."""
    form = {"name": signature.name, "credit": "", "organisation": "", **typed}
    signing.correct(manage_token(signature), typed=form, revision=signature.revision)


def statuses(rows: list[Signature]) -> list[str]:
    return [Signature.objects.get(pk=row.pk).status for row in rows]
