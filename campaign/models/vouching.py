"""Links for members of an organisation, and for which signatures an organisation stands up."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.models.evidence import Proof
from campaign.models.signature import Signature, new_public_id
from campaign.models.voucher import LinkBatch, Voucher


class MemberLink(models.Model):
    """A link that one member may use once; of the address a keyed hash is all that is kept.

    A newer link of the same organisation and address takes the row over, so that the old one is dead.
    ``signature`` is what it was used for.
    """

    public_id = models.CharField(max_length=16, default=new_public_id)
    voucher = models.ForeignKey(Voucher, models.PROTECT, db_index=False)
    batch = models.ForeignKey(LinkBatch, models.PROTECT, related_name="links")
    address_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)
    signature = models.ForeignKey(
        Signature, models.CASCADE, null=True, blank=True, db_index=False, related_name="+"
    )

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("public_id",), name="member_link_public_id"),
            models.UniqueConstraint(
                fields=("voucher", "address_hash"), name="member_link_once_an_address"
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, signature__isnull=True)
                | Q(used_at__isnull=False, signature__isnull=False),
                name="member_link_used_for_a_signature",
            ),
        )
        indexes = (
            # Read by erasure: the links of a signature.
            models.Index(
                fields=("signature",),
                name="member_link_signature",
                condition=Q(signature__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.public_id


class Vouching(models.Model):
    """An organisation stands up for a signature: by a link of that ``batch``, by hand of ``user``, or both.

    The ``proof`` is what the signature shows of it, and the row goes when erasure deletes that. ``shown_at``
    is when the signer ticked that the organisation's name may stand beside theirs, ``ended_at`` when
    it was taken back, and ``seen_at`` when a moderator has looked at what is left.
    """

    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="vouchings")
    signature = models.ForeignKey(Signature, models.CASCADE, related_name="vouchings")
    batch = models.ForeignKey(LinkBatch, models.PROTECT, null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, db_index=False
    )
    proof = models.OneToOneField(Proof, models.CASCADE)
    at = models.DateTimeField(auto_now_add=True)
    shown_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=("voucher", "signature"),
                name="vouching_once",
                condition=Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(batch__isnull=False) | Q(user__isnull=False),
                name="vouching_by_link_or_by_hand",
            ),
        )
        indexes = (
            # Read by every page of the admin: what moderators have not looked at.
            models.Index(
                fields=("voucher", "ended_at"),
                name="vouching_to_look_at",
                condition=Q(ended_at__isnull=False, seen_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.voucher_id} {self.signature_id}"


class Refusal(models.Model):
    """A signer said that an organisation must not vouch for this signature, now or later.

    A row of its own: there may be no `Vouching` that it could stand on, as when that is taken back at the
    same moment, or is younger than a backup that was restored.
    """

    signature = models.ForeignKey(
        Signature, models.CASCADE, db_index=False, related_name="refusals"
    )
    voucher = models.ForeignKey(Voucher, models.PROTECT, db_index=False, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("signature", "voucher"), name="refusal_once"),
        )

    def __str__(self) -> str:
        return f"{self.voucher_id} {self.signature_id}"
