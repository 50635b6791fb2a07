"""How long a password of staff is."""

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

SHORTEST, LONGEST = 12, 128
"""Characters (OWASP ASVS 4.0.3, 2.1.1 and 2.1.2); a run of spaces counts as one."""


class LengthValidator:
    """A password that can be guessed, or that takes long to hash, is refused."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        if len(" ".join(password.split(" "))) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")
        if len(" ".join(filter(None, password.split(" ")))) < SHORTEST:
            raise ValidationError(self.get_help_text(), code="password_too_short")

    def get_help_text(self) -> str:
        return _(
            "A password has %(least)d to %(most)d characters; a few words make a good one."
        ) % {
            "least": SHORTEST,
            "most": LONGEST,
        }
