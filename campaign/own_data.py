"""Everything that is held about one signer, for the signer (GDPR, article 15).

Columns by their own names, so that what is stored tomorrow is in it without being listed here. Three
kinds of text are left out, since they may name others (article 15, 4): the notes of moderators, what
others reported, and the note of a whole file that was imported. That they exist is said, and whom to
ask for them.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db.models import Model
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import outbox, publication
from campaign.models.address import Suppression, Unreachable
from campaign.models.event import Event, EventNote
from campaign.models.mail import MailDay, MailQuota
from campaign.models.name_numbers import WithdrawnName
from campaign.models.network import SignatureNetwork
from campaign.models.report import Report, ReportStatus
from campaign.models.representation import Representation
from campaign.models.signature import Signature
from campaign.models.webhook import WebhookDelivery

ABOUT: Final[dict[str, str | Promise]] = {
    "file": _(
        "This is everything that we hold about your signature. The names of the fields are English, "
        "times are UTC."
    ),
    "campaign": _("The campaign, and the organiser who is responsible for your data."),
    "signature": _("What you gave, and what we keep with it."),
    "signature.source": _("The link or page that led you to the form, if it said so."),
    "signature.evidence_note": _("What the campaign noted when it added you from its own records."),
    "signature.search": _("The words by which you are found on the list."),
    "statement": _("The exact text that you signed."),
    "consent": _("The words that you agreed to."),
    "network": _("A keyed hash of the network that you signed from, kept for 30 days; no address."),
    "import": _("When the campaign added you from its own records, if it did."),
    "public": _("What everybody can read about you now; nothing if it is null."),
    "proofs": _("What shows that it is you, beside your mailbox, and since when."),
    "vouchings": _(
        "Which organisations vouch for you, or did, and when you let their name be shown."
    ),
    "sites": _("The sites that you said are yours, and what we found there."),
    "suspicions": _(
        "That your name is like one that the campaign protects: in which way, when that was found, "
        "and when somebody decided. What they decided is among the events."
    ),
    "rejected_names": _(
        "Keyed numbers of your name, kept because it was rejected as somebody else’s, so that later "
        "tries are looked at. Nobody can read the name from them; they stay when your data goes."
    ),
    "withdrawn_name": _(
        "Keyed numbers of the name that you withdrew, kept so that no file brings you back. Nobody can "
        "read the name from them. Beside them stand some of the name alone, not of whom it was, which "
        "stay when your data goes."
    ),
    "events": _("What was done with your signature, when, and who did it."),
    "questions": _("What moderators asked you about it, and what you answered."),
    "mails": _("The mails that we sent you, or tried to. Their texts are not kept."),
    "address": _("What is kept of your address beside your signature, as a keyed hash of it."),
    "represented_by": _("Who signed for you, if somebody did."),
    "represented": _(
        "What you signed for others: yourself in it, not them. It is emptied when you erase your data."
    ),
    "reports": _("What you reported about other entries of the list."),
    "announcements": _("What programs of the campaign were told of your signature."),
    "withheld": _(
        "Notes that may speak of other people are not in this file. Ask the organiser for them."
    ),
}
"""What stands where, in the words of the signer's language."""

# The keys of other tables say nothing to who reads this; what they lead to stands beside them.
_OTHER_TABLES = frozenset(
    {"id", "campaign_id", "statement_id", "consent_id", "batch_id", "member_of_id", "removal_id"}
)
_OF_A_MAIL = ("kind", "status", "attempts", "error", "created_at", "sent_at")
_OF_AN_EVENT = ("at", "verb", "from_status", "to_status", "actor", "reason", "revision")
_OF_A_PROOF = ("method", "at", "revoked_at", "domain")
_OF_A_NETWORK = ("number", "at")
_OF_A_SITE = ("domain", "status", "mark", "error", "created_at", "found_at")
# Not which name: it is somebody else's, and so may be the alias that it was found by.
_OF_A_SUSPICION = ("way", "created_at", "closed_at")
_OF_A_REPRESENTATION = ("name", "role", "language", "created_at", "confirmed_at")
_OF_A_REPORT = (
    *("email", "language", "reason", "note", "status", "outcome", "on_file"),
    *("created_at", "confirmed_at", "closed_at"),
)
_OF_A_QUESTION = ("text", "asked_at", "answer", "answered_at")
_OF_AN_ANNOUNCEMENT = ("event", "status", "created_at", "delivered_at")


def held(signature: Signature) -> dict[str, Any]:
    """All that is held about the signer of this signature, as JSON has it, in the active language."""
    parts: dict[str, Callable[[Signature], Any]] = {
        "campaign": _campaign,
        "signature": _signature,
        "statement": _statement,
        "consent": _consent,
        "network": lambda it: _rows(SignatureNetwork.objects.filter(pk=it.pk), _OF_A_NETWORK),
        "import": _import,
        "public": publication.listed_signer,
        "proofs": lambda it: _rows(it.proofs.order_by("pk"), _OF_A_PROOF),
        "sites": lambda it: _rows(it.sites.order_by("pk"), _OF_A_SITE),
        "vouchings": _vouchings,
        "suspicions": lambda it: _rows(it.suspicions.order_by("pk"), _OF_A_SUSPICION),
        "rejected_names": _rejected_names,
        "withdrawn_name": _withdrawn_name,
        "events": _events,
        "questions": lambda it: _rows(it.questions.order_by("pk"), _OF_A_QUESTION),
        "mails": _mails,
        "address": _address,
        "represented_by": _representation,
        "represented": _represented,
        "reports": _reports,
        "announcements": _announcements,
        "withheld": _withheld,
    }
    about = {key: str(text) for key, text in ABOUT.items()}
    return {
        "about": about,
        "as_of": publication.instant(timezone.now()),
        **{name: read(signature) for name, read in parts.items()},
    }


def _campaign(signature: Signature) -> dict[str, Any]:
    campaign = signature.campaign
    return {
        "slug": campaign.slug,
        "retention_months": campaign.retention_months,
        "organiser": {
            "name": campaign.organiser_name,
            "address": campaign.organiser_address,
            "contact": campaign.organiser_contact,
            "privacy_url": campaign.organiser_privacy_url,
        },
    }


def _signature(signature: Signature) -> dict[str, Any]:
    discipline = signature.discipline
    return {
        **_columns(signature, without=_OTHER_TABLES | {"discipline_id"}),
        "discipline": discipline
        and {"slug": discipline.slug, "name": discipline.name(signature.language)},
    }


def _statement(signature: Signature) -> dict[str, Any]:
    text = signature.statement
    return {
        "version": text.version.number,
        "language": text.language,
        "sha256": text.sha256,
        "exact_text": text.exact.decode(),
    }


def _consent(signature: Signature) -> dict[str, Any] | None:
    consent = signature.consent
    if consent is None:
        return None
    return {
        "version": consent.number,
        "language": consent.language,
        "text": consent.text,
        "valid_from": publication.instant(consent.created_at),
    }


def _import(signature: Signature) -> dict[str, Any] | None:
    batch = signature.batch
    if batch is None:
        return None
    return {
        "at": publication.instant(batch.created_at),
        "released_at": _value(batch.released_at),
        "consent_is_on_file": bool(batch.consent_note),
    }


def _events(signature: Signature) -> list[dict[str, Any]]:
    return _rows(Event.objects.filter(signature=signature), _OF_AN_EVENT)


def _vouchings(signature: Signature) -> list[dict[str, Any]]:
    """Also of whom they refused and no row of a vouching is left: it was younger than a restored backup."""
    rows = signature.vouchings.select_related("voucher").order_by("pk")
    refusals = list(signature.refusals.select_related("voucher").order_by("pk"))
    refused = {each.voucher_id: each.at for each in refusals}
    there = {row.voucher_id for row in rows}
    vouched = [
        {
            "organisation": row.voucher.name,
            "at": publication.instant(row.at),
            "shown_at": _value(row.shown_at),
            "ended_at": _value(row.ended_at),
            "refused_at": _value(refused.get(row.voucher_id)),
        }
        for row in rows
    ]
    nothing = dict.fromkeys(("at", "shown_at", "ended_at"))
    return vouched + [
        {"organisation": each.voucher.name, **nothing, "refused_at": _value(each.at)}
        for each in refusals
        if each.voucher_id not in there
    ]


def _rejected_names(signature: Signature) -> list[str]:
    """As text: programs that read JSON numbers as floats would lose their last digits."""
    return [str(each) for each in signature.rejected_names.order_by("key")]


def _withdrawn_name(signature: Signature) -> list[str]:
    kept = WithdrawnName.objects.filter(signature=signature).values_list("spelling", flat=True)
    return re.findall(r"\d+", json.dumps(kept.first() or []))


def _mails(signature: Signature) -> list[dict[str, Any]]:
    # Those to who reported it, or signed for them, are theirs.
    its = signature.mails.filter(report=None, representation=None)
    return _rows(its.order_by("pk"), _OF_A_MAIL)


def _representation(signature: Signature) -> dict[str, Any] | None:
    found = Representation.objects.filter(signature=signature)
    return next(iter(_rows(found, _OF_A_REPRESENTATION)), None)


def _represented(signature: Signature) -> list[dict[str, Any]]:
    """What the signer's own address signed for others; not for whom."""
    its = signature.canonical_email
    made = Representation.objects.filter(campaign=signature.campaign_id, canonical_email=its)
    return _rows(made.order_by("pk"), ("email", *_OF_A_REPRESENTATION)) if its else []


def _address(signature: Signature) -> dict[str, Any]:
    hashes = outbox.hashes_of(signature.canonical_email)
    against = outbox.against(email=signature.email, canonical_email=signature.canonical_email)
    ours = {"campaign": signature.campaign_id, "address_hash__in": hashes}
    return {
        "notes": _rows(Suppression.objects.filter(**ours).order_by("pk"), ("reason", "created_at")),
        "no_mails_to": _rows(
            Unreachable.objects.filter(against).order_by("pk"),
            ("reason", "created_at", "until"),
        ),
        "mails_asked_for": _rows(MailQuota.objects.filter(**ours).order_by("day"), ("day", "n")),
        "mails_asked_for_by_all_campaigns": _rows(
            MailDay.objects.filter(address_hash__in=hashes).order_by("day"), ("day", "n")
        ),
    }


def _reports(signature: Signature) -> list[dict[str, Any]]:
    """Those of the signer's own address; not whom they are about."""
    its = signature.canonical_email
    made = Report.objects.filter(campaign=signature.campaign_id, canonical_email=its)
    return _rows(made.order_by("pk"), _OF_A_REPORT) if its else []


def _announcements(signature: Signature) -> list[dict[str, Any]]:
    found = WebhookDelivery.objects.filter(
        webhook__campaign=signature.campaign_id, signer=signature.public_id
    )
    return _rows(found.order_by("pk"), _OF_AN_ANNOUNCEMENT)


def _withheld(signature: Signature) -> dict[str, Any]:
    batch = signature.batch
    return {
        "notes_of_moderators": EventNote.objects.filter(event__signature=signature).count()
        + signature.proofs.exclude(note="").count(),
        "reports_of_others": Report.objects.filter(signature=signature)
        .exclude(status=ReportStatus.UNCONFIRMED)
        .exclude(canonical_email=signature.canonical_email)
        .count(),
        "notes_of_imports": int(batch is not None and bool(batch.consent_note)),
        "ask": signature.campaign.organiser_contact,
    }


def _rows(rows: Any, names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{name: _value(row[name]) for name in names} for row in rows.values(*names)]


def _columns(row: Model, *, without: frozenset[str]) -> Mapping[str, Any]:
    names = (field.attname for field in row._meta.concrete_fields)
    return {name: _value(getattr(row, name)) for name in names if name not in without}


def _value(value: Any) -> Any:
    return publication.instant(value) if isinstance(value, datetime) else value
