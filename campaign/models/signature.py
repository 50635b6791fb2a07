"""A signature: one signer's act of signing one campaign, private as a whole."""

import secrets
from base64 import b32encode
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.models.batch import ImportBatch
from campaign.models.campaign import CONFIRM_GRACE, Campaign, Discipline
from campaign.models.statement import Consent, StatementText
from campaign.models.voucher import Voucher

NAME_MAX = 200
UNCONFIRMED_KEPT = timedelta(days=30)
# 32 letters and digits without the four that are misread (Crockford's base 32), so an id can be
# dictated and never begins like a spreadsheet formula.
_CROCKFORD = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz"
)


def new_public_id() -> str:
    """A random id of 80 bits: it tells neither order nor time."""
    return b32encode(secrets.token_bytes(10)).translate(_CROCKFORD).decode()


class Kind(models.TextChoices):
    PERSON = "person", _("person")
    GROUP = "group", _("group")
    ORGANISATION = "organisation", _("organisation")


class Status(models.TextChoices):
    PENDING = "pending", _("pending")
    HELD = "held", _("held")
    PUBLISHED = "published", _("published")
    REJECTED = "rejected", _("rejected")
    WITHDRAWN = "withdrawn", _("withdrawn")
    ERASED = "erased", _("erased")


# Statuses of a signature that stands, or that a moderator refused: one of them for a name and address.
STANDING = (Status.HELD, Status.PUBLISHED, Status.REJECTED)
# Who was refused and has not left, though the clock may have erased what says who it was (see `closing`).
REMOVED = models.Q(status=Status.REJECTED) | models.Q(counted_as=Status.REJECTED)


class Evidence(models.TextChoices):
    EMAIL = "email", _("mailbox confirmed")
    ON_FILE = "on_file", _("the campaign holds their consent")
    DOMAIN = "domain", _("confirmed by their own site")
    VOUCHED = "vouched", _("vouched for")
    STAFF = "staff", _("checked by the campaign")


class HoldReason(models.TextChoices):
    REVIEW = "review", _("The campaign reviews every signature")
    PROTECTED_NAME = "protected_name", _("Its name is like a protected name")
    SECOND_NAME = "second_name", _("This address has signed with another name")
    IMPORTED = "imported", _("Imported with consent on file, not released yet")
    REJECTED_BEFORE = "rejected_before", _("A signature of this address was rejected")
    RENAMED = "renamed", _("The signer changed what is shown")
    MODERATOR = "moderator", _("A moderator holds it")
    REPORTED = "reported", _("Reported from an address that is on file for this name")
    NEAR_NAME = "near_name", _("Its name is nearly a protected name")
    ON_LIST = "on_list", _("The name is on the list already, with another credit")
    FEATURED = "featured", _("It asks to be featured")
    ORGANISATION = "organisation", _("It signs for an organisation or a group")
    MAIL_DOMAIN = "mail_domain", _("Its mail domain is not that of the organisation")
    DISPOSABLE = "disposable", _("Its mail domain is a disposable one")
    MANY = "many", _("Many came from one network or one domain in a short time")
    NO_NAME = "no_name", _("It may be no name")
    REJECTED_NAME = "rejected_name", _("A signature with a name like this was rejected")
    BRAKE = "brake", _("Confirmed while publication was paused")
    REPRESENTED = "represented", _("Somebody signed for them")
    LEFT = "left", _("Somebody of this address has left")
    NAME_LEFT = "name_left", _("Somebody of this name has left")


GUARDED = (HoldReason.PROTECTED_NAME, HoldReason.NEAR_NAME)
"""The reasons to hold that say: protected name."""


class RejectionReason(models.TextChoices):
    """Our reasons why a signature is not accepted, in words that its signer reads."""

    IMPERSONATION = "impersonation", _("We could not confirm that this is you.")
    NOT_A_NAME = "not_a_name", _("What was given is not a name that we can publish.")
    NOT_ELIGIBLE = (
        "not_eligible",
        _("This statement is open to creators and those who stand for them."),
    )
    DUPLICATE = "duplicate", _("You are on the list already.")
    CONTENT = "content", _("The text that was given cannot be published.")


class Signature(models.Model):
    """One signer's act of signing one campaign.

    ``name_fold`` is for search and sameness, ``details_key`` tells whether somebody typed the same
    details again, ``import_key`` whether a file's line has been imported already. ``revision``
    rises with every change of a public field. Statuses change in ``moves`` alone.
    """

    public_id = models.CharField(max_length=16, default=new_public_id)
    # Without indexes of their own: nearly all rows share them, and each costs every signing a write.
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        related_name="signatures",
        db_index=False,
        verbose_name=_("campaign"),
    )
    statement = models.ForeignKey(StatementText, models.PROTECT, db_index=False)
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, blank=True, db_index=False)
    batch = models.ForeignKey(
        ImportBatch,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("import batch"),
    )

    name = models.CharField(max_length=NAME_MAX)
    sort_name = models.CharField(max_length=NAME_MAX, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.PERSON)
    discipline = models.ForeignKey(
        Discipline,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("discipline"),
    )
    credit = models.CharField(_("credit"), max_length=NAME_MAX, blank=True)
    organisation = models.CharField(_("organisation"), max_length=NAME_MAX, blank=True)
    country = models.CharField(max_length=2, blank=True)
    show_name = models.BooleanField(default=True)
    featured = models.BooleanField(default=False)
    signed_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)

    email = models.CharField(max_length=254, blank=True)
    canonical_email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10)
    newsletter = models.BooleanField(default=False)
    source = models.CharField(max_length=60, blank=True)
    evidence_note = models.TextField(blank=True)
    # Somebody signed for them: `representation` is who. A column, since each confirmation asks.
    represented = models.BooleanField(default=False, db_default=False)

    name_fold = models.CharField(max_length=1000)
    sort_key = models.CharField(max_length=1000, db_collation="C")
    search = SearchVectorField()
    details_key = models.CharField(max_length=64)
    import_key = models.CharField(max_length=64, blank=True)
    # Of a file's line: the public id of the pending one that it took in, whose link still says so.
    taken_in = models.CharField(max_length=16, blank=True, default="", db_default="")

    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    hold_reasons = ArrayField(
        models.CharField(max_length=20, choices=HoldReason), default=list, blank=True
    )
    # A moderator looks at it again then; whatever happens to it before makes that void.
    deferred_until = models.DateTimeField(null=True, blank=True)
    rejected_from = models.CharField(max_length=10, blank=True)
    # One of the campaign's, or of ours: see `rejections`.
    rejection_reason = models.CharField(max_length=40, blank=True)
    # The rule that removed it, while it stands, or counts, as removed by that.
    removal = models.ForeignKey(
        "campaign.Removal", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    # Of one whose time was over after the close (see `closing`): as what it goes on counting.
    counted_as = models.CharField(
        max_length=10, choices=Status, blank=True, default="", db_default=""
    )
    evidence = models.CharField(max_length=10, choices=Evidence, blank=True)
    evidence_at = models.DateTimeField(null=True, blank=True)
    # Whose name the signer lets stand beside theirs, of those that vouch for them.
    member_of = models.ForeignKey(
        Voucher, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        permissions = (
            ("moderate_signature", "Can approve, reject, hold and restore signatures"),
            ("view_address", "Can see mail addresses and notes"),
            ("export_signature", "Can take out signatures in bulk"),
            ("vouch", "Can vouch for members of an organisation"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(status__in=("held", "published"))
                | models.Q(confirmed_at__isnull=False),
                name="signature_standing_is_confirmed",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="published")
                | models.Q(published_at__isnull=False, evidence__gt=""),
                name="signature_published_has_date_and_evidence",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="published", show_name=True)
                | models.Q(listed_at__isnull=False),
                name="signature_listed_has_date",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="rejected")
                | models.Q(rejected_from__in=("held", "published"), rejection_reason__gt=""),
                name="signature_rejected_has_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="erased")
                | models.Q(email="", canonical_email="", name=""),
                name="signature_erased_is_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=("withdrawn", "erased"))
                | models.Q(name__gt="", name_fold__gt=""),
                name="signature_named_until_it_leaves",
            ),
            models.CheckConstraint(
                condition=models.Q(removal__isnull=True) | REMOVED,
                name="signature_removed_by_rule_counts_as_rejected",
            ),
            models.CheckConstraint(
                condition=models.Q(counted_as="") | models.Q(status="erased"),
                name="signature_counts_as_what_it_is",
            ),
            models.CheckConstraint(
                condition=~models.Q(counted_as="published") | models.Q(published_at__isnull=False),
                name="signature_counted_has_date",
            ),
            # Not unique=True, which would add a second index for LIKE.
            models.UniqueConstraint(fields=("public_id",), name="signature_public_id"),
            # One standing signature for a name and a mailbox, however often they confirm.
            models.UniqueConstraint(
                fields=("campaign", "canonical_email", "name_fold"),
                name="signature_once_a_name_and_address",
                condition=models.Q(status__in=STANDING) & ~models.Q(canonical_email=""),
            ),
            # The same details typed again are the same pending row.
            models.UniqueConstraint(
                fields=("campaign", "canonical_email", "details_key"),
                name="signature_pending_once",
                condition=models.Q(status="pending"),
            ),
            # A file imported twice adds nothing.
            models.UniqueConstraint(
                fields=("campaign", "import_key"),
                name="signature_imported_once",
                condition=~models.Q(import_key=""),
            ),
            # Read by the link of a pending one that is no more.
            models.UniqueConstraint(
                fields=("taken_in",),
                name="signature_taken_in_once",
                condition=~models.Q(taken_in=""),
            ),
        )
        indexes = (
            # Read by moves and signing: everything of one address.
            models.Index(
                fields=("campaign", "canonical_email", "id"),
                name="signature_address",
                condition=~models.Q(canonical_email=""),
            ),
            # Read by the public list: order newest and oldest.
            models.Index(
                fields=("campaign", "-published_at", "-public_id"),
                name="signature_newest",
                condition=models.Q(status="published", show_name=True),
            ),
            # Read by the public list: order name.
            models.Index(
                fields=("campaign", "sort_key", "public_id"),
                name="signature_by_name",
                condition=models.Q(status="published", show_name=True),
            ),
            # Read by the rules: who of a name stands on the list already.
            models.Index(
                fields=("campaign", "name_fold"),
                name="signature_listed_name",
                condition=models.Q(status="published", show_name=True),
            ),
            # Read by the public list: the featured on top.
            models.Index(
                fields=("campaign", "sort_key", "public_id"),
                name="signature_featured",
                condition=models.Q(status="published", show_name=True, featured=True),
            ),
            # Read by the public list: who matches a filter that few match. Nearly all are persons
            # whose mailbox is confirmed: the last two hold the others.
            models.Index(
                fields=("campaign", "country"),
                name="signature_country",
                condition=models.Q(status="published", show_name=True),
            ),
            models.Index(
                fields=("campaign", "discipline"),
                name="signature_discipline",
                condition=models.Q(status="published", show_name=True),
            ),
            models.Index(
                fields=("campaign", "kind"),
                name="signature_kind",
                condition=models.Q(status="published", show_name=True) & ~models.Q(kind="person"),
            ),
            models.Index(
                fields=("campaign", "evidence"),
                name="signature_evidence",
                condition=models.Q(status="published", show_name=True)
                & ~models.Q(evidence="email"),
            ),
            # Read by the feed of changes.
            models.Index(
                fields=("campaign", "updated_at", "public_id"),
                name="signature_changes",
                condition=models.Q(listed_at__isnull=False),
            ),
            # Read by organisers' programs: what `signature_changes` has not of the confirmed.
            models.Index(
                fields=("campaign", "updated_at", "public_id"),
                name="signature_never_listed",
                condition=models.Q(confirmed_at__isnull=False, listed_at__isnull=True),
            ),
            # Read by the public list: q.
            GinIndex(
                fields=("search",),
                name="signature_search",
                condition=models.Q(status="published", show_name=True),
            ),
            # Read by the moderators' queue: the oldest first, of all campaigns or some.
            models.Index(
                fields=("confirmed_at", "id"),
                include=("campaign",),
                name="signature_held",
                condition=models.Q(status="held"),
            ),
            # Read by its lanes that few are in, so that nobody walks through all the others.
            models.Index(
                fields=("confirmed_at", "id"),
                include=("campaign",),
                name="signature_held_protected",
                condition=models.Q(status="held", hold_reasons__overlap=GUARDED),
            ),
            models.Index(
                fields=("confirmed_at", "id"),
                include=("campaign",),
                name="signature_held_groups",
                condition=models.Q(status="held") & ~models.Q(kind="person"),
            ),
            models.Index(
                fields=("confirmed_at", "id"),
                include=("campaign",),
                name="signature_held_imported",
                condition=models.Q(status="held", hold_reasons=["imported"]),
            ),
            # Read by the lane of the deferred, and by all others: which are not back yet.
            models.Index(
                fields=("deferred_until",),
                name="signature_deferred",
                condition=models.Q(deferred_until__isnull=False),
            ),
            # Read by the page of one: who else has this name, and waits or was refused.
            models.Index(
                fields=("campaign", "name_fold"),
                name="signature_undecided_name",
                condition=models.Q(status="held") | ~models.Q(rejection_reason=""),
            ),
            # Read by the admin and the release: the signatures of a batch.
            models.Index(
                fields=("batch",),
                name="signature_batch",
                condition=models.Q(batch__isnull=False),
            ),
            # Read by the corrections: who was removed after publication.
            models.Index(
                fields=("campaign",),
                name="signature_corrected",
                condition=REMOVED & models.Q(published_at__isnull=False),
            ),
            # Read by the statistics: all that they ask of who came by a link with a source.
            models.Index(
                fields=("campaign", "source", "status"),
                name="signature_source",
                condition=~models.Q(source=""),
            ),
            # Read by retention: pendings past their time.
            models.Index(
                fields=("created_at",),
                name="signature_pending",
                condition=models.Q(status="pending"),
            ),
        )

    def __str__(self) -> str:
        return self.name or self.public_id

    @property
    def is_listed(self) -> bool:
        """Whether it stands on the public list."""
        return self.status == Status.PUBLISHED and self.show_name

    @property
    def deleted_at(self) -> datetime:
        """When it is deleted, if nobody confirms it before."""
        kept_until = self.created_at + UNCONFIRMED_KEPT
        closes_at = self.campaign.closes_at
        return kept_until if closes_at is None else min(kept_until, closes_at + CONFIRM_GRACE)

    @property
    def waits_for_release(self) -> bool:
        """Whether nothing but the release of its batch holds it."""
        return self.hold_reasons == [HoldReason.IMPORTED]
