"""The figures of the web: hot reads, signing, confirming, and how even signing is at half its speed."""

import http.client
import json
import secrets
import sys
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.campaign import CONFIRM, COUNTS, SIGN, SIGNERS
from benchmarks.figures import Figure, from_turns
from benchmarks.system import System
from benchmarks.turns import Fault, Turns
from petition.environment import CannotStart
from petition.household import ROOT
from petition.supervise import say

SECONDS = 5
CONNECTIONS = 16
TOKENS_A_SECOND = 2500
"""Confirmations that are made ready for each second of a turn; more than this machine confirms."""


def wrk(system: System, port: int, path: str, *arguments: str, seconds: int = SECONDS) -> Any:
    """Load one path and give wrk's report; a wrong answer is a Fault."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s"]
    command += ["-s", str(ROOT / "benchmarks" / "client.lua"), f"http://127.0.0.1:{port}{path}"]
    report = json.loads(system.run("wrk", [*command, "--", *arguments]))
    if report["refused"]:
        raise Fault(f"{report['refused']} of {report['answers']} answers were wrong")
    if report["spent"]:
        raise Fault("ran out of tokens: raise TOKENS_A_SECOND")
    return report


def rate(report: Any) -> float:
    """Answers a second."""
    return float(report["answers"] / report["seconds"])


# --- reads -----------------------------------------------------------------------------------


def reads(system: System) -> Iterable[Figure]:
    """Hot reads and 304, in turn with a constant (F1)."""
    etag = _probe(system.port, SIGNERS, {}, 200)[1]
    turns = Turns(
        {
            "F1": lambda: _get(system, system.floor_port, "/constant/"),
            "hot counts/": lambda: _get(system, system.port, COUNTS),
            "hot signers/": lambda: _get(system, system.port, SIGNERS),
            "304": lambda: _get(system, system.port, SIGNERS, etag),
        }
    )
    if "F1" in turns.faults:
        raise CannotStart(f"F1: {turns.faults['F1']}")
    for name in ("hot counts/", "hot signers/", "304"):
        yield _against(turns, name, "F1", goal=0.8)


def _get(system: System, port: int, path: str, etag: str = "") -> float:
    # Each size is known before: a body too many or too few is a wrong answer that wrk can't see.
    headers = {"If-None-Match": etag} if etag else {}
    expected = 304 if etag else 200
    size, _etag = _probe(port, path, headers, expected)
    mode = ("get-etag", "304", etag) if etag else ("get", "200")
    report = wrk(system, port, path, *mode)
    if abs(report["bytes"] / report["answers"] - size) > 0.02 * size + 16:
        raise Fault(f"answers of {report['bytes'] / report['answers']:.0f} bytes, not {size}")
    return rate(report)


def _probe(port: int, path: str, headers: dict[str, str], expected: int) -> tuple[int, str]:
    """The size of one answer, its head included, and its ETag."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
    size = len(f"HTTP/1.1 {answer.status} {answer.reason}\r\n\r\n") + head + len(answer.read())
    connection.close()
    if answer.status != expected:
        raise CannotStart(f"{path} answered {answer.status} instead of {expected}")
    return size, answer.headers.get("ETag", "")


# --- writes ----------------------------------------------------------------------------------


def writes(system: System, wanted: set[str]) -> Iterable[Figure]:
    """Signing and confirming, in turn with as many plain rows and one message (F2)."""
    measures: dict[str, Callable[[], float]] = {"F2": lambda: _sign(system, system.floor_port)}
    if "sign" in wanted:
        measures["sign"] = lambda: _sign(system, system.port)
    if "confirm" in wanted:
        measures["confirm"] = lambda: _confirm(system)
    for measure in measures.values():
        measure()  # pools and caches fill
    turns = Turns(measures)
    if "F2" in turns.faults:
        raise CannotStart(f"F2: {turns.faults['F2']}")
    if "sign" in wanted:
        yield _against(turns, "sign", "F2", goal=0.7)
    if "confirm" in wanted:
        yield _against(turns, "confirm", "F2", goal=0.6)


def _sign(system: System, port: int) -> float:
    path = SIGN if port == system.port else "/write/"
    report = wrk(system, port, path, "sign", "202", secrets.token_hex(3))
    system.empty_queue()
    return rate(report)


def _confirm(system: System) -> float:
    tokens = system.folder / "tokens"
    number = TOKENS_A_SECOND * SECONDS
    system.inside("pending", number, secrets.token_hex(3), tokens, "")
    report = wrk(system, system.port, CONFIRM, "confirm", "200", str(tokens))
    system.empty_queue()
    return rate(report)


def tail(system: System, top: float | None) -> Iterable[Figure]:
    """The 99th percentile of signing at half its top rate, which is measured first if it isn't known."""
    if top is None:
        _sign(system, system.port)
        top = _sign(system, system.port)
    half = top / 2
    say(f"  half the top rate of signing: {half:.0f} a second")

    def p99() -> float:
        found = load(system, seconds=10, sign_rate=half, tag=secrets.token_hex(3))["sign"]
        system.empty_queue()
        if found["errors"]:
            raise Fault(f"{found['errors']} of {found['total']} answers were wrong")
        return float(found["p99"])

    turns = Turns({"sign p99": p99})
    yield from_turns(
        name="sign p99 at half rate",
        values=turns.values["sign p99"],
        floors=[],
        unit="ms",
        goal=50,
        at_most=True,
        fault=turns.faults.get("sign p99", ""),
    )


def load(
    system: System, *, seconds: float, sign_rate: float, tag: str, counts_rate: float = 0
) -> Any:
    """The report of open_loop.py, which leaves who was accepted in the folder's file `accepted`."""
    command = [sys.executable, "-m", "benchmarks.open_loop", str(system.port), str(seconds)]
    command += [str(sign_rate), str(counts_rate), tag, str(system.folder / "accepted")]
    return json.loads(system.run("open-loop", command))


def _against(turns: Turns, name: str, floor: str, *, goal: float) -> Figure:
    return from_turns(
        name=name,
        values=turns.values[name],
        floors=turns.values[floor],
        unit="/s",
        goal=goal,
        fault=turns.faults.get(name, ""),
    )
