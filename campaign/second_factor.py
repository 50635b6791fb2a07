"""The second factor of staff: a code that an app makes every 30 seconds (RFC 6238), or a recovery code.

django-otp keeps the secret, which `CodeApp` seals, and refuses a code that was used, or that comes too
soon after wrong ones.
Of recovery codes only a keyed hash is kept, cut to the 80 bits that its column takes.
"""

import hashlib
import hmac
import io
import secrets
from base64 import b32encode
from datetime import timedelta
from typing import NamedTuple

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from campaign import accounts, audit, staff_sessions, vault
from campaign.models.access import CodeApp
from campaign.models.audit import AuditAction
from campaign.models.notice import AccountAct

CODES = 10
FEW = 3
"""So many recovery codes left, or fewer, are worth a word."""
BEGUN_FOR = timedelta(minutes=10)
"""How long a secret waits to be confirmed: somebody may have to find and install an app first. Less than
a password holds (`staff_sessions`): whoever confirms it has typed theirs shortly before it was shown."""
_TIME = 8
"""Bytes of the time that stands before it."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 10
"""Characters of a recovery code, 5 bits each: with tries throttled, far more than anybody guesses."""


def device_of(user: AbstractBaseUser) -> CodeApp | None:
    """The app that somebody has enrolled."""
    app: CodeApp | None = CodeApp.objects.filter(user=user, confirmed=True).first()
    return app


# --- Enrolling -------------------------------------------------------------------------------


class Begun(NamedTuple):
    """An app that is not enrolled yet, and is in no table; ``sealed`` is its secret as a session keeps it."""

    app: CodeApp
    sealed: str


@sensitive_variables()
def begin(user: User, *, session: int, sealed: str = "") -> Begun:
    """A secret to be scanned in this session: the one of ``sealed``, so that a reload changes nothing, if
    it still counts; else a new one.

    It is nobody else's. Whoever knows the password, and was here first, would else have noted what its
    owner then confirms.
    """
    if (begun := _begun(user, session, sealed)) is not None:
        return Begun(begun, sealed)
    app = CodeApp(user=user, name="app")
    until = int((timezone.now() + BEGUN_FOR).timestamp())
    kept = vault.seal(until.to_bytes(_TIME) + app.bin_key, about=_about(user, session))
    return Begun(app, kept.hex())


@sensitive_variables()
def _begun(user: User, session: int, sealed: str) -> CodeApp | None:
    kept = vault.unseal(bytes.fromhex(sealed), about=_about(user, session))
    if kept is None or int.from_bytes(kept[:_TIME]) <= timezone.now().timestamp():
        return None
    return CodeApp(user=user, name="app", key=kept[_TIME:].hex())


@sensitive_variables()
def _about(user: User, session: int) -> str:
    """What a secret that nobody has confirmed ends with: a new login, a new password, another app."""
    app = device_of(user)
    return f"begun {user.pk} {session} {app.pk if app else 0} {user.password}"


@sensitive_variables()
@transaction.atomic
def confirm(user: User, token: str, *, session: int, sealed: str) -> list[str] | None:
    """Enrol the app that was begun in this session, if it made this code: ten recovery codes, to be shown
    once.

    An app that was enrolled before stops to count, and so do its recovery codes. None for a code
    that isn't right, or where what was begun doesn't count any more.
    """
    # Of two sessions at once the second one waits, and finds that another app has been enrolled.
    app = _begun(_locked(user), session, sealed)
    if app is None or not _makes(app, typed := _typed(token)):
        return None
    # What a release before kept, for every session, too.
    CodeApp.objects.filter(user=user).delete()
    app.verify_token(typed)  # saves it, and that the code was used
    audit.record(AuditAction.FACTOR_ADDED, by=user)
    accounts.tell(user, AccountAct.FACTOR)
    return _new_codes(user)


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _makes(app: CodeApp, token: str) -> bool:
    """Whether this is a code of the app, of now."""
    return (
        token.isdecimal()
        and len(token) == 6
        and bool(_codes(app).verify(int(token), app.tolerance))
    )


def _codes(app: CodeApp) -> TOTP:
    return TOTP(app.bin_key, app.step, app.t0, app.digits, app.drift)


def picture(device: CodeApp) -> str:
    """What the app scans: its secret and whose it is, as SVG in one colour, drawn here."""
    drawn = qrcode.make(device.config_url, image_factory=qrcode.image.svg.SvgPathImage, border=2)
    buffer = io.BytesIO()
    drawn.save(buffer)
    text = buffer.getvalue().decode()
    return text[text.index("<svg") :]


def secret(device: CodeApp) -> str:
    """The secret as one types it, in fours."""
    text = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


# --- Logging in ------------------------------------------------------------------------------


@sensitive_variables()
@transaction.atomic
def verify(user: User, typed: str) -> Device | None:
    """The device that this code is of, which is then used up; None for a wrong code.

    Six digits are the app's, anything else a recovery code, whose use is on record.
    """
    token = _typed(typed)
    if token.isdecimal() and len(token) == 6:
        app = CodeApp.objects.select_for_update().filter(user=user, confirmed=True).first()
        if app is None or not _was_used(app, token):
            return app if app is not None and app.verify_token(token) else None
        # Whoever has looked over a shoulder comes second, and knows the password too.
        accounts.tell(user, AccountAct.CODE_AGAIN)
        app.verify_token(token)  # refused, and the next try waits
        return None
    codes = StaticDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
    if codes is None or not codes.verify_token(_digest(user, token)):
        return None
    audit.record(AuditAction.CODE_USED, by=user, number=codes_left(user))
    accounts.tell(user, AccountAct.CODE_USED)
    return codes


def _was_used(app: CodeApp, token: str) -> bool:
    """Whether this is a code of the app, of now, that has opened something already."""
    codes = _codes(app)
    return bool(codes.verify(int(token), app.tolerance)) and codes.t() <= app.last_t


def _typed(text: str) -> str:
    """A code without what people put between its parts."""
    return "".join(text.split()).replace("-", "").lower()


# --- Recovery codes --------------------------------------------------------------------------


def codes_left(user: AbstractBaseUser) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


@sensitive_variables()
@transaction.atomic
def renew_codes(user: User) -> list[str]:
    """Ten new recovery codes, to be shown once; the old ones open nothing any more."""
    audit.record(AuditAction.CODES_RENEWED, by=user)
    accounts.tell(user, AccountAct.CODES)
    return _new_codes(user)


@sensitive_variables()
def _new_codes(user: User) -> list[str]:
    """In the row that there is: who logged in by an old code stays logged in."""
    _locked(user)
    device, _made = StaticDevice.objects.get_or_create(user=user, name="recovery")
    device.token_set.all().delete()
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(CODES)]
    tokens = [StaticToken(device=device, token=_digest(user, code)) for code in codes]
    StaticToken.objects.bulk_create(tokens)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _digest(user: AbstractBaseUser, code: str) -> str:
    text = f"recovery\0{user.pk}\0{code}"
    digest = hmac.digest(settings.HASH_KEY.encode(), text.encode(), hashlib.sha256)
    return b32encode(digest[:10]).decode()


# --- Resetting -------------------------------------------------------------------------------


@transaction.atomic
def reset(*, user: User, by: AbstractBaseUser) -> None:
    """Take somebody's second factor away, who has lost it: at the next login they enrol a new one.

    Their sessions end: whoever has found the phone may be in one.
    """
    CodeApp.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    staff_sessions.end(user, by=by)
    audit.record(AuditAction.FACTOR_RESET, by=by, details={"user": user.pk})
    accounts.tell(user, AccountAct.FACTOR_RESET)
