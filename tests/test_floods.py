"""Very many requests from one network: they are asked for work, and refused only above any honest crowd."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import altcha
import pytest
import time_machine
from django.conf import settings
from django.test import Client
from redis import Redis

from campaign import botcheck, floods, rates
from campaign.errors import BotCheckRequired, RateLimited
from campaign.models import Campaign, Mail, Signature
from campaign.models.api_key import Scope
from campaign.networks import Hashes
from petition.local import free_port
from tests.concurrency.threads import at_once
from tests.factories import details, make_campaign, make_key, make_signature, solved

pytestmark = pytest.mark.django_db

URL = "/api/v1/campaigns/art/signatures/"
NOON = "2026-06-01T12:00:00Z"


@pytest.fixture(autouse=True)
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botcheck, "EASIEST", 1)
    monkeypatch.setattr(botcheck, "HARDEST", 4)


@pytest.fixture
def art() -> Campaign:
    return make_campaign()


def sign(client: Client, address: str, n: int = 1, **more: Any) -> Any:
    typed = details(email=f"zoe{n}@gmail.com", **more)
    return client.post(URL, typed, content_type="application/json", REMOTE_ADDR=address)


def codes(client: Client, address: str, numbers: range) -> list[int]:
    return [sign(client, address, n).status_code for n in numbers]


def test_the_thirty_first_from_one_network_within_a_minute_is_asked_for_work(
    client: Client, art: Campaign
) -> None:
    with time_machine.travel(NOON, tick=False):
        assert codes(client, "192.0.2.7", range(30)) == [202] * 30
        asked = sign(client, "192.0.2.7", 31)
        assert (asked.status_code, asked.json()["code"]) == (403, "bot_check_required")
        # Its neighbour is another network, and whoever did the work passes.
        assert sign(client, "192.0.2.8", 32).status_code == 202
        done = solved(asked.json()["challenge"])
        assert sign(client, "192.0.2.7", 31, altcha=done).status_code == 202
    assert Signature.objects.count() == 32


@pytest.mark.parametrize(
    ("wide", "outside"),
    [("192.0.2.{}", "192.0.3.1"), ("2001:db8:7:{:x}::1", "2001:db8:8::1")],
    ids=["IPv4 /24", "IPv6 /48"],
)
def test_so_is_the_hundred_and_twenty_first_of_a_wide_network(
    client: Client, art: Campaign, wide: str, outside: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        statuses = [sign(client, wide.format(n), n).status_code for n in range(1, 122)]
        assert statuses == [202] * 120 + [403]
        assert sign(client, outside, 122).status_code == 202


def test_two_addresses_of_one_ipv6_link_are_one_network(client: Client, art: Campaign) -> None:
    with time_machine.travel(NOON, tick=False):
        assert codes(client, "2001:db8:7::1", range(30)) == [202] * 30
        assert sign(client, "2001:db8:7::ffff", 31).status_code == 403


def first_counter(challenge: dict[str, Any]) -> int:
    solution = altcha.solve_challenge(altcha.Challenge.from_dict(challenge))
    assert solution is not None
    return solution.counter


def test_the_work_grows_with_the_rush_and_ends_at_what_a_phone_can_do(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(botcheck, "EASIEST", 10)
    monkeypatch.setattr(botcheck, "HARDEST", 40)
    network, counters = Hashes(narrow=1, wide=0), []
    with time_machine.travel(NOON, tick=False):
        for more in (30, 29, 200):
            for _ in range(more):
                with suppress(BotCheckRequired):
                    floods.admit(art, network)
            with pytest.raises(BotCheckRequired) as asked:
                floods.admit(art, network)
            counters.append(first_counter(asked.value.challenge))
    calm, twice, hardest = counters
    assert 10 <= calm < 31  # a thirtieth above what is calm
    assert 20 <= twice < 61
    assert 40 <= hardest < 120


def test_only_above_a_ceiling_that_no_honest_crowd_reaches_a_network_is_refused(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (floods.CEILING_NARROW, floods.CEILING_WIDE) == (2_000, 6_000)
    Campaign.objects.update(bot_check="off")
    monkeypatch.setattr(floods, "CEILING_NARROW", 3)
    with time_machine.travel(NOON, tick=False) as clock:
        assert codes(client, "192.0.2.7", range(3)) == [202] * 3
        refused = sign(client, "192.0.2.7", 4)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert refused["Retry-After"] == "60"
        assert sign(client, "192.0.2.8", 5).status_code == 202
        clock.shift(120)
        assert sign(client, "192.0.2.7", 4).status_code == 202
    assert Signature.objects.count() == 5


@pytest.mark.parametrize(
    ("wide", "outside"),
    [("192.0.2.{}", "192.0.3.1"), ("2001:db8:7:{:x}::1", "2001:db8:8::1")],
    ids=["IPv4 /24", "IPv6 /48"],
)
def test_so_is_the_wide_network_around_it(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch, wide: str, outside: str
) -> None:
    Campaign.objects.update(bot_check="off")
    monkeypatch.setattr(floods, "CEILING_WIDE", 3)
    with time_machine.travel(NOON, tick=False):
        statuses = [sign(client, wide.format(n), n).status_code for n in range(1, 6)]
        assert statuses == [202] * 3 + [429] * 2
        assert sign(client, outside, 9).status_code == 202


def test_without_redis_a_process_keeps_to_the_ceiling_by_itself(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    Campaign.objects.update(bot_check="off")
    monkeypatch.setattr(floods, "CEILING_NARROW", 3)
    monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    with time_machine.travel(NOON, tick=False):
        assert codes(client, "192.0.2.7", range(6)) == [202] * 3 + [429] * 3
        assert sign(client, "192.0.2.8", 7).status_code == 202


def test_a_phone_that_does_no_work_locks_out_nobody_who_shares_its_address(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floods, "BUSY_NARROW", 2)
    monkeypatch.setattr(floods, "CEILING_NARROW", 4)
    with time_machine.travel(NOON, tick=False):
        assert codes(client, "192.0.2.7", range(30)) == [202] * 2 + [403] * 28
        challenge = sign(client, "192.0.2.7", 40).json()["challenge"]
        assert sign(client, "192.0.2.7", 40, altcha=solved(challenge)).status_code == 202
        # Who works meets the ceiling too.
        for n, status in ((41, 202), (42, 429)):
            challenge = sign(client, "192.0.2.7", n).json()["challenge"]
            assert sign(client, "192.0.2.7", n, altcha=solved(challenge)).status_code == status


def test_mails_to_one_domain_take_work_after_thirty_an_hour_unless_everybody_has_one_there(
    client: Client, art: Campaign
) -> None:
    """Who owns a domain gets all of its mails, whatever stands before the @."""

    def to(domain: str, n: int) -> int:
        typed = details(email=f"x{n}@{domain}")
        # Each from a network of its own.
        asked = client.post(URL, typed, content_type="application/json", REMOTE_ADDR=f"10.{n}.7.1")
        return asked.status_code

    with time_machine.travel(NOON, tick=False) as clock:
        assert [to("victim-domain.org", n) for n in range(30)] == [202] * 30
        assert to("VICTIM-domain.org", 31) == 403
        assert [to("gmail.com", n) for n in range(40)] == [202] * 40
        clock.shift(5400)  # of the hour before, half lies within the last one
        assert to("victim-domain.org", 32) == 202


@pytest.mark.parametrize(
    "spelt",
    [
        *("victim-domain.org\u200b", "victim-domain.org\u2069", "VICTIM-DOMAIN.ORG "),
        *("ｖictim-domain.org", "victim-domain。org", "mx{}.victim-domain.org"),
    ],
    ids=ascii,
)
def test_a_domain_is_the_same_however_it_is_spelt_and_whatever_stands_before_it(
    client: Client, art: Campaign, spelt: str
) -> None:
    """What mails go to counts, not what was typed; a domain's owner gets those of all below it."""
    with time_machine.travel(NOON, tick=False):
        statuses = [
            client.post(
                URL,
                details(email=f"x{n}@{spelt.format(n)}"),
                content_type="application/json",
                REMOTE_ADDR=f"10.{n}.7.1",
            ).status_code
            for n in range(16)
        ]
        plain = [
            client.post(
                URL,
                details(email=f"y{n}@victim-domain.org"),
                content_type="application/json",
                REMOTE_ADDR=f"10.{n}.8.1",
            ).status_code
            for n in range(16)
        ]
    assert statuses == [202] * 16
    assert plain == [202] * 14 + [403] * 2


def test_the_form_says_so_and_keeps_what_was_typed(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floods, "CEILING_NARROW", 0)
    form = {"name": "Zoë Moreau", "email": "zoe@example.org", "consent": "yes"}
    refused = client.post("/art/", form, REMOTE_ADDR="192.0.2.7")
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    said = refused.content.decode()
    assert "Very many requests come from your network." in said
    assert 'value="Zoë Moreau"' in said
    assert not Signature.objects.exists()


def test_asking_for_the_mail_again_and_reporting_count_and_meet_the_ceiling(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = make_signature(art, status="published")
    Campaign.objects.update(bot_check="off")
    monkeypatch.setattr(floods, "CEILING_NARROW", 1)
    resend = {"email": "zoe@example.org"}
    report = {"reason": "not_me", "email": "me@example.org"}
    doors: list[Callable[[], Any]] = [
        lambda: client.post(f"{URL}resend/", resend, content_type="application/json"),
        lambda: client.post("/art/", {**resend, "action": "resend"}),
        lambda: client.post("/embed/art/", {**resend, "action": "resend"}),
        lambda: client.post("/art/my-signature/", resend),
        lambda: client.post(f"/art/signers/{listed.public_id}/report/", report),
    ]
    for door in doors:
        rates._seen.clear()
        assert door().status_code < 300
        mails = Mail.objects.count()
        refused = door()
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert Mail.objects.count() == mails
    # What was typed is still there.
    assert 'value="me@example.org"' in refused.content.decode()


@pytest.mark.parametrize("page", ["my-signature", "report"])
def test_who_must_wait_hears_it_at_the_top_of_the_page_and_of_no_field(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    listed = make_signature(art, status="published")
    path = {
        "my-signature": "/art/my-signature/",
        "report": f"/art/signers/{listed.public_id}/report/",
    }
    typed = {"reason": "not_me", "note": "I never signed that.", "email": "me@example.org"}
    monkeypatch.setattr(floods, "CEILING_NARROW", 0)
    for language, sentence in (
        ("en", "Very many requests come"),
        ("fr", "Un très grand nombre de"),
    ):
        refused = client.post(f"{path[page]}?language={language}", typed)
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        said = refused.content.decode()
        top = re.search(r'<div class="notice notice-error"(.*?)</div>', said, re.DOTALL)
        assert top is not None
        assert sentence in top[1]
        assert said.count(sentence) == 1
        assert "<li>" not in top[1]  # no mistake to go to
        assert "aria-invalid" not in said
        kept = typed.values() if page == "report" else [typed["email"]]
        assert all(value in said for value in kept)


def test_an_organisers_server_signs_for_people_from_everywhere(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floods, "CEILING_NARROW", 0)
    headers = {"Authorization": f"Bearer {make_key(art, Scope.SIGN)}"}
    answer = client.post(URL, details(), content_type="application/json", headers=headers)
    assert answer.status_code == 202


def test_nobody_is_refused_for_what_a_stranger_writes_into_a_header(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X-Forwarded-For counts from a proxy of ours alone."""
    monkeypatch.setattr(floods, "CEILING_NARROW", 1)
    forged = [
        client.post(
            URL,
            details(email=f"zoe{n}@example.org"),
            content_type="application/json",
            REMOTE_ADDR="192.0.2.7",
            headers={"X-Forwarded-For": f"198.51.100.{n}"},
        ).status_code
        for n in range(3)
    ]
    assert forged == [202, 429, 429]


def test_of_many_at_once_none_slips_past_the_ceiling(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    Campaign.objects.update(bot_check="off")
    art.refresh_from_db()
    monkeypatch.setattr(floods, "CEILING_NARROW", 5)
    network = Hashes(narrow=1, wide=0)
    with time_machine.travel(NOON, tick=False):
        outcomes = at_once([lambda: floods.admit(art, network)] * 12)
    # The one that hears of all from Redis may hear of those that came behind it.
    assert outcomes.count(None) in (4, 5)
    assert sum(isinstance(each, RateLimited) for each in outcomes) == 12 - outcomes.count(None)


# --- Counting --------------------------------------------------------------------------------


def told(name: str) -> int:
    with Redis.from_url(settings.REDIS_URL) as redis:
        return sum(
            int(redis.get(key) or 0) for key in redis.scan_iter(f"petition:rate:60:{name}:*")
        )


def test_what_comes_seldom_costs_no_trip_to_redis() -> None:
    with time_machine.travel(NOON, tick=False):
        assert [rates.count(["a"])[0] for _ in range(3)] == [1, 2, 3]
        assert told("a") == 0
        assert rates.count(["a"]) == [4]
    assert told("a") == 4


def test_processes_add_up_in_redis() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(8):
            rates.count(["a"])
        rates._seen.clear()  # as another process
        assert [rates.count(["a"])[0] for _ in range(4)] == [1, 2, 3, 12]
        clock.shift(90)  # half of the minute before lies within the last 60 seconds
        assert [rates.count(["a"])[0] for _ in range(4)] == [7, 8, 9, 10]


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "REMEMBERED", 50)


def flood(*beside: str) -> None:
    """Ten times as many networks as a process remembers, each with a request; others come beside them."""
    for n in range(500):
        rates.count([f"{n}", *beside])
        assert sum(len(known) for known in rates._seen.values()) <= 50


@pytest.mark.usefixtures("short_memory")
def test_a_flood_of_networks_makes_a_process_forget_nobodys_count() -> None:
    with time_machine.travel(NOON, tick=False):
        assert [rates.count(["a"])[0] for _ in range(3)] == [1, 2, 3]
        flood()
        assert told("a") == 3
        assert rates.count(["a"]) == [4]
        flood()
        assert [rates.count(["a"])[0] for _ in range(3)] == [5, 6, 7]


@pytest.mark.usefixtures("short_memory")
def test_whoever_comes_all_the_time_is_forgotten_for_none_of_a_flood() -> None:
    with time_machine.travel(NOON, tick=False):
        flood("wide")
        assert rates.count(["wide"]) == [501]


@pytest.mark.usefixtures("short_memory")
def test_a_flood_forgets_no_other_length_of_time() -> None:
    with time_machine.travel(NOON, tick=False):
        assert rates.count(["a"], seconds=3600) == [1]
        for n in range(500):
            rates.count([f"{n}"])
        assert rates.count(["a"], seconds=3600) == [2]


@pytest.mark.usefixtures("short_memory")
def test_after_a_flood_what_comes_seldom_costs_no_trip_again() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        flood()
        assert (rates.count(["a"]), told("a")) == ([1], 1)
        clock.shift(180)
        assert (rates.count(["b"]), told("b")) == ([1], 0)
