"""A link of a mail that was cut off, or is too old: its page says so, and where one goes on."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaign import representing, waiting
from campaign.links import LIFETIME, Purpose, make_token
from campaign.models import Campaign, Question, Report, Representation, Signature
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature, not_me_token, somebody
from tests.reports import send
from tests.representing import ask

pytestmark = pytest.mark.django_db

SIGNERS = {f"/{slug}/signers/?language=en" for slug in ("art", "film")}
STATEMENTS = {f"/{slug}/?language=en" for slug in ("art", "film")}
OWN_PAGES = {f"/{slug}/my-signature/?language=en" for slug in ("art", "film")}
WRITE = {"mailto:privacy@example.org"}


@pytest.fixture(autouse=True)
def campaigns() -> None:
    """Two that are public, and one to come."""
    make_campaign(publication="after_verification")
    make_campaign(slug="film")
    make_campaign(slug="secret", opens_at=timezone.now() + timedelta(days=400))


def art() -> Campaign:
    return Campaign.objects.get(slug="art")


def reported() -> str:
    send(Client(), make_signature(art()))
    return make_token(Purpose.REPORT, subject=Report.objects.get().public_id, revision=1)


def represented() -> str:
    ask(Client())
    subject = Representation.objects.get().public_id
    return make_token(Purpose.REPRESENT, subject=subject, revision=1)


def asked() -> str:
    held = make_signature(art(), status=Status.HELD)
    by = somebody("maker")
    waiting.ask(signature_id=held.pk, revision=held.revision, question="Who are you?", by=by)
    return make_token(Purpose.ANSWER, subject=Question.objects.get().public_id, revision=1)


def denied() -> str:
    return not_me_token(make_signature(art(), status=Status.PENDING))


LINKS: dict[Purpose, tuple[Callable[[], str], set[str]]] = {
    Purpose.REPORT: (reported, SIGNERS),
    Purpose.REPRESENT: (represented, STATEMENTS),
    Purpose.ANSWER: (asked, OWN_PAGES | WRITE),
    Purpose.NOT_ME: (denied, WRITE),
}


def ways_on(page: str) -> set[str]:
    """Where the page leads, but for its head and the languages that it is to be had in."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return set(re.findall(r'href="([^"]*)"', main))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("purpose", LINKS)
def test_a_link_that_was_cut_off_says_so_and_how_to_go_on_in_each_public_campaign(
    client: Client, purpose: Purpose, method: str
) -> None:
    make, onward = LINKS[purpose]
    token = make()
    spoilt = [token[:-5], token.rpartition(".")[0], token[: len(token) // 2], "nonsense"]
    before = Signature.objects.count(), Report.objects.count()

    pages = []
    for each in spoilt:
        answer = getattr(client, method)(f"/{purpose}/{each}/")
        assert answer.status_code == 400
        assert answer["Cache-Control"] == "no-store"
        pages.append(answer.content.decode())

    assert "This link is not complete." in pages[0]
    assert ways_on(pages[0]) == onward
    assert "secret" not in pages[0]
    # Whatever is left of it, nobody learns what it was about.
    assert len(set(pages)) == 1
    assert (Signature.objects.count(), Report.objects.count()) == before


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("purpose", LINKS)
def test_a_link_that_is_too_old_says_so_and_how_to_go_on_in_its_own_campaign(
    client: Client, purpose: Purpose, method: str
) -> None:
    make, onward = LINKS[purpose]
    link = f"/{purpose}/{make()}/"
    before = Signature.objects.count(), Report.objects.count()
    with time_machine.travel(timezone.now() + LIFETIME[purpose] + timedelta(minutes=1)):
        answer = getattr(client, method)(link)
    page = answer.content.decode()
    assert answer.status_code == 410
    assert "This link has expired." in page
    assert ways_on(page) == {each for each in onward if "film" not in each}
    assert (Signature.objects.count(), Report.objects.count()) == before


@pytest.mark.parametrize("stands", ["closes_at", "paused_at"])
def test_where_nobody_can_sign_who_asked_for_somebody_else_is_told_whom_to_write_to(
    client: Client, stands: str
) -> None:
    link = f"/represent/{represented()}/"
    Campaign.objects.filter(slug="art").update(**{stands: timezone.now()})
    with time_machine.travel(timezone.now() + LIFETIME[Purpose.REPRESENT] + timedelta(minutes=1)):
        own = client.get(link).content.decode()
    assert "This link has expired." in own
    assert "You can always write to:" in own
    assert "fill in the form" not in own
    assert ways_on(own) == WRITE
    # Of a link that says nothing, each campaign as it is: one is open.
    page = client.get("/represent/nonsense/").content.decode()
    assert ways_on(page) == WRITE | {"/film/?language=en"}
    assert page.index("fill in the form once more") < page.index("/film/?language=en")
    assert page.index("You can always write to:") < page.index("mailto:")


@pytest.mark.parametrize("purpose", LINKS)
def test_one_of_a_campaign_that_is_no_longer_public_names_none(
    client: Client, purpose: Purpose
) -> None:
    link = f"/{purpose}/{LINKS[purpose][0]()}/"
    after = timezone.now() + LIFETIME[purpose] + timedelta(minutes=1)
    Campaign.objects.filter(slug="art").update(opens_at=after + timedelta(days=1))
    with time_machine.travel(after):
        page = client.get(link).content.decode()
    assert "This link has expired." in page
    assert ways_on(page) == set()
    assert "Art is not a quarry" not in page


@pytest.mark.parametrize(
    ("purpose", "rows"), [(Purpose.REPORT, Report), (Purpose.REPRESENT, Representation)]
)
def test_what_was_deleted_meanwhile_is_done_once_more_in_any_public_campaign(
    client: Client, purpose: Purpose, rows: type[Report | Representation]
) -> None:
    make, onward = LINKS[purpose]
    link = f"/{purpose}/{make()}/"
    rows.objects.all().delete()
    for answer in (client.get(link), client.post(link)):
        assert answer.status_code == 410
        assert ways_on(answer.content.decode()) == onward


def test_a_link_for_another_page_says_so_and_how_to_go_on(client: Client) -> None:
    token = denied()
    for purpose, (_make, onward) in LINKS.items():
        if purpose is Purpose.NOT_ME:
            continue
        answer = client.get(f"/{purpose}/{token}/")
        assert answer.status_code == 400
        assert "This link belongs to another page." in answer.content.decode()
        assert ways_on(answer.content.decode()) == onward


def test_a_cut_link_to_what_is_held_of_somebody_leads_to_who_can_tell_them(client: Client) -> None:
    reported()
    token = make_token(Purpose.MY_DATA, subject=Report.objects.get().public_id, revision=1)
    answer = client.get(f"/my-data/{token[:-5]}/")
    assert answer.status_code == 400
    assert ways_on(answer.content.decode()) == WRITE


def test_who_confirmed_still_sees_it_by_an_old_link(client: Client) -> None:
    token = represented()
    representing.confirm(token)
    after = timezone.now() + LIFETIME[Purpose.REPRESENT] + timedelta(minutes=1)
    with time_machine.travel(after):
        assert client.get(f"/represent/{token}/").status_code == 200
