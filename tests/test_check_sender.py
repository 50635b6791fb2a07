"""`check_sender` asks DNS what receivers ask, and says what to do; of a real name server."""

import socket
import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import dns.message
import dns.resolver
import dns.rrset
import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_campaign

pytestmark = pytest.mark.django_db

Zone = dict[tuple[str, str], list[str]]
DOMAIN, HERE = "guild.example.org", "192.0.2.7"
WELL: Zone = {
    (DOMAIN, "TXT"): ['"some=thing else"', '"v=spf1 include:relay.example " "-all"'],
    ("relay.example", "TXT"): ['"v=spf1 ip4:192.0.2.0/29 ip6:2001:db8::/64 ?all"'],
    (f"s1._domainkey.{DOMAIN}", "TXT"): ['"v=DKIM1; k=rsa; p=MIIB"'],
    (f"_dmarc.{DOMAIN}", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:dmarc@guild.example.org"'],
    (DOMAIN, "MX"): ["10 mx.guild.example.org."],
    ("mx.guild.example.org", "A"): ["192.0.2.99"],
    ("7.2.0.192.in-addr.arpa", "PTR"): ["out.relay.example."],
    ("out.relay.example", "A"): [HERE],
}


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    """What the name server says, to be changed by the test."""
    zone = dict(WELL)
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))

    def serve() -> None:
        while (packet := listening.recvfrom(4096))[0] != b"end":
            query = dns.message.from_wire(packet[0])
            reply = dns.message.make_response(query)
            asked = query.question[0]
            kind = dns.rdatatype.to_text(asked.rdtype)
            said = zone.get((asked.name.to_text(omit_final_dot=True).lower(), kind), [])
            if said:
                reply.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *said))
            listening.sendto(reply.to_wire(), packet[1])

    asking: Any = dns.resolver.Resolver(configure=False)
    asking.nameservers, asking.port = ["127.0.0.1"], listening.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", asking)
    thread = threading.Thread(target=serve)
    thread.start()
    yield zone
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
        ending.sendto(b"end", listening.getsockname())
    thread.join()
    listening.close()


def check(*given: str) -> tuple[int, str]:
    """Exit code, and what it says."""
    out = StringIO()
    try:
        call_command("check_sender", *given, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def levels(*given: str) -> list[str]:
    arguments = given or (f"--domain={DOMAIN}", "--dkim=s1", f"--address={HERE}")
    return [line.split()[0] for line in check(*arguments)[1].splitlines()]


def test_a_sender_that_is_well_is_said_to_be(zone: Zone) -> None:
    code, said = check(f"--domain={DOMAIN}", "--dkim=s1", f"--address={HERE}")
    assert code == 0
    assert levels() == ["ok"] * 6
    assert f"{HERE} may send in the name of {DOMAIN}" in said
    assert f"{HERE} is out.relay.example, and back" in said


def test_without_a_domain_every_senders_is_looked_at(zone: Zone) -> None:
    make_campaign(extra='sender = "Art <art@guild.example.org>"')
    said = check("--dkim=s1")[1]
    assert "guild.example.org has an SPF record" in said
    assert said.count("SPF record") == 2


@pytest.mark.parametrize(
    ("record", "level", "words"),
    [
        ("v=spf1 ip4:198.51.100.0/24 -all", "fail", "SPF says fail"),
        ("v=spf1 include:relay.example ~all", "ok", "may send"),
        ("v=spf1 ip4:198.51.100.1 ~all", "warn", "SPF says softfail"),
        ("v=spf1 a:out.relay.example -all", "ok", "may send"),
        ("v=spf1 mx/25 -all", "ok", "may send"),
        ("v=spf1 mx -all", "fail", "SPF says fail"),
        ("v=spf1 redirect=relay.example", "ok", "may send"),
        ("v=spf1 include:nowhere.example -all", "fail", "has no SPF record"),
        ("v=spf1 include:guild.example.org -all", "fail", "more than 10 questions"),
        ("v=spf1 ip4:300.1.1.1 -all", "fail", "is no network"),
        ("v=spf1 ipv4:192.0.2.7 -all", "fail", "nothing that SPF knows"),
        ("v=spf1 mx/25//64 -all", "ok", "may send"),
        ("v=spf1 a:out.relay.example//64 -all", "ok", "may send"),
        ("v=spf1 mx//25 -all", "fail", "SPF says fail"),
        ("v=spf1 a:out.relay.example/33 -all", "fail", "is no network"),
        ("v=spf1 exists:%{i}.x.example -all", "warn", "not known here"),
        ("v=spf1 include:%{ir}.%{v}.spf.example -all", "warn", "not known here"),
        ("v=spf1 redirect=%{d}.spf.example", "warn", "not known here"),
        ("v=spf1 ptr -all", "warn", "not known here"),
    ],
)
def test_spf_is_followed_as_a_receiver_follows_it(
    zone: Zone, record: str, level: str, words: str
) -> None:
    zone[DOMAIN, "TXT"] = [f'"{record}"']
    code, said = check(f"--domain={DOMAIN}", "--dkim=s1", f"--address={HERE}")
    found = next(line for line in said.splitlines() if words in line)
    assert found.split()[0] == level
    assert ("->" in found) == (level != "ok")
    assert code == (1 if level == "fail" else 0)


def test_the_length_of_the_older_kind_is_none_of_the_newer(zone: Zone) -> None:
    zone[DOMAIN, "TXT"] = ['"v=spf1 a:out.relay.example/24 -all"']
    zone["out.relay.example", "AAAA"] = ["2001:db8::7"]
    said = check(f"--domain={DOMAIN}", "--address=2001:db8::7", "--address=2001:db9::7")[1]
    assert "2001:db8::7 may send" in said
    assert "SPF says fail of 2001:db9::7" in said


def test_an_address_of_the_newer_kind_is_looked_at_too(zone: Zone) -> None:
    assert "2001:db8::7 may send" in check(f"--domain={DOMAIN}", "--address=2001:db8:0::7")[1]
    assert "SPF says fail of 2001:db9::7" in check(f"--domain={DOMAIN}", "--address=2001:db9::7")[1]


@pytest.mark.parametrize(
    ("name", "kind", "said", "found"),
    [
        (f"s1._domainkey.{DOMAIN}", "TXT", [], ["ok", "fail", "ok", "ok", "ok", "ok"]),
        (
            f"s1._domainkey.{DOMAIN}",
            "TXT",
            ['"v=DKIM1; p="'],
            ["ok", "fail", "ok", "ok", "ok", "ok"],
        ),
        (f"_dmarc.{DOMAIN}", "TXT", [], ["ok", "ok", "fail", "ok", "ok", "ok"]),
        (f"_dmarc.{DOMAIN}", "TXT", ['"v=DMARC1; p=none"'], ["ok", "ok", "warn", "ok", "ok", "ok"]),
        (DOMAIN, "MX", [], ["ok", "ok", "ok", "warn", "ok", "ok"]),
        ("7.2.0.192.in-addr.arpa", "PTR", [], ["ok", "ok", "ok", "ok", "ok", "fail"]),
        ("out.relay.example", "A", ["192.0.2.8"], ["ok", "ok", "ok", "ok", "ok", "fail"]),
    ],
)
def test_what_is_missing_is_found(
    zone: Zone, name: str, kind: str, said: list[str], found: list[str]
) -> None:
    zone[name, kind] = said
    assert levels() == found


def test_an_address_that_is_none_is_said_to_be(zone: Zone) -> None:
    with pytest.raises(CommandError, match="address"):
        check("--address=here")
