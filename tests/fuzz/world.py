"""What is there to be found, stolen and broken."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from django.contrib.auth.models import User

from campaign import letters, organising, representing, waiting
from campaign.campaign_file import parse
from campaign.links import Purpose
from campaign.models import Campaign, Mail, Report, Signature, Voucher
from campaign.models.api_key import Scope
from campaign.models.signature import Status
from tests.factories import (
    campaign_file,
    make_campaign,
    make_key,
    make_signature,
    make_user,
    manage_token,
)
from tests.fuzz.web import ask, post_form
from tests.vouchers import link_for, make_voucher

LINK = re.compile(r"http://testserver/([a-z-]+)/([\w.-]+)/")
VICTIM = "Canary Victim"
PRIVATE = ("canary victim", "victim@canary.example")
"""What stands on no page but that of who has the genuine link."""


@dataclass
class World:
    campaign: Campaign
    voucher: Voucher
    by: User
    key: str
    signer: str
    """The public id of somebody on the list."""
    manage: str
    """A token of somebody who is published, and the revision that they correct."""
    revision: str
    answer: str
    vouch: str
    preview: str
    tokens: dict[str, list[str]] = field(default_factory=dict)
    """Genuine ones of the victims, by the path that they open."""
    cursors: list[str] = field(default_factory=list)
    etags: list[str] = field(default_factory=list)
    toml: str = ""


def make_world() -> World:
    """Campaigns of every kind, somebody of every status, and each link that a mail can have."""
    art = make_campaign(publication="after_verification", extra='bot_check = "off"')
    make_campaign(slug="guarded", extra='bot_check = "always"')
    other = make_campaign(slug="other", extra='bot_check = "off"')
    later = datetime(2099, 1, 1, tzinfo=UTC)
    secret = make_campaign(slug="secret", opens_at=later)
    for number in range(3):
        make_signature(art, name=f"Ann Listed {number}", credit="The Quarry Songs")
    signer = Signature.objects.latest("pk")
    waits, vouched = make_signature(art, name="Bob Asked", status=Status.HELD), make_voucher(art)
    by = make_user(username="asking")
    waiting.ask(signature_id=waits.pk, revision=waits.revision, question="Is it you?", by=by)
    world = World(
        campaign=art,
        voucher=vouched,
        by=vouched.admitted_by,
        key=make_key(art, *Scope),
        signer=signer.public_id,
        manage=manage_token(signer),
        revision=str(signer.revision),
        answer=_links()["answer"][-1],
        vouch=_token(link_for(vouched, "zoe@example.org")),
        preview=secret.preview_key,
        toml=campaign_file(slug="filed"),
    )
    _victims(art, other, vouched, world)
    for query in ("order=newest", "order=name", "updated_since=2026-01-01T00:00:00Z"):
        found = ask("GET", "/api/v1/campaigns/art/signers/", query=f"page_size=1&{query}")
        world.etags.append(found.headers.get("etag", '"a"'))
        world.cursors += re.findall(r"cursor=([\w-]+)", found.body.decode())
    organising.load_campaign(parse(world.toml))
    return world


def _victims(art: Campaign, other: Campaign, voucher: Voucher, world: World) -> None:
    """Whose links nobody may guess: in the mails of one campaign and of another."""
    for campaign in (art, other):
        email = f"victim@canary.example.{campaign.slug}.org"
        make_signature(campaign, name=VICTIM, email=email, status=Status.PENDING)
        hidden = make_signature(campaign, name=VICTIM, email=f"b.{email}", show_name=False)
        world.tokens.setdefault("manage", []).append(manage_token(hidden))
        held = make_signature(campaign, name=VICTIM, email=f"c.{email}", status=Status.HELD)
        waiting.ask(signature_id=held.pk, revision=held.revision, question="Victim?", by=world.by)
        listed = make_signature(campaign, name="Cay Listed")
        if campaign == art:
            typed = {"email": f"d.{email}", "reason": "other", "note": VICTIM}
            post_form(f"/art/signers/{listed.public_id}/report/", typed)
            assert Report.objects.filter(note=VICTIM).exists()
        theirs = {
            "representative_name": VICTIM,
            "representative_email": f"e.{email}",
            "representative_role": "agent",
        }
        typed = {"name": VICTIM, "email": f"f.{email}", "kind": "person", "language": "en"}
        representing.ask(campaign=campaign, typed={**typed, **theirs})
    world.tokens["vouch"] = [_token(link_for(voucher, "victim@canary.example.org"))]
    for purpose, tokens in _links(canary=True).items():
        world.tokens.setdefault(purpose, []).extend(tokens)


def _token(path: str) -> str:
    return path.strip("/").rpartition("/")[2]


def _links(*, canary: bool = False) -> dict[str, list[str]]:
    """The tokens in the bodies of all mails, or of those to victims, by the path that they open."""
    found: dict[str, list[str]] = {}
    for mail in Mail.objects.order_by("pk"):
        letter = letters.render(mail)
        if not canary or "canary" in letter.to[0]:
            for purpose, token in LINK.findall(str(letter.body)):
                if purpose in set(Purpose):
                    found.setdefault(purpose, []).append(token)
    return found


def somewhere(rng: Random) -> str:
    """An address of its own for each request: no limit of a network is what is looked at here."""
    return (
        f"{rng.randint(11, 99)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
    )
