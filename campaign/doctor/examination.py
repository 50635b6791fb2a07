"""All checks in their order, and what each found."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial

from campaign.doctor import clocks, database, environment, files, mail, people, redis, work
from campaign.doctor.findings import Check, Finding, Level, fail, plain

CHECKS: dict[str, Check] = {
    "development": environment.development,
    "secrets": environment.secrets,
    "addresses": environment.addresses,
    "proxies": environment.proxies,
    "django": environment.framework,
    "postgresql": database.version,
    "durability": database.durability,
    "room": database.room,
    "timeouts": database.timeouts,
    "postgresql-log": database.log,
    "rights": database.rights,
    "migrations": database.migrations,
    "redis": redis.version,
    "eviction": redis.eviction,
    "persistence": redis.persistence,
    "redis-access": redis.access,
    "clocks": clocks.clocks,
    "ntp": clocks.kernel,
    "scheduler": work.scheduler,
    "tasks": work.tasks,
    "workers": work.workers,
    "journal": files.journal,
    "files": files.export_dir,
    "static": files.static,
    "mail": mail.server,
    "senders": mail.senders,
    "superusers": people.superusers,
    "moderators": people.moderators,
}


@dataclass(frozen=True)
class Line:
    """A finding, and by which check."""

    check: str
    finding: Finding

    @property
    def failed(self) -> bool:
        return self.finding.level == Level.FAIL

    def json(self) -> dict[str, str]:
        return {"check": self.check, **asdict(self.finding)}

    def __str__(self) -> str:
        todo = f" -> {self.finding.todo}" if self.finding.todo else ""
        return f"{self.finding.level:4} {self.check}: {self.finding.said}{todo}"


def examine(selector: str = "") -> Iterator[Line]:
    """Every check, one after the other; one that breaks is a finding itself. ``selector`` is DKIM's."""
    checks: dict[str, Check] = {**CHECKS, "senders": partial(mail.senders, selector)}
    for name, check in checks.items():
        try:
            for finding in check():
                yield Line(name, finding)
        except Exception as error:
            # What it needed is what is broken, and the others must still be seen.
            yield Line(name, fail(f"cannot be looked at: {plain(error)}", "see what failed before"))
