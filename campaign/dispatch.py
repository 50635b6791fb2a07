"""Sending what webhooks are owed: take a turn with a webhook, POST, note the answer. At least once.

One worker serves a webhook at a time, by a lease on it, a few posts at once, each in a thread; the
database is this thread's alone. A receiver that is slow or away costs its own lanes, and then rests:
nobody else waits for it. What is sent is read from the public list at that moment, so that one who
has left meanwhile goes out as a tombstone.
"""

import json
import logging
import random
import time
import uuid
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from campaign import outbound, publication, queue, seal
from campaign.announcements import DISPATCH
from campaign.errors import NotFound
from campaign.models.webhook import (
    STILL_OWED,
    Announced,
    DeliveryStatus,
    Milestone,
    Webhook,
    WebhookDelivery,
)
from campaign.outbound import Answer, BadUrl, NotAnswered

logger = logging.getLogger(__name__)

HOOKS = 8
"""Webhooks served in one run; the others are next, those that have waited longest first."""
LANES = 8
"""Posts at once to one webhook; one only while it fails."""
TURN = 10.0
"""Seconds after which a run begins no post: the next one goes on."""
LOOK = 0.5
"""Seconds between two looks of a run for webhooks that are owed something since."""
LEASE = timedelta(seconds=60)
"""How long a webhook stays with a worker that died, by the database's clock; longer than a turn and its
last post."""
PAUSES: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (10, 60, 300, 1800, 7200, 28_800, 86_400, 86_400, 86_400)
)
"""Before each further try of one delivery: ten tries in three and a half days."""
RESTS: Final = tuple(timedelta(seconds=seconds) for seconds in (10, 30, 60, 300))
"""Before the next turn of a webhook that isn't there; the last one again and again."""
LONGEST_REST = timedelta(hours=1)
"""However much later a receiver says that it wants to be asked again."""
THROTTLED = frozenset({429, 502, 503, 504})
"""Answers that speak of the receiver, not of the message (Standard Webhooks, "Delivery success")."""
GONE = 410
"""The receiver wants nothing any more (the same)."""
OFF_AFTER = timedelta(days=5)
"""Of nothing but failures, after which a webhook is switched off."""
SILENCE = timedelta(days=2)
"""Without a try, after which a failure begins these days anew; longer than any pause between two tries."""
ROTATION = timedelta(days=1)
"""How long the secret before a rotation goes on signing."""

_TAKE = """
UPDATE campaign_webhook
SET lease_owner = %(owner)s, lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = ANY (ARRAY(
    SELECT hook.id FROM campaign_webhook hook
    JOIN campaign_campaign campaign ON campaign.id = hook.campaign_id
    WHERE (hook.lease_owner = '' OR hook.lease_until < clock_timestamp())
      AND (hook.rests_until IS NULL OR hook.rests_until <= %(now)s)
      AND (
        hook.active AND campaign.opens_at <= %(now)s AND EXISTS (
            SELECT FROM campaign_webhookdelivery owed
            WHERE owed.webhook_id = hook.id AND owed.status IN ('queued', 'deferred')
              AND owed.due_at <= %(now)s
        ) OR EXISTS (
            SELECT FROM campaign_webhookdelivery test
            WHERE test.webhook_id = hook.id AND test.status IN ('queued', 'deferred')
              AND test.event = 'test' AND test.due_at <= %(now)s
        )
      )
    ORDER BY hook.lease_until NULLS FIRST, hook.id LIMIT %(most)s FOR UPDATE OF hook SKIP LOCKED
)) RETURNING id
"""

Outcome = Answer | NotAnswered | BadUrl


@dataclass
class _Turn:
    """One webhook in this run: what of it is on its way, and whether it may go on."""

    hook: Webhook
    flying: list[WebhookDelivery] = field(default_factory=list)
    failed: bool = False
    over: bool = False

    @property
    def lanes(self) -> int:
        return 1 if self.hook.failures or self.failed else LANES

    def next_due(self) -> list[WebhookDelivery]:
        """What is due and may go out beside what is on its way: never the same signer twice at once.

        Else an older state of a signer could arrive after a newer one.
        """
        free = self.lanes - len(self.flying)
        if self.over or free <= 0:
            return []
        due = WebhookDelivery.objects.filter(
            webhook=self.hook, status__in=STILL_OWED, due_at__lte=timezone.now()
        ).exclude(pk__in=[each.pk for each in self.flying])
        if not (self.hook.active and self.hook.campaign.is_visible()):
            due = due.filter(event=Announced.TEST)
        busy = {each.signer for each in self.flying if each.signer}
        fresh: list[WebhookDelivery] = []
        for each in due.exclude(signer__in=busy).order_by("due_at", "pk")[:free]:
            if each.signer not in busy:
                fresh.append(each)
                busy |= {each.signer} - {""}
        return fresh


class _Run:
    """Some webhooks served side by side, until none is owed anything or TURN seconds are over."""

    def __init__(self, lanes: ThreadPoolExecutor) -> None:
        self.owner = uuid.uuid4().hex
        self.taken = 0
        self._lanes = lanes
        self._turns: list[_Turn] = []
        self._flying: dict[Future[Outcome], tuple[_Turn, WebhookDelivery]] = {}
        self._ends = time.monotonic() + TURN
        self._looks_at = 0.0

    def go(self) -> None:
        """Go on until nothing is owed; meanwhile nobody need be woken for it (see `queue`)."""
        while True:
            self._look()
            self._begin()
            if self._flying:
                self._wait()
            elif not self._look_last():
                break

    def _wait(self) -> None:
        done, _others = wait(self._flying, timeout=LOOK, return_when=FIRST_COMPLETED)
        for future in done:
            turn, delivery = self._flying.pop(future)
            turn.flying.remove(delivery)
            self.taken += _settle(turn, delivery, future.result())

    def is_cut_off(self) -> bool:
        return time.monotonic() >= self._ends

    def _look(self) -> None:
        """Take more webhooks, now and then: who is owed something must not wait for who is slow."""
        now = time.monotonic()
        if not self._looks_at <= now < self._ends:
            return
        self._looks_at = now + LOOK
        self._heed_changes()
        if len(self._turns) < HOOKS:
            queue.hold(DISPATCH)
            self._take_more()

    def _heed_changes(self) -> None:
        """End the turns of webhooks that are off or lead elsewhere by now: no name goes there any more."""
        for turn in self._turns:
            turn.over = turn.over or not _hook(turn).filter(active=turn.hook.active).exists()

    def _look_last(self) -> bool:
        """Take what was owed while we still had the lease: whoever came for it found it taken."""
        queue.heard(DISPATCH)
        return not self.is_cut_off() and self._take_more()

    def _take_more(self) -> bool:
        more = _take(self.owner, HOOKS - len(self._turns))
        self._turns += [_Turn(hook) for hook in more]
        return bool(more)

    def _begin(self) -> None:
        for turn in self._turns:
            for delivery in [] if self.is_cut_off() else turn.next_due():
                self._send(turn, delivery)
        idle = [turn for turn in self._turns if not turn.flying]
        self._turns = [turn for turn in self._turns if turn.flying]
        if idle:
            _give_back(Webhook.objects.filter(pk__in=[turn.hook.pk for turn in idle]), self.owner)

    def _send(self, turn: _Turn, delivery: WebhookDelivery) -> None:
        try:
            body = render(turn.hook, delivery)
        except Exception:
            # One that cannot be written must not stand in the way of all the others.
            logger.exception("delivery %s cannot be rendered", delivery.pk)
            _defer(delivery, code=None, error="not rendered")
            return
        headers = _headers(turn.hook, delivery, body)
        turn.flying.append(delivery)
        future = self._lanes.submit(_post, turn.hook.url, body, headers)
        self._flying[future] = (turn, delivery)


def dispatch_due() -> int:
    """Send what is due; returns how many posts were taken by their receivers."""
    with ThreadPoolExecutor(HOOKS * LANES, "webhooks") as lanes:
        run = _Run(lanes)
        try:
            run.go()
        finally:
            _give_back(Webhook.objects.all(), run.owner)
    if run.is_cut_off():
        queue.tell(DISPATCH)  # else what is left would wait for the sweep
    return run.taken


def _take(owner: str, most: int) -> list[Webhook]:
    """Lease the webhooks that are owed something now and that nobody serves."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE, {"owner": owner, "now": now, "lease": LEASE.total_seconds(), "most": most}
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(Webhook.objects.filter(pk__in=ids).select_related("campaign")) if ids else []


def _give_back(hooks: QuerySet[Webhook], owner: str) -> None:
    """End the leases; when they ended says who has waited longest."""
    hooks.filter(lease_owner=owner).update(lease_owner="", lease_until=Now())


def _post(url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    try:
        return outbound.post(url, body=body, headers=headers)
    except (BadUrl, NotAnswered) as error:
        return error
    except Exception as error:
        # Whatever it is: it would end the run, and come first again in the next one.
        logger.exception("a post failed")
        return NotAnswered(f"not sent: {type(error).__name__}")


# --- What is sent ----------------------------------------------------------------------------


def render(hook: Webhook, delivery: WebhookDelivery) -> bytes:
    """The JSON of a delivery as the public sees its matter now."""
    visible = hook.campaign.is_visible()
    payload = {
        "id": message_id(delivery),
        "type": delivery.event,
        "created_at": publication.instant(delivery.created_at),
        # A test before the opening names nothing that isn't public yet.
        "campaign": hook.campaign.slug if visible else None,
        "data": _data(hook, delivery),
    }
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def message_id(delivery: WebhookDelivery) -> str:
    """The id of a message, the same at every try, so that receivers know a second copy."""
    return f"msg_{delivery.message.hex}"


def _data(hook: Webhook, delivery: WebhookDelivery) -> Any:
    if delivery.signer:
        try:
            return publication.signer(hook.campaign, delivery.signer)
        except NotFound:  # deleted altogether since
            now = publication.instant(timezone.now())
            return {"id": delivery.signer, "removed": True, "updated_at": now}
    if delivery.number is None:
        return {}
    if delivery.event.startswith("alert."):
        return {"number": delivery.number}
    reached = Milestone.objects.get(campaign=hook.campaign, number=delivery.number)
    return {
        "published": reached.number,
        "goal": hook.campaign.goal,
        "reached_at": publication.instant(reached.reached_at),
    }


def _headers(hook: Webhook, delivery: WebhookDelivery, body: bytes) -> dict[str, str]:
    now = timezone.now()
    keys = [hook.key]
    if hook.previous_key and hook.rotated_at and now < hook.rotated_at + ROTATION:
        keys.append(hook.previous_key)
    sealed = seal.headers(keys, message=message_id(delivery), at=now, body=body)
    return {"Content-Type": "application/json", **sealed}


# --- What came of it -------------------------------------------------------------------------


def _settle(turn: _Turn, delivery: WebhookDelivery, outcome: Outcome) -> bool:
    """Note the outcome on the delivery and on its webhook; whether the receiver took it."""
    if not isinstance(outcome, Answer):
        _failed(turn, rest=timedelta())
        _defer(delivery, code=None, error=str(outcome))
    elif 200 <= outcome.status < 300:
        _mark(
            delivery,
            status=DeliveryStatus.DELIVERED,
            code=outcome.status,
            error="",
            delivered_at=timezone.now(),
        )
        _succeeded(turn)
        return True
    elif outcome.status == GONE:
        _mark(delivery, status=DeliveryStatus.FAILED, code=GONE, error="answered 410")
        _switch_off(turn, "The receiver answered 410: it wants nothing any more.")
    else:
        rest = None
        if outcome.status in THROTTLED:
            rest = min(timedelta(seconds=outcome.retry_after or 0), LONGEST_REST)
        _failed(turn, rest=rest)
        _defer(delivery, code=outcome.status, error=f"answered {outcome.status}")
    return False


def _defer(delivery: WebhookDelivery, *, code: int | None, error: str) -> None:
    tried = delivery.attempts
    if tried >= len(PAUSES):
        _mark(delivery, status=DeliveryStatus.FAILED, code=code, error=error)
    else:
        due_at = timezone.now() + _jittered(PAUSES[tried])
        _mark(delivery, status=DeliveryStatus.DEFERRED, code=code, error=error, due_at=due_at)


def _mark(delivery: WebhookDelivery, **columns: Any) -> None:
    # Only what is still owed: a worker whose lease ran out must not undo what the next one noted.
    owed = WebhookDelivery.objects.filter(pk=delivery.pk, status__in=STILL_OWED)
    owed.update(attempts=F("attempts") + 1, **columns)


def _jittered(pause: timedelta) -> timedelta:
    """So that what failed together doesn't come back together."""
    jitter: float = random.uniform(0.8, 1.2)  # noqa: S311 - no secret hangs on it
    return pause * jitter


def _hook(turn: _Turn) -> QuerySet[Webhook]:
    # Not once it leads elsewhere: what the receiver before did is no fault of the new one.
    return Webhook.objects.filter(pk=turn.hook.pk, url=turn.hook.url)


def _succeeded(turn: _Turn) -> None:
    if turn.hook.failing_since is not None or turn.failed:
        _hook(turn).update(failures=0, failing_since=None, rests_until=None)
        turn.hook.failures, turn.hook.failing_since, turn.failed = 0, None, False


def _failed(turn: _Turn, rest: timedelta | None) -> None:
    """Note a failure, once a turn; with ``rest``, at least so long, the turn is over.

    Before it is noted on its delivery, which would else say that something was tried just now.
    """
    now = timezone.now()
    columns: dict[str, Any] = {}
    if not turn.failed:
        turn.failed = True
        columns["failures"] = turn.hook.failures + 1
        columns["failing_since"] = _failing_since(turn.hook, now)
        if now - columns["failing_since"] >= OFF_AFTER:
            since = f"{columns['failing_since']:%Y-%m-%d %H:%M} UTC"
            _switch_off(turn, f"Nothing has been delivered since {since}.")
    if rest is not None and not turn.over:
        turn.over = True
        usual = RESTS[min(turn.hook.failures, len(RESTS) - 1)]
        columns["rests_until"] = now + max(_jittered(usual), rest)
        logger.warning("webhook %s rests", turn.hook.pk)
    if columns:
        _hook(turn).update(**columns)


def _failing_since(hook: Webhook, now: datetime) -> datetime:
    """Since when nothing but failures came of what was tried: two a week apart are no week of them."""
    tried = WebhookDelivery.objects.filter(webhook=hook, attempts__gt=0, due_at__gt=now - SILENCE)
    return hook.failing_since if hook.failing_since and tried.exists() else now


def _switch_off(turn: _Turn, note: str) -> None:
    turn.over = True
    _hook(turn).update(active=False, note=note)
    logger.warning("webhook %s is switched off", turn.hook.pk)
