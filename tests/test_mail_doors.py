"""docs/decisions/43-mail-caps.md lists every way to a mail, with the caps that hold it."""

import ast
import re
from collections.abc import Iterator

from django.conf import settings

from campaign.models.mail import BY_STRANGERS, MailKind

PAGE = settings.BASE_DIR / "docs/decisions/43-mail-caps.md"
ROW = re.compile(r"\| `(\w+)` \| `([\w.]+)` \| ([^|]+) \| ([^|]+) \|")
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))
WRITERS = {"owe", "owe_caused", "owe_imported", "caused", "mail"}


def writers() -> Iterator[str]:
    """Each function of the product that has the outbox write a mail."""
    for path in (settings.BASE_DIR / "campaign").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and any(
                isinstance(node, ast.Attribute)
                and node.attr in WRITERS
                and getattr(node.value, "id", "") == "outbox"
                for node in ast.walk(function)
            ):
                yield f"{path.stem}.{function.name}"


def test_each_kind_of_mail_is_in_the_table() -> None:
    assert {kind for kind, *_rest in ROWS} == set(MailKind.values)


def test_each_function_that_writes_a_mail_is_in_the_table() -> None:
    assert {writer for _kind, writer, *_rest in ROWS} == set(writers())


def test_nothing_else_sends_a_mail() -> None:
    sends = re.compile(
        r"\bsend_mail\b|\bsend_mass_mail\b|\bmail_admins\b|\.email_user\(|\.send\(\)"
    )
    for path in (settings.BASE_DIR / "campaign").rglob("*.py"):
        assert not sends.search(path.read_text(encoding="utf-8")), path


def test_what_strangers_cause_is_held_by_the_day_by_all_campaigns_and_by_a_life() -> None:
    # A link of the signer's own; a mail of which there is one a report, with a cap for its name; one a line.
    without_life = {
        *("signing.renew", "correspondents.renew"),
        *("reporting.report", "intake._place"),
    }
    for kind, writer, _doors, caps in ROWS:
        if kind in BY_STRANGERS:
            wanted = {"day", "all"} | (set() if writer in without_life else {"life"})
            assert wanted <= set(re.findall(r"\w+", caps)), (kind, writer)
        assert "pace" in caps, (kind, writer)
