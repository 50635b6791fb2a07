"""Who has tried too often to log in waits: counted by user name and network, never for good.

Three counts, each of a window that begins with its first try; a try during the wait doesn't lengthen
it. A stranger therefore locks out nobody but whoever shares their network, or, by trying one name from
many networks, that name on networks that its owner hasn't been on within a month.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from campaign import audit
from campaign.models.access import SESSION_KEPT, LoginTry, StaffSession
from campaign.models.audit import AuditAction
from campaign.networks import Hashes


@dataclass(frozen=True)
class Limit:
    """At most ``n`` tries in a window."""

    n: int
    window: timedelta


PAIR = Limit(5, timedelta(minutes=15))
"""One user name from one network."""
NETWORK = Limit(30, timedelta(minutes=15))
"""All names from one network."""
NAME = Limit(50, timedelta(hours=1))
"""One user name from all networks that are strange to its user."""
LONGEST = max(PAIR.window, NETWORK.window, NAME.window)


@dataclass(frozen=True)
class Try:
    """One try at a name from a network; ``user`` is whose name that is."""

    name: str
    network: Hashes | None
    user: User | None

    def counts(self) -> dict[str, Limit]:
        """What this one counts for, by key."""
        network = self.network.narrow if self.network else "unknown"
        name = self.name.casefold()
        found = {_key("pair", name, network): PAIR, _key("network", network): NETWORK}
        if not self._is_at_home():
            found[_key("name", name)] = NAME
        # In one order: two tries that share two of them would else wait for each other.
        return dict(sorted(found.items()))

    def _is_at_home(self) -> bool:
        if self.network is None:
            return False
        recent = StaffSession.objects.filter(started_at__gt=timezone.now() - SESSION_KEPT)
        # Asked of a name that nobody has too: one statement less would tell that.
        whose = self.user.pk if self.user else 0
        return recent.filter(user_id=whose, network=self.network.narrow).exists()


def _key(*what: object) -> str:
    text = "\0".join(("login", *map(str, what)))
    return hmac.new(settings.HASH_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def take(tried: Try) -> datetime | None:
    """Count a try before its password is looked at; the time to wait for, if there were too many.

    The first one too many is on record.
    """
    limits = tried.counts()
    taken = {key: _one_more(key, limit, tried.user) for key, limit in limits.items()}
    over = {key: since for key, (n, since) in taken.items() if n > limits[key].n}
    if any(n == limits[key].n + 1 for key, (n, _since) in taken.items()):
        about = {"user": tried.user.pk} if tried.user else {}
        audit.record(AuditAction.LOCKED_OUT, by=None, details=about)
    return max((since + limits[key].window for key, since in over.items()), default=None)


def _one_more(key: str, limit: Limit, user: User | None) -> tuple[int, datetime]:
    """The count with this one, and since when; in one statement, or 20 at once are 20 firsts."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaign_logintry AS had (key, user_id, n, since) VALUES (%s, %s, 1, %s)"
            " ON CONFLICT (key) DO UPDATE SET"
            " n = CASE WHEN had.since > %s THEN had.n + 1 ELSE 1 END,"
            " since = CASE WHEN had.since > %s THEN had.since ELSE excluded.since END"
            " RETURNING n, since",
            (key, user.pk if user else None, now, now - limit.window, now - limit.window),
        )
        n, since = cursor.fetchone()
    return n, since


@transaction.atomic
def succeeded(tried: Try) -> None:
    """Forget the tries at this name from this network, and don't count this one for the rest."""
    for key, limit in tried.counts().items():
        rows = LoginTry.objects.filter(key=key)
        if limit is PAIR:
            rows.delete()
        else:
            rows.filter(n__gt=0).update(n=F("n") - 1)


def is_locked(user: User) -> bool:
    """Whether somebody has been locked out of this account, from anywhere, and still waits."""
    now = timezone.now()
    pair = LoginTry.objects.filter(user=user, n__gt=PAIR.n, since__gt=now - PAIR.window)
    return pair.exists()


@transaction.atomic
def unlock(*, user: User, by: AbstractBaseUser) -> None:
    """Let everybody try this account again at once; on record."""
    LoginTry.objects.filter(user=user).delete()
    audit.record(AuditAction.UNLOCKED, by=by, details={"user": user.pk})


def over(now: datetime) -> QuerySet[LoginTry]:
    """The counts whose windows are over."""
    return LoginTry.objects.filter(since__lte=now - LONGEST)
