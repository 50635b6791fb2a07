"""An owner removes by rule and undoes it, in a browser: with a second factor, by keyboard, day and night."""

from typing import Any

import pytest

from tests.browser.staff import logged_in
from tests.browser.visiting import (
    DESKTOP_LIGHT,
    LOOKS,
    PHONE_LIGHT,
    Look,
    Visitors,
    serious,
    shoot,
)
from tests.e2e.product import Product
from tests.e2e.until import until

SLUG = "flooded"
ADD = f"/admin/campaign/removal/add/?campaign={SLUG}"
SECRET = "c3" * 20
MAKE = f"""
from django_otp.plugins.otp_totp.models import TOTPDevice
from campaign import moderation
from campaign.models.membership import Role
from tests.factories import make_campaign, make_member, make_signature
campaign = make_campaign(slug="{SLUG}", publication="after_verification")
user = make_member(campaign, Role.OWNER, username="olga")
TOTPDevice.objects.create(user=user, key="{SECRET}", confirmed=True, name="app")
for number in range(40):
    make_signature(campaign, name=f"Free Money {{number:02}}", email=f"bot{{number}}@bots.example.org")
for name in ("Zoë Moreau", "山田太郎", "Ali Haddad"):
    make_signature(campaign, name=name)
star = make_signature(campaign, name="Free Money Band", kind="person")
moderation.feature(signature_id=star.pk, revision=star.revision, featured=True, by=user)
"""

LAST_TEN = """
SELECT FROM campaign_removalitem WHERE removal_id = %s AND state = 'matched'
ORDER BY id DESC LIMIT 10 FOR UPDATE
"""


@pytest.fixture(scope="module", autouse=True)
def apart(running_product: Product) -> None:
    """A campaign whose names nobody else counts."""
    running_product.manage("shell", "--no-imports", "-c", MAKE)


@pytest.fixture(scope="module")
def session() -> dict[str, Any]:
    """What the owner's browser kept of the login: a code is good for one."""
    return {}


@pytest.fixture
def desk(visit: Visitors, session: dict[str, Any]) -> Any:
    """Open a page as the owner, with password and second factor the first time."""

    def opened(path: str, look: Look = DESKTOP_LIGHT, **wishes: Any) -> Any:
        if not session:
            session.update(logged_in(visit, "olga", SECRET).context.storage_state())
        return visit(path, look, storage_state=session, **wishes)

    return opened


def statuses(product: Product) -> dict[str, int]:
    sql = """
        SELECT status, count(*) FROM campaign_signature signature
        JOIN campaign_campaign campaign ON campaign.id = campaign_id WHERE slug = %s GROUP BY status
    """
    return dict(product.query(sql, SLUG))


def look_at(page: Any) -> None:
    page.get_by_label("Name", exact=True).fill("free money*")
    page.get_by_label("Name", exact=True).press("Enter")
    page.get_by_role("heading", name="40 signatures would be removed").wait_for()


def start(page: Any) -> None:
    page.get_by_label("We could not confirm that this is you.").check()
    page.get_by_label("English").fill("A programme made them up within an hour.")
    page.get_by_label("Français").fill("Un programme les a inventés en une heure.")
    page.get_by_role("button", name="Remove 40 signatures").press("Enter")


def test_a_rule_is_run_and_undone_without_a_script(desk: Any, product: Product) -> None:
    """With scripts it is a part of the walk in test_moderating.py."""
    page = desk(ADD, PHONE_LIGHT, scripts=False)
    look_at(page)
    assert "1 more matches and is left out" in page.content()
    start(page)
    done = page.get_by_role("heading", name="40 signatures are removed done")
    until(lambda: page.reload() and done.count(), what="the run, asked for again and again")
    page.get_by_role("button", name="Undo all of it").wait_for()
    assert statuses(product) == {"rejected": 40, "published": 4}
    shoot(page, "removal-done-phone-light")
    page.get_by_role("button", name="Undo all of it").press("Enter")
    restored = page.get_by_role("heading", name="40 signatures are restored undone")
    until(lambda: page.reload() and restored.count(), what="the undoing")
    assert statuses(product) == {"published": 44}
    shoot(page, "removal-undone-phone-light")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_its_pages_have_nothing_that_axe_finds(desk: Any, look: Look) -> None:
    page = desk(ADD, look)
    shoot(page, f"removal-form-{look.name}")
    assert serious(page) == []
    page.get_by_role("button", name="Look who that is").click()
    page.get_by_text("Choose at least one thing").wait_for()
    assert serious(page) == []
    look_at(page)
    shoot(page, f"removal-preview-{look.name}")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= look.screen["width"]
    page.goto("/admin/campaign/removal/")
    shoot(page, f"removal-list-{look.name}")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_a_run_under_way_has_nothing_that_axe_finds(
    desk: Any, product: Product, look: Look
) -> None:
    page = desk(ADD, look)
    look_at(page)
    run = page.url.split("/")[-3]
    # As if another worker had the last ten: ours leaves them to it.
    with product.holding(LAST_TEN, run):
        start(page)
        page.get_by_text("30 of 40 looked at").wait_for()
        shoot(page, f"removal-running-{look.name}")
        assert serious(page) == []
        page.get_by_role("button", name="Stop").press("Enter")
        page.get_by_role("button", name="Undo all of it").wait_for()
        assert "10 that matched were not come to." in page.content()
        shoot(page, f"removal-stopped-{look.name}")
        assert serious(page) == []
    page.get_by_role("button", name="Undo all of it").press("Enter")
    page.get_by_role("heading", name="30 signatures are restored undone").wait_for()
