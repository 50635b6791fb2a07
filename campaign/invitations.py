"""Accounts of who is invited: found by name or address, else made; and their first password's link."""

from typing import Final

from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from campaign import audit, mailboxes, roles
from campaign.errors import FieldError, InvalidInput
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign

NAME_MAX: Final = 150
"""Characters of a user name, which is the address of a new account; an address may have 254."""


def account(name: str, *, field: str, campaign: Campaign, by: User) -> User:
    """Whose account is called that, else the one that has this address, else a new one; in a transaction.

    It is one of staff from now on. A new one has no password yet; see `welcome_path`. Addresses of
    accounts are typed by superusers, operators and here, so nobody gives themselves somebody else's.
    Raises InvalidInput at ``field`` for one that is switched off or would have too long a name, AddressError
    where there is none and the name is no address to make one of.
    """
    if called := _found("username", name):
        return _let_in(called[0], field)
    address = mailboxes.parse_address(name)
    # By the name once more: a pasted one may have had characters at its ends that nobody sees.
    found = _found("username", address)[:1] or _found("email", address)
    if len(found) == 1:  # where several share that mailbox nobody can know which of them is meant
        return _let_in(found[0], field)
    if len(address) > NAME_MAX:
        raise InvalidInput([FieldError(field, "too_long", _("This e-mail address is too long."))])
    user = User(username=address, email=address, is_staff=True)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        # A form that was sent twice, or two who invite the same: the other account was being made just then.
        if made := _found("username", address):
            return _let_in(made[0], field)
        raise
    audit.record(AuditAction.INVITED, by=by, campaign=campaign, details={"user": user.pk})
    return user


def _found(column: str, text: str) -> list[User]:
    """Who has that, in capitals or not."""
    alike = User.objects.filter(**{f"{column}__iexact": text}).order_by("pk")
    # In most locales PostgreSQL's upper case of a dotless i is that of i: another domain's mailbox.
    return [user for user in alike if getattr(user, column).casefold() == text.casefold()]


def _let_in(user: User, field: str) -> User:
    if not user.is_active:
        said = _("This account is switched off; a superuser can switch it on.")
        raise InvalidInput([FieldError(field, "off", said)])
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    return user


def void_links(user: User) -> None:
    """Let no link of before set the first password of an account that opens more from now on.

    Else who was given one for their own campaign would choose the password for another one.
    """
    if not user.has_usable_password():
        user.set_unusable_password()  # another random text, which such links are made with
        user.save(update_fields=["password"])


def welcome_path(user: User, *, by: User, permission: str) -> str:
    """Where somebody sets their first password, once, within three days, for ``by`` to pass on.

    "" of who has one, and of an account that opens more than ``by`` may open (`roles.is_within_reach`).
    """
    if user.has_usable_password():
        return ""
    if not roles.is_within_reach(user, of=by, permission=permission):
        return ""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("welcome", args=[uid, default_token_generator.make_token(user)])
