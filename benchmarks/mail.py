"""The figures of mail: how many one worker process delivers, and the storm."""

import os
import secrets
from collections.abc import Iterable

from benchmarks.figures import Figure, from_turns
from benchmarks.system import System
from benchmarks.turns import Fault, Turns
from benchmarks.web import load
from petition.environment import CannotStart
from petition.supervise import say

MAILS = 2000
"""Mails of one turn."""
MAILS_WITHIN = 60.0
SIGN_RATE = 20_000 / 60
COUNTS_RATE = 1000.0
DRAIN = 120.0
"""Seconds after the storm in which the last mails may still come."""


def mails(system: System) -> Iterable[Figure]:
    """Mails a second by one worker process, in turn with the same templates sent plainly (F3)."""
    turns = Turns({"F3": lambda: _plain(system), "mails": lambda: _worker(system)})
    if "F3" in turns.faults:
        raise CannotStart(f"F3: {turns.faults['F3']}")
    yield from_turns(
        name="mails by one worker",
        values=turns.values["mails"],
        floors=turns.values["F3"],
        unit="/s",
        goal=0.7,
        fault=turns.faults.get("mails", ""),
    )


def _plain(system: System) -> float:
    tag = secrets.token_hex(3)
    system.inside("plain_mails", MAILS, tag)
    return _rate(system.wait_for_mails(f"plain-{tag}-", MAILS, MAILS_WITHIN))


def _worker(system: System) -> float:
    """They are owed and told before the worker starts; its start is not counted."""
    tag = secrets.token_hex(3)
    system.empty_queue()
    system.inside("pending", MAILS, tag, system.folder / "tokens", "owed")
    system.start_mail_worker()
    came = system.wait_for_mails(f"signer-{tag}-", MAILS, MAILS_WITHIN)
    system.stop("mail")
    return _rate(came)


def _rate(came: dict[str, float]) -> float:
    """From the first to the last, at the sink."""
    if len(came) < MAILS:
        raise Fault(f"{len(came)} of {MAILS} mails came")
    return (MAILS - 1) / (max(came.values()) - min(came.values()))


def storm(system: System) -> Iterable[Figure]:
    """20,000 signatures a minute for three minutes beside 1,000 reads a second; the worker delivers.

    A mail's time is from the answer to the POST that caused it, as its client saw it, until the sink
    had it whole.
    """
    seconds = float(os.environ.get("STORM_SECONDS", "180"))
    system.empty_queue()
    system.inside("pending", 0, "none", system.folder / "tokens", "")
    system.start_mail_worker()
    system.start_worker()
    system.start_beat()
    tag = secrets.token_hex(3)
    found = load(system, seconds=seconds, sign_rate=SIGN_RATE, counts_rate=COUNTS_RATE, tag=tag)
    for name, report in found.items():
        say(f"  {name}: {report}")
    answered = {}
    for line in (system.folder / "accepted").read_text().splitlines():
        at, _, who = line.partition(" ")
        answered[who] = float(at)
    came = system.wait_for_mails(f"signer-{tag}-", len(answered), DRAIN)
    system.stop("beat", "mail", "worker")
    waits = sorted(came[who] - at for who, at in answered.items() if who in came)
    missing = len(answered) - len(waits)
    if waits:
        say(f"  mails: p50 {waits[len(waits) // 2]:.2f} s, longest {waits[-1]:.2f} s")
    yield Figure(
        name="storm: errors",
        value=sum(report["errors"] for report in found.values()),
        unit="errors",
        goal=0,
        at_most=True,
    )
    yield Figure(
        name="storm: mail p99",
        value=waits[len(waits) * 99 // 100] if waits else None,
        unit="s",
        goal=5,
        at_most=True,
        fault=f"{missing} mails had not come {DRAIN:.0f} s after the end" if missing else "",
    )
