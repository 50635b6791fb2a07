"""How representations end: deleted with a request that waits, emptied where its signer has confirmed it."""

from datetime import datetime

from django.db import transaction

from campaign import placing
from campaign.models.mail import Mail
from campaign.models.representation import Representation
from campaign.models.signature import Signature, Status


@transaction.atomic
def forget(*, campaign_id: int, canonical_email: str, until: datetime | None = None) -> int:
    """End whatever an address signed for others in a campaign, or did until then; returns how much that was.

    A request that nobody has confirmed goes as a whole. A signature that its signer has confirmed is
    theirs and stays; of who signed for them remain an id and the times.
    """
    theirs = Representation.objects.filter(campaign=campaign_id, canonical_email=canonical_email)
    theirs = theirs.exclude(canonical_email="")
    if until is not None:
        theirs = theirs.filter(created_at__lte=until)
    # All by one statement, in the order of `locks`, before anything else is locked: two people who
    # signed for each other, and erase it at the same time, would else wait for each other.
    signed = Signature.objects.filter(representation__in=theirs).order_by("pk")
    statuses = dict(signed.select_for_update(of=("self",)).values_list("pk", "status"))
    waiting = [pk for pk, status in statuses.items() if status == Status.PENDING]
    placing.discard(waiting)
    Mail.objects.filter(representation__in=theirs).delete()
    theirs.update(name="", role="", email="", canonical_email="")
    return len(statuses)
