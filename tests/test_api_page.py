"""What docs/api.md says of keys is so."""

import re
from pathlib import Path

import pytest

from campaign import errors
from campaign.models.api_key import Scope
from tests.factories import make_campaign, make_key

PAGE = Path("docs/api.md").read_text(encoding="utf-8")
KEYS = PAGE[PAGE.index("## Keys") :].partition("\n## ")[0]


@pytest.mark.django_db
def test_the_pattern_for_scanners_finds_a_key() -> None:
    pattern = re.search(r"`(ptn_\[[^`]+)`", KEYS)
    assert pattern is not None
    text = f'token = "{make_key(make_campaign(), Scope.SIGN)}"'
    assert re.search(pattern[1], text)


def test_every_refusal_of_a_key_is_named_with_its_status() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", KEYS, re.MULTILINE)
    refused = [each for each in vars(errors).values() if isinstance(each, type)]
    known = {
        (str(each.status), each.code)
        for each in refused
        if issubclass(each, errors.KeyRefused | errors.HttpsRequired | errors.OtherCampaign)
        and hasattr(each, "code")
    }
    assert set(rows) == known | {("429", "rate_limited")}


def test_every_scope_is_in_the_table() -> None:
    assert re.findall(r"^\| `(\w+)` \|", KEYS, re.MULTILINE) == [scope.value for scope in Scope]
