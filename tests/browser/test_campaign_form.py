"""An owner edits a campaign in a browser."""

from typing import Any

import pytest

from tests.browser.staff import logged_in
from tests.browser.visiting import Visitors
from tests.e2e.product import Product

SECRET = "d4" * 20
MAKE = f"""
from django_otp.plugins.otp_totp.models import TOTPDevice
from campaign.models.membership import Role
from tests.factories import make_campaign, make_member
campaign = make_campaign(slug="edited")
user = make_member(campaign, Role.OWNER, username="otto")
TOTPDevice.objects.create(user=user, key="{SECRET}", confirmed=True, name="app")
print("ID", campaign.pk)
"""
TYPED = """() => Object.fromEntries(
  [...document.querySelectorAll(".campaign-form [name]")]
    .filter((field) => field.type !== "file")
    .map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value])
)"""


@pytest.fixture
def form(visit: Visitors, running_product: Product) -> Any:
    """The form of a campaign, as its owner opens it."""
    said = running_product.manage("shell", "--no-imports", "-c", MAKE)
    page = logged_in(visit, "otto", SECRET)
    page.goto(f"/admin/campaign/campaign/{said.partition('ID ')[2].split()[0]}/edit/")
    return page


def test_choosing_a_logo_changes_no_other_field(form: Any, visit: Visitors) -> None:
    before = form.evaluate(TYPED)
    assert before["goal"] == "1000"
    form.locator("input[type=file]").set_input_files("campaign/demo/logo.png")
    assert form.evaluate(TYPED) == before
    assert visit.complaints == []
