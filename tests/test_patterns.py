"""No regular expression of the product, today's or tomorrow's, takes a text of 200 characters apart for long."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator

import pytest

import campaign

LENGTHS = (18, 21, 24, 60, 200)
"""In steps, so that a pattern of exponential cost fails here instead of never ending."""
SLOW = 0.25
"""Seconds: what is no worse than the square of 200 takes less than a hundredth of it."""
SINGLE = "aA1 .-_@/:\"'(=,;\n&<%*|!é中\u0301\u200d\ufffd"
PAIRS = "a. a- 1. 1, a@ a/ =\" '' (( \\\" .. -- ;, x: &a {{ <a 1a aa a\u0301 中a ﷺ1 [. ]a".split()
ENDS = ("", "\0", "x", " @", "!")


def patterns() -> Iterator[tuple[str, "re.Pattern[str]"]]:
    """Every pattern that a module of the product keeps, by its name."""
    seen: set[str] = set()
    for found in pkgutil.walk_packages(campaign.__path__, "campaign."):
        if ".migrations" in found.name or ".management" in found.name:
            continue
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                if value.pattern not in seen:
                    yield f"{found.name}.{name}", value
                seen.add(value.pattern)


PATTERNS = dict(patterns())


def slowest(pattern: "re.Pattern[str]") -> tuple[float, str]:
    """The text that takes longest, and how long; ends with the first that is slow."""
    worst = (0.0, "")
    for length in LENGTHS:
        for piece in (*SINGLE, *PAIRS):
            for end in ENDS:
                text = (piece * length)[: length - len(end)] + end
                took = min(_seconds(pattern, text) for _ in range(2))
                worst = max(worst, (took, text))
                if took > SLOW:
                    return worst
    return worst


def _seconds(pattern: "re.Pattern[str]", text: str) -> float:
    began = time.process_time()
    pattern.search(text)
    pattern.fullmatch(text)
    pattern.sub("", text)
    return time.process_time() - began


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_no_text_keeps_a_pattern_busy(name: str) -> None:
    took, text = slowest(PATTERNS[name])
    assert took <= SLOW, (took, text[:20], len(text))


def test_there_are_as_many_as_one_sees() -> None:
    assert len(PATTERNS) > 50


@pytest.mark.parametrize("slow", [r"(a+)+\Z", r"(?:real|\d+)*\Z", r"(?:[a-z.]+[.]?)*@"])
def test_control_a_pattern_of_exponential_cost_is_found_out(slow: str) -> None:
    assert slowest(re.compile(slow))[0] > SLOW
