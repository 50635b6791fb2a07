"""Proofs: what shows who a signer is, beyond the mailbox that they confirmed."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign import mail_domains
from campaign.models.signature import Evidence, Signature


class Proof(models.Model):
    """One way in which it was shown who a signer is; private, all but method and date of the strongest.

    A mailbox leaves no row, nor does consent on file: those follow from the signature. ``domain`` and
    ``note`` are what it rests on; erasure deletes the row. ``proofs`` alone writes here, since the
    strongest of them is published with the signature.
    """

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="proofs")
    method = models.CharField(max_length=10, choices=Evidence)
    at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(method="domain", domain__gt="")
                | models.Q(method="vouched", domain="")
                | models.Q(method="staff", domain="", note__gt=""),
                name="proof_rests_on_something",
            ),
            models.UniqueConstraint(
                fields=("signature", "domain"),
                name="proof_once_a_domain",
                condition=models.Q(method="domain", revoked_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.method} {self.signature_id}"


class SiteStatus(models.TextChoices):
    WAITING = "waiting", _("looked for")
    MISSING = "missing", _("not found")
    FOUND = "found", _("found: whose is it?")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("not accepted")


class SiteMark(models.TextChoices):
    """How a site says that it is a signer's."""

    LINK = "link", _("a link on its first page")
    RECORD = "record", _("a record in the DNS")


class Site(models.Model):
    """A site that a signer says is theirs; private. ``domain`` is its name as A-labels.

    ``mark`` is what was found there, ``error`` why nothing was. That somebody has a domain says nothing
    of their name, so it proves something only once a moderator has accepted it: ``proof`` then.
    """

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="sites")
    domain = models.CharField(max_length=253)
    status = models.CharField(max_length=10, choices=SiteStatus, default=SiteStatus.WAITING)
    mark = models.CharField(max_length=10, choices=SiteMark, blank=True)
    error = models.CharField(max_length=20, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    looked_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    found_at = models.DateTimeField(null=True, blank=True)
    proof = models.OneToOneField(Proof, models.SET_NULL, null=True, blank=True, related_name="site")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("signature", "domain"), name="site_once"),
            models.CheckConstraint(
                condition=models.Q(status__in=("waiting", "missing"), mark="")
                | models.Q(
                    status__in=("found", "accepted", "refused"),
                    mark__gt="",
                    found_at__isnull=False,
                ),
                name="site_found_has_a_mark",
            ),
        )
        indexes = (
            # Read by the task that looks.
            models.Index(fields=("due_at",), name="site_due", condition=models.Q(status="waiting")),
            # Read by the moderators' lane.
            models.Index(
                fields=("signature",), name="site_found", condition=models.Q(status="found")
            ),
        )

    def __str__(self) -> str:
        return f"{self.domain} {self.status}"

    @property
    def shown(self) -> str:
        """Its name for people, who must see whether letters only look alike."""
        return mail_domains.readable(self.domain)
