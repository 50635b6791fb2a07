"""Colours that can be read: the campaign's own on our grounds, by day and in the dark."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from campaign.contrast import ACCENT, DAY, NIGHT, contrast, parse

ENOUGH = 4.5
"""WCAG 2.2, success criterion 1.4.3."""


def sheet() -> str:
    return Path(str(finders.find("campaign/petition.css"))).read_text(encoding="utf-8")


def properties(dark: bool) -> dict[str, str]:
    """The custom properties of the style sheet that are colours, by day or in the dark."""
    blocks = re.findall(r":root \{(.*?)\}", sheet(), re.DOTALL)
    named = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block)) for block in blocks]
    day, night = named[:2]
    short = {name: re.sub(r"^#(.)(.)(.)$", r"#\1\1\2\2\3\3", value) for name, value in day.items()}
    return {**short, **night} if dark else short


@pytest.mark.parametrize(("dark", "grounds"), [(False, DAY), (True, NIGHT)])
def test_the_grounds_that_accents_are_checked_on_are_those_of_the_style_sheet(
    dark: bool, grounds: dict[str, str]
) -> None:
    found = properties(dark)
    assert {name: found[name] for name in grounds} == grounds


def test_our_own_accent_is_that_of_the_style_sheet() -> None:
    assert properties(dark=False)["accent"] == f"#{ACCENT}"


@pytest.mark.parametrize("dark", [False, True])
def test_text_reads_on_every_ground(dark: bool) -> None:
    found = {name: parse(value) for name, value in properties(dark).items()}
    for ground in ("ground", "sheet", "field"):
        for text in ("ink", "soft", "accent", "wrong"):
            assert contrast(found[text], found[ground]) >= ENOUGH, (text, ground)
        # WCAG 2.2, 1.4.11: the edge of a field.
        assert contrast(found["edge"], found[ground]) >= 3, ground
    assert contrast(found["on-accent"], found["accent"]) >= ENOUGH
    assert contrast(found["wrong"], found["wrong-ground"]) >= ENOUGH
    assert contrast(found["ink"], found["wrong-ground"]) >= ENOUGH
    # The part of the bar that is reached.
    assert contrast(found["accent"], found["rule"]) >= 3


@pytest.mark.parametrize(
    "accent", ["000000", "b3261e", "0b3d91", "00675b", "6b2fa0", "6f6e6c", "0000ff", "4b0000"]
)
def test_a_campaigns_colour_reads_by_day_and_in_the_dark(client: Client, accent: str) -> None:
    css = client.get(f"/colours/{accent}.css").content.decode()
    day, night = re.findall(r"--accent:(#[0-9a-f]{6})", css)
    assert day == f"#{accent}"
    for ground in DAY.values():
        assert contrast(parse(day), parse(ground)) >= ENOUGH
    for ground in NIGHT.values():
        assert contrast(parse(night), parse(ground)) >= ENOUGH
    assert contrast(parse(day), parse(properties(dark=False)["on-accent"])) >= ENOUGH
    assert contrast(parse(night), parse(properties(dark=True)["on-accent"])) >= ENOUGH
