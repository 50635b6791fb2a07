"""What two moderators do at their desks, and what becomes of it."""

from typing import Any

from django.test import Client

from campaign import identity, suspicions
from campaign.models import Campaign, Signature
from tests.desk import QUEUE
from tests.factories import somebody

STAR = "Scarlett Johansson"
NOTE = "called her agent, number from the guild"


def desk_of(username: str) -> Client:
    client = Client()
    client.force_login(somebody(username))
    return client


def page_of(client: Client, signature: Signature) -> str:
    text = client.get(f"{QUEUE}{signature.pk}/change/").content.decode()
    return " ".join(text.split())


def approve(client: Client, signature: Signature, **typed: Any) -> Any:
    sent = {"revision": signature.revision, "status": "held", "note": NOTE, **typed}
    return client.post(f"{QUEUE}{signature.pk}/approve/", sent, follow=True)


def status(signature: Signature) -> str:
    return Signature.objects.values_list("status", flat=True).get(pk=signature.pk)


def protect(campaign: Campaign, name: str) -> None:
    """Protect a name, and have the worker find what is like it."""
    protect_unsearched(campaign, name)
    suspicions.search_due()


def protect_unsearched(campaign: Campaign, name: str) -> None:
    """Protect a name, and leave the search for it to a worker who is busy elsewhere."""
    protected = campaign.protected_names.create(
        name=name, skeletons=sorted(identity.skeletons(name))
    )
    suspicions.look_for(campaign, [protected])


def doubt(signature: Signature, name: str) -> None:
    """Protect a name that a published signature is like."""
    protect(signature.campaign, name)
    assert is_open(signature)


def is_open(signature: Signature) -> bool:
    return suspicions.open_ones().filter(signature=signature).exists()


def keep(client: Client, signature: Signature, **typed: Any) -> Any:
    """As who has the page open that is there now; with ``suspicion`` from an older one."""
    shown = {"revision": signature.revision, "suspicion": sorted(suspicions.ids_of(signature))}
    sent = {**shown, "status": "published", "note": NOTE, **typed}
    return client.post(f"{QUEUE}{signature.pk}/keep/", sent, follow=True)
