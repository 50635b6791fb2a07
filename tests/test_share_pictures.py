"""The pictures beside shared links: drawn by us, right in every language, and of nobody who isn't listed."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageChops

from campaign import cards, typesetting
from campaign.campaign_file import parse
from campaign.gallery import BURST, MOST, REST, Gallery, TooManyDrawings
from campaign.leaving import erase, withdraw
from campaign.models import Campaign
from campaign.models.signature import Status
from campaign.organising import load_campaign
from campaign.signing import show
from campaign.web import pictures
from tests.factories import campaign_file, make_campaign, make_signature, manage_token
from tests.fronts import Process

pytestmark = pytest.mark.django_db

URL = "/art/share.png"
BAND = (0, 520, 1200, 630)
TITLE = (0, 130, 1200, 500)
ACCENT = (0xB3, 0x26, 0x1E)
ARABIC = 'languages = ["en", "fr", "ar"]'
STATEMENT_AR = """
[statement.ar]
title = "الفن ليس محجرًا"
body = "نحن من صنعناه."
consent = "أوافق على نشر اسمي."
"""


@pytest.fixture(autouse=True)
def gallery(monkeypatch: pytest.MonkeyPatch) -> Gallery:
    """Nothing drawn yet, and a clock that stands still."""
    fresh = Gallery(clock=lambda: 0.0)
    monkeypatch.setattr(pictures, "_gallery", fresh)
    return fresh


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification", extra='colours = {accent = "#b3261e"}')


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One without fonts of its own."""
    monkeypatch.setattr(typesetting, "MACHINES", ())
    caches = (typesetting._machines, typesetting.drawable)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def picture(client: Client, address: str = URL) -> Image.Image:
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert len(response.content) < 100_000
    opened = Image.open(io.BytesIO(response.content))
    assert (opened.format, opened.size) == ("PNG", (1200, 630))
    return opened.convert("RGB")


def inked(drawn: Image.Image, box: tuple[int, int, int, int]) -> tuple[int, int, int, int] | None:
    """What is drawn on the ground of a part of it, as a box within that part."""
    part = drawn.crop(box)
    return ImageChops.difference(part, Image.new("RGB", part.size, part.getpixel((0, 0)))).getbbox()


def dark(drawn: Image.Image, box: tuple[int, int, int, int]) -> int:
    """How many pixels of a part of it are about as dark as ink."""
    return sum(drawn.crop(box).convert("L").histogram()[:80])


# --- A campaign's ----------------------------------------------------------------------------


def test_it_says_title_and_count_in_the_campaigns_colour(client: Client, art: Campaign) -> None:
    drawn = picture(client)
    assert drawn.getpixel((600, 520)) == ACCENT
    left, top, right, bottom = inked(drawn, TITLE) or (0, 0, 0, 0)
    assert left in range(75, 95)  # the margin
    assert right < 1200 - 75
    assert dark(drawn, TITLE) > 5_000
    number = inked(drawn, BAND)
    assert number is not None
    assert number[0] in range(75, 95)
    assert bottom - top > 40


def test_the_logo_stands_at_the_end_of_the_first_line(client: Client, tmp_path: Path) -> None:
    Image.new("RGB", (80, 40), "#00ff00").save(tmp_path / "logo.png")
    load_campaign(parse(campaign_file(extra='logo = "logo.png"'), folder=tmp_path))
    drawn = picture(client)
    assert drawn.getpixel((1200 - 85, 92)) == (0, 255, 0)
    assert inked(drawn, (0, 60, 600, 125)) is not None  # the organiser
    assert picture(client, "/art/signed.png").getcolors(1 << 20) is not None


def test_it_is_another_one_in_each_language(client: Client, art: Campaign) -> None:
    default, english, french = (
        picture(client, URL + q) for q in ("", "?language=en", "?language=fr")
    )
    assert default.tobytes() == english.tobytes()
    assert ImageChops.difference(english, french).crop(TITLE).getbbox() is not None
    assert client.get(f"{URL}?language=fr")["Content-Language"] == "fr"


def test_arabic_stands_on_the_right(client: Client) -> None:
    text = campaign_file().replace('languages = ["en", "fr"]', ARABIC) + STATEMENT_AR
    load_campaign(parse(text))
    drawn = picture(client, f"{URL}?language=ar")
    left, _top, right, _bottom = inked(drawn, TITLE) or (0, 0, 0, 0)
    assert right in range(1200 - 95, 1200 - 70)
    assert left > 300


def test_what_the_address_asks_beside_the_languages_changes_nothing(
    client: Client, art: Campaign
) -> None:
    plain = client.get(URL).content
    for query in ("language=xx", "language=", "title=Mine", "language=zz"):
        assert client.get(f"{URL}?{query}").content == plain


def test_browsers_wishes_do_not_matter(client: Client, art: Campaign) -> None:
    response = client.get(URL, headers={"Accept-Language": "fr"})
    assert response["Content-Language"] == "en"
    assert "Accept-Language" not in response.get("Vary", "")


def test_it_may_be_kept_for_a_moment_and_costs_nothing_to_who_has_it(
    client: Client, art: Campaign
) -> None:
    response = client.get(URL)
    assert "public" in response["Cache-Control"]
    again = client.get(URL, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_nothing_is_drawn_before_the_opening(client: Client) -> None:
    make_campaign(opens_at=timezone.now() + timedelta(days=1))
    for address in (URL, "/art/signed.png", f"/art/signers/{'0' * 16}/share.png"):
        response = client.get(address)
        assert response.status_code == 404
        assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db(transaction=True)
def test_the_copies_in_front_give_it() -> None:
    make_campaign()
    process = Process()
    for _ in range(3):
        given = process.get(f"{URL}?language=fr")
        assert (given.status, given["content-type"]) == (200, "image/png")
    assert process.readings == 1


# --- How often it is drawn -------------------------------------------------------------------


def card(**changed: Any) -> cards.CampaignCard:
    told: dict[str, Any] = {
        "title": "Art",
        "organiser": "Us",
        "host": "petition.example",
        "accent": "",
    }
    return cards.CampaignCard(**{**told, "direction": "ltr", "count": "1 signature", **changed})


def signed(name: str) -> cards.SignedCard:
    told: dict[str, Any] = {
        "title": "Art",
        "organiser": "Us",
        "host": "petition.example",
        "accent": "",
    }
    return cards.SignedCard(**told, direction="ltr", headline=name, instead="I have signed")


def test_the_count_moves_once_a_minute_and_words_at_once() -> None:
    now = [0.0]
    kept = Gallery(clock=lambda: now[0])
    one = kept.campaign("art", "en", card())
    now[0] = REST - 1
    assert kept.campaign("art", "en", card(count="2 signatures")) is one
    renamed = kept.campaign("art", "en", card(title="Music"))
    assert renamed != one
    now[0] = 3 * REST
    assert kept.campaign("art", "en", card(title="Music")) is renamed
    assert kept.campaign("art", "en", card(title="Music", count="2 signatures")) != renamed


def test_signers_cards_are_drawn_at_a_pace() -> None:
    now = [0.0]
    kept = Gallery(clock=lambda: now[0])
    for number in range(int(BURST)):
        kept.signed(signed(f"Signer {number}"))
    with pytest.raises(TooManyDrawings):
        kept.signed(signed("One more"))
    kept.signed(signed("Signer 3"))  # has been drawn
    now[0] = 1.0
    kept.signed(signed("One more"))


def test_no_more_cards_are_kept_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.gallery.draw", lambda drawn: drawn.headline.encode())
    now = [0.0]
    kept = Gallery(clock=lambda: now[0])
    for number in range(MOST + 5):
        now[0] += 1
        kept.signed(signed(f"Signer {number}"))
    assert len(kept._signed) == MOST


def test_the_same_card_has_the_same_bytes() -> None:
    assert cards.draw(card()) == cards.draw(card())


def test_who_asks_for_too_many_gets_the_campaigns(
    client: Client, art: Campaign, gallery: Gallery
) -> None:
    signature = make_signature(art, name="Zoë Moreau")
    gallery._left = 0
    response = client.get(f"/art/signers/{signature.public_id}/share.png?language=fr")
    assert response.status_code == 302
    assert response["Location"] == f"{URL}?language=fr"
    assert response["Cache-Control"] == "no-store"


# --- A signer's ------------------------------------------------------------------------------


def of(public_id: str) -> str:
    return f"/art/signers/{public_id}/share.png"


def test_a_listed_signer_has_one_with_their_name(client: Client, art: Campaign) -> None:
    zoe, other = (make_signature(art, name=name) for name in ("Zoë Moreau", "Björk"))
    nobodys = picture(client, "/art/signed.png")
    drawn = [picture(client, of(each.public_id)) for each in (zoe, other)]
    assert len({each.tobytes() for each in (*drawn, nobodys)}) == 3
    assert drawn[0].getpixel((600, 520)) == ACCENT


@pytest.mark.parametrize("leave", [withdraw, erase])
def test_who_leaves_takes_it_along_at_once(
    client: Client, art: Campaign, leave: Callable[[str], Any]
) -> None:
    signature = make_signature(art, name="Zoë Moreau")
    assert client.get(of(signature.public_id)).status_code == 200
    leave(manage_token(signature))
    response = client.get(of(signature.public_id))
    assert response.status_code == 410
    assert response["Cache-Control"] == "no-store"
    assert "Zoë" not in response.content.decode()


def test_who_hides_their_name_has_none(client: Client, art: Campaign) -> None:
    signature = make_signature(art, name="Zoë Moreau")
    show(manage_token(signature), show_name=False)
    assert client.get(of(signature.public_id)).status_code == 410


def test_who_was_never_listed_has_none(client: Client, art: Campaign) -> None:
    held = make_signature(art, name="Scarlett Johansson", status=Status.HELD)
    pending = make_signature(art, name="Somebody", email="s@example.org", status=Status.PENDING)
    for signature in (held, pending):
        assert client.get(of(signature.public_id)).status_code == 404


def test_a_name_that_no_font_can_draw_is_left_out(
    client: Client, art: Campaign, bare_machine: None
) -> None:
    signature = make_signature(art, name="坂本龍一")
    assert client.get(of(signature.public_id)).content == client.get("/art/signed.png").content


# --- Lines -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Stealing isn’t innovation",
        "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz " * 3,
        "السرقة ليست ابتكارًا " * 9,
        "e\u0301" * 400,
        "a",
    ],
)
def test_lines_fit_their_place(text: str) -> None:
    what = typesetting.drawable(text)
    block = typesetting.fit(what, typesetting.Place(1000, 330, 1.2), sizes=(90, 60, 40), most=4)
    assert 1 <= len(block.lines) <= 4
    assert len(block.lines) * block.size * 1.2 <= 330
    for line in block.lines:
        assert what.width(line, typesetting.BOLD) * block.size <= 1000.5


def test_nothing_that_people_see_as_one_is_cut() -> None:
    what = typesetting.drawable("e\u0301" * 400)
    block = typesetting.fit(what, typesetting.Place(1000, 100, 1.2), sizes=(40,), most=2)
    assert block.lines[-1].endswith("\u0301…")
    assert all(line.rstrip("…").count("e") == line.count("\u0301") for line in block.lines)


def test_no_word_is_left_alone() -> None:
    what = typesetting.drawable("We ask that work is used only with our consent")
    block = typesetting.fit(what, typesetting.Place(1600, 330, 1.2), sizes=(80,), most=4)
    assert what.width("We ask that work is used only with our", typesetting.BOLD) * 80 < 1600
    assert block.lines == ("We ask that work is used", "only with our consent")


def test_an_emoji_is_left_out_and_a_letter_is_not(bare_machine: None) -> None:
    assert typesetting.drawable("Save 🎵 music 👩‍🎤").text == "Save music"
    assert not typesetting.drawable("Save 音楽")
    assert typesetting.drawable("Ελληνικά, Русский, Tiếng Việt, العربية")


def test_the_fonts_come_along() -> None:
    assert all(path.is_file() for path in typesetting.OURS)
