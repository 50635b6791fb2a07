"""Where a request comes from, by both doors, and that nothing but a keyed number is kept of it."""

import json
import logging
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from campaign import leaving, networks, retention, signing
from campaign.models import Campaign, Signature, SignatureNetwork
from campaign.models.api_key import Scope
from campaign.models.signature import Status
from campaign.networks import Reach
from tests.factories import (
    bearer,
    bring_to,
    confirm_token,
    details,
    make_campaign,
    make_key,
    make_signature,
    manage_token,
)

PROXIES = ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"]
API = "/api/v1/campaigns/art/signatures/"


@pytest.fixture(autouse=True)
def behind_proxies(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network(each) for each in PROXIES]


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def client_of(peer: str, forwarded: str | None = None) -> str | None:
    """The address that is found of a request that came so."""
    headers: dict[str, Any] = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    found = networks.of(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))
    return None if found is None else str(found)


def sign_from(address: str, **typed: Any) -> Signature:
    """A confirmed signature of somebody at that address, through the API."""
    body = details(email=f"{address.replace(':', '-').strip('-')}@example.org", **typed)
    answer = Client().post(
        API, json.dumps(body), content_type="application/json", REMOTE_ADDR=address
    )
    assert answer.status_code == 202
    signature = Signature.objects.latest("pk")
    signing.confirm(confirm_token(signature))
    signature.refresh_from_db()
    return signature


# --- Whose request it is ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "203.0.113.9, 192.0.2.7,10.9.9.9", "203.0.113.9"),
        ("192.0.2.7", "203.0.113.9:51234", "203.0.113.9"),
        ("10.1.2.3", "[2001:db8::5]:51234", "2001:db8::5"),
        ("10.1.2.3", '"[2001:db8::5]"', "2001:db8::5"),
        ("10.1.2.3", "2001:DB8:0::5", "2001:db8::5"),
        ("fd00::1%eth0", "fe80::1%wlan0", "fe80::1"),
        ("::ffff:10.1.2.3", "::ffff:203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "203.0.113.9,,", "203.0.113.9"),
    ],
)
def test_the_first_from_the_right_that_is_no_proxy_of_ours_is_the_client(
    peer: str, forwarded: str | None, client: str
) -> None:
    assert client_of(peer, forwarded) == client


@pytest.mark.parametrize("lie", ["198.51.100.1", "10.0.0.1", "192.0.2.7, 10.0.0.1", "junk", ""])
def test_who_is_no_proxy_of_ours_is_believed_nothing(lie: str) -> None:
    assert client_of("203.0.113.9", lie) == "203.0.113.9"
    assert client_of("10.1.2.3", f"{lie}, 203.0.113.9") == "203.0.113.9"


def test_without_trusted_proxies_no_header_is_believed(settings: Any) -> None:
    settings.TRUSTED_PROXIES = []
    assert client_of("10.1.2.3", "198.51.100.1") == "10.1.2.3"


@pytest.mark.parametrize("forwarded", [None, "", " , ", "10.0.0.4, 10.0.0.5"])
def test_a_request_that_began_at_a_proxy_is_of_that_proxy(forwarded: str | None) -> None:
    assert client_of("10.1.2.3", forwarded) == (
        "10.0.0.4" if "4" in (forwarded or "") else "10.1.2.3"
    )


@pytest.mark.parametrize(
    "hop",
    [
        "unknown",
        "_hidden",
        "256.1.1.1",
        "1.2.3",
        "01.2.3.4",
        "1.2.3.4/24",
        "::g",
        "[",
        "[::1",
        "é",
        "１.2.3.4",
        "1" * 5000,
    ],
)
def test_what_a_proxy_writes_that_is_no_address_is_nobody(hop: str) -> None:
    expected = "::1" if hop == "[::1" else None
    assert client_of("10.1.2.3", f"203.0.113.9, {hop}") == expected


def test_an_endless_chain_ends() -> None:
    assert client_of("10.1.2.3", "203.0.113.9," + "10.0.0.1," * 100_000) == "10.0.0.1"


@pytest.mark.parametrize("peer", ["", "unix:", "localhost"])
def test_a_peer_without_an_address_is_nobody(peer: str) -> None:
    assert client_of(peer, "203.0.113.9") is None


# --- What is kept of it ----------------------------------------------------------------------


def numbers(address: str) -> networks.Hashes:
    found = networks.hashes(ip_address(address))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("one", "other", "narrow", "wide"),
    [
        ("203.0.113.9", "203.0.113.9", True, True),
        ("203.0.113.9", "203.0.113.10", False, True),
        ("203.0.113.9", "203.0.114.9", False, False),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::", True, True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False, True),
        ("2001:db8:1:2::3", "2001:db8:2:2::3", False, False),
        ("32.1.13.184", "2001:db8::", False, False),
    ],
)
def test_a_number_is_the_same_within_a_network(
    one: str, other: str, narrow: bool, wide: bool
) -> None:
    first, second = numbers(one), numbers(other)
    assert (first.narrow == second.narrow, first.wide == second.wide) == (narrow, wide)
    assert first.wide <= first.narrow < first.wide + (1 << networks.NARROW_BITS) < 1 << 63


def test_another_key_makes_other_numbers(settings: Any) -> None:
    before = numbers("203.0.113.9")
    settings.HASH_KEY = "another"
    assert numbers("203.0.113.9").wide != before.wide


def test_both_doors_keep_the_network_and_nothing_else_of_the_address(
    campaign: Campaign, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    address = "203.0.113.9"
    headers: dict[str, Any] = {
        "REMOTE_ADDR": "10.1.2.3",
        "HTTP_X_FORWARDED_FOR": f"198.51.100.1, {address}",
    }
    form = {**details(), "consent": "yes"}
    frame = {**form, "email": "frame@example.org"}
    api = json.dumps(details(email="api@example.org"))
    assert client.post("/art/", form, **headers).status_code == 200
    assert client.post("/embed/art/", frame, **headers).status_code == 200
    answer = client.post(API, api, content_type="application/json", **headers)
    assert answer.status_code == 202
    rows = SignatureNetwork.objects.order_by("pk")
    assert [row.pk for row in rows] == list(
        Signature.objects.order_by("pk").values_list("pk", flat=True)
    )
    assert {row.number for row in rows} == {numbers(address).narrow}
    assert len(rows) == 3
    assert address not in caplog.text
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{address}%"]
            )
            assert cursor.fetchone() == (0,), table


def test_a_server_that_signs_with_a_key_is_nobodys_network(campaign: Campaign) -> None:
    headers = {**bearer(make_key(campaign, Scope.SIGN)), "Content-Type": "application/json"}
    answer = Client(headers=headers).post(
        API, json.dumps(details()), content_type="application/json", REMOTE_ADDR="203.0.113.9"
    )
    assert answer.status_code == 202
    assert Signature.objects.count() == 1
    assert not SignatureNetwork.objects.exists()


def test_without_an_address_one_can_sign_all_the_same(campaign: Campaign) -> None:
    body = json.dumps(details())
    answer = Client().post(API, body, content_type="application/json", REMOTE_ADDR="")
    assert answer.status_code == 202
    assert Signature.objects.count() == 1
    assert not SignatureNetwork.objects.exists()


@pytest.mark.parametrize("again", ["same details", "no slot"])
def test_what_is_undone_leaves_no_network(campaign: Campaign, again: str) -> None:
    network = networks.hashes(ip_address("203.0.113.9"))
    for number in range(4):
        name = f"Name {number}" if again == "no slot" else "Zoë Moreau"
        signing.sign(campaign=campaign, typed=details(name=name), network=network)
    expected = 3 if again == "no slot" else 1
    assert Signature.objects.count() == SignatureNetwork.objects.count() == expected


def test_it_goes_after_thirty_days_and_leaves_the_signature(campaign: Campaign) -> None:
    old = sign_from("203.0.113.9")
    with time_machine.travel(timezone.now() + timedelta(days=29), tick=True):
        young = sign_from("203.0.113.10")
        retention.expire()
        assert SignatureNetwork.objects.count() == 2
    with time_machine.travel(timezone.now() + timedelta(days=30, minutes=1), tick=True):
        retention.expire()
    assert list(SignatureNetwork.objects.values_list("pk", flat=True)) == [young.pk]
    old.refresh_from_db()
    assert old.status == Status.HELD


def test_erasure_takes_it_at_once(campaign: Campaign) -> None:
    gone, stays = sign_from("203.0.113.9"), sign_from("203.0.113.10")
    bring_to(gone, Status.ERASED)
    assert list(SignatureNetwork.objects.values_list("pk", flat=True)) == [stays.pk]


def test_it_goes_with_a_signature_that_nobody_confirmed(campaign: Campaign) -> None:
    network = networks.hashes(ip_address("203.0.113.9"))
    signing.sign(campaign=campaign, typed=details(), network=network)
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=True):
        leaving.withdraw(manage_token(Signature.objects.get()))
    assert not Signature.objects.exists()
    assert not SignatureNetwork.objects.exists()


# --- Who else came from there ----------------------------------------------------------------


def test_others_of_a_network_are_those_of_the_same_campaign(campaign: Campaign) -> None:
    one = sign_from("203.0.113.9")
    sign_from("203.0.113.10")
    same = sign_from("203.0.113.9", name="Ali Haddad")
    sign_from("198.51.100.1")
    make_campaign(slug="other")
    elsewhere = details(email="elsewhere@example.org")
    Client().post(
        API.replace("art", "other"),
        json.dumps(elsewhere),
        content_type="application/json",
        REMOTE_ADDR="203.0.113.9",
    )
    assert list(networks.others(one)) == [same]
    imported = make_signature(campaign)
    assert list(networks.others(imported)) == []


def test_only_who_confirmed_since_counts_and_no_further_than_asked(campaign: Campaign) -> None:
    began = timezone.now()
    one = sign_from("203.0.113.1")
    for last in range(2, 6):
        sign_from(f"203.0.113.{last}")
    network = networks.hashes(ip_address("203.0.113.1"))
    signing.sign(campaign=campaign, typed=details(), network=network)  # not confirmed

    def number(**options: Any) -> int:
        return networks.number_since(
            one, **{"since": began, "reach": Reach.WIDE, "at_most": 100, **options}
        )

    assert number() == 4
    assert number(at_most=2) == 2
    assert number(reach=Reach.NARROW) == 0
    assert number(since=timezone.now()) == 0


def test_the_trusted_networks_are_of_both_families(settings: Any) -> None:
    assert {type(each) for each in settings.TRUSTED_PROXIES} == {IPv4Network, IPv6Network}
