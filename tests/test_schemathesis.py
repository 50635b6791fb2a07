"""The document is true both ways: what it allows is taken, what it forbids is refused, and every
answer is one that it describes. Schemathesis reads it as it is served and makes the requests.

`SCHEMA_EXAMPLES=2000 make test TESTS=tests/test_schemathesis.py` makes that many a path, others each
time; without it a few, always the same.
"""

import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.config import PositiveDataAcceptanceConfig

from campaign.api import keys
from campaign.models.api_key import Scope
from campaign.models.signature import Status
from petition.wsgi import application
from tests.factories import OPENED, confirm_token, make_campaign, make_key, make_signature

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "15"))
A_FEW = EXAMPLES < 100
BASE = "/api/v1/campaigns/art/"


def front(environ: Any, start_response: Any) -> Iterable[bytes]:
    """The product as the web server meets it, under a name of its own."""
    return application({**environ, "HTTP_HOST": "testserver"}, start_response)


# What `format: name` says to people; what is refused as none has tests of its own (test_identity).
LETTERS = "abcxyzABCXYZ éßøŁĞ ЖдΩλ 李明山田 محمد עדן नम이"
schemathesis.openapi.format(
    "name", st.text(LETTERS, min_size=1, max_size=60).filter(lambda text: bool(text.strip()))
)
# Which top levels take mail is no matter of form (test_mailboxes).
DOMAINS = st.sampled_from(["example.org", "müller.example.org", "mail.example.co.uk", "GMAIL.com"])
schemathesis.openapi.format("email", st.emails(domains=DOMAINS))

document = schemathesis.openapi.from_wsgi(
    "/api/schema/", front, headers={"Accept": "application/json"}
)
# No schema knows which ids are of somebody who left (410), or which Idempotency-Key came before (422).
document.config.checks.positive_data_acceptance = PositiveDataAcceptanceConfig(
    expected_statuses=["2xx", "401", "403", "404", "409", "410", "422", "503"]
)


@dataclass
class Seeded:
    """What is there to be found, which no schema can say."""

    key: str
    token: str
    ids: list[str] = field(default_factory=list)
    standing: list[str] = field(default_factory=list)
    cursors: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def seeded(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seeded]:
    """One signature of each status, a key of every scope, and no connection closed in between."""
    monkeypatch.setattr(keys, "PER_MINUTE", 10**9)
    art = make_campaign(publication="after_verification", extra='bot_check = "off"')
    of = {s: make_signature(art, status=s).public_id for s in (*Status.values, Status.PUBLISHED)}
    pending = make_signature(art, status=Status.PENDING)
    found = Seeded(
        key=make_key(art, *Scope),
        token=confirm_token(pending),
        ids=list(of.values()),
        standing=[of[Status.HELD], of[Status.PUBLISHED], of[Status.REJECTED]],
    )
    make_signature(art)
    for name in ("featured", "newest", "oldest", "name"):
        found.cursors[name] = _cursor(f"{BASE}signers/?page_size=1&order={name}")
    found.cursors["updated"] = _cursor(
        f"{BASE}signers/?page_size=1&updated_since=2026-01-01T00:00:00Z"
    )
    found.cursors["private"] = _cursor(f"{BASE}private/signatures/?page_size=1", found.key)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield found
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _cursor(path: str, key: str = "") -> str:
    answer = Client().get(path, headers={"Authorization": f"Bearer {key}"} if key else {}).json()
    return str(answer["next"].partition("cursor=")[2].partition("&")[0])


RUN = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=A_FEW,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@document.parametrize()
@RUN
def test_the_document_is_true(seeded: Seeded, case: Case[Any]) -> None:
    aim(case, seeded)
    case.call_and_validate(headers=credentials(case, seeded))


def test_one_answer_leads_to_the_next(seeded: Seeded) -> None:
    class Walk(document.as_state_machine()):  # type: ignore[misc]
        """Ids of an answer go into the next request, in any order."""

        def before_call(self, case: Case[Any]) -> None:
            aim(case, seeded)

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            return {"headers": credentials(case, seeded)}

        def validate_response(self, response: Any, case: Case[Any], *_: Any, **sent: Any) -> None:
            case.validate_response(response, headers=sent["headers"], recorder=self.recorder)

    Walk.run(settings=settings(RUN, max_examples=max(3, EXAMPLES // 5), stateful_step_count=10))


# --- What no schema can say -------------------------------------------------------------------


def chosen(case: Case[Any], among: list[Any]) -> Any:
    """One of them, the same for the same request: a failure must come again when it is looked into."""
    asked = repr((case.path_parameters, case.query, case.body))
    return among[zlib.crc32(asked.encode(errors="replace")) % len(among)]


def credentials(case: Case[Any], seeded: Seeded) -> dict[str, str]:
    """A good key where one is needed (the check `ignored_auth` then tries none and a bad one); else
    nobody's, a good one or a bad one."""
    needed = {"ApiKey"} in [set(each) for each in case.operation.definition.raw.get("security", [])]
    optional = {} in case.operation.definition.raw.get("security", [{}])
    public = (
        ["", "", seeded.key, "ptn_none"] if case.method == case.operation.method.upper() else [""]
    )
    who = seeded.key if needed and not optional else chosen(case, public)
    # It would not open what comes in gzip (RFC 9110, 12.5.3).
    plain = {"Accept-Encoding": "identity"}
    return {**plain, "Authorization": f"Bearer {who}"} if who else plain


def aim(case: Case[Any], seeded: Seeded) -> None:
    """Make what fits the schema also fit what is there, so that it isn't all 404."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    decides = case.method == "POST" and "/private/" in case.path
    there = {
        "slug": "art",
        "public_id": chosen(case, seeded.standing if decides else seeded.ids),
        "version": 1,
        "language": "en",
    }
    for name in case.path_parameters or {}:
        # One that an earlier answer told is there already.
        if case.path_parameters[name] not in seeded.ids:
            case.path_parameters[name] = there[name]
    if case.query:
        _aim_query(case, seeded)
    if isinstance(case.body, dict):
        real = {"discipline": "musician", "country": "fr", "language": "en", "token": seeded.token}
        if decides:
            real["reason"] = "content"
        for name in case.body.keys() & real.keys():
            if case.body[name]:
                case.body[name] = real[name]


def _aim_query(case: Case[Any], seeded: Seeded) -> None:
    query = case.query
    private = "/private/" in case.path
    if "updated_since" in query:
        # Nothing is known of what is still to come.
        query["updated_since"] = min(str(query["updated_since"]), OPENED.isoformat())
        if not private:
            for name in query.keys() - {"updated_since", "page_size", "cursor"}:
                del query[name]
    if "cursor" in query:
        order = "updated" if "updated_since" in query else query.get("order", "featured")
        query["cursor"] = seeded.cursors["private" if private else order]
