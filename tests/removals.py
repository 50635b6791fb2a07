"""What tests of removals by rule do: look by the form, press the buttons, see who is how far."""

from typing import Any

from django.test import Client

from campaign import removing
from campaign.models import (
    Removal,
    RemovalItem,
    Signature,
)
from campaign.models.removal import ItemState, RemovalStatus

ADD = "/admin/campaign/removal/add/"
WORDS = {"words_en": "A programme made them up.", "words_fr": "Un programme les a inventés."}
START = {"reason": "impersonation", **WORDS}


def rule(**chosen: Any) -> dict[str, Any]:
    """What the form sends."""
    return {"campaign": "art", "statuses": ["published", "held"], "reach": "narrow", **chosen}


def look(browser: Client, **chosen: Any) -> Removal:
    answer = browser.post(ADD, rule(**chosen))
    assert answer.status_code == 302, answer.context["form"].errors
    found = Removal.objects.latest("pk")
    assert answer["Location"] == page_of(found)
    return found


def page_of(run: Removal) -> str:
    return f"/admin/campaign/removal/{run.pk}/change/"


def press(browser: Client, run: Removal, button: str, **typed: Any) -> Any:
    return browser.post(f"/admin/campaign/removal/{run.pk}/{button}/", typed, follow=True)


def removed(browser: Client, **chosen: Any) -> Removal:
    """A rule that has been looked at, started and gone through."""
    run = look(browser, **chosen)
    press(browser, run, "start", **START)
    removing.carry_on()
    run.refresh_from_db()
    assert run.status == RemovalStatus.DONE
    return run


def matched(run: Removal, state: str = ItemState.MATCHED) -> set[str]:
    its = RemovalItem.objects.filter(removal=run, state=state)
    return set(its.values_list("signature__name", flat=True))


def statuses() -> dict[str, str]:
    return dict(Signature.objects.values_list("name", "status"))
