"""A mail is a row first; what happens to it afterwards is ``delivery``'s."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign
from campaign.models.notice import Notice
from campaign.models.report import Report
from campaign.models.representation import Representation
from campaign.models.signature import Signature


class MailKind(models.TextChoices):
    CONFIRM = "confirm", _("please confirm")
    REMINDER = "reminder", _("please confirm, once more")
    SIGNED_ALREADY = "signed_already", _("link to your page")
    PUBLISHED = "published", _("your signature is published")
    REJECTED = "rejected", _("your signature was not accepted")
    QUESTION = "question", _("a question about your signature")
    VOUCHED = "vouched", _("an organisation vouches for you")
    REPRESENT_CONFIRM = "represent_confirm", _("please confirm that you sign for somebody")
    REPRESENTED = "represented", _("somebody signed for you: please confirm")
    REPORT_CONFIRM = "report_confirm", _("please confirm your report")
    REPORT_KEPT = "report_kept", _("the entry that you reported stays")
    REPORT_REMOVED = "report_removed", _("the entry that you reported is gone")
    MY_DATA = "my_data", _("link to your data")
    ALERT = "alert", _("an alert for those who moderate")


TO_REPORTERS = (MailKind.REPORT_CONFIRM, MailKind.REPORT_KEPT, MailKind.REPORT_REMOVED)

OF_REPRESENTATIONS = (MailKind.REPRESENT_CONFIRM, MailKind.REPRESENTED)

# Somebody waits in front of the screen for these: they overtake the notes of a released batch, and what
# asks the addresses of a file to confirm.
URGENT = (
    MailKind.CONFIRM,
    MailKind.SIGNED_ALREADY,
    MailKind.REPORT_CONFIRM,
    MailKind.REPRESENT_CONFIRM,
    MailKind.REPRESENTED,
    MailKind.MY_DATA,
)
# Whoever types an address causes these: each can be stopped by the one who gets it.
BY_STRANGERS = (*URGENT, MailKind.REMINDER)
# Those of them that go to the signer, for the cap of a signature's life.
TO_SIGNERS_BY_STRANGERS = tuple(
    kind
    for kind in BY_STRANGERS
    if kind not in (*TO_REPORTERS, MailKind.REPRESENT_CONFIRM, MailKind.MY_DATA)
)


class MailStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    CLAIMED = "claimed", _("claimed")
    SENT = "sent", _("sent")
    DEFERRED = "deferred", _("deferred")
    FAILED = "failed", _("failed")
    SUPPRESSED = "suppressed", _("suppressed")


WAITING = (MailStatus.QUEUED, MailStatus.DEFERRED)

Recipient = Signature | Report | Representation
"""Whose address a mail goes to: a signer's, or that of who reports one or signs for one."""


class Mail(models.Model):
    """One mail owed, written in the transaction that causes it, about a signature.

    To its signer; with a ``report`` to who reported it, with a ``representation`` to who signed for them.
    With a ``notice`` it is about no signature, and goes to who works in the campaign, or whose account it is.
    """

    # That of the signature or notice, 0 of an account's. No constraint: a check locks the row that all
    # signers share.
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, db_index=False, db_constraint=False, verbose_name=_("campaign")
    )
    signature = models.ForeignKey(
        Signature, models.CASCADE, null=True, blank=True, related_name="mails"
    )
    report = models.ForeignKey(
        Report, models.CASCADE, null=True, blank=True, related_name="mails", db_index=False
    )
    representation = models.ForeignKey(
        Representation, models.CASCADE, null=True, blank=True, related_name="mails", db_index=False
    )
    notice = models.ForeignKey(
        Notice, models.CASCADE, null=True, blank=True, related_name="mails", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=20, choices=MailKind)
    urgent = models.BooleanField()
    status = models.CharField(
        _("status"), max_length=10, choices=MailStatus, default=MailStatus.QUEUED
    )
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_owner = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        indexes = (
            # Read by delivery: what is due next.
            models.Index(
                fields=("-urgent", "due_at", "id"),
                name="mail_due",
                condition=models.Q(status__in=("queued", "deferred")),
            ),
            # Read by delivery: claims whose worker died.
            models.Index(
                fields=("lease_until",),
                name="mail_lease",
                condition=models.Q(status="claimed"),
            ),
            # Read by the deletion of reports: their mails go with them.
            models.Index(
                fields=("report",),
                name="mail_report",
                condition=models.Q(report__isnull=False),
            ),
            # Read by the deletion of representations: their mails go with them.
            models.Index(
                fields=("representation",),
                name="mail_representation",
                condition=models.Q(representation__isnull=False),
            ),
            # Read by the removal of a member: what they were told goes with them.
            models.Index(
                fields=("notice",),
                name="mail_notice",
                condition=models.Q(notice__isnull=False),
            ),
        )
        constraints = (
            # What a reporter is told must never reach the signer, nor the other way round.
            models.CheckConstraint(
                condition=models.Q(kind="my_data")
                | models.Q(kind__in=TO_REPORTERS, report__isnull=False)
                | (~models.Q(kind__in=TO_REPORTERS) & models.Q(report__isnull=True)),
                name="mail_to_a_reporter_has_a_report",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="my_data")
                | models.Q(kind="represent_confirm", representation__isnull=False)
                | (~models.Q(kind="represent_confirm") & models.Q(representation__isnull=True)),
                name="mail_to_a_representative_has_one",
            ),
            # A link to what is held of one, never to the signer that they reported or signed for.
            models.CheckConstraint(
                condition=~models.Q(kind="my_data")
                | models.Q(report__isnull=False, representation__isnull=True)
                | models.Q(report__isnull=True, representation__isnull=False),
                name="mail_about_data_is_to_one_of_them",
            ),
            # What staff is told is about nobody's signature, and every other mail is about one.
            models.CheckConstraint(
                condition=models.Q(kind="alert", notice__isnull=False, signature__isnull=True)
                | (
                    ~models.Q(kind="alert") & models.Q(notice__isnull=True, signature__isnull=False)
                ),
                name="mail_to_a_member_has_a_notice",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="claimed") | models.Q(lease_until__isnull=False),
                name="mail_claim_has_a_lease",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} {self.status}"

    @property
    def recipient(self) -> Recipient:
        """Whose address it goes to, where it is about a signature."""
        return self.report or self.representation or self.about

    @property
    def about(self) -> Signature:
        """The signature that it is about, as every one without a ``notice`` is."""
        assert self.signature is not None
        return self.signature


class MailQuota(models.Model):
    """How many mails strangers have caused on one UTC day: to one address of one campaign, or by
    reports about one signature, whose hash then stands in the place of the address's."""

    # No constraint: a check locks the row that all signers share.
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False, db_constraint=False)
    address_hash = models.CharField(max_length=64)
    day = models.DateField()
    n = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "address_hash", "day"), name="mail_quota_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.address_hash[:8]} {self.day} {self.n}"


class MailDay(models.Model):
    """How many mails strangers have caused to one address on one UTC day, by all campaigns together."""

    address_hash = models.CharField(max_length=64)
    day = models.DateField()
    n = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("address_hash", "day"), name="mail_day_once"),
        )

    def __str__(self) -> str:
        return f"{self.address_hash[:8]} {self.day} {self.n}"


class MailPace(models.Model):
    """How many mails of one campaign have been taken up for delivery in one minute of the clock."""

    # No constraint: a check locks the row that all signers share.
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False, db_constraint=False)
    minute = models.DateTimeField()
    n = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("minute", "campaign"), name="mail_pace_once"),
        )

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.minute} {self.n}"
