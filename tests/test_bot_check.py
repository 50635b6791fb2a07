"""Proof of work: asked for when it should be, solved once, and never in the way of a signature."""

import json
import time
from base64 import b64decode, b64encode
from typing import Any

import altcha
import pytest
import time_machine
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from campaign import botcheck, floods
from campaign.errors import BotCheckRequired
from campaign.line import Line
from campaign.models import Campaign, Signature
from campaign.models.api_key import Scope
from campaign.models.campaign import BotCheck
from petition.local import free_port
from tests.concurrency.threads import at_once
from tests.factories import details, make_campaign, make_key, solved

pytestmark = pytest.mark.django_db

URL = "/api/v1/campaigns/art/signatures/"
CHALLENGE = "/api/v1/campaigns/art/challenge/"


@pytest.fixture(autouse=True)
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work, less of it."""
    monkeypatch.setattr(botcheck, "EASIEST", 1)
    monkeypatch.setattr(botcheck, "HARDEST", 1)


def campaign(bot_check: BotCheck) -> Campaign:
    made = make_campaign()
    Campaign.objects.update(bot_check=bot_check)
    made.refresh_from_db()
    return made


@pytest.fixture
def always() -> Campaign:
    return campaign(BotCheck.ALWAYS)


@pytest.fixture
def auto() -> Campaign:
    return campaign(BotCheck.AUTO)


def sign(client: Client, solution: Any = None, **typed: Any) -> Any:
    given = {} if solution is None else {"altcha": solution}
    return client.post(URL, {**details(**typed), **given}, content_type="application/json")


def taken_apart(solution: str) -> dict[str, Any]:
    parts: dict[str, Any] = json.loads(b64decode(solution))
    return parts


def put_together(parts: Any) -> str:
    return b64encode(json.dumps(parts).encode()).decode()


def without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")


# --- When it is asked for --------------------------------------------------------------------


def test_a_request_without_the_work_is_refused_with_a_challenge_to_solve(
    client: Client, always: Campaign
) -> None:
    refused = sign(client)
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert refused.json()["code"] == "bot_check_required"
    assert "no-store" in refused["Cache-Control"]
    assert not Signature.objects.exists()
    assert sign(client, solved(refused.json()["challenge"])).status_code == 202
    assert Signature.objects.count() == 1


def test_a_challenge_may_be_asked_for_before(client: Client, always: Campaign) -> None:
    answer = client.get(CHALLENGE)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer.json() != client.get(CHALLENGE).json()
    assert sign(client, solved(answer.json())).status_code == 202


def test_off_asks_nobody_for_work(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign(BotCheck.OFF)
    monkeypatch.setattr(floods, "BUSY", 1)
    assert [sign(client).status_code for _ in range(3)] == [202] * 3


def test_auto_asks_once_more_than_a_thousand_come_within_a_minute(
    client: Client, auto: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert floods.BUSY == 1_000
    monkeypatch.setattr(floods, "BUSY", 3)
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        assert [sign(client).status_code for _ in range(5)] == [202, 202, 202, 403, 403]
        clock.shift(60)  # the minute before still counts whole: 5, and this one
        assert sign(client).status_code == 403
        clock.shift(45)  # a quarter of 5 lies within the last minute, and two of this one
        assert sign(client).status_code == 403
        clock.shift(60)  # a quarter of those 2, and this one
        assert sign(client).status_code == 202


def test_one_campaign_is_not_made_to_work_for_the_rush_on_another(
    auto: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floods, "BUSY", 1)
    other = make_campaign(slug="other")
    floods.admit(auto, None)
    floods.admit(other, None)
    with pytest.raises(BotCheckRequired):
        floods.admit(auto, None)


def test_nobody_works_for_a_campaign_that_takes_no_signatures(
    client: Client, always: Campaign
) -> None:
    Campaign.objects.update(paused_at=always.opens_at)
    assert (sign(client).status_code, sign(client).json()["code"]) == (409, "campaign_paused")


def test_a_form_of_ones_own_with_a_key_has_its_own_check(client: Client, always: Campaign) -> None:
    headers = {"Authorization": f"Bearer {make_key(always, Scope.SIGN)}"}
    answer = client.post(URL, details(), content_type="application/json", headers=headers)
    assert answer.status_code == 202


def test_of_many_at_once_no_more_than_the_threshold_pass_unasked(
    auto: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floods, "BUSY", 5)
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False):
        outcomes = at_once([lambda: floods.admit(auto, None)] * 12)
    # The one that hears of all from Redis may hear of those that came behind it.
    assert outcomes.count(None) in (4, 5)
    assert sum(isinstance(each, BotCheckRequired) for each in outcomes) == 12 - outcomes.count(None)


# --- What is no solution ---------------------------------------------------------------------


def test_a_solution_passes_once(client: Client, always: Campaign) -> None:
    solution = solved(client.get(CHALLENGE).json())
    assert sign(client, solution).status_code == 202
    again = sign(client, solution, email="other@example.org")
    assert (again.status_code, again.json()["code"]) == (403, "bot_check_required")
    assert Signature.objects.count() == 1
    # Written another way it is the same one.
    parts = taken_apart(solution)
    parts["solution"]["time"] = 7
    assert sign(client, put_together(parts), email="other@example.org").status_code == 403


def test_of_two_at_once_with_one_solution_one_passes(always: Campaign) -> None:
    solution = solved(botcheck.challenge(always))
    outcomes = at_once([lambda: floods.admit(always, None, solution=solution)] * 8)
    assert sum(each is None for each in outcomes) == 1


def test_without_the_atomic_look_all_of_them_would(
    always: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: that the eight were at once, and that it is the look that stops seven."""
    monkeypatch.setattr(Line, "is_first", lambda *_asked, **_named: True)
    solution = solved(botcheck.challenge(always))
    assert at_once([lambda: floods.admit(always, None, solution=solution)] * 8) == [None] * 8


def test_a_challenge_expires_after_five_minutes(client: Client, always: Campaign) -> None:
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        early, late = (solved(client.get(CHALLENGE).json()) for _ in range(2))
        clock.shift(botcheck.LIFE)
        assert sign(client, early).status_code == 202
        clock.shift(1)
        assert sign(client, late).status_code == 403


def test_a_solution_is_good_for_its_own_campaign_alone(client: Client, always: Campaign) -> None:
    other = make_campaign(slug="other")
    assert sign(client, solved(botcheck.challenge(other))).status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [("expiresAt", 4_000_000_000), ("keyPrefix", ""), ("cost", 1), ("data", {"campaign": "other"})],
)
def test_a_challenge_that_was_made_easier_is_not_ours(
    client: Client, always: Campaign, field: str, value: Any
) -> None:
    parts = taken_apart(solved(client.get(CHALLENGE).json()))
    parts["challenge"]["parameters"][field] = value
    assert sign(client, put_together(parts)).status_code == 403


def test_a_wrong_key_is_no_solution(client: Client, always: Campaign) -> None:
    parts = taken_apart(solved(client.get(CHALLENGE).json()))
    parts["solution"]["derivedKey"] = parts["challenge"]["parameters"]["keyPrefix"] + "00" * 16
    assert sign(client, put_together(parts)).status_code == 403


def test_one_of_somebody_elses_secret_is_not_ours(client: Client, always: Campaign) -> None:
    forged = altcha.create_challenge(
        botcheck.ALGORITHM,
        1,
        counter=1,
        expires_at=int(time.time()) + 60,
        data={"campaign": "art"},
        hmac_secret="guessed",
        hmac_key_secret="guessed",
    )
    assert sign(client, solved(forged.to_dict())).status_code == 403


@pytest.mark.parametrize("value", [7, True, [], {}, ["x"]])
def test_another_type_is_refused_by_name(client: Client, always: Campaign, value: Any) -> None:
    answer = sign(client, value)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "altcha")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@hypothesis_settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_nothing_that_somebody_sends_is_more_than_no_solution(
    always: Campaign, data: st.DataObject
) -> None:
    parts = taken_apart(solved(botcheck.challenge(always)))
    where: Any = data.draw(
        st.sampled_from([parts, parts["challenge"], parts["challenge"]["parameters"]])
    )
    name = data.draw(st.sampled_from(sorted(where)))
    if name != "solution":
        where[name] = data.draw(JSON)
    parts["solution"] = {"counter": data.draw(JSON), "derivedKey": data.draw(JSON)}
    for sent in (put_together(parts), put_together(data.draw(JSON)), data.draw(st.text())):
        assert not botcheck.solves(always, sent)


# --- Redis lost ------------------------------------------------------------------------------


def test_without_redis_the_work_is_still_asked_for_and_taken(
    client: Client, always: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_redis(monkeypatch)
    assert sign(client).status_code == 403
    assert sign(client, solved(client.get(CHALLENGE).json())).status_code == 202


def test_without_redis_auto_asks_by_what_the_process_has_seen_itself(
    client: Client, auto: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_redis(monkeypatch)
    monkeypatch.setattr(floods, "BUSY", 2)
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False):
        assert [sign(client).status_code for _ in range(6)] == [202, 202, 403, 403, 403, 403]
