"""How reports end: closed with what is decided of their signature, or deleted."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaign import outbox
from campaign.models.mail import MailKind
from campaign.models.report import Report, ReportOutcome, ReportStatus

TELLS = {
    ReportOutcome.KEPT: MailKind.REPORT_KEPT,
    ReportOutcome.REMOVED: MailKind.REPORT_REMOVED,
}


def close(signature_id: int, outcome: ReportOutcome, *, only: Collection[int] | None = None) -> int:
    """Close the open reports about a signature, or these alone of them; returns how many were open.

    In the transaction that decides, with the signature locked. The reports are locked too, or one
    whose reporter erases their data meanwhile would be owed a mail that nobody may get.
    """
    reports = Report.objects.filter(signature_id=signature_id, status=ReportStatus.OPEN)
    if only is not None:
        reports = reports.filter(pk__in=only)
    closed = list(reports.order_by("pk").select_for_update())
    if closed:
        Report.objects.filter(pk__in=[report.pk for report in closed]).update(
            status=ReportStatus.CLOSED, outcome=outcome, closed_at=timezone.now()
        )
        outbox.owe(TELLS[outcome], closed)
    return len(closed)


@transaction.atomic(savepoint=False)
def delete(reports: QuerySet[Report]) -> None:
    """Delete these reports with their mails.

    Locked first: Django deletes by id, whatever has been confirmed since it read the ids; and the mails
    before the reports, so that one which is owed meanwhile would still refer to its report.
    """
    locked = list(reports.order_by("pk").select_for_update().values_list("pk", flat=True))
    Report.objects.filter(pk__in=locked).delete()
