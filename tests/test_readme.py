"""What README.md prints works as printed."""

import hashlib
import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from campaign.campaign_file import parse
from campaign.management.commands.load_demo import DEMO
from campaign.models import Campaign, Signature
from campaign.organising import load_campaign
from petition.settings import ENVIRONMENT
from tests.factories import make_signature

README = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
ORIGIN = "http://127.0.0.1:8000"
CURLS = re.findall(r"^curl (?:.*\\\n)*.*$", README, flags=re.MULTILINE)


@pytest.fixture
def demo() -> Campaign:
    load_campaign(parse((DEMO / "campaign.toml").read_text(encoding="utf-8"), folder=DEMO))
    return Campaign.objects.get()


def words(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", " ").split("|")[0])


@pytest.mark.django_db
@pytest.mark.parametrize("command", CURLS)
def test_a_printed_curl_command_works(demo: Campaign, client: Client, command: str) -> None:
    make_signature(demo, name="Zoë Moreau", discipline="author")
    arguments = words(command)
    path = next(word for word in arguments if word.startswith(ORIGIN)).removeprefix(ORIGIN)
    if "POST" in arguments:
        body = arguments[arguments.index("-d") + 1]
        assert client.post(path, body, content_type="application/json").status_code == 202
        assert Signature.objects.latest("pk").name == "Zoë Example"
    else:
        response = client.get(path)
        assert response.status_code == 200
        assert response.getvalue()


@pytest.mark.django_db
def test_the_printed_proof_of_the_text_holds(demo: Campaign, client: Client) -> None:
    start = "/api/v1/campaigns/stealing-isnt-innovation/"
    text = client.get(f"{start}statements/1/en.txt").content
    campaign = client.get(f"{start}?language=en").json()
    assert hashlib.sha256(text).hexdigest() == campaign["statement"]["sha256"]


def test_there_are_printed_commands_to_try() -> None:
    assert len(CURLS) >= 6


def test_the_table_of_variables_names_every_variable_that_is_read() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)`", README, flags=re.MULTILINE)
    others = {"PORT", "RUN_DIR", "DJANGO_SUPERUSER_USERNAME", "PETITION_LOCAL_SERVERS"}
    assert set(rows) == set(ENVIRONMENT) | others


def test_every_room_is_on_the_map_once_and_no_other() -> None:
    page = (settings.BASE_DIR / "docs/decisions/15-rooms.md").read_text(encoding="utf-8")
    rooms = re.findall(r"\| `([a-z_]+)\.py` \|$", page, flags=re.MULTILINE)
    files = {path.stem for path in (settings.BASE_DIR / "campaign").glob("*.py")} - {"__init__"}
    assert sorted(rooms) == sorted(files)


def test_every_picture_and_page_that_is_linked_is_there() -> None:
    pages = [settings.BASE_DIR / "README.md", *sorted((settings.BASE_DIR / "docs").rglob("*.md"))]
    for page in pages:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            linked: Path = page.parent / target
            assert linked.exists(), f"{page.name} links {target}"
            assert linked.stat().st_size < 300_000
