"""Words that stand wherever something private stands, and the search for them in whatever leaves us.

`ADDRESS` stands in what only those read who may see addresses and notes, `NAME` in what everybody reads who
may look at a campaign's signatures; the public reads neither.
"""

import base64
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import time_machine
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from campaign import audit, intake, moderation, proofs, signing, sites, uploads, waiting
from campaign.campaign_file import parse
from campaign.history import Actor
from campaign.links import LIFETIME, Purpose, make_token
from campaign.models import (
    Campaign,
    ImportBatch,
    PrintList,
    Question,
    Report,
    Representation,
    Signature,
)
from campaign.models.api_key import Scope
from campaign.models.audit import AuditAction
from campaign.models.signature import Evidence, Status
from campaign.organising import load_campaign
from tests import reports
from tests.factories import (
    campaign_file,
    confirm_token,
    details,
    make_key,
    make_signature,
    make_user,
    manage_token,
    not_me_token,
    release,
)
from tests.receiver import make_webhook
from tests.vouchers import link_for, make_voucher

ADDRESS = "qzxkanari"
NAME = "vwxfinkar"
MAIL = f"{ADDRESS}.box@{ADDRESS}-mail.example.org"
IP = "198.51.100.77"
NETWORK = "198.51.100"
AGENT = f"{ADDRESS}Browser/7.0"
PUBLIC = "Zoë Moreau"
"""Who has the canary's address: a name that everybody reads."""
SHOWING = (
    "/art/",
    "/art/signers/",
    "/api/v1/campaigns/art/signers/",
    "/api/v1/campaigns/art/feed.atom",
)
"""Where."""
COPY = b"petition:copy:"
"""How the keys of copies begin."""
PROXIED: dict[str, Any] = {
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_X_FORWARDED_FOR": IP,
    "HTTP_USER_AGENT": AGENT,
}


# --- The search ------------------------------------------------------------------------------


def _coded(word: str) -> Iterator[bytes]:
    """A word inside a longer text in base64, at each of its three places, and in hexadecimal."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + word.encode())
        yield coded[-(-before * 8 // 6) : len(coded) - 4]
    yield word.encode().hex().encode()


def _digests(text: str) -> Iterator[bytes]:
    """A text hashed as anybody could who guesses it."""
    for way in ("md5", "sha1", "sha256", "sha512"):
        digest = hashlib.new(way, text.encode(), usedforsecurity=False).digest()
        yield digest.hex()[:24].encode()
        yield base64.b64encode(digest)[:20]
        yield base64.urlsafe_b64encode(digest)[:20]


HASHED = (MAIL, MAIL.upper(), IP, AGENT, f"{NETWORK}.0/24")
EXACT = {needle for text in HASHED for needle in _digests(text)}
_NUMBER = int.from_bytes(map(int, IP.split(".")))
FORMS = {
    "address": {ADDRESS.encode(), NETWORK.encode(), str(_NUMBER).encode(), ADDRESS[::-1].encode()},
    "name": {NAME.encode(), NAME[::-1].encode()},
}
CODED = {
    "address": {*_coded(ADDRESS), *_coded(ADDRESS.upper()), *_coded(IP), *EXACT},
    "name": {*_coded(NAME), *_coded(NAME.capitalize()), *_coded(NAME.upper())},
}
BOTH = ("address", "name")


def found_in(content: bytes, kinds: tuple[str, ...] = BOTH) -> list[str]:
    """What of the canary stands in these bytes, or in what is packed in them."""
    found: list[str] = []
    for layer in _layers(content):
        low = layer.lower()
        for kind in kinds:
            found += [form.decode() for form in FORMS[kind] if form in low]
            found += [form.decode() for form in CODED[kind] if form in layer]
        if "address" in kinds:
            found += ["SECRET_KEY"] * (settings.SECRET_KEY.encode() in layer)
    return sorted(set(found))


def _layers(content: bytes) -> Iterator[bytes]:
    """The bytes, without their gzip, and a picture's words about itself."""
    yield content
    if content[:2] == b"\x1f\x8b":
        with suppress(OSError, EOFError, zlib.error):
            yield gzip.decompress(content)
    if content[:4] == b"\x89PNG":
        with Image.open(io.BytesIO(content)) as picture:
            yield repr(picture.info).encode()


def all_of(response: Any) -> bytes:
    """A whole answer: its headers, cookies and body."""
    head = "\n".join(f"{name}: {value}" for name, value in response.items())
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return f"{head}\n{response.cookies.output()}\n\n".encode() + b"".join(_layers(body))


def disguises() -> list[bytes]:
    """What the search must see through."""
    with io.BytesIO() as picture:
        words = PngInfo()
        words.add_text("Comment", MAIL)
        Image.new("1", (1, 1)).save(picture, "PNG", pnginfo=words)
        pictured = picture.getvalue()
    return [
        *(MAIL.encode(), MAIL.upper().encode(), quote(MAIL).encode(), MAIL.encode().hex().encode()),
        *(base64.b64encode(b"x" * n + MAIL.encode()) for n in range(3)),
        *(hashlib.new(way, MAIL.encode()).hexdigest().encode() for way in ("md5", "sha256")),
        *(IP.encode(), hashlib.sha256(IP.encode()).digest().hex().encode(), str(_NUMBER).encode()),
        *(gzip.compress(MAIL.encode()), pictured, f"{NAME.title()} Held".encode()),
    ]


# --- What there is to find -------------------------------------------------------------------


@dataclass
class Scene:
    """A campaign full of what nobody may see, and a stranger in it who has nothing to hide."""

    campaign: Campaign
    signer: Signature
    public: Signature
    stranger: Signature
    hidden: list[Signature]
    report: Report
    member_link: str
    """The path that an organisation sent to the canary's address."""

    def tokens(self) -> list[str]:
        """Links that open nothing of the canary's: forged, spoilt, expired, of another purpose, a stranger's."""
        own = manage_token(self.signer)
        late = []
        for purpose in Purpose:
            with time_machine.travel(timezone.now() - LIFETIME[purpose] - timedelta(days=1)):
                late.append(
                    make_token(
                        purpose, subject=self.signer.public_id, revision=self.signer.revision
                    )
                )
        return [
            *("x", "x" * 500, "%00", "é.1.2-3_4"),
            *(own[:-1] + ("A" if own[-1] != "A" else "B"), own.swapcase()),
            *late,
            *(f(self.stranger) for f in (confirm_token, manage_token, not_me_token)),
            make_token(Purpose.MY_DATA, subject=self.report.public_id, revision=1),
        ]


def lay() -> Scene:
    """Everything private that the product can hold of somebody, through its verbs and doors."""
    client = Client(**PROXIED)
    text = campaign_file(publication="after_verification", extra="")
    text = text.replace('"Scarlett Johansson"', f'"{NAME.capitalize()} Protected"')
    load_campaign(parse(text))
    campaign = Campaign.objects.get(slug="art")
    staff = make_user(
        *("view_signature", "moderate_signature", "view_address"), username=f"{NAME}-staff"
    )
    make_webhook(campaign, f"https://{ADDRESS}.example.org/hook")
    signer = _signed(client, name=PUBLIC, email=MAIL)
    stranger = make_signature(campaign, name="Sam Stranger", email="sam@elsewhere.example.org")
    public = _imported(campaign, staff)
    _noted(signer, staff)
    _questioned(campaign, staff)
    _represented(client)
    reports.confirmed(client, public, email=MAIL, note=f"{ADDRESS} says so", reason="not_me")
    report = reports.confirmed(Client(), public, email="sam@elsewhere.example.org", note="a note")
    hidden = [_left(campaign, status) for status in Status] + [_unlisted(campaign)]
    voucher = make_voucher(campaign)
    link = link_for(voucher, MAIL)
    make_key(campaign, Scope.SIGN)
    uploads.receive(
        campaign=campaign,
        file_name=f"{NAME}.csv",
        content=f"name,email\n{NAME},{MAIL}\n".encode(),
        consent_note=f"{ADDRESS} agreed",
        covers_print=False,
        by=staff,
    )
    PrintList.objects.create(campaign=campaign, by=staff)
    audit.record(AuditAction.EXPORT, by=staff, campaign=campaign, note=f"{ADDRESS} asked for it")
    signer.refresh_from_db()
    return Scene(campaign, signer, public, stranger, hidden, report, link)


def _signed(client: Client, **typed: Any) -> Signature:
    """Through the API and the link, from the canary's network and browser."""
    body = json.dumps(details(**typed))
    path = "/api/v1/campaigns/art/signatures/"
    assert client.post(path, body, content_type="application/json").status_code == 202
    signature = Signature.objects.latest("pk")
    assert client.post(f"/confirm/{confirm_token(signature)}/").status_code == 200
    signature.refresh_from_db()
    return signature


def _noted(signature: Signature, staff: User) -> None:
    """Moderators write about it, and it names a site that nobody has looked at."""
    moderation.hold(signature_id=signature.pk, by=staff, note=f"{ADDRESS} is doubtful")
    signature.refresh_from_db()
    moderation.approve(
        signature_id=signature.pk, revision=signature.revision, by=staff, note=f"{ADDRESS} is fine"
    )
    proofs.grant(
        signature_id=signature.pk,
        method=Evidence.STAFF,
        actor=Actor.moderator(staff),
        note=f"{ADDRESS} showed a passport",
    )
    sites.name(manage_token(signature), typed=f"https://{ADDRESS}-site.example.org/")


def _questioned(campaign: Campaign, staff: User) -> None:
    """Held with a question to its signer, and the answer."""
    held = make_signature(campaign, name=f"{NAME.capitalize()} Asked", email=f"ask.{MAIL}")
    moderation.hold(signature_id=held.pk, by=staff)
    held.refresh_from_db()
    waiting.ask(
        signature_id=held.pk, revision=held.revision, question=f"{ADDRESS}, is it you?", by=staff
    )
    question = Question.objects.latest("pk")
    token = make_token(Purpose.ANSWER, subject=question.public_id, revision=1)
    waiting.answer(token, typed={"answer": f"I am {ADDRESS}"})


def _represented(client: Client) -> None:
    """Somebody signs for a person who then confirms it, and stands on the list."""
    form = {
        "action": "sign",
        "language": "en",
        "representative_name": f"{ADDRESS} agent",
        "representative_email": f"agent.{MAIL}",
        "representative_role": f"{ADDRESS} manager",
        "name": "Rita Represented",
        "email": f"rita.{MAIL}",
        "kind": "person",
        "show_name": "yes",
    }
    assert client.post("/art/", form).status_code == 200
    of = Representation.objects.latest("pk")
    link = make_token(Purpose.REPRESENT, subject=of.public_id, revision=1)
    assert client.post(f"/represent/{link}/").status_code == 200
    signing.confirm(confirm_token(of.signature))


def _imported(campaign: Campaign, staff: User) -> Signature:
    """On file, from a list with a note in each line and one about the file, featured and released."""
    lines = [
        "name,email,featured,evidence_note\r\n",
        f"Ida Imported,ida.{MAIL},yes,{ADDRESS} signed on paper\r\n",
    ]
    intake.import_signers(
        campaign=campaign,
        lines=lines,
        file_name=f"{NAME}.csv",
        consent_note=f"{ADDRESS} vouches for them",
    )
    release(ImportBatch.objects.latest("pk"), staff)
    return Signature.objects.get(name="Ida Imported")


def _left(campaign: Campaign, status: Status) -> Signature:
    """Somebody with that status; of a published one the name was another before."""
    name = "Otto Open" if status == Status.PUBLISHED else f"{NAME.capitalize()} {status.title()}"
    return make_signature(
        campaign,
        status=status,
        name=name,
        email=f"{status}.{MAIL}",
        credit="" if status == Status.PUBLISHED else f"{NAME} works",
    )


def _unlisted(campaign: Campaign) -> Signature:
    return make_signature(
        campaign, name=f"{NAME.capitalize()} Unlisted", email=f"no.{MAIL}", show_name=False
    )


def held_in(redis: Any) -> dict[bytes, bytes]:
    """What stands in Redis, by its keys."""
    return {bytes(key): _at(redis, key) for key in redis.scan_iter()}


def _at(redis: Any, key: bytes) -> bytes:
    """What stands at a key, whatever its kind."""
    kind = redis.type(key)
    if kind == b"none":  # its time was over meanwhile
        return b""
    if kind == b"string":
        return bytes(redis.get(key) or b"")
    read = {
        b"list": lambda: redis.lrange(key, 0, -1),
        b"set": lambda: redis.smembers(key),
        b"hash": lambda: redis.hgetall(key),
        b"zset": lambda: redis.zrange(key, 0, -1, withscores=True),
        b"stream": lambda: redis.xrange(key),
    }
    return repr(read[kind]()).encode()
