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

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction
from django.views.decorators.debug import sensitive_variables
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from campaign import accounts, audit, staff_sessions
from campaign.models.access import CodeApp
from campaign.models.audit import AuditAction
from campaign.models.notice import AccountAct

CODES = 10
FEW = 3
"""So many recovery codes left, or fewer, are worth a word."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 10
"""Characters of a recovery code, 5 bits each: with tries throttled, far more than anybody guesses."""


def device_of(user: AbstractBaseUser) -> CodeApp | None:
    """The app that somebody has enrolled."""
    app: CodeApp | None = CodeApp.objects.filter(user=user, confirmed=True).first()
    return app


# --- Enrolling -------------------------------------------------------------------------------


@transaction.atomic
def begin(user: User) -> CodeApp:
    """A secret to be scanned; the same one until it is confirmed, so that a reload changes nothing."""
    User.objects.select_for_update().get(pk=user.pk)  # two tabs would make two
    begun: CodeApp | None = CodeApp.objects.filter(user=user, confirmed=False).first()
    return begun or CodeApp.objects.create(user=user, confirmed=False, name="app")


@sensitive_variables()
@transaction.atomic
def confirm(user: User, token: str) -> list[str] | None:
    """Enrol the app that was begun, if it made this code: ten recovery codes, to be shown once.

    An app that was enrolled before stops to count, and so do its recovery codes. None for a code
    that isn't right, or where nothing was begun.
    """
    begun = CodeApp.objects.select_for_update().filter(user=user, confirmed=False).first()
    if begun is None or not begun.verify_token(_typed(token)):
        return None
    CodeApp.objects.filter(user=user, confirmed=True).delete()
    begun.confirmed = True
    begun.save(update_fields=["confirmed"])
    audit.record(AuditAction.FACTOR_ADDED, by=user)
    accounts.tell(user, AccountAct.FACTOR)
    return _new_codes(user)


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
    codes = TOTP(app.bin_key, app.step, app.t0, app.digits, app.drift)
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
    User.objects.select_for_update().get(pk=user.pk)
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
