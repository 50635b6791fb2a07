"""A signer's own site says that a signature is theirs, and a moderator says whose site it is."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from celery.exceptions import SoftTimeLimitExceeded
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaign import leaving, outbound, signing, sites
from campaign.models import Campaign, Event, Proof, Signature, Site
from campaign.models.membership import Membership, Role
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature, make_user, manage_token
from tests.own_sites import Net, internet

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not shutil.which("openssl"), reason="makes its certificate with openssl"),
]

QUEUE = "/admin/campaign/signature/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def signature(campaign: Campaign) -> Signature:
    return make_signature(campaign, name="Zoë Moreau")


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Net]:
    settings.OUTBOUND_PRIVATE = True
    with internet(tmp_path, monkeypatch) as net:
        yield net


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def name(client: Client, signature: Signature, site: str) -> Any:
    page = f"/manage/{manage_token(signature)}/"
    return client.post(page, {"action": "site", "site": site})


def linking(signature: Signature, **attributes: str) -> str:
    href = attributes.get("href", sites.entry_url(signature))
    return f'<html><head></head><body><a rel="{attributes.get("rel", "me")}" href="{href}">signed</a></body></html>'


def evidence(signature: Signature) -> str:
    url = f"/api/v1/campaigns/art/signers/{signature.public_id}/"
    return str(Client().get(url).json()["evidence"]["method"])


def moderator(campaign: Campaign, role: Role = Role.MODERATOR) -> Client:
    user = make_user(username=str(role))
    Membership.objects.create(user=user, campaign=campaign, role=role)
    client = Client()
    client.force_login(user)
    return client


def press(client: Client, signature: Signature, verb: str) -> Any:
    text = client.get(f"{QUEUE}{signature.pk}/change/").content.decode()
    form = re.search(rf'action="({QUEUE}\d+/sites/\d+/{verb}/)">(.*?)</form>', text, re.DOTALL)
    assert form, f"no {verb} button"
    carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[2]))
    return client.post(form[1], carried)


# --- The whole way ---------------------------------------------------------------------------


def test_a_link_on_the_first_page_is_found_and_proves_once_a_moderator_accepts_it(
    client: Client, signature: Signature, net: Net
) -> None:
    net.page("https://zoe.example/", linking(signature))
    page = words(name(client, signature, "https://Zoe.example/"))
    assert (
        f"href=&quot;{sites.entry_url(signature)}&quot;" in page
        or sites.entry_url(signature) in page
    )
    assert "_petition.zoe.example" in page
    assert sites.look_due() == 1
    site = Site.objects.get()
    assert (site.domain, site.status, site.mark) == ("zoe.example", "found", "link")
    assert evidence(signature) == "email"  # anybody can have a domain
    desk = moderator(signature.campaign)
    assert signature.name in words(desk.get(f"{QUEUE}?status=sites"))
    press(desk, signature, "accept")
    assert evidence(signature) == "domain"
    assert Proof.objects.get().domain == "zoe.example"
    assert Event.objects.latest("pk").verb == "prove"
    assert "A moderator has accepted" in words(client.get(f"/manage/{manage_token(signature)}/"))
    assert signature.name not in words(desk.get(f"{QUEUE}?status=sites"))


def test_a_record_in_the_dns_does_as_well(client: Client, signature: Signature, net: Net) -> None:
    net.records["_petition.zoe.example"] = ["v=spf1 -all", f"signer={signature.public_id}"]
    name(client, signature, "zoe.example")
    sites.look_due()
    assert Site.objects.get().mark == "record"


def test_a_site_that_says_nothing_of_the_name_proves_nothing(
    client: Client, signature: Signature, net: Net
) -> None:
    net.page("https://evil.example/", linking(signature))
    name(client, signature, "evil.example")
    sites.look_due()
    press(moderator(signature.campaign), signature, "refuse")
    assert (evidence(signature), Site.objects.get().status) == ("email", "refused")
    answer = name(client, signature, "evil.example")
    assert answer.status_code == 422
    assert "did not accept" in words(answer)
    assert sites.look_due() == 0
    assert not Proof.objects.exists()


def test_neither_domain_nor_site_is_public(client: Client, signature: Signature, net: Net) -> None:
    net.page("https://zoe.example/", linking(signature))
    name(client, signature, "zoe.example")
    sites.look_due()
    press(moderator(signature.campaign), signature, "accept")
    for path in ("/art/signers/", f"/art/signers/{signature.public_id}/"):
        page = words(client.get(path))
        assert "zoe.example" not in page
        assert "onfirmed by their own site" in page
    reader = moderator(signature.campaign, Role.READER)
    assert "zoe.example" not in words(reader.get(f"{QUEUE}{signature.pk}/change/"))


# --- What is a mark, and what is none --------------------------------------------------------


@pytest.mark.parametrize(
    "html",
    [
        '<a rel="me" href="{url}">x</a>',
        "<A HREF='{url}?language=fr' REL='nofollow ME'>x</A>",
        '<link rel=me href="{url}">',
        '<a rel="me" href=" {bare} ">x',
        "\ufeff<p>é</p><a rel=me href={url}>",
        '<a rel="me noopener" href="{url}#x">',
    ],
)
def test_these_are_marks(client: Client, signature: Signature, net: Net, html: str) -> None:
    url = sites.entry_url(signature)
    net.page("https://zoe.example/", html.format(url=url, bare=url.rstrip("/")))
    name(client, signature, "zoe.example")
    sites.look_due()
    assert Site.objects.get().mark == "link"


@pytest.mark.parametrize(
    "html",
    [
        "",
        '<a href="{url}">x</a>',
        '<a rel="meh" href="{url}">x</a>',
        '<!-- <a rel="me" href="{url}">x</a> -->',
        "<script>\"<a rel='me' href='{url}'>\"</script>",
        '<a rel="me" href="https://elsewhere.example{path}">x</a>',
        '<a rel="me" href="{url}more/">x</a>',
        '<a rel="me" href="https://[">x</a>',
        '<img rel="me" src="{url}">',
        "<![endless" + "[" * 1000,
        "x" * sites.READ + '<a rel="me" href="{url}">x</a>',
        '<a rel="me" href="{url}',
    ],
    ids=range(12),
)
def test_these_are_none(client: Client, signature: Signature, net: Net, html: str) -> None:
    url = sites.entry_url(signature)
    path = url.removeprefix("http://testserver")
    net.page("https://zoe.example/", html.replace("{url}", url).replace("{path}", path))
    name(client, signature, "zoe.example")
    sites.look_due()
    site = Site.objects.get()
    assert (site.status, site.error) == ("waiting", "no_link")
    assert "has no such link" in words(client.get(f"/manage/{manage_token(signature)}/"))


def test_the_mark_of_somebody_else_is_not_theirs(
    client: Client, campaign: Campaign, signature: Signature, net: Net
) -> None:
    other = make_signature(campaign, name="Ana Sousa")
    net.page("https://zoe.example/", linking(other))
    net.records["_petition.zoe.example"] = [f"signer={other.public_id}"]
    name(client, signature, "zoe.example")
    sites.look_due()
    assert Site.objects.get().status == "waiting"


def test_a_redirect_is_followed_to_the_same_name_with_www_and_nowhere_else(
    client: Client, signature: Signature, net: Net
) -> None:
    net.page("https://zoe.example/", status=301, Location="https://www.zoe.example/en/")
    net.page("https://www.zoe.example/en/", linking(signature))
    name(client, signature, "zoe.example")
    net.page("https://evil.example/", status=302, Location="https://elsewhere.example/")
    net.page("https://elsewhere.example/", linking(signature))
    name(client, signature, "evil.example")
    sites.look_due()
    assert dict(Site.objects.values_list("domain", "mark")) == {
        "zoe.example": "link",
        "evil.example": "",
    }
    assert Site.objects.get(domain="evil.example").error == "elsewhere"
    assert "https://elsewhere.example/" not in net.asked


@pytest.mark.parametrize(
    "location", ["https://zoe.example/", "/", "", "https://[", "http://zoe.example:22/"]
)
def test_redirects_end(client: Client, signature: Signature, net: Net, location: str) -> None:
    net.page("https://zoe.example/", status=302, Location=location)
    name(client, signature, "zoe.example")
    sites.look_due()
    assert Site.objects.get().status == "waiting"
    assert len(net.asked) <= sites.REDIRECTS + 1


def test_nothing_private_is_connected_to(
    client: Client, signature: Signature, net: Net, settings: Settings
) -> None:
    settings.OUTBOUND_PRIVATE = False
    net.page("https://zoe.example/", linking(signature))
    name(client, signature, "zoe.example")
    for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254"):
        net.addresses["zoe.example"] = address
        Site.objects.update(due_at=timezone.now())
        sites.look_due()
    assert (net.asked, Site.objects.get().error) == ([], "not_answered")


def test_a_redirect_into_a_private_network_is_not_followed(
    client: Client, signature: Signature, net: Net
) -> None:
    for location in ("https://127.0.0.1/", "http://169.254.169.254/latest/", "file:///etc/passwd"):
        net.page("https://zoe.example/", status=302, Location=location)
        name(client, signature, "zoe.example")
        Site.objects.update(due_at=timezone.now())
        sites.look_due()
        assert Site.objects.get().error == "elsewhere"
    assert set(net.asked) == {"https://zoe.example/"}


# --- Again and again, and at last no more ----------------------------------------------------


def test_it_is_looked_at_a_few_times_and_then_no_more(
    client: Client, signature: Signature, net: Net
) -> None:
    name(client, signature, "zoe.example")
    now, looks = timezone.now(), 0
    for hour in range(72):
        with time_machine.travel(now + timedelta(hours=hour), tick=False):
            looks += sites.look_due()
    assert looks == len(sites.PAUSES) + 1
    assert Site.objects.get().status == "missing"
    with time_machine.travel(now + timedelta(hours=73)):
        net.page("https://zoe.example/", linking(signature))
        name(client, signature, "zoe.example")
        sites.look_due()
    assert Site.objects.get().status == "found"


def test_asked_again_at_once_it_waits_a_minute(
    client: Client, signature: Signature, net: Net
) -> None:
    name(client, signature, "zoe.example")
    assert sites.look_due() == 1
    for _press in range(3):
        name(client, signature, "zoe.example")
    assert sites.look_due() == 0
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert sites.look_due() == 1


def test_who_has_left_is_not_looked_for(client: Client, signature: Signature, net: Net) -> None:
    name(client, signature, "zoe.example")
    leaving.withdraw(manage_token(signature))
    assert sites.look_due() == 0
    leaving.erase(manage_token(signature))
    assert not Site.objects.exists()


# --- One that breaks us ----------------------------------------------------------------------


@pytest.mark.parametrize("markup", [f"&#{'9' * 5000};", "<![x", "<a rel=me href='http://[x'>"])
def test_a_page_that_no_parser_reads_hides_no_link_before_it_and_no_other_site(
    client: Client, campaign: Campaign, net: Net, markup: str
) -> None:
    odd, evil, plain = (
        make_signature(campaign, name=each) for each in ("Zoë Moreau", "Eve Odd", "Ann Plain")
    )
    net.page("https://zoe.example/", linking(odd) + markup)
    net.page("https://evil.example/", markup)
    net.page("https://www.zoe.example/", linking(plain))
    name(client, odd, "zoe.example")
    name(client, evil, "evil.example")
    name(client, plain, "www.zoe.example")
    assert sites.look_due() == 3
    found = Site.objects.order_by("pk").values_list("status", "mark", "error")
    assert list(found) == [("found", "link", ""), ("waiting", "", "no_link"), ("found", "link", "")]


def test_what_nobody_foresaw_is_the_failure_of_one_site_and_is_logged(
    client: Client,
    campaign: Campaign,
    net: Net,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    evil, plain = (make_signature(campaign, name=each) for each in ("Eve Odd", "Ann Plain"))
    net.page("https://zoe.example/", linking(plain))
    name(client, evil, "evil.example")
    name(client, plain, "zoe.example")
    get = outbound.get

    def breaks(url: str, **options: Any) -> Any:
        if "evil" in url:
            raise RuntimeError("a bug")
        return get(url, **options)

    monkeypatch.setattr(outbound, "get", breaks)
    assert sites.look_due() == 2
    found = Site.objects.order_by("pk").values_list("status", "mark", "error")
    assert list(found) == [("waiting", "", "not_answered"), ("found", "link", "")]
    (logged,) = [each for each in caplog.records if each.exc_info]
    assert (logged.name, logged.levelname) == ("campaign.sites", "ERROR")
    assert str(Site.objects.earliest("pk").pk) in logged.getMessage()
    assert "evil.example" not in logged.getMessage()


def test_a_look_that_takes_too_long_ends_with_the_task(
    client: Client, signature: Signature, net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery says so by an exception, in the middle of any site."""

    def late(*_args: Any, **_options: Any) -> Any:
        raise SoftTimeLimitExceeded

    name(client, signature, "zoe.example")
    monkeypatch.setattr(outbound, "get", late)
    with pytest.raises(SoftTimeLimitExceeded):
        sites.look_due()


# --- Mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "name of a site"),
        ("zoe", "name of a site"),
        ("https://10.0.0.1/", "name of a site"),
        ("https://zoe.example:8443/", "name of a site"),
        ("https://user@zoe.example/", "name of a site"),
        ("javascript:alert(1)", "name of a site"),
        ("https://social.example/@zoe", "as a whole"),
        ("https://zoe.example/?page=1", "as a whole"),
        ("gmail.com", "everybody"),
        ("x" * 5000, "name of a site"),
        ("zoe\x00.example", "name of a site"),
    ],
    ids=range(11),
)
def test_what_is_no_site_of_ones_own_is_said_at_its_field(
    client: Client, signature: Signature, typed: str, says: str
) -> None:
    answer = name(client, signature, typed)
    assert answer.status_code == 422
    assert says in words(answer)
    assert not Site.objects.exists()


def test_a_name_in_another_script_is_shown_with_its_letters(
    client: Client, signature: Signature, net: Net
) -> None:
    assert "zoë.example (xn--zo-ija.example)" in words(name(client, signature, "zoë.example"))
    net.page("https://xn--zo-ija.example/", linking(signature))
    sites.look_due()
    page = words(moderator(signature.campaign).get(f"{QUEUE}{signature.pk}/change/"))
    assert "zoë.example (xn--zo-ija.example)" in page


def test_few_sites_may_be_named(client: Client, signature: Signature) -> None:
    for number in range(sites.MOST):
        assert name(client, signature, f"a{number}.example").status_code == 200
    assert name(client, signature, "more.example").status_code == 422
    assert Site.objects.count() == sites.MOST


def test_who_has_not_confirmed_names_none(client: Client, campaign: Campaign) -> None:
    pending = make_signature(campaign, status=Status.PENDING)
    assert "Show that it is you" not in words(client.get(f"/manage/{manage_token(pending)}/"))
    assert name(client, pending, "zoe.example").status_code >= 400
    assert not Site.objects.exists()


def test_what_changed_since_it_was_shown_is_not_accepted(
    client: Client, signature: Signature, net: Net
) -> None:
    net.page("https://zoe.example/", linking(signature))
    name(client, signature, "zoe.example")
    sites.look_due()
    desk = moderator(signature.campaign)
    site = Site.objects.get()
    typed = {"revision": signature.revision + 1, "status": signature.status}
    desk.post(f"{QUEUE}{signature.pk}/sites/{site.pk}/accept/", typed)
    assert evidence(signature) == "email"


def test_an_accepted_site_still_proves_after_a_correction_and_is_looked_at_again(
    client: Client, signature: Signature, net: Net
) -> None:
    net.page("https://zoe.example/", linking(signature))
    name(client, signature, "zoe.example")
    sites.look_due()
    press(moderator(signature.campaign), signature, "accept")
    signature.refresh_from_db()
    signing.correct(
        manage_token(signature), typed={"credit": "Another"}, revision=signature.revision
    )
    signature.refresh_from_db()
    assert (signature.status, signature.evidence) == (Status.HELD, "domain")
