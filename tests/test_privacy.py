"""docs/privacy.md names every table, so that no datum is kept without anybody having said how long."""

import re

from django.apps import apps
from django.conf import settings
from django.db import models

from campaign import retention

PAGE = (settings.BASE_DIR / "docs" / "privacy.md").read_text(encoding="utf-8")
ROWS = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
NAMED = {name for row in ROWS for name in re.findall(r"`(\w+)`", row[0])}


def test_every_table_of_ours_and_every_one_with_a_time_says_how_long_it_is_kept() -> None:
    tables = {
        model.__name__
        for model in apps.get_models()
        if model._meta.app_label == "campaign"
        or any(isinstance(field, models.DateField) for field in model._meta.concrete_fields)
    }
    assert sorted(tables - NAMED) == []


def test_it_names_no_table_that_is_gone() -> None:
    assert sorted(NAMED - {model.__name__ for model in apps.get_models()}) == []


def test_each_row_says_what_how_long_and_what_ends_it() -> None:
    assert len(ROWS) > 30
    for row in ROWS:
        assert len(row) == 4, row
        assert all(cell.strip(" |") for cell in row), row


def test_every_kind_that_ends_by_itself_is_named() -> None:
    named = set(re.findall(r'kind "([^"]+)"', PAGE))
    assert named == set(retention.KINDS)
