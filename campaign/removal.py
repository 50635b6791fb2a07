"""The verbs of removal by rule: look, start, stop, undo.

1. A look writes down which signatures match now, so that nothing that comes later is ever taken.
2. A run takes each of these that still matches, a move of its own, so a signer who withdraws wins.
3. Undoing restores each that stands removed by this run; what anybody has decided since stays.

The second and third are the worker's (`removing`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import OperationalError, connection, transaction
from django.db.models import Case, CharField, Count, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign import audit, criteria, identity, queue, rejections
from campaign.criteria import Rule
from campaign.details import PROBLEMS
from campaign.errors import AlreadyStarted, FieldError, InvalidInput
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign
from campaign.models.removal import (
    PREVIEW_KEPT,
    ItemState,
    Removal,
    RemovalItem,
    RemovalStatus,
)
from campaign.models.signature import Signature

TASK = "campaign.remove"
LOOK_FOR = 10_000
"""Milliseconds that a look may take: somebody waits for it, and a thread of the web server with them."""
WORDS_MAX = 500
SAMPLE = 20
TOO_BROAD = _(
    "This rule takes too long to look up. Choose a shorter time, a network, or a narrower name."
)
NO_WORDS = _("The public reads this in every language of the campaign.")
TOO_MANY_WORDS = _("Please use at most 500 characters.")


# --- Looking ---------------------------------------------------------------------------------


@transaction.atomic
def preview(*, campaign: Campaign, rule: Rule, by: AbstractBaseUser) -> Removal:
    """Write down what the rule matches now, and whom it leaves out (`criteria.is_known`).

    Raises InvalidInput, also for a rule that takes the database longer than `LOOK_FOR`.
    """
    rule = criteria.checked(campaign, rule)
    removal = Removal.objects.create(campaign=campaign, rule=rule.stored(), by_id=by.pk)
    state = Case(
        When(criteria.is_known(rule), then=Value(ItemState.SPARED.value)),
        default=Value(ItemState.MATCHED.value),
        output_field=CharField(),
    )
    found = criteria.matching(campaign, rule).annotate(state=state).values_list("pk", "state")
    sql, parameters = found.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, TRUE)", [str(LOOK_FOR)])
        try:
            cursor.execute(_WRITE_DOWN.format(sql), [removal.pk, *parameters])
        except OperationalError as error:
            raise InvalidInput([FieldError("rule", "too_broad", str(TOO_BROAD))]) from error
    return removal


_WRITE_DOWN = """
INSERT INTO campaign_removalitem (removal_id, signature_id, state)
SELECT %s, found.id, found.state FROM ({}) AS found (id, state) ORDER BY found.id
"""


@dataclass(frozen=True)
class Progress:
    """How many signatures of a run are how far."""

    matched: int
    spared: int
    removed: int
    passed: int
    restored: int
    kept: int

    @property
    def taken(self) -> int:
        """All that the run was about."""
        return self.matched + self.removed + self.passed + self.restored + self.kept

    @property
    def gone_through(self) -> int:
        return self.taken - self.matched

    @property
    def undone(self) -> int:
        return self.restored + self.kept


def progress(removal: Removal) -> Progress:
    rows = RemovalItem.objects.filter(removal=removal).values_list("state").annotate(Count("pk"))
    numbers = dict(rows.order_by())
    return Progress(**{state.value: numbers.get(state.value, 0) for state in ItemState})


def sample(removal: Removal, state: ItemState) -> list[Signature]:
    """Some of those that a rule matched or left out, drawn anew each time, as they are now."""
    drawn = RemovalItem.objects.filter(removal=removal, state=state).order_by("?")[:SAMPLE]
    rows = Signature.objects.defer("search").select_related("discipline")
    return list(rows.filter(pk__in=list(drawn.values_list("signature", flat=True))).order_by("pk"))


# --- Steering --------------------------------------------------------------------------------


@transaction.atomic
def start(*, removal: Removal, reason: str, words: Mapping[str, str], by: AbstractBaseUser) -> None:
    """Let the worker remove what was matched, for one of the campaign's reasons (`rejections`).

    ``words`` are what the corrections page says, one text for each language of the campaign. A run that
    is under way is a success that changes nothing. Raises InvalidInput, AlreadyStarted.
    """
    if reason not in {each.slug for each in rejections.offered(removal.campaign)}:
        said = str(PROBLEMS["unknown_choice"])
        raise InvalidInput([FieldError("reason", "unknown_choice", said)])
    texts = _checked_words(removal.campaign, words)
    now = timezone.now()
    started = Removal.objects.filter(
        pk=removal.pk, status=RemovalStatus.PREVIEWED, previewed_at__gt=now - PREVIEW_KEPT
    ).update(status=RemovalStatus.RUNNING, reason=reason, words=texts, started_at=now)
    if not started:
        if Removal.objects.filter(pk=removal.pk, status=RemovalStatus.RUNNING).exists():
            return
        raise AlreadyStarted
    removal.refresh_from_db()
    details: dict[str, audit.Code] = {
        "reason": reason,
        "by": Rule.of(removal.rule).chosen(),
    }
    record(AuditAction.REMOVAL, removal, by, progress(removal).matched, details)
    queue.tell_after_commit(TASK)


def _checked_words(campaign: Campaign, words: Mapping[str, str]) -> dict[str, str]:
    texts = {language: identity.clean(words.get(language, "")) for language in campaign.languages}
    errors = [
        FieldError(f"words_{language}", code, str(message))
        for language, text in texts.items()
        for code, message, wrong in (
            ("blank", NO_WORDS, not text),
            ("too_long", TOO_MANY_WORDS, len(text) > WORDS_MAX),
        )
        if wrong
    ]
    if errors:
        raise InvalidInput(errors)
    return texts


@transaction.atomic
def stop(*, removal: Removal, by: AbstractBaseUser) -> None:
    """Stop a run after the move that it is at; what is removed stays so. Raises AlreadyStarted."""
    changed = Removal.objects.filter(pk=removal.pk, status=RemovalStatus.RUNNING).update(
        status=RemovalStatus.STOPPED, ended_at=timezone.now()
    )
    if changed:
        record(AuditAction.REMOVAL_STOPPED, removal, by, progress(removal).removed)
    elif not Removal.objects.filter(pk=removal.pk, status=RemovalStatus.STOPPED).exists():
        raise AlreadyStarted


@transaction.atomic
def undo(*, removal: Removal, by: AbstractBaseUser) -> None:
    """Let the worker bring back whom this run removed, each to the status before.

    Who withdrew or was decided on since stays as they are. Being undone is a success that changes
    nothing. Raises AlreadyStarted while it still runs.
    """
    ended = (RemovalStatus.STOPPED, RemovalStatus.DONE)
    changed = Removal.objects.filter(pk=removal.pk, status__in=ended).update(
        status=RemovalStatus.UNDOING
    )
    if changed:
        record(AuditAction.REMOVAL_UNDO, removal, by, progress(removal).removed)
        queue.tell_after_commit(TASK)
        return
    undone = (RemovalStatus.UNDOING, RemovalStatus.UNDONE)
    if not Removal.objects.filter(pk=removal.pk, status__in=undone).exists():
        raise AlreadyStarted


def record(
    action: AuditAction,
    removal: Removal,
    by: AbstractBaseUser | None,
    number: int,
    details: Mapping[str, audit.Code] | None = None,
) -> None:
    audit.record(
        action,
        by=by,
        campaign=removal.campaign,
        number=number,
        details={"removal": removal.pk, **(details or {})},
    )
