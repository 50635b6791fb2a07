"""Proofs: what shows who a signer is, beyond the mailbox that they confirmed."""

from django.db import models

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
