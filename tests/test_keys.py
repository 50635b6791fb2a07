"""API keys at the door: who gets in, who is told what, and what an answer to a key carries."""

import hmac
import json
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.debug import ExceptionReporter

from campaign import keys, limits, line, private_reads
from campaign.api import keys as door
from campaign.errors import InvalidInput
from campaign.logs import cut
from campaign.models import ApiKey, Campaign, Event, Mail, Signature
from campaign.models.api_key import Scope
from campaign.models.membership import Membership, Role
from campaign.models.signature import Status
from tests.concurrency.threads import PATIENCE
from tests.factories import (
    bearer,
    confirm_token,
    details,
    make_campaign,
    make_key,
    make_signature,
    make_user,
    on_record,
)

pytestmark = pytest.mark.django_db

API = "/api/v1/campaigns/"
CANARY = "canary@example.org"
CONFIRM = "/api/v1/signatures/confirm/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a quarter of a second may pass, and be a loss."""
    monkeypatch.setattr(line, "TIMEOUT", PATIENCE)


def json_of(response: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.content)
    return body


def assert_problem(response: Any, status: int, code: str) -> None:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert (json_of(response)["status"], json_of(response)["code"]) == (status, code)
    assert response["Cache-Control"] == "no-store"


# --- The permission table --------------------------------------------------------------------

ONE = "art/private/signatures/{id}/"
READ, MODERATE, EXPORT, SIGN = Scope
# method, path, body, the scope that opens it, its status then. What a decision answers to an empty
# body is a 400: the door is open.
TABLE: list[tuple[str, str, dict[str, Any] | None, Scope, int]] = [
    ("GET", "art/private/signatures/", None, READ, 200),
    ("GET", "art/private/signatures.csv", None, EXPORT, 200),
    ("GET", "art/private/signatures.jsonl", None, EXPORT, 200),
    ("GET", ONE, None, READ, 200),
    ("POST", f"{ONE}approve/", {}, MODERATE, 400),
    ("POST", f"{ONE}reject/", {}, MODERATE, 400),
    ("POST", f"{ONE}hold/", {}, MODERATE, 400),
    ("POST", f"{ONE}restore/", {}, MODERATE, 400),
    ("POST", f"{ONE}feature/", {}, MODERATE, 400),
    ("POST", "art/signatures/", {}, SIGN, 400),
    ("POST", "art/signatures/resend/", {}, SIGN, 400),
]
PUBLIC = [
    *("", "art/", "art/signers/", "art/counts/", "art/signers.csv", "art/signers.jsonl"),
    *("art/feed.atom", "art/statements/1/en.txt", "art/signers/{id}/"),
]


def ask(
    client: Client, method: str, path: str, body: dict[str, Any] | None = None, **headers: str
) -> Any:
    data = b"" if body is None else json.dumps(body).encode()
    return client.generic(
        method, API + path, data, content_type="application/json", headers=headers
    )


@pytest.mark.parametrize("scope", Scope)
def test_each_scope_opens_its_doors_and_no_other(
    client: Client, campaign: Campaign, scope: Scope
) -> None:
    signature = make_signature(campaign, email=CANARY)
    key = make_key(campaign, scope)
    got, wanted = {}, {}
    for method, path, body, needed, status in TABLE:
        response = ask(client, method, path.format(id=signature.public_id), body, **bearer(key))
        got[method, path] = response.status_code
        wanted[method, path] = status if scope == needed else 403
        if scope != needed:
            assert_problem(response, 403, "insufficient_scope")
            challenge = f'error="insufficient_scope", scope="{needed}"'
            assert response["WWW-Authenticate"] == f'Bearer realm="petition", {challenge}'
            assert CANARY not in response.content.decode()
    assert got == wanted
    assert not Event.objects.filter(api_key__isnull=False).exists()


def test_without_a_key_private_doors_ask_for_one_and_say_how(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign, email=CANARY)
    for method, path, body, _scope, _status in TABLE:
        if "private" not in path:
            continue
        for asked in (method, "HEAD", "OPTIONS"):
            response = ask(client, asked, path.format(id=signature.public_id), body)
            assert response.status_code == 401
        response = ask(client, method, path.format(id=signature.public_id), body)
        assert_problem(response, 401, "key_required")
        # No error code: nothing was wrong with what was not sent (RFC 6750, 3.1).
        assert response["WWW-Authenticate"] == 'Bearer realm="petition"'
        assert response["Vary"].split(", ").count("Authorization") == 1
        assert not [name for name in response.headers if name.startswith("Access-Control-")]


def test_a_key_of_another_campaign_finds_nothing_and_learns_of_none(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign, email=CANARY)
    later = make_campaign(slug="later", opens_at=timezone.now() + timedelta(days=1))
    key = make_key(later, *Scope)
    answers = set()
    for slug in ("art", "none-such"):
        for method, path, body, _scope, _status in TABLE:
            place = path.replace("art/", f"{slug}/").format(id=signature.public_id)
            response = ask(client, method, place, body, **bearer(key))
            assert_problem(response, 404, "not_found")
            if "private" in path:
                answers.add(response.content)
    assert len(answers) == 1


# --- What is no key --------------------------------------------------------------------------


def swapped(key: str, place: int) -> str:
    return f"{key[:place]}{'0' if key[place] != '0' else '1'}{key[place + 1 :]}"


def signed_again(key: str) -> str:
    """A key that nobody made, with the right checksum."""
    text = swapped(key, 20)[:-7]
    return text + keys._checksum(text)


WRONG: dict[str, Any] = {
    "nothing": lambda key: "Bearer",
    "nothing but a space": lambda key: "Bearer ",
    "no scheme": lambda key: key,
    "cut": lambda key: f"Bearer {key[:-1]}",
    "too long": lambda key: f"Bearer {key}0",
    "mistyped": lambda key: f"Bearer {swapped(key, 20)}",
    "another secret": lambda key: f"Bearer {signed_again(key)}",
    "capitals": lambda key: f"Bearer {key.upper()}",
    "two": lambda key: f"Bearer {key}, Bearer {key}",
    "huge": lambda key: "Bearer ptn_" + "0" * 100_000,
    "Latin 1": lambda key: f"Bearer {key[:-1]}é",
    "NUL": lambda key: f"Bearer {key[:-1]}\0",
    "Arabic digits": lambda key: f"Bearer {key[:-1]}٣".encode().decode("latin-1"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_key_is_refused_alike_on_every_path(
    client: Client, campaign: Campaign, wrong: str
) -> None:
    signature = make_signature(campaign, email=CANARY)
    header = {"Authorization": WRONG[wrong](make_key(campaign, *Scope))}
    paths: list[tuple[str, str, Any]] = [("GET", path, None) for path in PUBLIC]
    paths += [(method, path, body) for method, path, body, _scope, _status in TABLE]
    for method, path, body in paths:
        response = ask(client, method, path.format(id=signature.public_id), body, **header)
        assert_problem(response, 401, "key_invalid")
        assert response["WWW-Authenticate"] == 'Bearer realm="petition", error="invalid_token"'
        assert "Authorization" in response["Vary"]
        assert "Access-Control-Allow-Origin" not in response
    assert ApiKey.objects.get().last_used_at is None
    assert Signature.objects.count() == 1


def test_a_made_up_key_costs_no_query_and_a_good_one_costs_three(
    client: Client, campaign: Campaign
) -> None:
    key = make_key(campaign, READ)
    path = f"{API}art/private/signatures/0000000000000000/"
    client.get(path, headers=bearer(key))  # notes its use
    for text, queries in ((swapped(key, 20), 0), (signed_again(key), 1), (key, 4)):
        with CaptureQueriesContext(connection) as seen:
            client.get(path, headers=bearer(text))
        assert len(seen) == queries, text


def test_another_scheme_belongs_to_somebody_else(client: Client, campaign: Campaign) -> None:
    header = {"Authorization": "Basic c3RhZ2luZzpzdGFnaW5n"}
    public = client.get(f"{API}art/", headers=header)
    assert public.status_code == 200
    private = client.get(f"{API}art/private/signatures/0/", headers=header)
    assert_problem(private, 401, "key_required")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_is_read_in_any_case(client: Client, campaign: Campaign, scheme: str) -> None:
    key = make_key(campaign, READ)
    path = f"{API}art/private/signatures/{make_signature(campaign).public_id}/"
    assert client.get(path, headers={"Authorization": f"{scheme} {key}"}).status_code == 200


@pytest.mark.parametrize("name", ["access_token", "api_key", "key"])
def test_a_key_in_the_address_opens_nothing(
    client: Client, campaign: Campaign, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = make_key(campaign, *Scope)
    signature = make_signature(campaign)
    path = f"{API}art/private/signatures/{signature.public_id}/?{name}={key}"
    with caplog.at_level(logging.DEBUG):
        assert_problem(client.get(path), 401, "key_required")
    assert key[13:] not in caplog.text


def test_the_digests_are_compared_in_constant_time(
    client: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []

    def compare(kept: str, sent: str) -> bool:
        compared.append((kept, sent))
        return constant_time_compare(kept, sent)

    monkeypatch.setattr(keys, "constant_time_compare", compare)
    key = make_key(campaign, READ)
    client.get(f"{API}art/", headers=bearer(key))
    client.get(f"{API}art/", headers=bearer(signed_again(key)))
    digest = ApiKey.objects.get().digest
    assert [kept for kept, _sent in compared] == [digest, digest]
    assert [hmac.compare_digest(*pair) for pair in compared] == [True, False]


def test_over_plain_http_a_key_is_refused_where_others_could_listen(
    client: Client, campaign: Campaign, settings: LazySettings
) -> None:
    settings.KEYS_NEED_HTTPS = True
    path = f"{API}art/private/signatures/{make_signature(campaign).public_id}/"
    headers = bearer(make_key(campaign, READ))
    assert_problem(client.get(path, headers=headers), 403, "https_required")
    assert client.get(path, headers=headers, secure=True).status_code == 200


# --- Its life --------------------------------------------------------------------------------


def test_a_key_expires_by_the_clock(client: Client, campaign: Campaign) -> None:
    key = make_key(campaign, READ, life=timedelta(days=90))
    end = ApiKey.objects.get().expires_at
    path = f"{API}art/private/signatures/{make_signature(campaign).public_id}/"
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        assert client.get(path, headers=bearer(key)).status_code == 200
    with time_machine.travel(end, tick=False):
        response = client.get(path, headers=bearer(key))
        assert_problem(response, 401, "key_expired")
        assert 'error="invalid_token"' in response["WWW-Authenticate"]
        # That it has expired is told to who holds it, not to who guesses.
        guessed = client.get(path, headers=bearer(signed_again(key)))
        assert_problem(guessed, 401, "key_invalid")


def test_a_revoked_key_opens_nothing_from_the_next_request_on(
    client: Client, campaign: Campaign
) -> None:
    key = make_key(campaign, *Scope)
    path = f"{API}art/private/signatures/{make_signature(campaign).public_id}/"
    assert client.get(path, headers=bearer(key)).status_code == 200
    by = make_user()
    assert keys.revoke(ApiKey.objects.get(), by=by) is True
    assert_problem(client.get(path, headers=bearer(key)), 401, "key_invalid")
    assert keys.revoke(ApiKey.objects.get(), by=by) is False
    actions = on_record().exclude(action="private_read").values_list("action", "user__username")
    assert list(actions) == [("key_made", "maker"), ("key_revoked", "moderator")]


def test_a_key_opens_nothing_once_the_account_of_its_maker_is_switched_off(
    client: Client, campaign: Campaign
) -> None:
    key = make_key(campaign, *Scope)
    path = f"{API}art/private/signatures/{make_signature(campaign).public_id}/"
    assert client.get(path, headers=bearer(key)).status_code == 200
    User.objects.filter(username="maker").update(is_active=False)
    assert_problem(client.get(path, headers=bearer(key)), 401, "key_invalid")
    User.objects.filter(username="maker").update(is_active=True)
    assert client.get(path, headers=bearer(key)).status_code == 200


@pytest.mark.parametrize("scope", Scope)
def test_a_key_opens_nothing_once_its_maker_may_no_longer_do_what_it_may(
    client: Client, campaign: Campaign, scope: Scope
) -> None:
    signature = make_signature(campaign, email=CANARY)
    key = make_key(campaign, scope)
    method, path, body, _scope, status = next(row for row in TABLE if row[3] == scope)
    path = path.format(id=signature.public_id)
    assert ask(client, method, path, body, **bearer(key)).status_code == status

    maker = User.objects.get(username="maker")
    rights = set(maker.user_permissions.all())
    needed = {each.removeprefix("campaign.") for each in (keys.MAKE, *keys.NEEDED[scope])}
    for right in [each for each in rights if each.codename in needed]:
        maker.user_permissions.set(rights - {right})
        answer = ask(client, method, path, body, **bearer(key))
        assert_problem(answer, 401, "key_invalid")
        assert CANARY not in answer.content.decode()
        assert_problem(client.get(f"{API}art/", headers=bearer(key)), 401, "key_invalid")
    maker.user_permissions.set(rights)
    assert ask(client, method, path, body, **bearer(key)).status_code == status

    User.objects.filter(pk=maker.pk).update(is_staff=False)
    assert_problem(ask(client, method, path, body, **bearer(key)), 401, "key_invalid")


def test_a_key_works_as_long_as_its_maker_may_by_any_right_of_theirs(
    client: Client, campaign: Campaign
) -> None:
    key = make_key(campaign, *Scope)
    path = f"{API}art/private/signatures/{make_signature(campaign).public_id}/"
    maker = User.objects.get(username="maker")
    maker.user_permissions.clear()
    assert_problem(client.get(path, headers=bearer(key)), 401, "key_invalid")

    elsewhere = make_campaign(slug="elsewhere")
    membership = Membership.objects.create(user=maker, campaign=elsewhere, role=Role.OWNER)
    assert_problem(client.get(path, headers=bearer(key)), 401, "key_invalid")
    Membership.objects.filter(pk=membership.pk).update(campaign=campaign)
    assert client.get(path, headers=bearer(key)).status_code == 200

    membership.delete()
    User.objects.filter(pk=maker.pk).update(is_superuser=True)
    assert client.get(path, headers=bearer(key)).status_code == 200


def test_whose_key_it_is_costs_four_queries_at_most(client: Client, campaign: Campaign) -> None:
    """The key with its maker, the maker's rights, those of their groups, their roles."""
    headers = bearer(make_key(campaign, *Scope))
    client.get(f"{API}art/", headers=headers)
    with CaptureQueriesContext(connection) as plain:
        client.get(f"{API}art/")
    User.objects.get(username="maker").user_permissions.clear()
    Membership.objects.create(
        user=User.objects.get(username="maker"), campaign=campaign, role=Role.OWNER
    )
    with CaptureQueriesContext(connection) as keyed:
        assert client.get(f"{API}art/", headers=headers).status_code == 200
    assert len(keyed) == len(plain) + 4


@pytest.mark.parametrize("life", [timedelta(0), timedelta(days=-1), timedelta(days=367)])
def test_no_key_is_made_for_the_past_or_for_more_than_a_year(
    campaign: Campaign, life: timedelta
) -> None:
    with pytest.raises(InvalidInput):
        make_key(campaign, READ, life=life)
    assert not ApiKey.objects.exists()
    assert not on_record().exists()


def test_its_use_is_noted_once_a_minute(client: Client, campaign: Campaign) -> None:
    key = make_key(campaign, READ)
    path = f"{API}art/private/signatures/{make_signature(campaign).public_id}/"
    start = timezone.now()
    noted = []
    for seconds in (0, 59, 60, 61):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            client.get(path, headers=bearer(key))
        at = ApiKey.objects.get().last_used_at
        assert at is not None
        noted.append(round((at - start).total_seconds()))
    assert noted == [0, 0, 60, 60]


def test_a_key_is_recognised_by_its_shape_and_kept_as_a_digest_alone(campaign: Campaign) -> None:
    key = make_key(campaign, READ)
    assert re.fullmatch(r"ptn_[0-9a-z]{8}_[0-9a-z]{39}", key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(k)::text FROM campaign_apikey k")
        (row,) = cursor.fetchone()
    assert key[13:] not in row
    assert key[4:12] in row
    assert key[4:12] in str(ApiKey.objects.get())
    assert key[13:] not in str(ApiKey.objects.get())


# --- What an answer carries ------------------------------------------------------------------


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_answer_to_a_key_is_the_same_but_for_its_holder_alone(
    client: Client, campaign: Campaign, path: str
) -> None:
    url = API + path.format(id=make_signature(campaign, email=CANARY).public_id)
    open_, keyed = client.get(url), client.get(url, headers=bearer(make_key(campaign, *Scope)))
    assert (open_.status_code, keyed.status_code) == (200, 200)
    assert open_["Access-Control-Allow-Origin"] == "*"
    assert keyed["Cache-Control"] == "no-store"
    assert "Authorization" in keyed["Vary"]
    assert not [name for name in keyed.headers if name.startswith("Access-Control-")]
    assert CANARY not in b"".join([open_.getvalue(), keyed.getvalue()]).decode()


def test_a_key_says_how_much_of_its_minute_is_left(client: Client, campaign: Campaign) -> None:
    headers = bearer(make_key(campaign, READ))
    with time_machine.travel("2026-11-22T12:00:15Z", tick=False):
        first = client.get(f"{API}art/", headers=headers)
        second = client.get(f"{API}art/private/signatures/0/", headers=headers)
    assert first["RateLimit-Policy"] == '"key";q=600;w=60'
    assert first["RateLimit"] == '"key";r=599;t=45'
    assert second["RateLimit"] == '"key";r=598;t=45'
    assert "RateLimit" not in client.get(f"{API}art/")


def test_beyond_its_limit_a_key_is_told_when_to_come_back(
    client: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "PER_MINUTE", 2)
    headers, other = bearer(make_key(campaign, READ)), bearer(make_key(campaign, READ))
    with time_machine.travel("2026-11-22T12:00:15Z", tick=False):
        answers = [client.get(f"{API}art/", headers=headers) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert_problem(answers[2], 429, "rate_limited")
        assert answers[2]["Retry-After"] == "45"
        assert client.get(f"{API}art/", headers=other).status_code == 200
        assert client.get(f"{API}art/").status_code == 200
    with time_machine.travel("2026-11-22T12:01:00Z", tick=False):
        assert client.get(f"{API}art/", headers=headers).status_code == 200


def test_without_redis_a_key_still_works_and_is_still_limited(
    client: Client,
    campaign: Campaign,
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(door, "PER_MINUTE", 2)
    headers = bearer(make_key(campaign, READ))
    with time_machine.travel("2026-11-22T12:00:15Z", tick=False):
        statuses = [client.get(f"{API}art/", headers=headers).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert limits._local


# --- Signing on behalf of a form of one's own ------------------------------------------------


def test_a_form_of_ones_own_signs_from_any_origin_and_the_rest_is_the_same(
    client: Client, campaign: Campaign
) -> None:
    body = details(email=CANARY)
    elsewhere = {"Origin": "https://crm.example"}
    assert_problem(
        ask(client, "POST", "art/signatures/", body, **elsewhere), 403, "origin_not_allowed"
    )
    assert not Signature.objects.exists()

    keyed = ask(
        client, "POST", "art/signatures/", body, **elsewhere, **bearer(make_key(None, SIGN))
    )
    plain = ask(client, "POST", "art/signatures/", details(email="other@example.org"))

    assert (
        (keyed.status_code, keyed.content)
        == (plain.status_code, plain.content)
        == (
            202,
            b'{"status":"check_your_inbox"}',
        )
    )
    assert "Access-Control-Allow-Origin" not in keyed
    signature = Signature.objects.get(email=CANARY)
    assert signature.status == Status.PENDING
    assert Mail.objects.filter(signature=signature).count() == 1


def test_a_form_of_ones_own_has_a_bot_check_of_its_own(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(bot_check="always")
    plain = ask(client, "POST", "art/signatures/", details())
    assert_problem(plain, 403, "bot_check_required")
    keyed = ask(client, "POST", "art/signatures/", details(), **bearer(make_key(campaign, SIGN)))
    assert keyed.status_code == 202
    # A key that was made for something else is no way around it.
    other = ask(client, "POST", "art/signatures/", details(), **bearer(make_key(campaign, READ)))
    assert_problem(other, 403, "insufficient_scope")
    assert Signature.objects.count() == 1


def test_a_key_confirms_nothing_that_a_mail_did_not_say(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, status=Status.PENDING)
    headers = bearer(make_key(campaign, *Scope))
    send: Any = {"content_type": "application/json", "headers": headers}
    assert_problem(client.post(CONFIRM, {"token": "x"}, **send), 400, "token_invalid")
    assert client.post(CONFIRM, {"token": confirm_token(signature)}, **send).status_code == 200


def test_a_key_signs_no_campaign_before_its_opening(client: Client) -> None:
    later = make_campaign(slug="later", opens_at=timezone.now() + timedelta(days=1))
    headers = bearer(make_key(later, *Scope))
    assert_problem(ask(client, "POST", "later/signatures/", details(), **headers), 404, "not_found")
    assert_problem(ask(client, "GET", "later/", None, **headers), 404, "not_found")


# --- Logs ------------------------------------------------------------------------------------


def broken(*_args: Any, **_options: Any) -> Any:
    raise RuntimeError("a bug")


@pytest.mark.parametrize(("where", "what"), [(private_reads, "signature"), (keys, "_note_use")])
def test_a_key_stands_in_no_log_and_no_report_of_a_failure(
    campaign: Campaign,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: Any,
    what: str,
) -> None:
    key = make_key(campaign, READ)
    monkeypatch.setattr(where, what, broken)
    client = Client(raise_request_exception=False)
    with caplog.at_level(logging.DEBUG):
        response = client.get(f"{API}art/private/signatures/0/", headers=bearer(key))
    assert_problem(response, 500, "internal_error")

    failure: Any = next(record for record in caplog.records if record.exc_info)
    # What Django would mail to ADMINS, variables and all.
    reporter = ExceptionReporter(failure.request, *failure.exc_info)
    reports = [reporter.get_traceback_text(), reporter.get_traceback_html()]
    assert all("a bug" in report for report in reports)
    for text in (caplog.text, *reports):
        assert key[13:40] not in text


def test_a_key_that_is_put_into_a_log_is_cut() -> None:
    key = "ptn_0123456789abc"[:12] + "_" + "0" * 39
    assert cut(f"GET /?key={key} 400") == f"GET /?key={key[:12]}_(cut) 400"
