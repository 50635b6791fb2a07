"""A campaign's logo: which pictures are taken, where it stands, and who may ask for it."""

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from campaign.models import Campaign, Logo
from tests.factories import OPENED, campaign_file
from tests.pictures import picture

pytestmark = pytest.mark.django_db


def noise(size: int) -> bytes:
    """A picture of more bytes than that, since noise doesn't shrink; the same each time."""
    side = int(size**0.5) + 1
    file = io.BytesIO()
    Image.frombytes("L", (side, side), Random(1).randbytes(side * side)).save(file, "PNG")
    return file.getvalue()


def bomb() -> bytes:
    """Few bytes that would be two hundred million pixels."""
    file = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(file, "PNG")
    return file.getvalue()


def load(folder: Path, content: bytes | None, *, name: str = "logo.png", **options: Any) -> str:
    """What `load_campaign` prints of a campaign with that logo; None of one without."""
    extra = "" if content is None else f'logo = "{name}"'
    if content is not None:
        (folder / name).write_bytes(content)
    file = folder / "campaign.toml"
    file.write_text(campaign_file(extra=extra, **options), encoding="utf-8")
    out = io.StringIO()
    call_command("load_campaign", str(file), stdout=out)
    return out.getvalue()


def shown(client: Client, path: str = "/art/") -> str:
    """The address of the logo on a page, '' if it has none."""
    found = re.search(r'<img class="logo"\s+src="([^"]+)"', client.get(path).content.decode())
    return found[1] if found else ""


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_the_logo_stands_over_every_page_with_name_and_size(
    client: Client, tmp_path: Path, kind: str
) -> None:
    content = picture(kind)
    load(tmp_path, content, name=f"logo.{kind.lower()}")
    for path in ("/art/", "/art/signers/", "/art/corrections/"):
        page = " ".join(client.get(path).content.decode().split())
        assert 'alt="Example Organiser" width="320" height="80"' in page, path
    response = client.get(shown(client))
    assert (response.status_code, response.content) == (200, content)
    assert response["Content-Type"] == f"image/{kind.lower()}"
    assert response["Cache-Control"] == "public, max-age=5, stale-while-revalidate=25"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.cookies


def test_without_one_the_name_stands_there(client: Client, tmp_path: Path) -> None:
    load(tmp_path, None)
    page = client.get("/art/").content.decode()
    assert "<bdi>Example Organiser</bdi></a>" in re.sub(r"\s*\n\s*", "", page)
    assert "/logos/" not in page


def test_loading_it_twice_changes_nothing(tmp_path: Path) -> None:
    assert "created" in load(tmp_path, picture())
    before = Campaign.objects.get().stamp
    assert load(tmp_path, picture()) == "nothing changed\n"
    assert Campaign.objects.get().stamp == before


def test_another_picture_has_another_address_and_the_old_one_ends(
    client: Client, tmp_path: Path
) -> None:
    load(tmp_path, picture())
    old = shown(client)
    assert "logo: " in load(tmp_path, picture(colour="blue"))
    new = shown(client)
    assert client.get(new).content == picture(colour="blue")
    gone = client.get(old)
    assert (gone.status_code, gone["Cache-Control"]) == (404, "no-store")


def test_it_goes_with_its_line(client: Client, tmp_path: Path) -> None:
    load(tmp_path, picture())
    old = shown(client)
    assert "logo: " in load(tmp_path, None)
    assert shown(client) == ""
    assert client.get(old).status_code == 404
    assert not Logo.objects.exists()


def test_two_campaigns_may_have_the_same(client: Client, tmp_path: Path) -> None:
    load(tmp_path, picture())
    load(tmp_path, picture(), slug="film")
    assert shown(client) == shown(client, "/film/")
    load(tmp_path, None)
    assert client.get(shown(client, "/film/")).content == picture()


def test_its_address_tells_nothing_of_a_campaign_before_the_opening(
    client: Client, tmp_path: Path
) -> None:
    load(tmp_path, picture(), opens_at=datetime.now(UTC) + timedelta(days=1))
    campaign = Campaign.objects.get()
    assert client.get("/art/").status_code == 404
    address = shown(client, f"/preview/{campaign.preview_key}/")
    assert re.fullmatch(r"/logos/[0-9a-f]{64}\.png", address)
    response = client.get(address)
    said = " ".join(f"{name}: {value}" for name, value in response.items())
    assert response.content == picture()
    assert "art" not in said.replace("partner", "")


def test_reading_a_page_does_not_read_the_picture(client: Client, tmp_path: Path) -> None:
    load(tmp_path, picture())
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert shown(client)
    assert not [query for query in asked if "campaign_logo" in query["sql"]]


def test_the_api_keeps_to_the_contract(client: Client, tmp_path: Path) -> None:
    load(tmp_path, picture())
    assert "logo" not in client.get("/api/v1/campaigns/art/").json()


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_is_only_read(client: Client, tmp_path: Path, method: str) -> None:
    load(tmp_path, picture())
    assert getattr(client, method)(shown(client)).status_code == 405


# --- Mistakes --------------------------------------------------------------------------------

GIF = picture("GIF")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>'
MOVING = picture(
    "WEBP", save_all=True, append_images=[Image.new("RGB", (320, 80), "blue")], duration=100
)
UNREADABLE = "is no PNG, WebP or JPEG that can be read"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (SVG, UNREADABLE),
        (GIF, UNREADABLE),
        (b"", UNREADABLE),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, UNREADABLE),
        (picture()[:-40], UNREADABLE),
        (picture("JPEG", (900, 600))[:-900], UNREADABLE),
        (MOVING, "must be one still PNG, WebP or JPEG"),
        (noise(30 * 1024), "is larger than 30 KB"),
        (picture(size=(2001, 10)), "has 2001 by 10 pixels; 2000 by 1000 are the most"),
        (picture(size=(10, 1001)), "has 10 by 1001 pixels; 2000 by 1000 are the most"),
        (bomb(), UNREADABLE),
    ],
    ids="svg gif nothing garbage cut cut-jpeg moving large wide high bomb".split(),
)
def test_what_is_no_still_picture_is_refused(
    client: Client, tmp_path: Path, content: bytes, reason: str
) -> None:
    load(tmp_path, picture())
    before = Campaign.objects.get().stamp, shown(client)
    with pytest.raises(CommandError) as refused:
        load(tmp_path, content, name="other.png")
    assert str(refused.value) == f"{tmp_path / 'campaign.toml'}: logo: 'other.png' {reason}"
    assert refused.value.returncode == 1
    assert (Campaign.objects.get().stamp, shown(client)) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing.png", "is not a file"),
        (".", "is not a file"),
        ("../secret.png", "is not in the folder of the campaign file"),
        ("link.png", "is not in the folder of the campaign file"),
        ("/etc/passwd", "is not in the folder of the campaign file"),
        ("a\\u0000b", "holds a line break or another control character"),
    ],
)
def test_no_file_from_elsewhere_is_published(tmp_path: Path, name: str, reason: str) -> None:
    folder = tmp_path / "campaigns"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(picture())
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    file = folder / "campaign.toml"
    file.write_text(campaign_file(extra=f'logo = "{name}"'), encoding="utf-8")
    with pytest.raises(CommandError, match=rf"campaign\.toml: logo: .*{reason}"):
        call_command("load_campaign", str(file))
    assert not Campaign.objects.exists()
    assert not Logo.objects.exists()


def test_a_picture_in_a_folder_beside_the_file_is_taken(client: Client, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    load(tmp_path, picture(), name="pictures/logo.png", opens_at=OPENED)
    assert client.get(shown(client)).content == picture()
