"""The programs that docs/api.md prints, taken out of it."""

import re

from django.conf import settings

PAGE = (settings.BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8")
HOST, SLUG = "https://petition.example", "my-campaign"


def section(title: str) -> str:
    """What stands under a heading, up to the next of its rank or higher."""
    found = re.search(rf"^(#+) {re.escape(title)}$", PAGE, re.MULTILINE)
    assert found is not None, title
    rest = PAGE[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", _without_programs(rest), re.MULTILINE)
    return rest[: end.start()] if end else rest


def _without_programs(text: str) -> str:
    """The same length: a comment of a shell is no heading."""
    return re.sub(
        r"^```.*?^```", lambda block: "·" * len(block[0]), text, flags=re.DOTALL | re.MULTILINE
    )


def programs(title: str) -> list[tuple[str, str]]:
    """The language and text of each printed program under a heading."""
    return re.findall(r"^```(\w+)\n(.*?)^```", section(title), re.DOTALL | re.MULTILINE)


def program(title: str, language: str, *, host: str, slug: str) -> str:
    """The one program in that language under a heading, for another host and campaign."""
    [text] = [text for each, text in programs(title) if each == language]
    return text.replace(HOST, host).replace(SLUG, slug)
