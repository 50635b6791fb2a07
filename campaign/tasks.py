"""What the worker does: thin, with a time limit, told by name from below, safe to run twice."""

from typing import Any

from celery import shared_task
from celery.signals import (
    after_task_publish,
    beat_init,
    task_failure,
    task_postrun,
    task_prerun,
    task_success,
)

from campaign import (
    announcements,
    bell,
    brakes,
    closing,
    counts,
    delivery,
    dispatch,
    files,
    link_batches,
    logs,
    milestones,
    outbox,
    printing,
    queue,
    releases,
    removal,
    removing,
    retention,
    sites,
    suspicions,
    uploads,
    vitals,
    vouchers,
    vouching,
)


@task_prerun.connect
def begin(task: Any, **_: object) -> None:
    """Let whoever tells of more from now on be heard; before the task looks at anything."""
    queue.heard(task.name)
    logs.request_id.set(getattr(task.request, "request_id", None) or "")


@task_postrun.connect
def end(**_: object) -> None:
    logs.request_id.set("")


@task_success.connect
def note_success(sender: Any, **_: object) -> None:
    vitals.succeeded(sender.name)


@task_failure.connect
def note_failure(sender: Any, **_: object) -> None:
    vitals.failed(sender.name)


@beat_init.connect
def note_ticks(**_: object) -> None:
    """In the scheduler alone: others hand out tasks too."""
    after_task_publish.connect(note_tick)


def note_tick(**_: object) -> None:
    vitals.ticked()


@shared_task(name=outbox.DELIVER)
def deliver() -> None:
    """Send what is due, and what comes meanwhile; told after a commit that owes a mail."""
    delivery.deliver_on()


@shared_task(name="campaign.sweep")
def sweep() -> None:
    """Send what nobody was told of: retries, claims of dead workers, a queue that was down."""
    delivery.deliver_due()


@shared_task(name=announcements.DISPATCH)
def send_announcements() -> None:
    """Send webhooks what they are owed; told after each commit that owes one something."""
    dispatch.dispatch_due()


@shared_task(name="campaign.ring")
def ring() -> None:
    """Tell moderators what should not wait."""
    bell.ring()


@shared_task(name="campaign.milestones")
def reach_milestones() -> None:
    """Announce the milestones that have been reached since."""
    milestones.reach()


@shared_task(name=releases.TASK)
def release() -> None:
    """Publish what somebody asked for as a whole: of a batch, or of what a brake held."""
    releases.release_due()
    brakes.publish_due()


@shared_task(name=sites.LOOK, soft_time_limit=200, time_limit=240)
def look_at_sites() -> None:
    """Look whether the sites that signers named say that they are theirs."""
    sites.look_due()


@shared_task(name="campaign.fold")
def fold() -> None:
    """Fold the change rows into the totals; not to the last, since signers go on adding some."""
    while counts.fold(counts.FOLDED_AT_ONCE) == counts.FOLDED_AT_ONCE:
        pass


@shared_task(name="campaign.remind")
def remind() -> None:
    """Remind who was asked to confirm a day ago."""
    retention.remind()


@shared_task(name="campaign.expire")
def expire() -> None:
    """Delete what its time is over."""
    retention.expire()


@shared_task(name="campaign.empty")
def empty() -> None:
    """Erase the personal data of campaigns that closed so long ago that their time is over."""
    closing.empty()


@shared_task(name=removal.TASK)
def remove() -> None:
    """Go on with removals by rule and with undoing them; told when one is started."""
    removing.carry_on()


@shared_task(name=files.TASK, soft_time_limit=540, time_limit=600)
def export() -> None:
    """Write the files of the list that were asked for, and delete what must not stay."""
    files.refresh()


@shared_task(name=uploads.TASK, soft_time_limit=3500, time_limit=3600)
def take_uploads() -> None:
    """Check and import the files of signers that were sent to the admin."""
    uploads.work()


@shared_task(name=printing.TASK, soft_time_limit=3500, time_limit=3600)
def freeze_print_lists() -> None:
    """Freeze the print lists that were asked for."""
    printing.freeze_ordered()


@shared_task(name=link_batches.TASK, soft_time_limit=540, time_limit=600)
def write_links() -> None:
    """Write the links of organisations' lists, and delete the files that must not stay."""
    link_batches.work()


@shared_task(name=suspicions.TASK)
def search_names() -> None:
    """Compare what is published with the names that have been protected since."""
    suspicions.search_due()


@shared_task(name=vouchers.UNDO, soft_time_limit=540, time_limit=600)
def unvouch() -> None:
    """Take back what revoked organisations and batches vouched for."""
    vouching.undo()
