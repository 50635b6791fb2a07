"""The receivers that docs/api.md prints: they take what is genuine, and refuse what is not."""

import os
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings

from campaign import dispatch, leaving, seal
from campaign.models import Campaign, Webhook, WebhookDelivery
from campaign.models.campaign import new_key
from tests.factories import make_campaign, make_signature, manage_token
from tests.receiver import make_webhook

pytestmark = pytest.mark.django_db

RECIPES = (django_settings.BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8")
NODE = shutil.which("node")


def printed(language: str, holding: str) -> str:
    """The printed program in that language which holds these words."""
    programs = re.findall(rf"^```{language}\n(.*?)^```", RECIPES, re.MULTILINE | re.DOTALL)
    [program] = [each for each in programs if holding in each]
    return str(program)


@contextmanager
def python_receiver(key: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Any]]:
    """The Python one, running: its address and what it keeps."""
    monkeypatch.setenv("WEBHOOK_SECRET", seal.shown_secret(key))
    program: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(printed("python", "webhook-signature"), "receiver.py", "exec"), program)
    program["Receiver"].log_message = lambda *_args: None
    server = ThreadingHTTPServer(("127.0.0.1", 0), program["Receiver"])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", program["signers"]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def node_receiver(key: str, folder: Path) -> Iterator[str]:
    """The JavaScript one, running: its address."""
    file = folder / "receiver.mjs"
    file.write_text(printed("js", "webhook-signature"), encoding="utf-8")
    environment = {**os.environ, "PORT": "0", "WEBHOOK_SECRET": seal.shown_secret(key)}
    process = subprocess.Popen([str(NODE), str(file)], env=environment, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().decode().split()[-1]
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def hook(settings: Settings) -> Webhook:
    settings.OUTBOUND_PRIVATE = True
    return make_webhook(make_campaign(publication="after_verification"), "http://127.0.0.1:1/")


def leads_to(hook: Webhook, url: str) -> None:
    Webhook.objects.filter(pk=hook.pk).update(url=url)


def answered(url: str, key: str, body: bytes, *, at: datetime, **changed: str) -> int:
    """The status of an answer to a message that is signed with this key at that time."""
    headers = seal.headers([key], message="msg_1", at=at, body=body) | changed
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def assert_sorts(url: str, key: str) -> None:
    """It takes a genuine message and refuses every kind of other one."""
    now, body = timezone.now(), b'{"type": "test", "data": {}}'
    assert answered(url, key, body, at=now) == 204
    # While a secret is replaced, the right signature stands beside another.
    two = seal.headers([new_key(), key], message="msg_1", at=now, body=body)
    assert answered(url, key, body, at=now, **two) == 204
    assert answered(url, new_key(), body, at=now) == 400
    for minutes in (-6, 6):
        assert answered(url, key, body, at=now + timedelta(minutes=minutes)) == 400
    genuine = seal.headers([key], message="msg_1", at=now, body=body)
    assert answered(url, key, body + b" ", at=now, **genuine) == 400
    later = str(int(now.timestamp()) + 1)
    for name, value in (
        ("webhook-timestamp", later),
        ("webhook-timestamp", "soon"),
        ("webhook-timestamp", ""),
        ("webhook-id", "msg_2"),
        ("webhook-signature", ""),
        ("webhook-signature", "v1,é"),
        ("webhook-signature", genuine["webhook-signature"].removeprefix("v1,")),
    ):
        assert answered(url, key, body, at=now, **{name: value}) == 400, (name, value)


def test_the_printed_python_receiver_mirrors_the_list(
    hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with python_receiver(hook.key, monkeypatch) as (url, signers):
        leads_to(hook, url)
        stays, leaves = make_signature(name="Ada Stays"), make_signature(name="Bo Leaves")
        assert dispatch.dispatch_due() == 2
        assert {each["name"] for each in signers.values()} == {"Ada Stays", "Bo Leaves"}

        leaving.erase(manage_token(leaves))
        assert dispatch.dispatch_due() == 1
        assert signers[stays.public_id]["name"] == "Ada Stays"
        assert set(signers[leaves.public_id]) == {"id", "removed", "updated_at"}
        assert "Bo Leaves" not in str(signers)
        assert_sorts(url, hook.key)


def test_the_printed_python_receiver_is_not_deceived_by_an_older_message(
    hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with python_receiver(hook.key, monkeypatch) as (url, signers):
        leads_to(hook, url)
        signature = make_signature(name="Bo Leaves")
        [owed] = WebhookDelivery.objects.all()
        late = dispatch.render(Webhook.objects.select_related("campaign").get(), owed)
        leaving.withdraw(manage_token(signature))
        dispatch.dispatch_due()
        assert answered(url, hook.key, late, at=timezone.now()) == 204
        assert signers[signature.public_id]["removed"] is True


@pytest.mark.skipif(NODE is None, reason="runs under Node.js")
def test_the_printed_javascript_receiver_takes_the_genuine_and_refuses_the_rest(
    hook: Webhook, tmp_path: Path
) -> None:
    with node_receiver(hook.key, tmp_path) as url:
        leads_to(hook, url)
        make_signature(Campaign.objects.get())
        assert dispatch.dispatch_due() == 1
        assert WebhookDelivery.objects.get().code == 204
        assert_sorts(url, hook.key)


def test_the_printed_message_is_shaped_like_a_real_one(hook: Webhook) -> None:
    signature = make_signature()
    leaving.withdraw(manage_token(signature))
    [_first, owed] = WebhookDelivery.objects.order_by("pk")
    real = dispatch.render(Webhook.objects.select_related("campaign").get(), owed)
    example = printed("json", "msg_")
    shape = re.compile(r'"(\w+)":')
    assert shape.findall(example) == shape.findall(real.decode())
