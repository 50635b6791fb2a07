"""One round of a fault: people sign, it breaks, people go on, it is well again, and all is counted."""

import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.e2e.until import until
from tests.faults.load import Load, signing
from tests.faults.system import System

RECOVERS_WITHIN = 30.0
"""Seconds from the end of a fault until a new signature has its mail, and everybody else too."""
BEFORE, MEANWHILE, AFTER = 12, 30, 12
"""People who sign before, while and after it breaks."""
LASTS = 4.0
"""Seconds that it stays broken, unless that many have signed before."""
LONGEST = 120.0
"""Seconds after which a round gives up; well above what is allowed, so that there is a figure."""
DONE = {"sent", "failed", "suppressed"}


@dataclass(frozen=True)
class Fault:
    """What breaks; ``name`` is what ONLY names.

    ``happen`` breaks it, and mends at its end what an operator's supervisor would. ``put_off``: receivers
    put their mails off (4xx at RCPT, as greylisting does), so the clock of these is pushed.
    """

    name: str
    happen: Callable[[System, Load], AbstractContextManager[None]]
    put_off: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a round found; lost and missing are what nobody may ever see."""

    acknowledged: int
    unanswered: int
    lost: list[str]
    miscounted: list[str]
    owed: int
    missing: list[str]
    extra: int
    back: float
    """Seconds from the fault's end to the mail of who signed after it."""
    settled: float
    """Seconds from the fault's end until everybody had their mail."""

    @property
    def recovery(self) -> float:
        return max(self.back, self.settled)


def play(system: System, fault: Fault) -> Outcome:
    """One round of a fault; figures, no judgement."""
    first, received = _newest_mail(system), _received(system)
    mails = len(system.sink.since(0))
    with signing(system) as load:
        load.go_on(BEFORE, at_most=15)
        until(lambda: load.confirmed, within=15, what="somebody confirms")
        with fault.happen(system, load):
            load.go_on(MEANWHILE, at_most=LASTS)
        ended = time.monotonic()
        back = _back(system, load) - ended
        load.go_on(AFTER, at_most=10)
        load.stop_signing()
        until(lambda: _is_settled(system, load, first, fault), within=LONGEST, what="all mails")
        settled = time.monotonic() - ended
    owed = _mails(system, first)
    copies = Counter(_number(mail["Message-ID"]) for _to, mail in system.sink.since(mails))
    confirmable = {email for _pk, kind, _status, email in owed if kind == "confirm"}
    return Outcome(
        acknowledged=len(load.signed) + len(load.confirmed),
        unanswered=len(load.unanswered),
        lost=_lost(system, load),
        miscounted=_miscounted(system, load, received),
        owed=len(owed),
        missing=[f"{kind} is {status}" for pk, kind, status, _ in owed if not copies[pk]]
        + [f"none owed to {email}" for email in set(load.signed) - confirmable],
        extra=sum(copies[pk] - 1 for pk, *_ in owed if copies[pk]),
        back=back,
        settled=settled,
    )


def _back(system: System, load: Load) -> float:
    """When somebody who signed after the fault had their mail."""
    address = until(load.sign_one, within=LONGEST, what="somebody can sign again")
    mails = system.sink
    until(lambda: mails.to(str(address)), within=LONGEST, what="a mail after the fault")
    return time.monotonic()


def _is_settled(system: System, load: Load, first: int, fault: Fault) -> bool:
    """Whether every mail is on its way's end, and whoever has a link has confirmed."""
    if fault.put_off:
        system.query("UPDATE campaign_mail SET due_at = now() WHERE status = 'deferred'")
    # Twice, since a confirmation between the two owes another mail.
    return _all_done(system, first) and load.has_settled() and _all_done(system, first)


def _all_done(system: System, first: int) -> bool:
    return all(status in DONE for _pk, _kind, status, _email in _mails(system, first))


def _mails(system: System, first: int) -> list[tuple[int, str, str, str]]:
    """Number, kind, status and address of each mail that is owed since."""
    return system.query(
        "SELECT mail.id, mail.kind, mail.status, s.email FROM campaign_mail mail"
        " JOIN campaign_signature s ON s.id = signature_id WHERE mail.id > %s ORDER BY mail.id",
        first,
    )


def _newest_mail(system: System) -> int:
    [(newest,)] = system.query("SELECT COALESCE(MAX(id), 0) FROM campaign_mail")
    return int(newest)


def _number(message_id: str) -> int:
    """The row of a mail, out of its Message-ID."""
    found = re.fullmatch(r"<\w+\.(\d+)@.*>", message_id)
    assert found, message_id
    return int(found[1])


def _lost(system: System, load: Load) -> list[str]:
    """Who was told something that the database doesn't know."""
    rows = system.query(
        "SELECT email, status FROM campaign_signature WHERE email = ANY(%s)",
        [*load.signed, *load.confirmed],
    )
    status = dict(rows)
    gone = [f"{each} is not there" for each in load.signed if each not in status]
    return gone + [
        f"{each} was told {told} and is {status.get(each)}"
        for each, told in load.confirmed.items()
        if status.get(each) != told
    ]


def _received(system: System) -> int:
    [(n,)] = system.query(
        "SELECT COALESCE(SUM(n), 0) FROM ("
        " SELECT n FROM campaign_tally WHERE state = 'received' AND dimension = 'all'"
        " UNION ALL SELECT delta FROM campaign_tallychange WHERE state = 'received') AS every"
    )
    return int(n)


def _miscounted(system: System, load: Load, before: int) -> list[str]:
    """Where kept numbers differ from a recount, and requests that were counted never or twice."""
    wrong = system.differing_counts()
    received = _received(system) - before
    if not len(load.signed) <= received <= load.tried:
        wrong.append(f"{received} received of {len(load.signed)} to {load.tried}")
    return wrong
