"""What a password of staff must be: long, and not to be guessed."""

import re
from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn_rs_py import zxcvbn

from campaign.models.membership import Membership

SHORTEST, LONGEST = 12, 128
"""Characters (OWASP ASVS 4.0.3, 2.1.1 and 2.1.2); a run of spaces counts as one."""

SAFE: Final = 10**10
"""Guesses: the estimator's highest score, of what withstands a stolen database with slow hashes."""

LOOKED_AT: Final = 40
"""Characters that are estimated. The time doubles with every few, if they are chosen for it: here the
slowest took 76 ms, and with 64 four times that."""


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


class GuessValidator:
    """A password that is made of what is known is refused: ASVS 2.1.7, for what stands on no list.

    Estimated by zxcvbn (Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016):
    leaked passwords, words, names, dates, repeats and keys in a row, their usual disguises, and the words
    that are about the user or their campaigns.
    """

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        if zxcvbn(password[:LOOKED_AT], list(_words(user))).guesses < SAFE:
            said = _(
                "This password can be guessed: it is made of known passwords, names, dates, repeats or"
                " keys in a row, or of words about you or the campaign. Take a few words that have"
                " nothing to do with each other."
            )
            raise ValidationError(said, code="password_guessable")

    def get_help_text(self) -> str:
        return _("It is not made of known passwords, names or dates, nor of words about you.")


def _words(user: AbstractBaseUser | None) -> Iterator[str]:
    """What guessers try first of this user."""
    about = [settings.BASE_URL.partition("://")[2]]
    if isinstance(user, User):
        about += [user.username, user.email, user.first_name, user.last_name]
        its = Membership.objects.filter(user_id=user.pk)
        about += its.values_list("campaign__slug", flat=True)
    for text in about:
        yield text.casefold()
        yield from re.findall(r"\w{3,}", text.casefold())
