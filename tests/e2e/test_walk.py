"""The whole way, as people go it: over HTTP, by mail, with every process real."""

import itertools
import re
import sys
import time
from base64 import b32decode
from dataclasses import dataclass
from email.message import EmailMessage

import pytest
from django_otp.oath import totp

from tests.e2e.browser import Browser, Page
from tests.e2e.product import Product
from tests.e2e.sink import body, link
from tests.e2e.until import until

pytestmark = pytest.mark.xdist_group("e2e")

SLUG = "stealing-isnt-innovation"
PAGE = f"/{SLUG}/"
API = f"/api/v1/campaigns/{SLUG}/"
NAME = "Élodie Brûlé-Ōtani"
ELODIE, IMPOSTOR = "elodie@example.net", "impostor@example.net"
LOOKALIKE = "Sc\u0430rlett Johansson"  # with a Cyrillic а
HER_PAGE = f"{PAGE}signers/?q=otani"
GATHERED = 700
NOTE = "Consent forms 0001 to 0700, vouched for by the Example Agency."
PASSWORD = "a long password of the walk"


def counts(browser: Browser) -> dict[str, int]:
    found = browser.get(f"{API}counts/").json
    return {name: found[name] for name in ("published", "held", "withdrawn", "removed")}


def wait_for_published(browser: Browser, n: int) -> None:
    """In the API and on the page: a copy of either may be a few seconds old."""
    until(lambda: counts(browser)["published"] == n, what=f"{n} published")
    until(lambda: shows(browser.get(PAGE), n), what=f"the page says {n}")


def shows(page: Page, n: int) -> bool:
    return re.search(rf"\b{n}\b", page.words) is not None


def sign(browser: Browser, name: str, email: str, language: str) -> None:
    """As a browser does without JavaScript: read the page, fill in its form, send it."""
    page = browser.get(f"{PAGE}?language={language}")
    form = page.form(action="sign")
    assert form.fields["language"] == language
    answer = browser.send(
        form, name=name, email=email, discipline="musician", country="FR", consent="yes"
    )
    assert answer.status == 200
    assert email in answer.words
    assert answer.headers["Cache-Control"] == "no-store"


def confirm(browser: Browser, address: str, name: str) -> Page:
    """Look at the page behind the link, then press its one button."""
    assert browser.get(address, method="HEAD").status == 200
    page = browser.get(address)
    assert name in page.words
    return browser.send(page.form(to=""))


def listed(browser: Browser, q: str) -> list[str]:
    return [one["name"] for one in browser.get(f"{API}signers/?q={q}").json["results"]]


@dataclass
class Walk:
    """Who takes part, and when each part ended."""

    product: Product
    public: Browser
    moderator: Browser
    elodie: Browser
    times: dict[str, float]

    def ended(self, part: str) -> None:
        self.times[part] = time.monotonic()

    def told(self) -> str:
        """How long each part took, and all of it."""
        parts = [
            f"{part} {self.times[part] - self.times[before]:.1f} s"
            for before, part in itertools.pairwise(self.times)
        ]
        *_, last = self.times.values()
        return ", ".join([*parts, f"all {last - self.times['begin']:.1f} s"])

    def held_as(self, name: str) -> Page:
        """The page of one who waits, from the moderator's list of the work to do."""
        return self.moderator.get(self.moderator.get("/admin/campaign/signature/").link(name))

    def note_to(self, address: str) -> EmailMessage:
        """The mail about a decision: the one that asks for nothing."""

        def look() -> EmailMessage | None:
            mails = self.product.sink.to(address)
            texts = ((mail, body(mail, "plain")) for mail in mails)
            return next((mail for mail, text in texts if "/confirm/" not in text), None)

        # Behind the notes of the 700 that were released.
        mail = until(look, what=f"the note to {address}")
        assert mail is not None
        return mail


def gather(walk: Walk) -> None:
    """The organiser imports 700 signatures that were gathered beforehand."""
    loaded = walk.product.manage("load_campaign", "campaign/demo/campaign.toml")
    assert f"campaign {SLUG}: created" in loaded
    imported = walk.product.manage(
        "import_signers", SLUG, "campaign/demo/signers.csv", "--consent-on-file", NOTE
    )
    assert imported.startswith(f"{GATHERED} added")
    for username in ("moderator", "colleague"):
        walk.product.manage(
            "createsuperuser",
            "--no-input",
            DJANGO_SUPERUSER_USERNAME=username,
            DJANGO_SUPERUSER_EMAIL=f"{username}@example.org",
            DJANGO_SUPERUSER_PASSWORD=PASSWORD,
        )
    assert counts(walk.public)["published"] == 0
    walk.ended("set-up")


def release(walk: Walk) -> None:
    """A moderator looks at them, and another publishes them."""
    colleague = Browser(walk.product.base)
    [(batch,)] = walk.product.query("SELECT id FROM campaign_importbatch")
    steps = ((colleague, "colleague", "/preview/"), (walk.moderator, "moderator", "/release/"))
    for browser, username, button in steps:
        door = browser.get("/admin/")
        enrolling = browser.send(door.form(username=""), username=username, password=PASSWORD)
        codes = browser.send(enrolling.form(token=""), token=code_of(enrolling))
        assert codes.status == 200
        page = browser.get(f"/admin/campaign/importbatch/{batch}/change/")
        assert NOTE in page.words
        assert browser.send(page.form(to=button)).status == 200
    wait_for_published(walk.public, GATHERED)
    walk.ended("release")


def code_of(enrolling: Page) -> str:
    """What an app shows that has been given the secret of this page."""
    [secret] = re.findall(r"into the app: ([A-Z2-7]{4}(?: [A-Z2-7]{4})*)", enrolling.words)
    secret = secret.replace(" ", "")
    return f"{totp(b32decode(secret + '=' * (-len(secret) % 8))):06}"


def sign_in_french(walk: Walk) -> str:
    """Somebody signs and confirms by the link of the mail, which is returned; a moderator waits."""
    sign(walk.elodie, NAME, ELODIE, "fr")
    mail = walk.product.sink.wait_for(ELODIE)
    walk.ended("sign, mail")
    assert mail["Content-Language"] == "fr"
    assert "Le vol n’est pas de l’innovation" in mail["Subject"]
    assert NAME not in mail["Subject"]
    address = link(mail, "confirm")
    before = counts(walk.public)
    walk.elodie.get(address)
    assert counts(walk.public) == before
    held = confirm(walk.elodie, address, NAME)
    assert (held.status, held.headers["Cache-Control"]) == (200, "no-store")
    assert NAME in held.words
    # A second press, by the API's door this time, is a success that changes nothing.
    token = address.rstrip("/").rpartition("/")[2]
    again = walk.elodie.post_json("/api/v1/signatures/confirm/", {"token": token})
    assert (again.status, again.json) == (200, {"status": "held", "signer": None})
    until(lambda: counts(walk.public) == {**before, "held": 1}, what="held")
    assert listed(walk.public, "otani") == []
    walk.ended("confirm")
    return address


def approve(walk: Walk) -> str:
    """A moderator approves her; the id under which the public then finds her."""
    walk.moderator.send(walk.held_as(NAME).form(to="/approve/"))
    wait_for_published(walk.public, GATHERED + 1)
    until(lambda: listed(walk.public, "otani") == [NAME], what="the API lists her")
    until(lambda: NAME in walk.public.get(HER_PAGE).words, what="the page lists her")
    signer = walk.public.get(f"{API}signers/?q=otani").json["results"][0]
    assert (signer["country"], signer["discipline"]) == ("FR", "musician")
    assert (signer["language"], signer["evidence"]["method"]) == ("fr", "email")
    walk.ended("approve")
    assert walk.product.base + PAGE in body(walk.note_to(ELODIE), "plain")
    walk.ended("its note")
    return str(signer["id"])


def reject_who_takes_a_protected_name(walk: Walk) -> None:
    impostor = Browser(walk.product.base)
    sign(impostor, LOOKALIKE, IMPOSTOR, "en")
    address = link(walk.product.sink.wait_for(IMPOSTOR), "confirm")
    assert confirm(impostor, address, LOOKALIKE).status == 200
    until(lambda: counts(walk.public)["held"] == 1, what="held")
    assert listed(walk.public, "johansson") == []
    dossier = walk.held_as(LOOKALIKE)
    assert "Its name is like a protected name" in dossier.words
    assert "Scarlett Johansson" in dossier.words
    form = dossier.form(to="/reject/")
    walk.moderator.send(form, reason="impersonation", note="Not her mailbox.")
    until(lambda: counts(walk.public)["removed"] == 1, what="rejected")
    refusal = walk.note_to(IMPOSTOR)
    assert "We could not confirm that this is you." in body(refusal, "plain")
    assert "Not her mailbox" not in refusal.as_string()
    assert listed(walk.public, "johansson") == []
    walk.ended("reject")


def withdraw(walk: Walk, confirm_address: str, signer_id: str) -> None:
    """The first takes it back by the link of her mail."""
    address = link(walk.note_to(ELODIE), "manage")
    own = walk.elodie.get(address)
    assert NAME in own.words
    assert counts(walk.public)["published"] == GATHERED + 1
    assert walk.elodie.send(own.form(action="withdraw"), sure="yes").status == 200
    wait_for_published(walk.public, GATHERED)
    left = {"published": GATHERED, "held": 0, "withdrawn": 1, "removed": 1}
    assert counts(walk.public) == left
    until(lambda: listed(walk.public, "otani") == [], what="gone from the API")
    until(lambda: NAME not in walk.public.get(HER_PAGE).words, what="gone from the page")
    tombstone = walk.public.get(f"{API}signers/{signer_id}/")
    assert tombstone.status == 410
    assert tombstone.json.keys() == {"id", "removed", "updated_at"}
    assert (tombstone.json["id"], tombstone.json["removed"]) == (signer_id, True)
    assert walk.elodie.get(address).status == 410
    assert walk.elodie.get(confirm_address).status == 410
    walk.ended("withdraw")


def test_the_whole_way_from_a_file_to_a_tombstone(
    product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    walk = Walk(
        product=product,
        public=Browser(product.base),
        moderator=Browser(product.base),
        elodie=Browser(product.base, language="fr"),
        times={"begin": time.monotonic()},
    )
    gather(walk)
    release(walk)
    confirm_address = sign_in_french(walk)
    signer_id = approve(walk)
    reject_who_takes_a_protected_name(walk)
    withdraw(walk, confirm_address, signer_id)
    with capsys.disabled():
        sys.stderr.write(f"\nthe walk: {walk.told()}\n")
