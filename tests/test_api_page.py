"""What docs/api.md says of limits, errors, numbers and keys is so."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from campaign import botcheck, details, errors, feed, files, floods, identity, outbox, shelf
from campaign.api import inputs, outputs, queries
from campaign.api.keys import PER_MINUTE
from campaign.api.problems import FIELDS, every_code
from campaign.freshness import MAX_AGE, STALE
from campaign.idempotency import KEY_MAX
from campaign.links import LIFETIME, Purpose
from campaign.models.api_key import Scope
from tests import factories
from tests.factories import make_campaign, make_key
from tests.recipes import programs, section

URL = "/api/v1/campaigns/art/"
KEYS = section("Keys")


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


def rows(title: str) -> list[list[str]]:
    """The cells of the tables under a heading, without their heads."""
    found = [line.strip("|").split("|") for line in section(title).splitlines() if line[:1] == "|"]
    cells = [[cell.strip() for cell in row] for row in found]
    rules = [n for n, row in enumerate(cells) if set("".join(row)) <= {"-"}]
    return [row for n, row in enumerate(cells) if n not in rules and n + 1 not in rules]


def test_every_code_of_a_problem_is_in_the_table_with_its_status() -> None:
    table = [row for row in rows("Errors") if len(row) == 3]
    told = [(row[0].strip("`"), int(row[1])) for row in table]
    assert len(dict(told)) == len(told)
    assert dict(told) == {code: status for code, (status, _message) in every_code().items()}
    assert [status for _code, status in told] == sorted(status for _code, status in told)


def codes_of_fields() -> set[str]:
    """Every code that the readers of bodies and parameters, and of what they mean, can give."""
    readers = [
        each
        for each in (*vars(inputs).values(), *vars(queries).values())
        if isinstance(each, type) and issubclass(each, inputs.StrictInput | queries.QueryInput)
    ]
    fields = [field for reader in readers for field in (reader(), *reader().fields.values())]
    codes = {code for field in fields for code in field.error_messages}
    codes |= {
        str(each.code) for field in fields for each in field.validators if hasattr(each, "code")
    }
    meaning = (details.TEXT_PROBLEMS, details.ADDRESS_PROBLEMS, details.PROBLEMS)
    return codes | {code for problems in meaning for code in problems} | FIELDS.keys()


def test_every_code_of_a_field_is_in_the_table() -> None:
    [*told] = [row for row in rows("Errors") if len(row) == 2]
    named = {code for row in told for code in re.findall(r"`(\w+)`", row[0])}
    # What only the signer's own page, an imported file, and the form of who signs for another meet.
    assert named == codes_of_fields() - {"duplicate", "own_address"}


def test_the_limits_are_those_of_the_code() -> None:
    told = {row[0]: row[1] for row in rows("Limits")}
    kept = MAX_AGE + STALE
    assert kept == 30
    assert told == {
        "a body": f"{settings.PUBLIC_BODY_MAX // 1024} KiB",
        "name, credit, organisation": f"{identity.NAME_LIMIT} characters each",
        "`source`": f"{details.SOURCE_MAX} characters",
        "`q`": f"200 characters, {identity.QUERY_WORD_LIMIT} words",
        "`page_size`": "200, and 50 if left out",
        "a public read": "none, but be polite: every 30 seconds",
        "requests of one key": f"{PER_MINUTE} a minute",
        "mails to one address that strangers can cause": (
            f"{outbox.STRANGERS_A_DAY} a UTC day of one campaign, {outbox.EVERYWHERE_A_DAY} of all "
            f"campaigns of the server; {outbox.STRANGERS_A_LIFE} about one signature until it is confirmed"
        ),
        "requests to sign one campaign without proof of work": (
            f'{floods.BUSY:,} a minute, then `bot_check` "auto" asks'
        ),
        "the same from one network (/32 of IPv4, /64 of IPv6), and from the one around it (/24, /48)": (
            f'{floods.BUSY_NARROW} and {floods.BUSY_WIDE} a minute, then `bot_check` "auto" asks'
        ),
        "the same to addresses of one mail domain, but those where anybody has one": (
            f'{floods.BUSY_DOMAIN} an hour, then `bot_check` "auto" asks'
        ),
        "requests to sign, to send the mail again and to report, that pass from one network and from the one "
        "around it": f"{floods.CEILING_NARROW:,} and {floods.CEILING_WIDE:,} a minute",
        "a challenge": f"{botcheck.LIFE // 60} minutes, one request",
        "an `Idempotency-Key`": f"{KEY_MAX} visible characters of ASCII, 24 hours",
        "the link of a confirmation mail": f"{LIFETIME[Purpose.CONFIRM].days} days",
        "a cursor": "does not expire",
        "the age of hot reads": f"a second, {shelf.LIFE:.0f} at most, and {kept} in caches",
        "the age of `signers.csv` and `signers.jsonl`": "a minute",
        "large files at once": f"{files.SEATS} in each process",
        "`feed.atom`": f"the newest {feed.NEWEST}",
    }
    assert files.FRESH + timedelta(seconds=2 * files.KEPT) <= timedelta(minutes=1)


def test_the_bounds_of_pages_and_searches_are_those_of_the_list() -> None:
    fields: Any = queries.SignersQuery().fields
    page_size = fields["page_size"]
    assert (page_size.min_value, page_size.max_value, page_size.default) == (1, 200, 50)
    assert fields["q"].max_length == 200


def test_every_number_that_is_counted_is_explained() -> None:
    told = {name for row in rows("How it behaves") for name in re.findall(r"`(\w+)`", row[0])}
    assert told == set(outputs.CountsShape().fields) - {"as_of"}


def test_the_printed_problem_is_one(client: Client, db: None) -> None:
    make_campaign()
    typed = {**factories.details(), "email": "zoe"}
    answer = client.post(f"{URL}signatures/", typed, content_type="application/json")
    [example] = [json.loads(text) for language, text in programs("Errors") if language == "json"]
    assert answer.json() == example
