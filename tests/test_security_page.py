"""docs/security.md answers every requirement of OWASP ASVS 4.0.3 at level 2, and names what exists."""

import re

from django.conf import settings

PAGE = (settings.BASE_DIR / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)

SECTIONS = """
1.1: 1-7; 1.2: 1-4; 1.4: 1 4 5; 1.5: 1-4; 1.6: 1-4; 1.7: 1-2; 1.8: 1-2; 1.9: 1-2; 1.10: 1; 1.11: 1-2; 1.12: 2; 1.14: 1-6;
2.1: 1-12; 2.2: 1-3; 2.3: 1-3; 2.4: 1-6; 2.5: 1-7; 2.6: 1-3; 2.7: 1-6; 2.8: 1-7; 2.9: 1-3; 2.10: 1-4;
3.1: 1; 3.2: 1-4; 3.3: 1-4; 3.4: 1-5; 3.5: 1-3; 3.7: 1;
4.1: 1-3 5; 4.2: 1-2; 4.3: 1-3;
5.1: 1-5; 5.2: 1-8; 5.3: 1-10; 5.4: 1-3; 5.5: 1-4;
6.1: 1-3; 6.2: 1-6; 6.3: 1-2; 6.4: 1-2;
7.1: 1-4; 7.2: 1-2; 7.3: 1 3 4; 7.4: 1-3;
8.1: 1-4; 8.2: 1-3; 8.3: 1-8;
9.1: 1-3; 9.2: 1-4;
10.2: 1-2; 10.3: 1-3;
11.1: 1-8;
12.1: 1-3; 12.2: 1; 12.3: 1-6; 12.4: 1-2; 12.5: 1-2; 12.6: 1;
13.1: 1 3-5; 13.2: 1-3 5 6; 13.3: 1-2; 13.4: 1-2;
14.1: 1-4; 14.2: 1-6; 14.3: 2-3; 14.4: 1-7; 14.5: 1-4
"""
"""The requirements of levels 1 and 2 that the standard has not struck out."""  # fmt: skip


def wanted() -> list[str]:
    found = []
    for section in SECTIONS.split(";"):
        name, _, numbers = section.strip().partition(": ")
        for part in numbers.split():
            first, _, last = part.partition("-")
            found += [f"{name}.{n}" for n in range(int(first), int(last or first) + 1)]
    return found


def test_every_requirement_has_its_row_in_order() -> None:
    assert [number for number, _asked, _answer in ROWS] == wanted()


def test_every_answer_is_one_of_four() -> None:
    for number, _asked, answer in ROWS:
        assert re.match(r"(yes|n/a|operator|open): \S", answer), number


def test_every_open_point_stands_on_top_and_nothing_else_does() -> None:
    top = PAGE.partition("\n## Open\n")[2].partition("\n## ")[0]
    heads = re.findall(r"^- ([\d., ]+):", top, re.MULTILINE)
    named = {number for head in heads for number in head.split(", ")}
    assert named == {number for number, _asked, answer in ROWS if answer.startswith("open")}


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|md|txt|toml)|\.ci/run)`", PAGE))
    assert len(named) > 80
    assert sorted(name for name in named if not (settings.BASE_DIR / name).is_file()) == []
