"""The signed, expiring tokens in mails. A token is the authority to act: no cookie stands beside it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.core import signing
from django.urls import reverse

from campaign.errors import TokenExpired, TokenInvalid, TokenMisplaced


class Purpose(StrEnum):
    """What a token is good for; each has a salt of its own, so none serves another purpose."""

    CONFIRM = "confirm"
    MANAGE = "manage"
    NOT_ME = "not-me"
    REPORT = "report"
    ANSWER = "answer"
    VOUCH = "vouch"
    REPRESENT = "represent"
    MY_DATA = "my-data"


LIFETIME = {
    Purpose.CONFIRM: timedelta(days=7),
    Purpose.MANAGE: timedelta(days=30),
    # Whoever is bombed may open the oldest of the mails.
    Purpose.NOT_ME: timedelta(days=30),
    Purpose.REPORT: timedelta(days=7),
    Purpose.ANSWER: timedelta(days=30),
    # An organisation's mailing takes weeks, and is read for months.
    Purpose.VOUCH: timedelta(days=180),
    Purpose.REPRESENT: timedelta(days=7),
    # Who signs for somebody gets one mail, and may ask what is held of them as long as it is.
    Purpose.MY_DATA: timedelta(days=365),
}


@dataclass(frozen=True)
class Link:
    """What a genuine token says: what it is about, and the revision that it was made for.

    ``subject`` is the public id of a signature, of REPORT that of a report, of ANSWER that of a
    question, of VOUCH that of a member's link, of REPRESENT that of a representation, of MY_DATA
    that of a report or representation; of NOT_ME it is `outbox.mail_subject`.
    """

    subject: str
    revision: int
    expired: bool

    def require_fresh(self, campaign_id: int | None = None) -> None:
        """Raise TokenExpired if its time is over, with the campaign that it belongs to."""
        if self.expired:
            raise TokenExpired(campaign_id)


def _signer(purpose: Purpose) -> signing.TimestampSigner:
    # A dot, since some mail programs end a link at a colon.
    return signing.TimestampSigner(salt=f"campaign.links.{purpose}", sep=".")


def make_token(purpose: Purpose, *, subject: str, revision: int) -> str:
    """A token about a subject as it is at ``revision``; URL-safe, 75 to 150 characters."""
    return _signer(purpose).sign(f"{subject}.{revision}")


def link_path(purpose: Purpose, *, subject: str, revision: int) -> str:
    """The path of the page that such a token opens."""
    return reverse(purpose, args=[make_token(purpose, subject=subject, revision=revision)])


def read_token(purpose: Purpose, token: str) -> Link:
    """What a token says.

    An expired one is returned as such, since expiry concerns pending signatures only: the link of
    a confirmed one still says so. Raises TokenMisplaced for a genuine token of another purpose and
    TokenInvalid for anything else.
    """
    if not token.isascii():  # no digest can be taken of half a character
        raise TokenInvalid
    signer = _signer(purpose)
    try:
        payload = signer.unsign(token)
    except signing.BadSignature:
        if any(_is_genuine(other, token) for other in Purpose if other != purpose):
            raise TokenMisplaced from None
        raise TokenInvalid from None
    subject, _dot, revision = payload.partition(".")
    try:
        signer.unsign(token, max_age=LIFETIME[purpose])
    except signing.SignatureExpired:
        return Link(subject, int(revision), expired=True)
    return Link(subject, int(revision), expired=False)


def _is_genuine(purpose: Purpose, token: str) -> bool:
    try:
        _signer(purpose).unsign(token)
    except signing.BadSignature:
        return False
    return True
