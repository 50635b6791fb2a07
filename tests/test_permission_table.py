"""Who may open and do what: every address of the admin, for every role, with its status.

The table is `permission_table.txt`: the name of a path, a method, and what each of WHO gets, a line each.
To add a page or button, add its lines with a guess and run this: the failure prints them as they are. Look
hard at each number before you copy it. 403: no right to it; 404: it belongs to another campaign, or isn't
there; an empty POST of who has the right is 302, 409 or 422. In the place of a method stands the name of
an action of a list, chosen for the row that is there. A path or an action without a line fails.
"""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from campaign import removal, vouchers
from campaign.admin.site import site
from campaign.criteria import Rule
from campaign.models import (
    ApiKey,
    AuditEntry,
    Campaign,
    Event,
    ImportBatch,
    LinkBatch,
    Mail,
    MailProvider,
    Membership,
    PrintList,
    Signature,
    Suppression,
    Unreachable,
    Upload,
    Voucher,
    Webhook,
    WebhookDelivery,
)
from campaign.models.api_key import Scope
from campaign.models.membership import Role
from campaign.models.signature import Status
from campaign.outbox import address_hash
from tests.admin_paths import NAMES
from tests.factories import make_campaign, make_key, make_member, make_signature
from tests.receiver import make_webhook

pytestmark = pytest.mark.django_db

WHO = ("organisation", "reader", "moderator", "owner", "elsewhere", "superuser")
"""Roles in the campaign that the addresses are of; ``elsewhere`` owns another one."""
PUBLIC = {"login", "welcome", "jsi18n", "logout"}
"""What opens to who is not logged in."""
OWN = {"account", "account_app", "account_codes", "account_sessions"}
"""What opens to who has yet to enrol a second factor."""
LINES = [
    line.split()
    for line in (Path(__file__).parent / "permission_table.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
WANTED = {(name, method): tuple(map(int, statuses)) for name, method, *statuses in LINES}


METHODS = {"GET", "POST"}


@pytest.fixture
def there() -> dict[str, Any]:
    """One of everything that the addresses are about, by the model that stands in their names."""
    campaign = make_campaign(slug="here")
    make_member(make_campaign(slug="elsewhere"), Role.OWNER, username="elsewhere")
    for role in (Role.READER, Role.MODERATOR, Role.OWNER):
        make_member(campaign, role)
    owner = User.objects.get(username="owner")
    User.objects.create_superuser("superuser", "s@example.org", "secret")
    voucher = vouchers.admit(campaign=campaign, name="Guild", quota=9, by=owner)
    guild = make_member(campaign, Role.ORGANISATION)
    Membership.objects.filter(user=guild).update(voucher=voucher)
    signature = make_signature(campaign, status=Status.HELD, name="Waits Here")
    make_key(campaign, Scope.SIGN)
    hook = make_webhook(campaign, "https://hooks.example.org/x")
    rows = {
        "campaign": campaign,
        "signature": signature,
        "importbatch": ImportBatch.objects.create(
            campaign=campaign, file_name="a.csv", consent_note="note"
        ),
        "apikey": ApiKey.objects.get(),
        "mail": Mail.objects.filter(signature=signature)[:1].get(),
        "mailprovider": MailProvider.objects.all()[:1].get(),
        "suppression": Suppression.objects.create(
            campaign=campaign, address_hash=address_hash("gone@example.org"), reason="not_me"
        ),
        "unreachable": Unreachable.objects.create(
            address_hash=address_hash("gone@example.org"), reason="complained"
        ),
        "membership": Membership.objects.get(user__username="moderator"),
        "user": User.objects.get(username="reader"),
        "group": Group.objects.create(name="clerks"),
        "printlist": PrintList.objects.create(campaign=campaign, by=owner),
        "removal": removal.preview(campaign=campaign, rule=Rule(name="nobody"), by=owner),
        "upload": Upload.objects.create(
            campaign=campaign, by=owner, file_name="a.csv", content=b"name\nZoe\n"
        ),
        "voucher": voucher,
        "organisation": voucher,
        "webhook": hook,
        "webhookdelivery": WebhookDelivery.objects.create(webhook=hook, event="test"),
    }
    batch = LinkBatch.objects.create(voucher=voucher, label="a", created_by=guild, lines=1)
    return {model: row.pk for model, row in rows.items()} | {"batch": batch.pk}


def address(name: str, there: dict[str, Any]) -> str:
    """The address of a path, of what is there; what a test has none of is number 0."""
    model = [*name.split("_"), "", ""][1]
    given = dict.fromkeys(NAMES[name].pattern.converters, 0)
    given |= {key: there.get(model, 0) for key in ("pk", "id", "object_id") if key in given}
    given |= {"batch": there["batch"]} if "batch" in given else {}
    if name == "app_list":
        return reverse("admin:app_list", args=["campaign"])
    if name == "welcome":
        return reverse("welcome", args=["x", "y"])
    return reverse(f"admin:{name}", kwargs=given)


def row(name: str, there: dict[str, Any]) -> object:
    """What is there of the model that stands in the name of a path."""
    return there.get([*name.split("_"), "", ""][1], 0)


def browser(who: str, *, verified: bool = True) -> Client:
    """Of that role, with a second factor that it has shown."""
    client = Client()
    if who == "anonymous":
        return client
    user = User.objects.get(username=who)
    client.force_login(user)
    if verified:
        session = client.session
        device = TOTPDevice.objects.create(user=user, name="app")
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
        client.get("/admin/account/")  # begins the session that is listed
    return client


def ask(client: Client, method: str, url: str, row: object = 0) -> Any:
    """One request, of which nothing remains; ``row`` is what an action of a list is chosen for."""
    acts = {"action": method, "_selected_action": str(row)}
    with transaction.atomic():
        before = everything() if method != "GET" else None
        response = client.generic(method, url) if method in METHODS else client.post(url, acts)
        refused = response.status_code in {403, 404, 405}
        refused |= response.headers.get("Location", "").startswith("/admin/login/")
        if method != "GET" and refused:
            assert everything() == before, f"{url} was refused, and did something"
        transaction.set_rollback(True)
    return response


CHANGED = (
    *(Campaign, Signature, Event, AuditEntry, ImportBatch, ApiKey, Mail, Membership, User, Group),
    *(Voucher, LinkBatch, Webhook, WebhookDelivery, Upload, PrintList, Suppression, MailProvider),
)


def everything() -> list[Any]:
    """A digest of each table, in one trip."""
    digest = "SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} AS t"
    tables = [model._meta.db_table for model in CHANGED]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"({digest.format(table)})" for table in tables))
        return list(cursor.fetchall())


@pytest.fixture
def enforced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SECOND_FACTOR_REQUIRED", True)


def test_every_address_has_its_lines() -> None:
    assert set(NAMES) - PUBLIC - {name for name, _method in WANTED} == set()
    assert {name for name, _method in WANTED} <= set(NAMES)


def test_every_action_of_a_list_has_its_line(there: dict[str, Any]) -> None:
    request = RequestFactory().get("/admin/")
    request.user = User.objects.get(username="superuser")
    lists: dict[Any, Any] = site._registry  # without types, since both methods are Django's own
    offered = {
        (f"{model._meta.app_label}_{model._meta.model_name}_changelist", action)
        for model, its in lists.items()
        if its.actions is not None
        for _act, action, _said in its._filter_actions_by_permissions(
            request, its._get_base_actions()
        )
    }
    assert {line for line in WANTED if line[1] not in METHODS} == offered


@pytest.mark.parametrize("who", WHO)
def test_each_role_gets_what_its_table_says(
    who: str, there: dict[str, Any], enforced: None
) -> None:
    client = browser(who)
    column = WHO.index(who)
    got = {
        (name, method): ask(client, method, address(name, there), row(name, there)).status_code
        for name, method in WANTED
    }
    wanted = {row: statuses[column] for row, statuses in WANTED.items()}
    wrong = [
        f"{name} {method}: {got[name, method]}"
        for name, method in got
        if got[name, method] != wanted[name, method]
    ]
    assert not wrong, "\n".join(wrong)


def test_who_is_not_logged_in_is_led_to_the_login(there: dict[str, Any], enforced: None) -> None:
    client = browser("anonymous")
    for name, method in WANTED:
        response = ask(client, method, address(name, there))
        assert response.status_code == 302, (name, method)
        assert response.headers["Location"].startswith("/admin/login/"), (name, method)


def test_who_has_shown_no_second_factor_is_led_to_enrol_one(
    there: dict[str, Any], enforced: None
) -> None:
    client = browser("superuser", verified=False)
    for name, method in WANTED:
        if name not in OWN:
            response = ask(client, method, address(name, there))
            assert response.headers.get("Location") == "/admin/account/app/", (name, method)
