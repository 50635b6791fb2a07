"""What is held of who wrote without signing: who reported an entry, or signed for somebody else.

They see all of it, and have it deleted, by a link that stands in each mail to them (GDPR, articles 15
and 17). What they signed themselves has a page of its own (`own_data`).
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign import journal, outbox, reports, representations
from campaign.errors import CampaignError
from campaign.links import Purpose, read_token
from campaign.models.address import Suppression
from campaign.models.campaign import Campaign
from campaign.models.mail import Mail, MailKind
from campaign.models.report import Report
from campaign.models.representation import Representation

FORGET = "forget"
"""What the journal says of who had it deleted."""


class NothingHeld(CampaignError):
    code = "nothing_held"
    status = 410
    message = _("Nothing is held any more of what this link was about.")


@dataclass(frozen=True)
class Held:
    """All that a campaign holds of one address beside its signatures.

    ``about`` is what the link was about; ``notes`` are kept of the address as a keyed hash.
    """

    about: Report | Representation
    representations: list[Representation]
    reports: list[Report]
    mails: list[Mail]
    notes: list[Suppression]

    @property
    def campaign(self) -> Campaign:
        return self.about.campaign


def seen(token: str) -> Held:
    """What the page of such a link shows. Raises TokenInvalid, TokenExpired, NothingHeld."""
    about = _about(_subject(token))
    if about is None:
        raise NothingHeld
    theirs = {"campaign": about.campaign_id, "canonical_email": about.canonical_email}
    requests = list(Representation.objects.filter(**theirs).order_by("pk"))
    reported = list(Report.objects.filter(**theirs).order_by("pk"))
    mails = Mail.objects.filter(Q(representation__in=requests) | Q(report__in=reported))
    notes = Suppression.objects.filter(
        campaign=about.campaign_id, address_hash__in=outbox.hashes_of(about.canonical_email)
    )
    return Held(
        about=about,
        representations=requests,
        reports=reported,
        mails=list(mails.order_by("pk")),
        notes=list(notes.order_by("pk")),
    )


@transaction.atomic
def renew(token: str) -> None:
    """Send a new link for an old one, to the mailbox that it came to, if anything is still held of it.

    Takes a slot of its address, as `signing.renew` does. Nothing is returned: an old link that somebody
    else finds tells them nothing. Raises TokenInvalid.
    """
    about = _about(read_token(Purpose.MY_DATA, token).subject)
    if about is None:
        return
    welcome = outbox.welcome_again(about)
    # Once more, and locked: whoever erases it meanwhile would leave a mail that nobody may get.
    if welcome and (about := _about(about.public_id, lock=True)) is not None:
        outbox.owe(MailKind.MY_DATA, [about])


@transaction.atomic
def erase(token: str) -> None:
    """Delete it: reports, requests that wait, and their name on what others have confirmed.

    A second time is a success. Raises TokenInvalid, TokenExpired.
    """
    about = _about(_subject(token))
    if about is not None:
        journal.note(
            FORGET,
            campaign=about.campaign_id,
            signer=about.public_id,
            address=outbox.address_hash(about.canonical_email),
        )
        _forget(about.campaign_id, about.canonical_email)


@transaction.atomic
def erase_again(public_id: str) -> bool:
    """Delete once more what a restored backup has brought back (`replay`); whether there was any."""
    about = _about(public_id)
    if about is not None:
        _forget(about.campaign_id, about.canonical_email)
    return about is not None


@transaction.atomic
def erase_older(*, campaign_id: int, canonical_email: str, until: datetime) -> bool:
    """Delete what an address has written until then, and nothing later; whether there was any."""
    theirs = {"campaign": campaign_id, "canonical_email": canonical_email, "created_at__lte": until}
    held = any(
        model._default_manager.filter(**theirs).exists() for model in (Representation, Report)
    )
    if held:
        _forget(campaign_id, canonical_email, until=until)
    return held


def addresses() -> dict[tuple[int, str], str]:
    """Those of whom something is held, by campaign and keyed hash."""
    return {
        (campaign_id, outbox.address_hash(canonical_email)): canonical_email
        for model in (Representation, Report)
        for campaign_id, canonical_email in model._default_manager.exclude(canonical_email="")
        .order_by()
        .values_list("campaign_id", "canonical_email")
        .distinct()
    }


def _forget(campaign_id: int, canonical_email: str, *, until: datetime | None = None) -> None:
    # Signatures are locked before reports, as wherever a report is decided.
    representations.forget(campaign_id=campaign_id, canonical_email=canonical_email, until=until)
    theirs = Report.objects.filter(campaign=campaign_id, canonical_email=canonical_email)
    reports.delete(theirs if until is None else theirs.filter(created_at__lte=until))


def _subject(token: str) -> str:
    link = read_token(Purpose.MY_DATA, token)
    link.require_fresh()
    return link.subject


def _about(public_id: str, *, lock: bool = False) -> Report | Representation | None:
    """What has that id, if it is still there and says whose it was."""
    for model in (Representation, Report):
        found = model._default_manager.select_related("campaign").filter(public_id=public_id)
        found = found.select_for_update(of=("self",)) if lock else found
        about = found.exclude(canonical_email="").first()
        if about is not None:
            return about
    return None
