"""Plain functions that make what a test begins with, through the verbs wherever there is one."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
from django.contrib.auth.models import Permission, User
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from campaign import four_eyes, keys, leaving, moderation, outbox, releases, signing
from campaign.campaign_file import parse
from campaign.links import Purpose, make_token
from campaign.models import (
    AuditEntry,
    Campaign,
    ImportBatch,
    Membership,
    Report,
    Representation,
    Signature,
    Voucher,
)
from campaign.models.api_key import Scope
from campaign.models.membership import Role
from campaign.models.report import ReportStatus
from campaign.models.signature import RejectionReason, Status
from campaign.organising import load_campaign

OPENED = datetime(2026, 1, 22, 14, tzinfo=UTC)

CAMPAIGN_FILE = """
slug = "{slug}"
languages = ["en", "fr"]
goal = 1000
opens_at = {opens_at}
{extra}
disciplines = [{{slug = "musician", en = "Musician", fr = "Musicien, musicienne"}}, {{slug = "author", en = "Author", fr = "Auteur, autrice"}}]
protected_names = ["Scarlett Johansson", {{name = "R.E.M.", aliases = ["REM"]}}]
sites = ["https://partner.example"]

[organiser]
name = "Example Organiser"
address = "1 Example Street"
contact = "privacy@example.org"
privacy_url = "https://example.org/privacy"

[statement.en]
title = "Art is not a quarry"
body = "We made it.\\n\\nAsk us first."
consent = "I agree that my name is published."

[statement.fr]
title = "L’art n’est pas une carrière"
body = "Nous l’avons fait.\\n\\nDemandez-nous d’abord."
consent = "J’accepte que mon nom soit publié."
"""


def campaign_file(
    *,
    slug: str = "art",
    opens_at: datetime = OPENED,
    publication: str = "after_review",
    extra: str = "",
) -> str:
    """The text of a campaign file that has every key that most tests need."""
    return CAMPAIGN_FILE.format(
        slug=slug,
        opens_at=opens_at.isoformat(),
        extra=f'publication = "{publication}"\n{extra}',
    )


def make_campaign(**options: Any) -> Campaign:
    """A campaign, open since January, loaded as its file would be; options of `campaign_file`."""
    load_campaign(parse(campaign_file(**options)))
    return Campaign.objects.get(slug=options.get("slug", "art"))


def make_user(*permissions: str, staff: bool = True, username: str = "moderator") -> User:
    """A user with those permissions of the app, such as `moderate_signature`."""
    user = User.objects.create_user(username, f"{username}@example.org", "secret", is_staff=staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


MODERATOR = ("view_signature", "view_address", "moderate_signature", "view_importbatch")
"""The rights of somebody who moderates every campaign."""


def make_member(campaign: Campaign, role: Role, *, username: str = "") -> User:
    """A user with that role in the campaign, and no right of their own; named for the role.

    An organisation's has one to vouch as.
    """
    user = make_user(username=username or role.value)
    voucher = None
    if role == Role.ORGANISATION:
        name = f"Guild of {user}"
        voucher = Voucher.objects.create(campaign=campaign, name=name, quota=9, admitted_by=user)
    Membership.objects.create(user=user, campaign=campaign, role=role, voucher=voucher)
    return user


def first_page_leads_to(desk: Client) -> str:
    """Where the admin's first page sends whoever begins to work."""
    found = re.search(
        r'class="button button-yes"\s+href="([^"]*)"', desk.get("/admin/").content.decode()
    )
    assert found
    return found[1]


def on_record() -> QuerySet[AuditEntry]:
    """What is on record, but for the loading of campaigns, with which tests begin."""
    return AuditEntry.objects.exclude(action="campaign_loaded").order_by("pk")


def make_key(
    campaign: Campaign | None = None, *scopes: Scope, life: timedelta = timedelta(days=90)
) -> str:
    """The text of a key with those scopes, of the first campaign unless told otherwise."""
    global _count
    _count += 1
    _key, text = keys.make_key(
        campaign=campaign or Campaign.objects.first() or make_campaign(),
        label=f"key {_count}",
        scopes=scopes,
        expires_at=timezone.now() + life,
        by=make_maker(*scopes),
    )
    return text


def make_maker(*scopes: Scope) -> User:
    """Who makes the keys of tests: may make them everywhere, and what these scopes need."""
    maker = User.objects.filter(username="maker").first() or make_user(username="maker")
    rights = {keys.MAKE, *(right for scope in scopes for right in keys.NEEDED[scope])}
    codenames = [right.removeprefix("campaign.") for right in rights]
    maker.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return maker


def bearer(key: str) -> dict[str, str]:
    """The headers that carry a key."""
    return {"Authorization": f"Bearer {key}"}


def details(**typed: Any) -> dict[str, Any]:
    """What somebody types into the form; a whole one unless told otherwise."""
    return {
        "name": "Zoë Moreau",
        "email": "zoe@example.org",
        "kind": "person",
        "discipline": "musician",
        "credit": "The Quarry Songs",
        "language": "en",
        "consent": True,
        **typed,
    }


_count = 0


def solved(challenge: dict[str, Any]) -> str:
    """The work of a bot check done: what ALTCHA's widget would send."""
    work = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(work)
    assert solution is not None
    return altcha.Payload(work, solution).to_base64()


def make_signature(
    campaign: Campaign | None = None, *, status: str = Status.PUBLISHED, **typed: Any
) -> Signature:
    """A signature brought to that status by the verbs; typed fields as in `details`.

    Without an address it gets one of its own, so that quotas and names don't meet.
    """
    global _count
    _count += 1
    campaign = campaign or Campaign.objects.first() or make_campaign()
    typed.setdefault("email", f"signer{_count}@example.org")
    signing.sign(campaign=campaign, typed=details(**typed))
    signature = Signature.objects.latest("pk")
    if status == Status.PENDING:
        return signature
    signing.confirm(confirm_token(signature))
    signature.refresh_from_db()
    bring_to(signature, status)
    signature.refresh_from_db()
    return signature


def make_report(signature: Signature, address: str) -> Report:
    """One that waits for a moderator."""
    return Report.objects.create(
        campaign=signature.campaign,
        signature=signature,
        status=ReportStatus.OPEN,
        confirmed_at=timezone.now(),
        email=address,
        canonical_email=address,
        language="en",
    )


def bring_to(signature: Signature, status: str) -> None:
    """Move a confirmed signature on by the verbs until it has that status."""
    by = somebody("maker")
    ident: dict[str, Any] = {"signature_id": signature.pk, "by": by}
    if status == Status.PUBLISHED and signature.status == Status.HELD:
        approve(signature, by)
    elif status == Status.HELD and signature.status == Status.PUBLISHED:
        moderation.hold(**ident)
    elif status == Status.REJECTED:
        moderation.reject(
            revision=signature.revision, reason=RejectionReason.IMPERSONATION, **ident
        )
    elif status == Status.WITHDRAWN:
        leaving.withdraw(manage_token(signature))
    elif status == Status.ERASED:
        leaving.erase(manage_token(signature))


def somebody(username: str) -> User:
    """The moderator of that name, made if need be."""
    there = User.objects.filter(username=username).first()
    return there or make_user("view_signature", "moderate_signature", username=username)


def approve(signature: Signature, by: User) -> None:
    """Approve what is held, with a colleague where it takes two; ``by`` is the last of them."""
    seen = {"signature_id": signature.pk, "revision": signature.revision}
    note = "called them at home"
    if four_eyes.guarded(signature):
        moderation.approve(by=somebody("colleague"), note=note, **seen)
    moderation.approve(by=by, note=note, **seen)


def release(batch: ImportBatch, by: User | None = None) -> int:
    """Release a batch that a colleague has previewed, and do the worker's part; how many it published."""
    waiting_n = releases.waiting(batch).count()
    releases.preview(batch_id=batch.pk, waiting_n=waiting_n, by=somebody("colleague"))
    by = by or somebody("maker")
    releases.release(batch_id=batch.pk, waiting_n=releases.waiting(batch).count(), by=by)
    return releases.release_due()


def confirm_token(signature: Signature) -> str:
    return _token(Purpose.CONFIRM, signature)


def manage_token(signature: Signature) -> str:
    return _token(Purpose.MANAGE, signature)


def not_me_token(about: Signature | Report | Representation) -> str:
    subject = outbox.mail_subject(about)
    return make_token(Purpose.NOT_ME, subject=subject, revision=about.revision)


def _token(purpose: Purpose, signature: Signature) -> str:
    return make_token(purpose, subject=signature.public_id, revision=signature.revision)
