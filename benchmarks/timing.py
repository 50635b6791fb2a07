"""Whether the time of an answer tells a known address from an unknown one, at each door that takes one.

One request at a time over one connection, known and unknown in random order, so that whatever disturbs
the machine disturbs both alike. No address is asked twice: else its slots would be what is measured.
"""

import http.client
import json
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any
from urllib.parse import urlencode

from benchmarks.campaign import SIGN, SLUG
from benchmarks.figures import Figure
from benchmarks.ranks import FAR, distance, halves, seen_from
from benchmarks.system import System
from benchmarks.turns import Fault
from petition.supervise import say

SAMPLES = 2000
WARM = 50
"""Rounds before the first that counts."""
LOGIN = "/admin/login/"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Person:
    """Who is typed; ``entry`` is somebody else's on the list."""

    name: str
    email: str
    entry: str = ""


@dataclass(frozen=True)
class Request:
    """One POST: a form, or where an answer of 202 is ``expected`` JSON."""

    path: str
    fields: dict[str, Any]
    expected: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        text = json.dumps(self.fields) if self.expected == 202 else urlencode(self.fields)
        return text.encode()


Door = Callable[[Person], Request]


def timing(system: System) -> Iterable[Figure]:
    """For each door how far apart the two are, in standard deviations, against what chance explains."""
    doors: dict[str, Door] = {
        "sign, other name": lambda who: _sign(replace(who, name="Somebody Else")),
        "sign, same name": _sign,
        "resend": lambda who: Request(f"{SIGN}resend/", {"email": who.email}, 202),
        "my signature": lambda who: Request(f"/{SLUG}/my-signature/", {"email": who.email}),
        "report": lambda who: Request(
            f"/{SLUG}/signers/{who.entry}/report/", {"email": who.email, "reason": "other"}
        ),
        "represent": lambda who: _represent(who, f"for-{who.email}", who.email),
        "represented": lambda who: _represent(who, who.email, f"by-{who.email}"),
    }
    rounds = SAMPLES + WARM
    found = system.inside("known", rounds * len(doors))
    entries = [entry for _name, _email, entry in found["signers"]]
    people = [
        Person(name, email, entry)
        for (name, email, _), entry in zip(found["signers"], reversed(entries), strict=True)
    ]
    for n, (name, door) in enumerate(doors.items()):
        some = people[n * rounds : (n + 1) * rounds]
        yield _figure(system, name, door, [(who, _stranger(who)) for who in some])
    system.stop("web")
    system.start_web("benchmarks.login_settings")
    staff = found["staff"]
    named = [Person(staff[n % len(staff)], "") for n in range(rounds)]
    yield _figure(
        system,
        "login",
        _login(system.port),
        [(who, Person(who.name.replace("staff", "stuff"), "")) for who in named],
    )


def _stranger(who: Person) -> Person:
    """Somebody whom nobody knows, who types as much."""
    return replace(who, email=who.email.replace("signer", "sinner"))


def _figure(
    system: System, name: str, door: Door, pairs: Iterable[tuple[Person, Person]]
) -> Figure:
    known: list[float] = []
    unknown: list[float] = []
    fault = ""
    try:
        _ask(system.port, door, pairs, known, unknown)
    except Fault as error:
        fault = str(error)
    system.empty_queue()
    label = f"timing: {name}"
    if fault or not known:
        return Figure(name=label, value=None, unit="σ", goal=FAR, at_most=True, fault=fault)
    control = distance(*halves(unknown))
    say(
        f"  {name}: known {median(known):.3f} ms, unknown {median(unknown):.3f} ms, "
        f"{distance(known, unknown):+.1f} σ; unknown against itself {control:+.1f} σ; "
        f"{seen_from(unknown):.3f} ms would be seen"
    )
    apart = abs(distance(known, unknown))
    return Figure(name=label, value=round(apart, 2), unit="σ", goal=FAR, at_most=True)


def _ask(
    port: int,
    door: Door,
    pairs: Iterable[tuple[Person, Person]],
    known: list[float],
    unknown: list[float],
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    networks = _networks()
    for n, (who, stranger) in enumerate(pairs):
        turns = [(who, known), (stranger, unknown)]
        random.shuffle(turns)
        for person, times in turns:
            took = _milliseconds(connection, door(person), next(networks))
            if n >= WARM:
                times.append(took)
    connection.close()


def _networks() -> Iterator[str]:
    """As a proxy passes them on: from as many networks as there are people."""
    n = 0
    while True:
        n += 1
        yield f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"


def _milliseconds(connection: http.client.HTTPConnection, request: Request, network: str) -> float:
    """Until all of the answer was there; raises Fault for another status."""
    kind = "application/json" if request.expected == 202 else FORM
    headers = {"Content-Type": kind, "X-Forwarded-For": network, **request.headers}
    body = request.body()
    began = time.perf_counter()
    connection.request("POST", request.path, body, headers)
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - began
    if answer.status != request.expected:
        raise Fault(f"{request.path} answered {answer.status}")
    return 1000 * took


# --- Doors -----------------------------------------------------------------------------------


def _sign(who: Person) -> Request:
    fields = {"name": who.name, "email": who.email, "kind": "person", "language": "en"}
    return Request(SIGN, {**fields, "consent": True}, 202)


def _represent(who: Person, whom: str, by: str) -> Request:
    fields = {"name": who.name, "email": whom, "kind": "person", "language": "en"}
    own = {"representative_name": "A. Agent", "representative_email": by}
    return Request(f"/{SLUG}/", {**fields, **own, "representative_role": "agent"})


def _login(port: int) -> Door:
    """A wrong password, by a form that was opened once."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", LOGIN)
    answer = connection.getresponse()
    page = answer.read().decode()
    cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
    connection.close()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    fields = {"csrfmiddlewaretoken": token[0] if token else "", "password": "no quarry"}
    headers = {"Cookie": cookie}
    return lambda who: Request(LOGIN, {**fields, "username": who.name}, headers=headers)
